"""`verify --file`: a file of addresses in, the same file with its verdicts out, whatever happens in between."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient

from api.atlas import Atlas
from api.settings import StoreSettings
from api.verifying_files import FileRun, verify_file
from data.demo import DemoFiles
from data.directory import DataDirectory
from data.readers.mapping import ColumnMapping, MappingError
from data.store import open_store
from data.tables import SourceError

ANSWER = [
    "verdict",
    "level",
    "score",
    "address_id",
    "formatted",
    "sector_code",
    "municipality_code",
    "buurt_code",
    "lon",
    "lat",
    "reasons",
    "error",
]
HEADING = ["id", "street", "house_number", "box", "postcode", "municipality"]


@pytest.fixture
def atlas(store_settings: StoreSettings) -> Atlas:
    store = open_store(store_settings.store_url)
    # Of today, as the API's: other tests of the store publish plans that hold from today.
    read = Atlas.read(store, DataDirectory(store_settings.data_dir), datetime.now(UTC).date())
    store.close()
    return read


def quiet(_done: int, _total: int) -> None:
    pass


def write(path: Path, rows: list[list[str]], heading: list[str] = HEADING) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([heading, *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def rows_of(demo: DemoFiles) -> list[list[str]]:
    rows = []
    for number, shown in enumerate(demo.showcase):
        street = shown.street_nl or shown.street_fr or ""
        town = shown.municipality_nl or shown.municipality_fr or ""
        end = [shown.house_number, shown.box or "", shown.postcode, town]
        rows += [[f"{number}", street, *end], [f"{number}m", street[1] + street[0] + street[2:], *end]]
        rows.append([f"{number}x", street, "999", *end[1:]])
    return rows


def run_of(folder: Path, file: Path, name: str = "verdicts.csv", *pairs: str, rows_per_part: int = 7) -> FileRun:
    return FileRun(file, folder / name, ColumnMapping.read(pairs), rows_per_part=rows_per_part)


def test_each_row_has_the_verdict_that_the_api_gives(
    client: TestClient, atlas: Atlas, demo: DemoFiles, tmp_path: Path
) -> None:
    run = run_of(tmp_path, write(tmp_path / "in.csv", rows_of(demo)))
    assert verify_file(atlas, run, quiet) == 0
    found = read(run.out)
    assert list(found[0]) == HEADING + ANSWER
    assert [[row[name] for name in HEADING] for row in found] == rows_of(demo)
    for row in found:
        body = client.post("/v1/verifications", json={name: row[name] or None for name in HEADING[1:]}).json()
        address, place = body["address"] or {}, body["place"] or {"sector": {}, "buurt": {}}
        assert row["verdict"] == body["verdict"]
        assert float(row["score"]) == body["score"]
        assert row["address_id"] == (address.get("address_id") or "")
        assert row["formatted"] == address.get("formatted", "")
        assert row["sector_code"] == place["sector"].get("code", "")
        assert row["buurt_code"] == place["buurt"].get("code", "")
        assert row["reasons"].split() == [reason["code"] for reason in body["reasons"]]
        assert row["error"] == ""
    assert not run.parts_folder.exists()


def test_parquet_and_csv_agree_and_columns_keep_their_types(atlas: Atlas, demo: DemoFiles, tmp_path: Path) -> None:
    rows = [row for row in rows_of(demo) if row[2].isdigit()]
    table = pa.table({name: [row[k] for row in rows] for k, name in enumerate(HEADING)})
    numbers = pa.array([float(row[2]) for row in rows])
    table = table.set_column(2, "house_number", numbers)
    table = table.set_column(4, "postcode", pa.array([int(row[4]) for row in rows]))
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=5)
    of_parquet = run_of(tmp_path, tmp_path / "in.parquet", "out.parquet")
    of_csv = run_of(tmp_path, write(tmp_path / "in.csv", rows))
    verify_file(atlas, of_parquet, quiet)
    verify_file(atlas, of_csv, quiet)
    found = pq.read_table(of_parquet.out)
    assert found.select(HEADING).equals(table)
    assert found.schema.field("lon").type == pa.float64()
    for name in ("verdict", "address_id", "reasons"):
        assert [value or "" for value in found.column(name).to_pylist()] == [row[name] for row in read(of_csv.out)]


def test_bad_rows_are_kept_with_their_error(atlas: Atlas, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    good = b"Kerkstraat 6, 9993 Demodorp"
    file.write_bytes(
        b"id;line;country\n1;" + good + b";\n2;" + good + b"\n3;" + good + b";Frankrijk\n4;" + good
        + b";Nederland\n5;Kerkstra\xe9t;\n6;" + good + b";Belgi\xc3\xab;more\n7;" + good + b";Belgi\xc3\xab\n8;"
        + b"x" * 140_000 + b";\n9;;BE\n"
    )  # fmt: skip
    run = run_of(tmp_path, file)
    verify_file(atlas, run, quiet)
    found = read(run.out)
    assert [row["verdict"] for row in found] == ["accept", "", "", "", "", "", "accept", "", "fix"]
    assert [row["id"] for row in found] == ["1", "2", "3", "4", "5", "6", "7", "", "9"]
    errors = [row["error"] for row in found]
    for place, words in {1: "2 cells", 2: "Frankrijk", 3: "in NL", 4: "UTF-8", 5: "4 cells", 7: "field"}.items():
        assert words in errors[place]
    assert found[8]["reasons"] == "empty-input"


def test_columns_are_mapped_and_a_taken_name_is_kept(atlas: Atlas, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", [["mine", "Kerkstraat", "6"]], ["verdict", "Straat", "House Number"])
    pairs = ("street=Straat", "postcode:=9993", "municipality:=Demodorp")
    run = run_of(tmp_path, file, "out.csv", *pairs)
    verify_file(atlas, run, quiet)
    [row] = read(run.out)
    assert (row["verdict"], row["answer_verdict"], row["level"]) == ("mine", "accept", "dwelling")


@pytest.mark.parametrize(("pairs", "words"), [((), "no column"), (("street=nope",), "nope"), (("stret=a",), "stret")])
def test_a_file_without_an_address_is_refused(atlas: Atlas, tmp_path: Path, pairs: tuple[str], words: str) -> None:
    file = write(tmp_path / "in.csv", [["x"]], ["a"])
    with pytest.raises(MappingError, match=words):
        verify_file(atlas, run_of(tmp_path, file, "out.csv", *pairs), quiet)


def test_files_that_cannot_be_used_are_refused(atlas: Atlas, tmp_path: Path) -> None:
    file = write(tmp_path / "in.csv", [])
    (tmp_path / "in.parquet").write_bytes(b"PAR1 or not")
    runs = {
        "empty-file": run_of(tmp_path, file),
        "same-file": run_of(tmp_path, file, "in.csv"),
        "unknown-format": run_of(tmp_path, file, "out.xls"),
        "no-such-file": run_of(tmp_path, tmp_path / "none.csv"),
        "damaged-file": run_of(tmp_path, tmp_path / "in.parquet"),
    }
    for code, run in runs.items():
        with pytest.raises(SourceError) as refused:
            verify_file(atlas, run, quiet)
        assert refused.value.code == code


def stop_after(rows: int) -> Callable[[int, int], None]:
    def stop(done: int, _total: int) -> None:
        if done >= rows:
            raise KeyboardInterrupt

    return stop


def test_an_interrupted_run_goes_on_without_asking_again(atlas: Atlas, demo: DemoFiles, tmp_path: Path) -> None:
    rows = rows_of(demo)
    file = write(tmp_path / "in.csv", rows)
    whole, run = run_of(tmp_path, file, "whole.csv"), run_of(tmp_path, file)
    verify_file(atlas, whole, quiet)
    with pytest.raises(KeyboardInterrupt):
        verify_file(atlas, run, stop_after(14))
    assert not run.out.exists()
    assert verify_file(atlas, run, quiet) == 14
    assert run.out.read_bytes() == whole.out.read_bytes()


def test_a_changed_file_begins_anew(atlas: Atlas, demo: DemoFiles, tmp_path: Path) -> None:
    run = run_of(tmp_path, write(tmp_path / "in.csv", rows_of(demo)))
    with pytest.raises(KeyboardInterrupt):
        verify_file(atlas, run, stop_after(14))
    write(run.file, [["1", "Kerkstraat", "6", "", "9993", "Demodorp"]])
    assert verify_file(atlas, run, quiet) == 0
    assert [row["verdict"] for row in read(run.out)] == ["accept"]


def test_a_folder_of_somebody_else_is_left_alone(atlas: Atlas, tmp_path: Path) -> None:
    run = run_of(tmp_path, write(tmp_path / "in.csv", [["1", "Kerkstraat", "6", "", "9993", "Demodorp"]]))
    run.parts_folder.mkdir()
    (run.parts_folder / "letter.txt").write_text("mine")
    with pytest.raises(SourceError, match="Move it away"):
        verify_file(atlas, run, quiet)
    assert (run.parts_folder / "letter.txt").read_text() == "mine"


def test_a_killed_run_and_a_second_one_give_the_file_of_one_run(
    store_settings: StoreSettings, demo: DemoFiles, tmp_path: Path
) -> None:
    file = write(tmp_path / "in.csv", rows_of(demo) * 200)
    environment = os.environ | {"BUURTWIJZER_DATA_DIR": str(store_settings.data_dir)}
    if store_settings.database_url:
        environment["BUURTWIJZER_DATABASE_URL"] = store_settings.database_url

    def command(name: str) -> list[str]:
        code = "from api.cli import main; main()"
        return [sys.executable, "-c", code, "verify", "--file", str(file), "--out", str(tmp_path / name)]

    killed = subprocess.Popen(command("killed.csv"), env=environment, stderr=subprocess.DEVNULL)
    parts = tmp_path / "killed.csv.parts"
    while not list(parts.glob("0*.csv")):
        assert killed.poll() is None
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed.csv").exists()
    again = subprocess.run(command("killed.csv"), env=environment, check=True, capture_output=True, text=True)
    assert "answered by an earlier run" in again.stdout
    subprocess.run(command("whole.csv"), env=environment, check=True, capture_output=True)
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
