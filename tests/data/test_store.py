"""The store on both databases: its schema, its migrations both ways, and geometry that comes back bit for bit."""

from datetime import UTC, date, datetime

import pytest
import shapely
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import SchemaItem

from data.store import Store, StoreError, UnstorableValueError, open_store
from data.store.database import announce_change, migrate
from data.store.models import (
    AreaCount,
    Base,
    Block,
    DraftEntry,
    DraftRow,
    Municipality,
    Plan,
    Release,
    Sector,
    StoreState,
)
from data.tables import Kind

STORED_BEFORE = """
    INSERT INTO release (id, name, kind, country, source, reference_date, imported_at, source_file, source_sha256,
        fingerprint, rows, findings, files) VALUES (1, 'r', 'sectors', 'BE', 'areas', '2024-01-01',
        '2024-01-01 00:00:00', 'f', 'x', 'y', 1, '[]', '{}');
    INSERT INTO municipality (release_id, code) VALUES (1, '25110');
    INSERT INTO plan (id, release_id, municipality_code, version, published_at, valid_from)
        VALUES (1, 1, '25110', 1, '2024-01-01 00:00:00', '2024-01-01');
    INSERT INTO buurt (plan_id, code) VALUES (1, '25110-01');
    INSERT INTO block (plan_id, sector_code, buurt_code) VALUES (1, '25110A00-', '25110-01');
    INSERT INTO code_batch (id, municipality_code, buurt_code, uses, codes, key_id, made_at, expires_at)
        VALUES (1, '25110', '25110-01', 'once', 1, 'k', '2024-01-01 00:00:00', '2025-01-01 00:00:00');
    INSERT INTO buurtcode (batch_id, code_hash, scope) VALUES (1, 'h', '25110-01')
"""
"""One row of each table that a later migration alters, in the schema of revision 0002."""


def a_release(name: str = "test-sectors-2024", **changes: object) -> Release:
    values: dict[str, object] = {
        "name": name,
        "kind": Kind.SECTORS,
        "country": "BE",
        "source": "areas",
        "reference_date": date(2024, 1, 1),
        "imported_at": datetime(2026, 11, 24, 12, tzinfo=UTC),
        "source_file": "sectors.gpkg",
        "source_sha256": "0" * 64,
        "fingerprint": name.ljust(64, "0"),
        "rows": 1,
        "crs": "EPSG:31370",
        "findings": [],
        "files": {},
    }
    return Release(**values | changes)


@pytest.fixture
def store(store_url: str) -> Store:
    store = open_store(store_url)
    yield store
    store.close()


def test_models_and_migrations_agree(store: Store) -> None:
    def ours(item: SchemaItem, name: str | None, kind: str, reflected: bool, other: SchemaItem | None) -> bool:
        if kind == "table":
            return name in Base.metadata.tables  # and not PostGIS's own
        spatial = ("ix_sector_geometry", "ix_tile_shape_geometry", "ix_outline_geometry")
        return name not in spatial or store.engine.dialect.name == "postgresql"

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_migrations_go_down_and_up_again(store: Store) -> None:
    migrate(store.engine, "base", down=True)
    assert not set(Base.metadata.tables) & set(inspect(store.engine).get_table_names())
    migrate(store.engine)
    assert set(Base.metadata.tables) <= set(inspect(store.engine).get_table_names())
    assert store.version() == 0


def test_what_is_stored_survives_migrations(store: Store) -> None:
    migrate(store.engine, "0002", down=True)
    with store.engine.begin() as connection:
        for row in STORED_BEFORE.split(";"):
            connection.exec_driver_sql(row)
    for step in ("head", "0002", "head"):
        migrate(store.engine, step, down=step != "head")
        with store.engine.connect() as connection:
            for table in ("plan", "buurt", "block", "code_batch", "buurtcode"):
                count = connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one()
                assert count == 1, (step, table)
    with store.reading() as session:
        assert session.execute(select(Block.code, Block.geometry)).one() == ("25110A00-", None)


def test_geometry_comes_back_bit_for_bit_with_its_srid(store: Store) -> None:
    ring = [(150_000.1 + 1 / 3, 170_000.7), (150_001.0000000001, 170_000.7), (150_000.5, 170_001 / 7 * 7.1)]
    shape = shapely.set_srid(shapely.MultiPolygon([shapely.Polygon(ring)]), 31370)
    with store.writing() as session:
        release = a_release()
        session.add(release)
        session.flush()
        session.add(Municipality(release_id=release.id, code="25110", name_fr="Waterloo"))
        session.flush()
        session.add(Sector(release_id=release.id, code="25110A00-", municipality_code="25110", geometry=shape))
    with store.reading() as session:
        read = session.scalars(select(Sector)).one()
    assert shapely.to_wkb(read.geometry) == shapely.to_wkb(shape)
    assert shapely.get_srid(read.geometry) == 31370


