"""`/v1/municipalities/{code}/rules`: who may join in a municipality, read and set by one editor at a time."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response

from api.access import needs
from api.atlas import Atlas
from api.member_problems import NoIfMatchError, described_refusals
from api.problems import MEDIA_TYPE, described
from api.rule_models import RulesAnswer, RulesBody, RulesChanged
from data.api_keys import Scope
from data.members.rules import StoredRules, read_rules, set_rules
from data.municipalities import UnknownMunicipalityError
from data.store import Store

MunicipalityCode = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9]{1,32}$", description="NIS5 or GM code.", examples=["25110"])
]
_ETAG: dict[str, Any] = {"headers": {"ETag": {"description": "Version of the rules.", "schema": {"type": "string"}}}}
_PRECONDITION: dict[int | str, dict[str, Any]] = {
    412: {
        "description": "Somebody else has set the rules",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/RulesChanged"}}},
        "model": RulesChanged,
    }
}


def require_municipality(atlas: Atlas, code: str) -> None:
    """Refuse a code that no municipality of the active sectors has.

    Raises
    ------
    UnknownMunicipalityError
        There is none.
    """
    if not any(code in country.municipalities for country in atlas.countries.values()):
        raise UnknownMunicipalityError(f"no municipality of the active sectors has the code {code}")


def rules_router(atlas: Callable[[], Atlas], store: Store, clock: Callable[[], datetime]) -> APIRouter:
    """Build the routes."""
    router = APIRouter(prefix="/v1/municipalities", tags=["rules"])

    @router.get("/{code}/rules", dependencies=[needs(Scope.VIEWER)], responses=described(404, 422) | {200: _ETAG})
    def show_rules(code: MunicipalityCode, response: Response) -> RulesAnswer:
        """Return a municipality's rules, or the network's defaults, with their version as ETag."""
        require_municipality(atlas(), code)
        with store.reading() as session:
            stored = read_rules(session, code)
        response.headers["ETag"] = f'"{stored.version}"'
        return RulesAnswer.of(code, stored)

    @router.put(
        "/{code}/rules",
        dependencies=[needs(Scope.OPS)],
        responses=described_refusals(404, 413, 422, 428) | _PRECONDITION | {200: _ETAG},
    )
    def change_rules(
        code: MunicipalityCode,
        request: RulesBody,
        response: Response,
        if_match: Annotated[str | None, Header(description="The ETag that the editor has seen.")] = None,
    ) -> RulesAnswer:
        """Set a municipality's rules; what is left out gets the network's default.

        If somebody else has set them since, nothing is changed, and the answer shows what they set.
        """
        require_municipality(atlas(), code)
        if if_match is None:
            raise NoIfMatchError("a change must say which version it changes")
        seen = re.fullmatch(r'"?([0-9]{1,9})"?', if_match.strip(), re.ASCII)
        rules = request.rules()
        with store.writing() as session:
            # A tag that we never gave matches nothing (RFC 9110, 13.1.1).
            version = set_rules(session, code, rules, clock(), expected_version=int(seen[1]) if seen else -1)
        response.headers["ETag"] = f'"{version}"'
        return RulesAnswer.of(code, StoredRules(rules, version))

    return router
