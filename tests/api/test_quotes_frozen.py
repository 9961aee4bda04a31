"""What was issued is read back byte for byte after an import, a new price book, a new plan and new members."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cli.importing import demo_requests
from api.lettering import draft_letters
from api.quoting import (
    QuoteSources,
    QuoteWish,
    ScopeWish,
    freeze,
    make_token,
    price,
    read_all_households,
    revised,
    wish_of,
)
from api.settings import HouseholdSettings
from data.demo import DemoFiles
from data.directory import DataDirectory
from data.household_counts import read_basis
from data.importing import ImportRequest, import_file
from data.members.letters import Existing
from data.quotes.offers import (
    create_quote,
    find_quote,
    issue_quote,
    keep_pdf,
    kept_pdf,
    record_bytes,
    record_of,
    set_pdf,
)
from data.quotes.price_books import publish_book
from data.readers.mapping import ColumnMapping
from data.releases import activate, active_releases, find_release
from data.store import Store, open_store
from data.store.household_models import Household
from data.store.models import Block, Buurt, Plan, Sector
from data.tables import Kind
from households.dwelling_keys import HouseholdKeys, dwelling_key, read_keys
from households.selections import InBuurten
from licensing.parties import Party, PostalAddress
from licensing.price_book_reader import example_source
from licensing.pricing import LineKind
from licensing.quote_request import LettersPlan, QuoteError
from licensing.quotes import Quote

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
WISH = QuoteWish((ScopeWish("99001"),), (), 3, date(2027, 1, 1), "nl")
KEYS = "2026a:" + bytes(pow(3, n, 257) % 256 for n in range(32)).hex()


def quiet(_stage: str, _done: int, _total: int) -> None:
    return


@pytest.fixture(scope="module")
def region(demo: DemoFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store with the demo region and the example book, to be copied."""
    folder = tmp_path_factory.mktemp("region")
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    for item in demo_requests(demo):
        import_file(store, DataDirectory(folder), item, clock=lambda: NOW, progress=quiet)
    with store.writing() as session:
        publish_book(session, example_source(), NOW, by="test", in_past=True)
    store.close()
    return folder


@pytest.fixture
def own(region: Path, tmp_path: Path) -> Iterator[tuple[Store, DataDirectory]]:
    """A copy of that store."""
    folder = shutil.copytree(region, tmp_path / "var")
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}")
    yield store, DataDirectory(folder)
    store.close()


def keys_of_households() -> HouseholdKeys:
    return read_keys(KEYS)


def sources_in(directory: DataDirectory) -> QuoteSources:
    return QuoteSources.of(directory, HouseholdSettings(keys=KEYS))


def join(session: Session, directory: DataDirectory, places: slice, sector_code: str | None = None) -> int:
    """Let some dwellings of Demodorp, or of one of its sectors, become member households; return how many."""
    basis = read_basis(session, directory, "BE")
    assert basis.dwellings is not None
    wanted = Sector.release_id == basis.releases.sectors.id, Sector.municipality_code == "99001"
    codes = session.scalars(select(Sector.code).where(*wanted)).all()
    homes = basis.dwellings.in_sectors([sector_code] if sector_code else codes, ["address_id", "sector_code"])
    current = keys_of_households().current
    joined = [
        Household(
            dwelling_key=dwelling_key(current, "BE", home["address_id"]),
            key_id=current.id,
            place=1,
            country="BE",
            municipality_code="99001",
            sector_code=home["sector_code"],
            buurt_code="99001-01",
            joined_at=NOW,
        )
        for home in homes.to_pylist()[places]
    ]
    session.add_all(joined)
    return len(joined)


def draw_plan(session: Session, buurten: int) -> list[str]:
    """Publish a plan of Demodorp whose sectors go to its buurten in turn, from 99001-02 on; return the sectors."""
    sectors = next(release for release in active_releases(session) if release.kind == Kind.SECTORS)
    wanted = Sector.release_id == sectors.id, Sector.municipality_code == "99001"
    codes = list(session.scalars(select(Sector.code).where(*wanted).order_by(Sector.code)))
    plan = Plan(
        release_id=sectors.id,
        municipality_code="99001",
        version=2,
        published_at=NOW,
        valid_from=date(2026, 11, 24),
    )
    session.add(plan)
    session.flush()
    session.add_all(Buurt(plan_id=plan.id, code=f"99001-0{2 + at}", name_nl=f"Nieuw {at}") for at in range(buurten))
    session.flush()
    session.add_all(
        Block(plan_id=plan.id, code=code, sector_code=code, buurt_code=f"99001-0{2 + at % buurten}")
        for at, code in enumerate(codes)
    )
    session.flush()
    return codes


def letters_plan(quote: Quote) -> LettersPlan:
    plan = quote.request.scopes[0].letters_plan
    assert plan is not None
    return plan


def letters_of(quote: Quote) -> int:
    return sum(line.quantity for line in quote.lines if line.kind == LineKind.LETTERS)


