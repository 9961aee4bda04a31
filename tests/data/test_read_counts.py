"""A table of counts is read from any delimited text, workbook or Parquet; empty is unknown, and nonsense has a row."""

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from data.readers import archives
from data.readers.counts import CountsRead, read_counts
from data.readers.mapping import ColumnMapping, MappingError
from data.tables import COUNT_COLUMNS, Country, Kind, SourceError

MAPPING = ColumnMapping.read(["area_code=code", "households=hh"])
TEXT = "code,naam,hh\n01A,Noord,12\n02B,Zuid,\n03C,Oost,0\n"


def read(file: Path, country: Country = "BE", mapping: ColumnMapping = MAPPING) -> CountsRead:
    return read_counts(file, mapping, country=country, kind=Kind.SECTOR_COUNTS)


def written(file: Path, text: str, encoding: str = "utf-8") -> Path:
    file.write_bytes(text.encode(encoding))
    return file


def fault(file: Path, country: Country = "BE") -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(file, country)
    assert caught.value.file in (file.name, file.stem)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_every_delimiter_is_understood_with_or_without_a_byte_order_mark(
    delimiter: str, encoding: str, tmp_path: Path
) -> None:
    counts = read(written(tmp_path / "counts.csv", TEXT.replace(",", delimiter), encoding)).counts
    assert tuple(counts.columns) == COUNT_COLUMNS
    assert list(counts.area_code) == ["01A", "02B", "03C"]
    assert list(counts.households) == [12, pd.NA, 0]
    assert counts.population.isna().all()
    assert str(counts.households.dtype) == str(counts.population.dtype) == "Int64"


def test_codes_keep_their_leading_zeros(tmp_path: Path) -> None:
    assert list(read(written(tmp_path / "c.csv", "code,hh\n0014,5\n014,6\n")).counts.area_code) == ["0014", "014"]


def test_a_workbook_is_read_by_its_first_sheet(tmp_path: Path) -> None:
    file = tmp_path / "counts-2021.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"code": [11001, 11002, 11003], "hh": [6109, None, 0]}).to_excel(book, sheet_name="A", index=False)
        pd.DataFrame({"note": ["x"]}).to_excel(book, sheet_name="B", index=False)
    found = read(file)
    assert list(found.counts.area_code) == ["11001", "11002", "11003"]
    assert list(found.counts.households) == [6109, pd.NA, 0]
    assert (found.facts.reference_date, found.facts.crs, found.kind) == (date(2021, 1, 1), None, Kind.SECTOR_COUNTS)


def test_parquet_is_read(tmp_path: Path) -> None:
    file = tmp_path / "counts.parquet"
    pd.DataFrame({"code": ["01A", "02B"], "hh": [12.0, None]}).to_parquet(file)
    assert list(read(file).counts.households) == [12, pd.NA]


def test_packed_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "counts.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    with zipfile.ZipFile(tmp_path / "counts.zip", "w") as archive:
        archive.writestr("folder.csv/counts.txt", TEXT)
    for name in ("counts.csv.gz", "counts.zip"):
        assert list(read(tmp_path / name).counts.households) == [12, pd.NA, 0]


def test_a_quoted_field_may_hold_the_delimiter_and_a_new_line(tmp_path: Path) -> None:
    file = written(tmp_path / "counts.csv", 'code,naam,hh\n01A,"Noord,\nOost",12\n')
    assert list(read(file).counts.households) == [12]


def test_a_stray_quotation_mark_in_piped_text_swallows_nothing(tmp_path: Path) -> None:
    file = written(tmp_path / "counts.txt", 'code|naam|hh\r\n01A|"t Zand|12\r\n02B|Zuid|13\r\n')
    assert list(read(file).counts.households) == [12, 13]


@pytest.mark.parametrize("value", ["-2", "1.5", "12.000", "1e3", "abc", "1 200", "99999999999"])
@pytest.mark.parametrize("country", ["BE", "NL"])
def test_what_is_no_whole_number_names_its_row(value: str, country: Country, tmp_path: Path) -> None:
    error = fault(written(tmp_path / "counts.csv", f"code;hh\nA;1\nB;{value}\n"), country)
    assert (error.code, error.row) == ("not-a-count", 2)
    assert repr(value) in error.message


