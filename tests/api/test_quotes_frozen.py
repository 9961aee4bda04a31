"""What was issued is read back byte for byte after an import, a new price book and a new plan."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from api.cli.importing import demo_requests
from api.quoting import QuoteWish, ScopeWish, freeze, make_token
from api.settings import SellerSettings
from data.demo import DemoFiles
from data.directory import DataDirectory
from data.importing import ImportRequest, import_file
from data.quotes.offers import create_quote, find_quote, issue_quote, keep_pdf, kept_pdf, record_bytes, set_pdf
from data.quotes.price_books import publish_book
from data.readers.mapping import ColumnMapping
from data.releases import activate, active_releases, find_release
from data.store import open_store
from data.store.models import Block, Buurt, Plan, Sector
from data.tables import Kind
from licensing.price_book_reader import example_source

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
WISH = QuoteWish((ScopeWish("99001"),), (), 3, date(2027, 1, 1), "nl")


def quiet(_stage: str, _done: int, _total: int) -> None:
    return


def test_an_issued_quote_is_the_same_after_an_import_a_new_book_and_a_new_plan(
    store_url: str, demo: DemoFiles, tmp_path: Path
) -> None:
    store, directory = open_store(store_url), DataDirectory(tmp_path / "var")
    for item in demo_requests(demo):
        import_file(store, directory, item, clock=lambda: NOW, progress=quiet)
    with store.writing() as session:
        publish_book(session, example_source(), NOW, by="test", in_past=True)
        frozen = freeze(session, directory, WISH, SellerSettings(), NOW)
        row = create_quote(session, frozen, NOW, by="test", make_token=make_token)
        number = issue_quote(session, row, NOW.date(), valid_days=30, by="test").number or ""
    with store.writing() as session:
        row = find_quote(session, number)
        record, pdf = record_bytes(session, row), keep_pdf(session, row, set_pdf(session, row, NOW.date()))

    with store.reading() as session:
        sectors = next(release for release in active_releases(session) if release.kind == Kind.SECTORS)
        codes = list(
            session.scalars(
                select(Sector.code).where(Sector.release_id == sectors.id, Sector.municipality_code == "99001")
            )
        )
    counts = tmp_path / "new-counts.csv"
    counts.write_text("code,households\n" + "".join(f"{code},1000\n" for code in codes), encoding="utf-8")
    request = ImportRequest(
        "counts",
        counts,
        reference_date=date(2026, 12, 1),
        country="BE",
        kind=Kind.SECTOR_COUNTS,
        mapping=ColumnMapping.read(["area_code=code", "households=households"], None),
    )
    [release] = import_file(store, directory, request, clock=lambda: LATER, progress=quiet).releases
    book = example_source().replace("example-2026", "next").replace("2026-01-01", "2026-12-03").replace("0.35", "0.99")
    with store.writing() as session:
        activate(session, find_release(session, release.name), LATER)
        publish_book(session, book, NOW, by="test")
        plan = Plan(
            release_id=sectors.id,
            municipality_code="99001",
            version=2,
            published_at=LATER,
            valid_from=date(2026, 12, 2),
        )
        session.add(plan)
        session.flush()
        session.add_all(Buurt(plan_id=plan.id, code=f"99001-0{at}", name_nl=f"Nieuw {at}") for at in (2, 3))
        session.flush()
        session.add_all(
            Block(plan_id=plan.id, code=code, sector_code=code, buurt_code=f"99001-0{2 + at % 2}")
            for at, code in enumerate(codes)
        )

    with store.writing() as session:
        row = find_quote(session, number)
        assert record_bytes(session, row) == record
        assert kept_pdf(session, row) == pdf
        assert set_pdf(session, row, LATER.date()) == pdf
        today = freeze(session, directory, WISH, SellerSettings(), LATER)
    assert today.quote.households == 1_000 * len(codes)
    assert today.quote.price_book.code == "next"
    assert len(today.quote.request.scopes[0].buurten) == 2
    assert today.quote.request.scopes[0].plan_version == 2
    store.close()
