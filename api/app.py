"""The FastAPI application: joins the store, the data directory and the routes."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp
from typing_extensions import override

from api.access import Caller, identify
from api.answer_headers import open_to_origins
from api.area_problems import install_area_problems
from api.coalescing import VerificationDesk
from api.counting import HouseholdCounts
from api.drafting import DraftDesk
from api.household_problems import install_household_problems
from api.identity_tokens import token_reader
from api.keeper import AtlasKeeper
from api.letter_problems import install_letter_problems
from api.limits import BodyLimit, HeadLimit, HostLimit
from api.member_problems import install_member_problems
from api.negotiation import install_negotiation
from api.ogc.desk import FeatureDesk
from api.ogc.parameters import install_ogc_problems
from api.openapi_examples import add_answers
from api.openapi_operations import TAGS, operation_id, require_versions
from api.operation.auditing import Audited
from api.operation.process import Process
from api.operation.production import refuse_default_secrets
from api.operation.rate_limits import CallerLimit
from api.plain_verifications import PlainVerifications
from api.plan_problems import install_plan_problems
from api.problems import install_problem_handlers
from api.query_names import refuse_unknown_parameters
from api.quote_problems import install_quote_problems
from api.quoting import QuoteSources
from api.routes.addresses import addresses_router
from api.routes.adoption import adoption_router
from api.routes.area_files import IMPORT_AREAS_ENDING, area_files_router
from api.routes.carrying_over import carrying_over_router
from api.routes.drafts import drafts_router
from api.routes.editor import editor_router
from api.routes.health import health_router
from api.routes.households import WITHIN_PATH, households_router
from api.routes.letters import LETTERS_PATH, letters_router
from api.routes.licences import licences_router
from api.routes.locate import locate_router
from api.routes.municipalities import municipalities_router
from api.routes.ogc import ogc_router
from api.routes.ogc_items import ogc_items_router
from api.routes.ogc_tiles import ogc_tiles_router
from api.routes.plan_checks import plan_checks_router
from api.routes.plan_files import IMPORT_ENDING, plan_files_router
from api.routes.plans import plans_router
from api.routes.price_books import price_books_router
from api.routes.proposals import proposals_router
from api.routes.quote_pricing import quote_pricing_router
from api.routes.quote_reading import quote_reading_router
from api.routes.quotes import quotes_router
from api.routes.reach import REACH_PATH, reach_router
from api.routes.releases import releases_router
from api.routes.rules import rules_router
from api.routes.session import session_router
from api.routes.sign_ups import sign_ups_router
from api.routes.staff import staff_router
from api.routes.tiles import tiles_router
from api.routes.verification_batches import BATCH_PATH, verification_batches_router
from api.routes.verifications import verifications_router
from api.selection_problems import install_selection_problems
from api.settings import (
    HouseholdSettings,
    LetterSettings,
    OidcSettings,
    PlanSettings,
    RateSettings,
    ServerSettings,
    StoreSettings,
)
from api.tiles import TileDesk
from data.directory import DataDirectory
from data.features.reading import FeatureReader
from data.store import open_store
from households.dwelling_keys import read_keys

DESCRIPTION = """\
From an address to its buurt: which official sector and which neighbourhood hold it, and how many households live there.

