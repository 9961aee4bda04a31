"""An import makes an immutable release or nothing at all, on both stores, however it ends."""

import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from data.demo import DemoFiles, DemoSize, write_demo
from data.directory import DataDirectory
from data.importing import ImportOptionError, ImportOutcome, ImportRequest, ReleaseExistsError, import_file
from data.readers.mapping import ColumnMapping
from data.releases import UnknownReleaseError, activate, active_releases, find_release, list_releases
from data.store import Store, open_store
from data.store.models import AreaCount, Block, Buurt, Municipality, Plan, Release, Sector
from data.tables import Kind, SourceError

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MAPPING = ("sector_code=code", "municipality_code=municipality", "name_fr=name")


def quiet(_stage: str, _done: int, _total: int) -> None:
    """Listen to no progress."""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    yield store
    store.close()


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path / "var")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"), DemoSize(3, 30, 2_000))


def squares(folder: Path, count: int = 4, *, name: str = "areas.gpkg", shift_m: float = 0) -> Path:
    """Write a row of squares of 100 m in Lambert 72, in two municipalities."""
    x0 = 150_000 + shift_m
    layer = gpd.GeoDataFrame(
        {
            "code": [f"25110A{k:02}-" for k in range(count)],
            "name": [f"Secteur {k}" for k in range(count)],
            "municipality": ["25110" if k < count // 2 else "25031" for k in range(count)],
        },
        geometry=[shapely.box(x0 + 100 * k, 160_000, x0 + 100 * (k + 1), 160_100) for k in range(count)],
        crs="EPSG:31370",
    )
    folder.mkdir(parents=True, exist_ok=True)
    layer.to_file(folder / name)
    return folder / name


def areas_request(file: Path, **options: object) -> ImportRequest:
    return ImportRequest(
        "areas",
        file,
        country="BE",
        mapping=ColumnMapping.read(list(MAPPING), None),
        reference_date=date(2024, 1, 1),
        **options,  # type: ignore[arg-type]
    )


def do_import(store: Store, directory: DataDirectory, request: ImportRequest) -> ImportOutcome:
    return import_file(store, directory, request, clock=lambda: NOW, progress=quiet)


def test_a_sectors_file_becomes_an_active_release_with_a_default_plan(
    store: Store, directory: DataDirectory, tmp_path: Path
) -> None:
    [release] = do_import(store, directory, areas_request(squares(tmp_path))).releases
    assert (release.name, release.kind, release.rows, release.crs) == ("areas-2024", Kind.SECTORS, 4, "EPSG:31370")
    with store.reading() as session:
        assert [active.name for active in active_releases(session)] == ["areas-2024"]
        assert session.scalars(select(Sector.code)).all() == [f"25110A{k:02}-" for k in range(4)]
        # The municipality comes from its column, not from the sector's code.
        assert set(session.scalars(select(Municipality.code))) == {"25110", "25031"}
        plans = session.execute(
            select(Plan.municipality_code, Plan.version, Plan.valid_from, Buurt.code, Block.sector_code)
            .join(Buurt, Buurt.plan_id == Plan.id)
            .join(Block, (Block.plan_id == Plan.id) & (Block.buurt_code == Buurt.code))
            .order_by(Block.sector_code)
        ).all()
    assert [tuple(row) for row in plans] == [
        (code, 1, date(2024, 1, 1), f"{code}-01", f"25110A{k:02}-")
        for k, code in enumerate(["25110", "25110", "25031", "25031"])
    ]


def test_stored_files_have_the_checksums_that_the_store_knows(
    store: Store, directory: DataDirectory, tmp_path: Path
) -> None:
    [release] = do_import(store, directory, areas_request(squares(tmp_path))).releases
    folder = directory.release_folder(release.name)
    assert set(release.files) == {path.name for path in folder.iterdir()} == {"sectors.parquet", "sectors.index"}
    stored = gpd.read_parquet(folder / "sectors.parquet")
    assert list(stored.sector_code) == [f"25110A{k:02}-" for k in range(4)]
    assert stored.crs == "EPSG:31370"


def test_the_same_file_twice_is_one_release(store: Store, directory: DataDirectory, tmp_path: Path) -> None:
    file = squares(tmp_path)
    first = do_import(store, directory, areas_request(file))
    copy = file.rename(tmp_path / "downloaded-again.gpkg")
    second = do_import(store, directory, areas_request(copy))
    assert (first.existed, second.existed) == (False, True)
    assert [release.id for release in second.releases] == [release.id for release in first.releases]


def test_another_file_of_the_same_name_and_date_is_refused(
    store: Store, directory: DataDirectory, tmp_path: Path
) -> None:
    do_import(store, directory, areas_request(squares(tmp_path / "one")))
    with pytest.raises(ReleaseExistsError, match="give this one a --name or --date of its own"):
        do_import(store, directory, areas_request(squares(tmp_path / "two", shift_m=5)))
    with store.reading() as session:
        assert len(list_releases(session)) == 1
    assert [folder.name for folder in (directory.root / "releases").iterdir()] == ["areas-2024"]


def test_a_later_release_waits_for_its_activation(store: Store, directory: DataDirectory, tmp_path: Path) -> None:
    do_import(store, directory, areas_request(squares(tmp_path / "one")))
    before = store.version()
    do_import(store, directory, areas_request(squares(tmp_path / "two", shift_m=5), name="newer"))
    assert store.version() == before
    with store.writing() as session:
        replaced = activate(session, find_release(session, "newer"), NOW)
        assert replaced is not None
        assert replaced.name == "areas-2024"
    assert store.version() == before + 1
    with store.reading() as session:
        assert [release.name for release in active_releases(session)] == ["newer"]


def test_activating_what_is_active_changes_nothing(store: Store, directory: DataDirectory, tmp_path: Path) -> None:
    do_import(store, directory, areas_request(squares(tmp_path)))
    before = store.version()
    with store.writing() as session:
        assert activate(session, find_release(session, "areas-2024"), NOW) is None
    assert store.version() == before


def test_an_unknown_release_is_refused_with_those_that_exist(
    store: Store, directory: DataDirectory, tmp_path: Path
) -> None:
    do_import(store, directory, areas_request(squares(tmp_path)))
    with store.reading() as session, pytest.raises(UnknownReleaseError, match="there are: areas-2024"):
        find_release(session, "areas-2023")


def test_the_demo_region_goes_in_through_the_official_readers(
    store: Store, directory: DataDirectory, demo: DemoFiles
) -> None:
    for source, file in (
        ("statbel-sectors", demo.sectors),
        ("statbel-households", demo.sector_households),
        ("statbel-households", demo.municipality_households),
        ("best", demo.addresses),
    ):
        do_import(store, directory, ImportRequest(source, file))
    with store.reading() as session:
        active = {release.kind: release.rows for release in active_releases(session)}
        unknown = session.scalars(select(AreaCount.area_code).where(AreaCount.households.is_(None))).all()
    assert set(active) == set(Kind)
    assert active[Kind.SECTORS] == 30
    assert active[Kind.ADDRESSES] == 2_000
    assert unknown  # a suppressed sector is stored as unknown


def test_repaired_and_overlapping_shapes_are_reported(store: Store, directory: DataDirectory, tmp_path: Path) -> None:
    file = squares(tmp_path)
    layer = gpd.read_file(file)
    layer.loc[3, "geometry"] = shapely.Polygon(
        [(150_299, 160_000), (150_400, 160_100), (150_400, 160_000), (150_299, 160_100)]
    )
    layer.to_file(tmp_path / "faulty.gpkg")
    [release] = do_import(store, directory, areas_request(tmp_path / "faulty.gpkg")).releases
    findings = {finding["code"]: finding for finding in release.findings}
    assert "25110A03-: repaired (Self-intersection" in findings["invalid-geometry"]["message"]
    assert "25110A02- and 25110A03- overlap by" in findings["overlap"]["message"]
    # Two triangles that reach 1 m into the neighbour, each as a strip of about 1 m over half of its height.
    assert 0 < findings["overlap"]["area_m2"] < 100
    assert json.loads(json.dumps(release.findings)) == release.findings


def test_a_gap_is_reported_with_its_area(store: Store, directory: DataDirectory, tmp_path: Path) -> None:
    boxes = [(0, 0, 30, 10), (0, 20, 30, 30), (0, 10, 10, 20), (20, 10, 30, 20)]
    layer = gpd.GeoDataFrame(
        {"code": ["A", "B", "C", "D"], "municipality": "25110", "name": "x"},
        geometry=[shapely.box(x + 150_000, y + 160_000, X + 150_000, Y + 160_000) for x, y, X, Y in boxes],
        crs="EPSG:31370",
    )
    layer.to_file(tmp_path / "ring.gpkg")
    [release] = do_import(store, directory, areas_request(tmp_path / "ring.gpkg")).releases
    [gap] = [finding for finding in release.findings if finding["code"] == "gap"]
    assert gap["area_m2"] == pytest.approx(100)


def test_a_hole_that_equals_its_shell_needs_the_operators_word(
    store: Store, directory: DataDirectory, tmp_path: Path
) -> None:
    ring = [(150_000, 160_000), (150_100, 160_000), (150_100, 160_100), (150_000, 160_100)]
    layer = gpd.GeoDataFrame(
        {"code": ["A"], "municipality": "25110", "name": "x"},
        geometry=[shapely.Polygon(ring, [ring])],
        crs="EPSG:31370",
    )
    layer.to_file(tmp_path / "raw.gpkg")
    with pytest.raises(SourceError, match=r"their area is 0 m²; without that hole A would measure 10,000 m²") as caught:
        do_import(store, directory, areas_request(tmp_path / "raw.gpkg"))
    assert caught.value.code == "hole-repeats-shell"
    [release] = do_import(store, directory, areas_request(tmp_path / "raw.gpkg", repair=True)).releases
    assert [finding["code"] for finding in release.findings] == ["hole-repeats-shell"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (ImportRequest("statbel", Path("x")), "there are: statbel-sectors, statbel-households, cbs"),
        (ImportRequest("areas", Path(__file__)), "needs --country"),
        (ImportRequest("counts", Path(__file__), country="BE"), "needs --level"),
        (ImportRequest("best", Path(__file__), country="NL"), "'best' takes no country"),
    ],
)
def test_a_wrong_option_is_named(store: Store, directory: DataDirectory, request_: ImportRequest, message: str) -> None:
    with pytest.raises(ImportOptionError, match=message):
        do_import(store, directory, request_)


