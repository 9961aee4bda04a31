"""One function for one question and for many: the same answer, whatever is asked."""

from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.addresses import AddressIndex, AddressQuery, Verdict
from geo.addresses.identifiers import identifier_column
from geo.addresses.lexicon import Pool
from geo.addresses.questions import QUERY_FIELDS

FIELD_VALUES: dict[str, list[str | None]] = {
    "line": [None, None, None, "", "Kerkstraat 1, Gent"],
    "street": [None, "Kerkstraat", "kerkstr.", "Brusselsesteenweg", "Chée de Bruxelles", "Rue de la Limite",
               "Kerkstrat", "rue de l'eglise", "Grensstr", "Kerkstraat 1", "pl. Rogier", "Rogierln"],
    "house_number": [None, "", "1", "12", "12A", "12 bus 3", "12/3", "14-16", "5A", "0005", "8", "9", "20",
                     "22", "24A", "x"],
    "box": [None, None, "", "/", "1", "bus 2", "ET01", "1er étage", "A", "9", "bus"],
    "postcode": [None, "", "1410", "B-1410", "9000", "9050", "1210", "1030", "9999", "1012 JS"],
    "municipality": [None, "", "Waterloo", "WATERLO", "Gent", "Gentbrugge", "Schaarbeek", "St-Joost-ten-Node",
                     "1410 Waterloo", "Nergens", "Gand"],
    "country": [None, None, "BE", "België", "NL"],
}  # fmt: skip


@given(
    st.lists(
        st.builds(AddressQuery, **{name: st.sampled_from(values) for name, values in FIELD_VALUES.items()}), max_size=8
    ),
    st.booleans(),
    st.sampled_from(["nl", "fr", "de"]),
)
def test_a_batch_answers_as_one_question_does(
    belgium: AddressIndex, queries: list[AddressQuery], require_box: bool, lang: str
) -> None:
    alone = [belgium.verify(query, lang=lang, require_box=require_box) for query in queries]
    assert belgium.verify_many(queries, lang=lang, require_box=require_box) == alone


@given(
    st.lists(st.builds(AddressQuery, **{name: st.none() | st.text(max_size=30) for name in QUERY_FIELDS}), max_size=5)
)
def test_a_batch_of_anything_answers_as_one_question_does(belgium: AddressIndex, queries: list[AddressQuery]) -> None:
    assert belgium.verify_many(queries) == [belgium.verify(query) for query in queries]


def test_every_registered_address_is_accepted_as_itself_in_each_language(
    belgium: AddressIndex, belgian_register: pa.Table
) -> None:
    rows = [row for row in belgian_register.to_pylist() if row["status"] == "current"]
    for lang in ("nl", "fr", "de"):
        named = [row for row in rows if row[f"street_{lang}"]]
        queries = pa.table(
            {
                "street": [row[f"street_{lang}"] for row in named],
                "house_number": [row["house_number"] for row in named],
                "box": [row["box"] for row in named],
                "postcode": [row["postcode"] for row in named],
                "municipality": [
                    row["municipality_fr"] or row["municipality_nl"] or row["municipality_de"] for row in named
                ],
            }
        )
        table = belgium.verify_table(queries).to_table()
        assert table["verdict"].to_pylist() == [Verdict.ACCEPT] * len(named)
        assert table["address_id"].to_pylist() == [row["address_id"] for row in named]


def test_a_table_of_answers_says_what_the_answers_say(belgium: AddressIndex) -> None:
    lines = ["Kerkstraat 3, Gentbrugge", "Kerkstraat 1, Gent", "Brusselsesteenweg 12, 1410 Waterloo", None, "", "zz"]
    matches = belgium.verify_table(pa.table({"line": pa.array(lines, pa.string()), "note": range(len(lines))}))
    table = matches.to_table()
    for place, match in enumerate(matches):
        row = table.slice(place, 1).to_pylist()[0]
        assert row == {
            "verdict": match.verdict.value,
            "level": match.level.value,
            "score": match.score,
            "address_id": match.address.address_id if match.address else None,
            "reasons": " ".join(reason.code for reason in match.reasons),
        }
    assert matches[-1] == matches[len(lines) - 1]
    assert matches[1:3] == [matches[1], matches[2]]
    assert matches[::-2] == [matches[5], matches[3], matches[1]]
    assert matches[:3:2] == [matches[0], matches[2]]
    with pytest.raises(IndexError):
        matches[len(lines)]


def test_a_long_batch_answers_each_question_in_its_place(belgium: AddressIndex) -> None:
    asked = [
        AddressQuery(street=street, house_number=number, postcode="9000")
        for street, number in product(("Kerkstraat", "Kerkstrat", "Nergens"), map(str, range(800)))
    ]
    assert belgium.verify_many(asked) == [belgium.verify(query) for query in asked]


