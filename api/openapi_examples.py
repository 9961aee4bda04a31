"""Examples of the chief requests and answers in the OpenAPI document: of the demo region, where a test asks them."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic.config import JsonDict

from households.eligibility_texts import TEXTS

QUESTION: Final[JsonDict] = {"line": "Kerkstrat 6, 9993 Demodorp", "language": "en", "eligibility": True}
"""A street that is misspelt: what `VERIFICATION` answers."""

_NAME: Final[JsonDict] = {"nl": "Demodorp", "fr": "Demodorp", "de": None}
_STREET: Final[JsonDict] = {"nl": "Kerkstraat", "fr": None, "de": None}
_ADDRESS: Final[JsonDict] = {
    "address_id": "BE-VLG/900000014",
    "formatted": "Kerkstraat 6, 9993 Demodorp",
    "street": _STREET,
    "house_number": "6",
    "box": None,
    "postcode": "9993",
    "locality": {"nl": "DEMODORP", "fr": None, "de": None},
    "municipality": {"code": "99001", "names": {"nl": "Demodorp", "fr": None, "de": None}},
    "country": "BE",
    "status": "current",
    "purpose": None,
    "position": {"lon": 4.49136, "lat": 50.53649, "x": 158691.873, "y": 136199.785, "crs": "EPSG:31370"},
}
_RULES: Final = (
    ("address", "pass", "address-corrected"),
    ("status", "pass", "address-current"),
    ("home", "unknown", "purpose-unknown"),
    ("buurt", "pass", "buurt-live"),
    ("licence", "pass", "licensed"),
    ("capacity", "pass", "room"),
)


def _eligibility(email: tuple[str, str, str]) -> JsonDict:
    return {
        "verdict": "needs_proof",
        "rules": [
            {"rule": rule, "outcome": outcome, "code": code, "text": TEXTS[code]["en"]}
            for rule, outcome, code in (*_RULES, email)
        ],
        "buurt": "99001-01",
        "proofs": ["buurtcode", "mobile", "document", "neighbour"],
    }


VERIFICATION: Final[JsonDict] = {
    "verdict": "confirm",
    "level": "dwelling",
    "score": 0.9595,
    "components": {
        "street": "corrected",
        "postcode": "confirmed",
        "municipality": "confirmed",
        "house_number": "confirmed",
    },
    "reasons": [
        {
            "code": "street-corrected",
            "text": "The street's name was misspelt or incomplete.",
            "field": "street",
        }
    ],
    "address": _ADDRESS,
    "place": {
        "sector": {"code": "99001A00-", "names": {"nl": "CENTRUM", "fr": "CENTRUM", "de": None}},
        "municipality": {"code": "99001", "names": _NAME},
        "buurt": {"code": "99001-01", "names": _NAME, "plan_version": 1, "valid_from": "2026-01-01"},
    },
    "alternatives": [],
    "releases": ["demo-addresses", "demo-sectors"],
    "eligibility": _eligibility(("email", "unknown", "email-not-given")),
}
SUGGESTIONS: Final[JsonDict] = {
    "data": [
        {
            "kind": "house-number",
            "text": "Kerkstraat 6, 9993 Demodorp",
            "street": "Kerkstraat",
            "house_number": "6",
            "box": None,
            "postcode": "9993",
            "municipality": "Demodorp",
            "municipality_code": "99001",
            "address_id": "BE-VLG/900000014",
            "country": "BE",
        }
    ],
    "releases": ["demo-addresses"],
}
"""The first of what completes `kerkstr 6, demo`."""
SIGN_UP: Final[JsonDict] = {
    **_eligibility(("email", "pass", "email-free")),
    "sign_up": {
        "id": "3rJ0x8mQm1tq0cGq5oWZsVbK",
        "state": "needs_proof",
        "reason": None,
        "account": None,
        "expires_at": "2026-12-24T10:15:00Z",
    },
}
QUOTE_REQUEST: Final[JsonDict] = {
    "scopes": [{"municipality": "99001"}],
    "programmes": ["buurtcommunicatie"],
    "years": 3,
    "start": "2027-01-01",
    "language": "nl",
}
_ANSWERS: Final[Mapping[str, JsonDict]] = {
    "SuggestionList": SUGGESTIONS,
    "VerificationWithEligibility": VERIFICATION,
    "SignUpAnswer": SIGN_UP,
}


def add_answers(document: dict[str, Any]) -> None:
    """Give the models of answers their examples; FastAPI would leave out every null of theirs."""
    schemas = document["components"]["schemas"]
    for name in _ANSWERS.keys() & schemas.keys():
        schemas[name]["examples"] = [_ANSWERS[name]]
