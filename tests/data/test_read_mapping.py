"""A column mapping is read from pairs and from TOML, and what it cannot mean is refused with the part to blame."""

from pathlib import Path

import pytest

from data.readers.mapping import ColumnMapping, MappingError


def test_a_pair_maps_a_column_and_a_walrus_gives_a_constant() -> None:
    mapping = ColumnMapping.read(["sector_code = wijk code", "municipality_code:=GM0363"])
    assert mapping.columns == {"sector_code": "wijk code"}
    assert mapping.constants == {"municipality_code": "GM0363"}


def test_a_column_or_value_may_hold_the_sign_itself() -> None:
    mapping = ColumnMapping.read(["sector_code=a=b", "name_nl:=1:=2"])
    assert (mapping.columns["sector_code"], mapping.constants["name_nl"]) == ("a=b", "1:=2")


def test_pairs_override_the_file_across_its_two_tables(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text('[columns]\nsector_code = "nr"\nname_nl = "naam"\n[constants]\nmunicipality_code = "21015"\n')
    mapping = ColumnMapping.read(["municipality_code=nis", "name_nl:=Wijk"], file)
    assert mapping.columns == {"sector_code": "nr", "municipality_code": "nis"}
    assert mapping.constants == {"name_nl": "Wijk"}


def test_the_same_mapping_has_the_same_text_whatever_the_order() -> None:
    one = ColumnMapping.read(["a=1", "b=2", "c:=3"])
    other = ColumnMapping.read(["c:=3", "b=2", "a=1"])
    assert one.canonical() == other.canonical()
    assert one.canonical() != ColumnMapping.read(["a=1", "b=2", "c=3"]).canonical()


def test_an_empty_mapping_is_false() -> None:
    assert not ColumnMapping()
    assert ColumnMapping.read(["a=b"])


@pytest.mark.parametrize("pair", ["sector_code", "=column", "sector_code=", ":=value", "sector_code:="])
def test_half_a_pair_is_quoted(pair: str) -> None:
    with pytest.raises(MappingError, match="is no mapping; write TARGET=COLUMN") as caught:
        ColumnMapping.read([pair])
    assert repr(pair) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[columns\n", "is no TOML"),
        ("[column]\na = 'b'\n", r"\[columns\] and \[constants\]"),
        ("columns = 'a'\n", r"\[columns\] and \[constants\]"),
        ("[constants]\nmunicipality_code = 21015\n", "must be text in quotation marks, not 21015"),
    ],
)
def test_a_file_that_is_no_mapping_says_why(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(text)
    with pytest.raises(MappingError, match=message):
        ColumnMapping.read([], file)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"absent\.toml: the mapping cannot be read"):
        ColumnMapping.read([], tmp_path / "absent.toml")


def test_a_target_that_means_nothing_is_refused_with_those_that_do() -> None:
    mapping = ColumnMapping.read(["sector_cod=nr"])
    with pytest.raises(MappingError, match="'sector_cod' is no target of a mapping here; there are: sector_code, name"):
        mapping.check_targets(("sector_code", "name"))