def test_answers_share_nothing_that_can_be_changed(belgium: AddressIndex) -> None:
    query = AddressQuery(street="Kerkstraat", house_number="1", postcode="9000")
    first, second, alone = *belgium.verify_many([query, query]), belgium.verify(query)
    assert first.address is not None
    for names in (first.address.street, first.address.locality, first.address.municipality, first.components):
        names.clear()
    assert second == alone == belgium.verify(query) != first


def test_dictionary_columns_and_an_empty_table_are_tables_too(belgium: AddressIndex) -> None:
    plain = pa.table({"street": ["Kerkstraat", "Kerkstraat"], "house_number": ["1", "3"], "postcode": ["9000", "9050"]})
    encoded = pa.table({name: plain[name].combine_chunks().dictionary_encode() for name in plain.schema.names})
    assert list(belgium.verify_table(encoded)) == list(belgium.verify_table(plain))
    assert list(belgium.verify_table(plain.slice(0, 0))) == []
    assert [match.verdict for match in belgium.verify_table(pa.table({"note": ["x"]}))] == [Verdict.FIX]


def test_columns_that_are_not_text_are_refused(belgium: AddressIndex) -> None:
    with pytest.raises(ValueError, match="house_number must be text, not int64"):
        belgium.verify_table(pa.table({"house_number": [1, 2]}))


def test_a_street_name_that_many_towns_have_is_found_in_the_one_named(
    belgian_register: pa.Table, tmp_path: Path
) -> None:
    # Forty towns of two postcodes and two parts; some postcodes lie in two towns, and two towns share names of parts.
    like = belgian_register.slice(0, 1).to_pylist()[0]
    rows = [
        like
        | {
            "address_id": f"BE/{100 * town + 10 * half + house}", "street_nl": "Lindelaan", "street_fr": None,
            "street_de": None, "house_number": str(house), "box": None,
            "postcode": str(1000 + 10 * (town - (town % 10 == 9 and half)) + half),
            "municipality_code": f"{10000 + town}",
            "municipality_nl": f"Dorp{'abcdefghij'[town % 10]}{'klmn'[town // 10]}",
            "municipality_fr": None, "municipality_de": None,
            "locality_nl": f"Wijk{'opqrstuvwx'[town % 10]}{'klmn'[town // 10 if town != 13 else 0]}{'yz'[half]}",
            "locality_fr": None, "locality_de": None, "status": "current",
        }
        for town, half, house in product(range(40), range(2), range(1, 4))
    ]  # fmt: skip
    index = AddressIndex.build(
        pa.Table.from_pylist(rows, schema=belgian_register.schema), tmp_path / "index", country="BE", crs="EPSG:31370"
    )
    places = [None, *dict.fromkeys(row[name] for row in rows for name in ("municipality_nl", "locality_nl"))]
    postcodes = [None, "1000", "1031", "1080", "1081", "1090", "1091", "1130", "1391", "9999"]
    queries = [
        AddressQuery(street="Lindelaan", house_number=house, postcode=postcode, municipality=place)
        for place, postcode, house in product(places, postcodes, ("2", "9"))
    ]
    queries += [
        AddressQuery(
            street="Lindelaan", house_number=row["house_number"], postcode=row["postcode"], municipality=row[name]
        )
        for row in rows
        for name in ("municipality_nl", "locality_nl")
    ]  # fmt: skip
    answers = index.verify_many(queries)
    assert answers == [index.verify(query) for query in queries]
    assert all(answer.verdict == Verdict.ACCEPT for answer in answers[-2 * len(rows) :])


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2**63 - 1)), max_size=20),
    st.lists(st.integers(-3, 19), max_size=40),
)
def test_identifiers_in_a_column_are_prefix_and_figures(numbers: list[tuple[int, int]], asked: list[int]) -> None:
    prefixes = ["", "BE-VLG/", "é/"]
    content = "".join(prefixes).encode()
    offsets = np.cumsum([0, *(len(prefix.encode()) for prefix in prefixes)])
    pool = Pool({"p.offset": offsets, "p.text": np.frombuffer(content, np.uint8)}, "p")
    asked = [address for address in asked if address < len(numbers)]
    column = identifier_column(
        np.array(asked, np.int32), np.array([prefix for prefix, _ in numbers], np.uint16),
        np.array([number for _, number in numbers], np.int64), pool,
    )  # fmt: skip
    column.validate(full=True)
    official = [f"{prefixes[prefix]}{number}" for prefix, number in numbers]
    assert column.to_pylist() == [official[address] if address >= 0 else None for address in asked]
