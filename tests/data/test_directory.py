"""A release appears in the data directory whole or not at all, and never changes afterwards."""

import multiprocessing
import os
from pathlib import Path

import pytest

from data.directory import DataDirectory, ImportRunningError, checksum, checksums


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "var")


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"import.lock"}


def test_a_placed_release_is_read_only(directory: DataDirectory) -> None:
    with directory.staging() as staging:
        (staging / "sectors").mkdir()
        (staging / "sectors" / "file").write_text("content")
        with directory.placing({"demo-2026": staging / "sectors"}):
            pass
    placed = directory.release_folder("demo-2026") / "file"
    assert placed.read_text() == "content"
    assert placed.stat().st_mode & 0o222 == 0
    assert files_below(directory.root) == {"releases/demo-2026/file"}


def test_a_failed_registration_takes_the_files_away_again(directory: DataDirectory) -> None:
    def fail() -> None:
        with directory.staging() as staging:
            (staging / "a").mkdir()
            (staging / "a" / "file").write_text("content")
            with directory.placing({"demo-2026": staging / "a"}):
                raise RuntimeError("commit failed")

    with pytest.raises(RuntimeError, match="commit failed"):
        fail()
    assert files_below(directory.root) == set()


def test_sweep_removes_what_no_release_names(directory: DataDirectory) -> None:
    for name in ("releases/kept", "releases/orphan", "incoming/half"):
        (directory.root / name).mkdir()
        (directory.root / name / "file").write_text("content")
    directory.sweep(["kept"])
    assert files_below(directory.root) == {"releases/kept/file"}


def test_two_imports_cannot_run_at_once(directory: DataDirectory) -> None:
    with directory.exclusively(), pytest.raises(ImportRunningError, match="wait until it has ended"):
        DataDirectory(directory.root).exclusively().__enter__()
    with directory.exclusively():
        pass


def _hold_and_die(root: Path) -> None:
    DataDirectory(root).exclusively().__enter__()
    os.kill(os.getpid(), 9)


def test_a_killed_import_does_not_hold_the_directory(directory: DataDirectory) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(directory.root,))
    process.start()
    process.join()
    assert process.exitcode == -9
    with directory.exclusively():
        pass


def test_checksums_tell_bytes_and_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    # The SHA-256 of "abc" (FIPS 180-4, appendix).
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert checksum(tmp_path / "a") == expected
    assert checksums(tmp_path) == {"a": expected}
    whole = checksum(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert checksum(tmp_path) != whole
