"""Address matching: what somebody types, found in the official register, with a verdict. docs/address-matching.md."""

from geo.addresses.index import AddressIndex, NearestAddress
from geo.addresses.questions import (
    REASONS,
    AddressIndexError,
    AddressMatch,
    AddressQuery,
    Component,
    Level,
    OfficialAddress,
    Reason,
    Suggestion,
    Verdict,
)

__all__ = [
    "REASONS",
    "AddressIndex",
    "AddressIndexError",
    "AddressMatch",
    "AddressQuery",
    "Component",
    "Level",
    "NearestAddress",
    "OfficialAddress",
    "Reason",
    "Suggestion",
    "Verdict",
]
