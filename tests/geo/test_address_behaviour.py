"""The tables of behaviour in address_cases/: what is typed, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from geo.addresses import AddressIndex, AddressQuery

CASES = Path(__file__).parent / "address_cases"


def _cases() -> list[Any]:
    found = []
    for country in ("belgium", "netherlands"):
        for group in yaml.safe_load((CASES / f"{country}.yaml").read_text(encoding="utf-8")):
            for case in group["cases"]:
                ask = case["ask"] if isinstance(case["ask"], str) else " | ".join(case["ask"].values())
                found.append(pytest.param(country, case, id=f"{group['about']}: {ask}"))
    return found


@pytest.mark.parametrize(("country", "case"), _cases())
def test_what_is_typed_gets_the_answer_of_the_table(
    country: str, case: dict[str, Any], address_indexes: dict[str, AddressIndex]
) -> None:
    ask = case["ask"]
    query = AddressQuery(line=ask) if isinstance(ask, str) else AddressQuery(**ask)
    match = address_indexes[country].verify(query)
    assert (match.verdict, match.address and match.address.address_id) == (case["verdict"], case.get("id")), match
    assert {part: state.value for part, state in match.components.items()}.items() >= case.get("parts", {}).items()
    if "level" in case:
        assert match.level == case["level"]
    if "reasons" in case:
        assert [reason.code for reason in match.reasons] == case["reasons"]
    if "offers" in case:
        offered = [alternative.address_id for alternative in match.alternatives]
        assert not set(case["offers"]) - set(offered), offered
        assert case["offers"] or not offered