@pytest.mark.parametrize("mark", ["-99997", "-99995", "-99999", "-99999999", "-99997.0", ".", "x"])
def test_marks_of_cbs_are_unknown_in_the_netherlands_only(mark: str, tmp_path: Path) -> None:
    file = written(tmp_path / "counts.csv", f"code;hh\nA;1\nB;{mark}\n")
    assert list(read(file, "NL").counts.households) == [1, pd.NA]
    assert fault(file).code == "not-a-count"


def test_a_code_twice_names_both_rows(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "counts.csv", "code,hh\nA,1\nB,2\n A ,3\n"))
    assert (error.code, error.row) == ("duplicate-code", 3)
    assert "row 1" in error.message


def test_an_empty_code_names_its_row(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "counts.csv", "code,hh\nA,1\n,2\n"))
    assert (error.code, error.row) == ("missing-code", 2)


def test_a_missing_column_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "counts.csv", "code,huishoudens\nA,1\n"))
    assert error.code == "missing-column"
    assert "hh" in error.message
    assert "code, huishoudens" in error.message


def test_a_mapping_needs_the_code_and_one_count(tmp_path: Path) -> None:
    file = written(tmp_path / "counts.csv", TEXT)
    with pytest.raises(SourceError, match="area_code"):
        read(file, mapping=ColumnMapping.read(["households=hh"]))
    with pytest.raises(SourceError, match="households"):
        read(file, mapping=ColumnMapping.read(["area_code=code"]))
    population = read(file, mapping=ColumnMapping.read(["area_code=code", "population=hh"])).counts.population
    assert list(population) == [12, pd.NA, 0]


def test_one_count_for_every_area_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="'households' must be a column"):
        read(written(tmp_path / "c.csv", TEXT), mapping=ColumnMapping.read(["area_code=code", "households:=5"]))


@pytest.mark.parametrize("name", ["counts.csv", "counts.csv.gz"])
def test_text_that_is_not_utf8_names_the_line_and_the_remedy(name: str, tmp_path: Path) -> None:
    content = "code,naam,hh\nA,Luik,1\nB,Liège,2\n".encode("cp1252")
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    error = fault(file)
    assert error.code == "not-utf-8"
    assert "(line 3)" in error.message
    assert "iconv -f WINDOWS-1252 -t UTF-8 'counts.csv'" in (error.remedy or "")


def test_utf16_has_its_own_remedy(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "counts.txt", TEXT, "utf-16"))
    assert error.code == "not-utf-8"
    assert "iconv -f UTF-16" in (error.remedy or "")


def test_a_file_that_ends_within_a_character_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_bytes("code,hh\nA,1\né".encode()[:-1])
    assert fault(file).code == "not-utf-8"


def test_a_row_of_another_length_is_named(tmp_path: Path) -> None:
    error = fault(written(tmp_path / "counts.csv", "code,hh\nA,1\nB,2,3\n"))
    assert (error.code, error.row) == ("ragged-row", 2)
    assert "3 fields, and the heading 2" in error.message


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    assert fault(written(tmp_path / "counts.csv", "code,hh,hh\nA,1,2\n")).code == "duplicate-column"


@pytest.mark.parametrize("text", ["", "\n", "code,hh\n"])
def test_an_empty_table_is_refused(text: str, tmp_path: Path) -> None:
    assert fault(written(tmp_path / "counts.csv", text)).code == "empty-file"


@pytest.mark.parametrize("name", ["counts.csv.gz", "counts.zip", "counts.xlsx"])
def test_a_truncated_archive_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress(TEXT.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("counts.csv", TEXT)
    else:
        pd.DataFrame({"code": ["A"], "hh": [1]}).to_excel(file, index=False)
    file.write_bytes(file.read_bytes()[:-12])
    assert fault(file).code == "truncated-archive"


def test_a_gz_that_would_fill_the_disk_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "counts.csv.gz"
    file.write_bytes(gzip.compress(TEXT.encode()))
    monkeypatch.setattr(archives, "UNPACKED_MAX_BYTES", 10)
    assert fault(file).code == "unsafe-archive"


@pytest.mark.parametrize("name", ["counts.parquet", "counts.xlsx"])
def test_a_page_saved_instead_of_the_file_is_refused(name: str, tmp_path: Path) -> None:
    assert fault(written(tmp_path / name, "<html>404</html>")).code in ("unreadable-table", "truncated-archive")