def test_a_missing_file_is_named(store: Store, directory: DataDirectory, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.gpkg: there is no such file"):
        do_import(store, directory, areas_request(tmp_path / "nowhere.gpkg"))


def _import_and_die(url: str, root: Path, file: Path, when: str) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if when == "commit":  # the files are in place, the store does not know them yet
        event.listen(Session, "before_commit", lambda _session: die() if any(root.glob("releases/*")) else None)

    def progress(stage: str, _done: int, _total: int) -> None:
        if stage == when:
            die()

    import_file(open_store(url), DataDirectory(root), areas_request(file), clock=lambda: NOW, progress=progress)


@pytest.mark.parametrize("when", ["check the file", "write the layer", "build the index", "register", "commit"])
def test_a_killed_import_leaves_nothing_behind(store_url: str, tmp_path: Path, when: str) -> None:
    file = squares(tmp_path)
    root = tmp_path / "var"
    process = multiprocessing.get_context("spawn").Process(target=_import_and_die, args=(store_url, root, file, when))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    store = open_store(store_url)
    try:
        with store.reading() as session:
            assert session.scalars(select(Release)).all() == []
            assert session.scalars(select(Sector.code)).all() == []
        # The next import is not in its way, and clears what lay on disk.
        directory = DataDirectory(root)
        assert not do_import(store, directory, areas_request(file)).existed
        left = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        assert {path for path in left if not path.startswith("store.sqlite")} == {
            "import.lock",
            "releases/areas-2024/sectors.index",
            "releases/areas-2024/sectors.parquet",
        }
    finally:
        store.close()
