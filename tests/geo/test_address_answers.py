"""What an answer promises: no exception, no neighbour, the box that is asked for, the language that is asked for."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses import REASONS, AddressIndex, AddressQuery, Component, Level, Verdict
from geo.addresses.questions import MAX_TEXT, QUERY_FIELDS

HOSTILE = [
    "\x00\x01\x02", "\ud800", "𝕂𝕖𝕣𝕜𝕤𝕥𝕣𝕒𝕒𝕥 𝟙", "١٢ شارع", "Kerkstraat １, Gent", "e\u0301" * 200, "(" * 400,
    "1 " * 200, "/ " * 200, "bus " * 120, "\u202e5 traatskreK", "%s%n{}", "<script>alert(1)</script>",
    "' OR 1=1 --", "9" * 400,
    "- - - ", "a b c d e f g h i j k l m n o p q r s t u v w x y z", "1/1/1/1/1/1",
    "St st st st st st st st st st 5", "¨¨¨", "B-", "1030",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", QUERY_FIELDS)
def test_hostile_text_has_an_answer_in_every_field(belgium: AddressIndex, name: str, text: str) -> None:
    for base in ({}, {"street": "Kerkstraat", "house_number": "1", "postcode": "9000"}):
        query = AddressQuery(**{**base, name: text})
        match = belgium.verify(query)
        assert match == belgium.verify_many([query])[0]
        assert {reason.code for reason in match.reasons} <= set(REASONS)
    belgium.suggest(text)


@given(st.text(max_size=80))
def test_any_line_has_an_answer(belgium: AddressIndex, line: str) -> None:
    match = belgium.verify(AddressQuery(line=line))
    assert len(match.alternatives) <= 5
    assert match.verdict is not Verdict.ACCEPT or match.address is not None
    assert len(belgium.suggest(line)) <= 10


def test_text_beyond_the_limit_says_so(belgium: AddressIndex) -> None:
    match = belgium.verify(AddressQuery(line="x" * 10_000))
    assert (match.verdict, [(r.code, r.field) for r in match.reasons]) == ("fix", [("input-too-long", "line")])
    padded = "Kerkstraat 50, 9000 Gent".ljust(MAX_TEXT)
    assert belgium.verify(AddressQuery(line=padded)).verdict == "accept"
    assert belgium.verify(AddressQuery(line=padded + " ")).verdict == "fix"
    assert belgium.suggest("k" * (MAX_TEXT + 1)) == []


def test_wrong_types_are_a_value_error(belgium: AddressIndex) -> None:
    with pytest.raises(ValueError, match="house_number must be text or None, not int"):
        belgium.verify(AddressQuery(house_number=5))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="AddressQuery is meant, not str"):
        belgium.verify_many(["Kerkstraat 1"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="unknown language 'en'"):
        belgium.verify(AddressQuery(), lang="en")
    with pytest.raises(ValueError, match="limit must be"):
        belgium.suggest("k", limit=0)
    with pytest.raises(ValueError, match="must be text, not int"):
        belgium.suggest(5)  # type: ignore[arg-type]


def test_no_house_number_that_is_not_there_is_ever_accepted(belgium: AddressIndex, belgian_register: pa.Table) -> None:
    rows = belgian_register.to_pylist()
    there = {
        (row["postcode"], row["street_nl"] or row["street_fr"] or row["street_de"], row["house_number"]) for row in rows
    }
    for postcode, street in sorted({(postcode, street) for postcode, street, _ in there}):
        for number in [str(n) for n in range(130)] + [f"{n}{letter}" for n in range(30) for letter in "ABC"]:
            if (postcode, street, number) not in there:
                match = belgium.verify(AddressQuery(street=street, house_number=number, postcode=postcode))
                found = match.address and match.address.house_number
                assert match.verdict is not Verdict.ACCEPT, match
                # At most the same digits, cut in another way (24A as 24, box A), or the same street next door.
                assert found is None or found.startswith(number[:-1]) or match.address.postcode != postcode, match


def test_a_building_with_boxes_is_accepted_without_one_where_the_operator_allows_it(belgium: AddressIndex) -> None:
    query = AddressQuery(line="Brusselsesteenweg 12, 1410 Waterloo")
    match = belgium.verify(query, require_box=False)
    assert (match.verdict, match.level, match.components["box"]) == (
        Verdict.ACCEPT,
        Level.HOUSE_NUMBER,
        Component.MISSING,
    )
    assert match.address is not None
    assert (match.address.address_id, match.address.box, match.address.house_number) == (None, None, "12")
    assert belgium.verify_many([query], require_box=False) == [match]


def test_the_answer_is_written_in_the_language_asked_for(belgium: AddressIndex) -> None:
    match = belgium.verify(AddressQuery(line="Brusselsesteenweg 12 bus 3, 1410 Waterloo"), lang="fr")
    assert match.formatted() == "Chaussée de Bruxelles 12 bte 3, 1410 Waterloo"
    assert match.formatted("nl") == "Brusselsesteenweg 12 bus 3, 1410 Waterloo"
    assert match.formatted("de") == "Brusselsesteenweg 12/3, 1410 Waterloo"
    assert belgium.verify(AddressQuery(line="Nergensstraat 1")).formatted() is None


def test_an_address_that_the_register_has_twice_is_put_to_the_person(
    belgian_register: pa.Table, tmp_path: object
) -> None:
    table = pa.concat_tables([belgian_register, belgian_register.slice(0, 1)])
    index = AddressIndex.build(table, tmp_path / "index", country="BE", crs="EPSG:31370")  # type: ignore[operator]
    match = index.verify(AddressQuery(line="Brusselsesteenweg 10, 1410 Waterloo"))
    assert (match.verdict, [r.code for r in match.reasons]) == ("confirm", ["duplicate-in-register"])