Every answer names the releases (dated imports of official files) that it comes from. Coordinates are longitude and
latitude in EPSG:4326 unless a field says otherwise. Refusals are problem details (RFC 9457).
"""


class _Application(FastAPI):
    """An application whose every answer passes through the middleware named here, that of a failure included.

    Starlette answers failures outside of the middleware that is added to it.
    """

    def build_middleware_stack(self) -> ASGIApp:
        process: Process = self.state.process
        return process.observe(super().build_middleware_stack())

    @override
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            add_answers(document)
            require_versions(document)
        return super().openapi()


def _limit_requests(app: FastAPI, settings: ServerSettings, process: Process) -> None:
    """Put what refuses a request before the application, the last one first."""
    tokens = token_reader(OidcSettings())

    async def find_caller(authorization: str | None) -> Caller | None:
        caller = identify(authorization, process.keeper.keys, datetime.now(UTC))
        return await tokens.identify(authorization) if caller is None and tokens is not None else caller

    app.add_middleware(PlainVerifications, desk=VerificationDesk(lambda: process.keeper.current))
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_bytes_of={
            BATCH_PATH: settings.max_batch_bytes,
            WITHIN_PATH: settings.max_batch_bytes,
            REACH_PATH: settings.max_batch_bytes,
            LETTERS_PATH: settings.max_batch_bytes,
            IMPORT_ENDING: settings.max_plan_bytes,
            IMPORT_AREAS_ENDING: settings.max_plan_bytes,
        },
        seconds=settings.max_body_seconds,
        max_depth=settings.max_json_depth,
        files=(IMPORT_ENDING, IMPORT_AREAS_ENDING),
    )
    app.add_middleware(Audited, store=process.store, clock=lambda: datetime.now(UTC))
    app.add_middleware(
        CallerLimit,
        identify=find_caller,
        limiter=process.limiter,
        settings=RateSettings(),
    )
    app.add_middleware(HeadLimit)
    open_to_origins(app, settings.cors_origins)
    app.add_middleware(HostLimit, hosts=settings.allowed_hosts)


def _install_problems(app: FastAPI) -> None:
    """Answer every refusal with problem details."""
    for install in (
        install_problem_handlers,
        install_member_problems,
        install_quote_problems,
        install_plan_problems,
        install_area_problems,
        install_household_problems,
        install_negotiation,
        install_selection_problems,
        install_letter_problems,
        install_ogc_problems,
    ):
        install(app)


def create_app(
    store_settings: StoreSettings | None = None,
    server_settings: ServerSettings | None = None,
    household_settings: HouseholdSettings | None = None,
    plan_settings: PlanSettings | None = None,
) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    store_settings, server_settings, household_settings, plan_settings
        By default those of the environment.
    """
    store_settings = store_settings or StoreSettings()
    server_settings = server_settings or ServerSettings()
    household_settings = household_settings or HouseholdSettings()
    plan_settings = plan_settings or PlanSettings()
    household_keys = read_keys(household_settings.keys) if household_settings.keys else None
    store = open_store(
        store_settings.store_url, migrating=store_settings.migrate, replica_url=store_settings.replica_url
    )

    def clock() -> datetime:
        return datetime.now(UTC)

    directory = DataDirectory(store_settings.data_dir)
    keeper = AtlasKeeper(store, directory, server_settings.reload_seconds, lambda: clock().date())
    refuse_default_secrets(store_settings, server_settings.host, household_keys, keeper.keys, clock())
    process = Process(store, keeper)
    app = _Application(
        title="Buurtwijzer",
        version=version("buurtwijzer"),
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=operation_id,
        servers=[{"url": "/", "description": "The server that gives this document."}],
        lifespan=process.lifespan,
        dependencies=[Depends(refuse_unknown_parameters)],
        # The ready-made pages for people load scripts from elsewhere; nothing here leaves the origin.
        docs_url=None,
        # FastAPI's own, which the environment could turn on: it writes down URLs and what exceptions say.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redoc_url=None,
    )
    app.state.process = process
    _install_problems(app)
    _limit_requests(app, server_settings, process)
    for asking in (
        verifications_router(lambda: keeper.current, store, household_keys),
        verification_batches_router(lambda: keeper.current),
        addresses_router(lambda: keeper.current),
        locate_router(lambda: keeper.current),
    ):
        app.include_router(asking)
    tiles = TileDesk(store)
    app.include_router(municipalities_router(lambda: keeper.current, tiles))
    app.include_router(releases_router(store))
    app.include_router(price_books_router(store, clock))
    sources = QuoteSources.of(directory, household_settings)
    for quoting in (quotes_router, quote_pricing_router, quote_reading_router):
        app.include_router(quoting(store, sources, clock))
    app.include_router(licences_router(store, clock))
    app.include_router(rules_router(lambda: keeper.current, store, clock))
    # Without a key nobody can be told from anybody else, so there are no sign-ups.
    if household_keys is not None:
        for of_members in (
            sign_ups_router(lambda: keeper.current, store, household_settings, clock),
            staff_router(lambda: keeper.current, store, household_keys, clock),
            letters_router(store, directory, household_keys, LetterSettings(), clock),
        ):
            app.include_router(of_members)
    counts = HouseholdCounts(store, directory, household_keys, household_settings.smallest_shown, clock)
    features = FeatureDesk(FeatureReader(store), counts, lambda: keeper.current, clock)
    for counting in (
        ogc_router(features),
        ogc_items_router(features),
        ogc_tiles_router(lambda: keeper.current, features, tiles),
        households_router(lambda: keeper.current, counts),
        adoption_router(lambda: keeper.current, counts),
        reach_router(store, directory, household_keys, household_settings.smallest_shown, clock),
    ):
        app.include_router(counting)
    desk = DraftDesk(store, directory, household_keys, household_settings.smallest_shown, clock)
    for planning in (
        plans_router(lambda: keeper.current, store, directory, desk, plan_settings.checks),
        plan_checks_router(store, directory, desk, plan_settings.checks),
        carrying_over_router(store, directory, household_keys, plan_settings.checks, clock),
        plan_files_router(lambda: keeper.current, store, desk, clock),
        area_files_router(lambda: keeper.current, store, desk, clock),
        drafts_router(lambda: keeper.current, store, desk, plan_settings.checks, clock),
        proposals_router(lambda: keeper.current, store, desk, plan_settings.band, clock),
    ):
        app.include_router(planning)
    for router in (
        tiles_router(lambda: keeper.current, tiles),
        session_router(server_settings.base_map_shown),
        health_router(keeper, process.readiness),
        editor_router(server_settings.editor_dir, server_settings.base_map_shown),
    ):
        app.include_router(router)
    return app