def test_instants_come_back_in_utc(store: Store) -> None:
    with store.writing() as session:
        session.add(a_release())
    with store.reading() as session:
        assert session.scalars(select(Release)).one().imported_at == datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("broken", "constraint"),
    [
        (lambda _: a_release(rows=-1, name="other"), "ck_release_rows_not_negative"),
        (
            lambda release: AreaCount(release_id=release.id, area_code="x", households=-1),
            "households_not_negative",
        ),
    ],
)
def test_a_broken_rule_is_refused_by_its_name(store: Store, broken: object, constraint: str) -> None:
    with store.writing() as session:
        release = a_release()
        session.add(release)
    with pytest.raises(IntegrityError, match=constraint), store.writing() as session:
        session.add(broken(release))  # type: ignore[operator]


def test_a_failed_unit_of_work_leaves_nothing(store: Store) -> None:
    def fail_half_way() -> None:
        with store.writing() as session:
            session.add(a_release())
            announce_change(session)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    with store.reading() as session:
        assert session.scalars(select(Release)).all() == []
    assert store.version() == 0


@pytest.mark.postgis
def test_a_value_that_the_database_does_not_take_is_refused_and_not_repeated(fresh_postgis_url: str) -> None:
    store = open_store(fresh_postgis_url)
    for value, statement in (
        (2**63, select(Plan).where(Plan.id == 2**63)),
        ("secret\0", select(Plan).where(Plan.municipality_code == "secret\0")),
    ):
        with pytest.raises(UnstorableValueError) as refused, store.reading() as session:
            session.execute(statement)
        assert str(value).rstrip("\0") not in str(refused.value)
    store.close()


def test_announcing_a_change_raises_the_version(store: Store) -> None:
    with store.writing() as session:
        announce_change(session)
    assert store.version() == 1


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/db",
        "not a url",
        "postgresql://someone:hunter2@host:port/db",
        "postgresql+psycopg2://someone:hunter2@host/db",
        "postgresql+nosuch://someone:hunter2@host/db",
    ],
)
def test_an_unsupported_store_is_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(StoreError, match=r"use (sqlite:///FILE or )?postgresql") as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["someone:hunter2@127.0.0.1:1/nowhere", "someone@127.0.0.1:1/x?password=hunter2"])
def test_an_unreachable_database_does_not_tell_its_password(url: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store(f"postgresql+psycopg://{url}")
    assert "hunter2" not in str(caught.value)


def test_drafts_lose_the_members_of_their_blocks_and_nothing_else(store: Store) -> None:
    """Earlier drafts had them per block, down to a single home; undo puts back the rest to the byte."""
    migrate(store.engine, "0008", down=True)
    block = {"code": "S/1", "sector_code": "S", "shape": "0106"}
    counted = block | {"counts": {"households": None, "dwellings": 1, "members": 1, "estimated": False}}
    change = {"blocks": {"S/1": [None, counted]}, "assignments": {"S/1": [None, "25110-01"]}, "buurten": {}}
    with store.writing() as session:
        release = a_release()
        session.add(release)
        session.flush()
        session.add(Municipality(release_id=release.id, code="25110"))
        session.flush()
        now = datetime(2026, 11, 24, tzinfo=UTC)
        plan = Plan(
            release_id=release.id,
            municipality_code="25110",
            version=1,
            published_at=now,
            valid_from=now.date(),
            drawn=False,
        )
        session.add(plan)
        session.flush()
        session.add(
            DraftRow(
                id="d-1",
                municipality_code="25110",
                plan_id=plan.id,
                title="Draft",
                state="draft",
                counts={"S": counted["counts"]},
                revision=2,
                played=1,
                highest_number=1,
                made_at=now,
                made_by="k",
                changed_at=now,
                published_plan_id=None,
            )
        )
        session.flush()
        # By the table: later columns are not there yet.
        entry = {"draft_id": "d-1", "number": 1, "revision": 2, "operation": {}, "change": change, "at": now, "by": "k"}
        session.execute(insert(DraftEntry.metadata.tables["draft_entry"]).values(**entry))
    for step in ("head", "0008", "head"):
        migrate(store.engine, step, down=step != "head")
        members = {} if step == "head" else {"members": 0}
        counts = {"households": None, "dwellings": 1, "estimated": False} | members
        with store.reading() as session:
            assert session.get_one(DraftRow, "d-1").counts == {"S": counts}
            [stored] = session.scalars(select(DraftEntry.change))
            assert stored == change | {"blocks": {"S/1": [None, block | {"counts": counts}]}}


def test_a_reader_sees_one_state_although_something_is_published_meanwhile(store_url: str) -> None:
    store = open_store(store_url)
    with store.reading() as session:
        before = session.execute(select(StoreState.version)).scalar_one()
        with store.writing() as other:
            announce_change(other)
        assert session.execute(select(StoreState.version)).scalar_one() == before
    assert store.version() == before + 1
    store.close()