def test_an_issued_quote_is_the_same_after_an_import_a_new_book_and_a_new_plan(
    store_url: str, demo: DemoFiles, tmp_path: Path
) -> None:
    store, directory = open_store(store_url), DataDirectory(tmp_path / "var")
    sources = sources_in(directory)
    for item in demo_requests(demo):
        import_file(store, directory, item, clock=lambda: NOW, progress=quiet)
    with store.writing() as session:
        publish_book(session, example_source(), NOW, by="test", in_past=True)
        members = join(session, directory, slice(0, None, 7))
        session.flush()
        frozen = freeze(session, sources, WISH, NOW)
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
        codes = draw_plan(session, 2)
        members_later = members + join(session, directory, slice(1, None, 7))

    with store.writing() as session:
        row = find_quote(session, number)
        assert record_bytes(session, row) == record
        assert kept_pdf(session, row) == pdf
        assert set_pdf(session, row, LATER.date()) == pdf
        today = freeze(session, sources, WISH, LATER)
        revision = record_of(session, revised(session, sources, row, {}, LATER, by="test")).quote
    before, after = letters_plan(frozen.quote), letters_plan(today.quote)
    assert (before.members, after.members) == (members, members_later)
    assert (before.letters, after.letters) == (before.dwellings - members, before.dwellings - members_later)
    assert (letters_of(frozen.quote), letters_of(today.quote)) == (before.letters, after.letters)
    assert revision.request.scopes == today.quote.request.scopes
    assert today.quote.households == 1_000 * len(codes)
    assert today.quote.price_book.code == "next"
    assert len(today.quote.request.scopes[0].buurten) == 2
    assert today.quote.request.scopes[0].plan_version == 2
    store.close()


def test_the_worked_example_of_the_documents_is_right(own: tuple[Store, DataDirectory]) -> None:
    store, directory = own
    with store.reading() as session:
        quote = price(session, sources_in(directory), WISH, NOW)
    text = (Path(__file__).resolve().parents[2] / "docs" / "pricing.md").read_text("utf-8")
    example = text[text.index("## A worked example") : text.index("## The quote")]
    told = {f"{'−' if line.amount < 0 else ''}€{abs(line.amount):,.2f}" for line in quote.lines if line.year == 1}
    told |= {f"€{amount:,.2f}" for year in quote.years for amount in (year.net, year.vat)}
    told |= {f"€{quote.net:,.2f}", f"€{quote.vat:,.2f}", f"{quote.households:,} households"}
    assert [amount for amount in sorted(told) if amount not in example] == []


def test_letters_are_those_that_are_printed_and_tell_of_no_single_household(own: tuple[Store, DataDirectory]) -> None:
    store, directory = own
    sources = sources_in(directory)

    def quoted(wish: QuoteWish = WISH) -> Quote:
        with store.reading() as session:
            quote = price(session, sources, wish, NOW)
            bulk = read_all_households(session, sources, "BE", NOW)
        if wish is WISH:
            # The yearly review counts the same.
            assert [one.letters for one in bulk if one.code == "99001"] == [letters_of(quote)]
        return quote

    nobody = letters_plan(quoted())
    assert (nobody.letters, nobody.members, nobody.smallest_shown) == (nobody.dwellings, 0, 10)
    with store.writing() as session:
        assert join(session, directory, slice(0, 9)) == 9
    # Nine are fewer than are told.
    assert letters_plan(quoted()) == nobody
    with store.writing() as session:
        assert join(session, directory, slice(9, 10)) == 1
    plan = letters_plan(quoted())
    assert (plan.letters, plan.members) == (nobody.dwellings - 10, 10)
    with store.reading() as session:
        printed = draft_letters(
            session,
            directory,
            keys_of_households(),
            InBuurten(("99001-01",)),
            language=None,
            existing=Existing.REPLACE,
            now=NOW,
            choose=lambda alphabet: alphabet[0],
        )
    assert printed.count == plan.letters
    # What somebody says goes before the plan, up to one for each home.
    given = quoted(replace(WISH, scopes=(ScopeWish("99001", letters=plan.dwellings),)))
    assert letters_of(given) == plan.dwellings
    assert [step.code for step in given.steps if step.rule == "letters"] == ["letters-given"]
    assert wish_of(given, Party("", PostalAddress(None, None, None, "BE"))).scopes[0].letters == plan.dwellings
    with pytest.raises(QuoteError, match=f"at most the {plan.dwellings} homes"):
        quoted(replace(WISH, scopes=(ScopeWish("99001", letters=plan.dwellings + 1),)))
    # Other counts of households build no dwellings.
    what_if = quoted(replace(WISH, scopes=(ScopeWish("99001", households={"99001-01": 5}),)))
    assert (letters_plan(what_if), what_if.households) == (plan, 5)


def test_a_pilot_tells_the_members_of_its_own_buurten_as_far_as_they_are_told(
    own: tuple[Store, DataDirectory],
) -> None:
    store, directory = own
    sources = sources_in(directory)
    with store.writing() as session:
        codes = draw_plan(session, 3)
        for code, members in zip(codes, (20, 40, 3), strict=False):
            assert join(session, directory, slice(members), code) == members

    def plan_of(*buurten: int) -> LettersPlan:
        wish = replace(WISH, years=1, scopes=(ScopeWish("99001", tuple(f"99001-0{at}" for at in buurten)),))
        with store.reading() as session:
            return letters_plan(price(session, sources, wish, NOW))

    # The three of the third buurt would follow from the total and the others, so the smallest of those is withheld too.
    assert [plan_of(at).members for at in (2, 3, 4)] == [0, 40, 0]
    assert plan_of(2, 3).members == 40
    assert plan_of(2, 3, 4).members == 63
    assert sum(plan_of(at).dwellings for at in (2, 3, 4)) == plan_of(2, 3, 4).dwellings
