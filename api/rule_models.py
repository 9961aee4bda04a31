"""The rules of a municipality as requests and answers write them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, field_validator
from pydantic_core.core_schema import ValidationInfo

from api.models import WHOLE
from api.problems import Problem
from data.members.rules import StoredRules
from households.eligibility import RuleSet
from households.verification import Proof

BuurtCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,32}$")]


class RulesBody(BaseModel):
    """Who may join in a municipality."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"unknown_home": "prove", "proofs": ["buurtcode", "document"]}]}
    )

    admit_proposed_addresses: StrictBool = Field(
        False, description="Whether an address counts before the register calls it current."
    )
    home_required: StrictBool = Field(True, description="Whether the register must not say that it is no home.")
    unknown_home: Literal["admit", "prove", "refuse"] = Field(
        "admit", description="What follows where the register does not say whether it is a home, as in Belgium."
    )
    licence_required: StrictBool = Field(True, description="Whether the municipality needs a licence on the day.")
    citizens_initiatives: list[BuurtCode] = Field(
        default=[], max_length=1_000, description="Codes of buurten that need no licence."
    )
    households_per_dwelling: Annotated[int, Field(ge=1, le=100), WHOLE] = 1
    accounts_per_household: Annotated[int, Field(ge=1, le=1_000), WHOLE] = 8
    proof_required: StrictBool = True
    proofs: list[Proof] = Field(
        default=list(RuleSet().proofs), max_length=len(Proof), description="Accepted proofs, in the order of offering."
    )

    @field_validator("proofs")
    @classmethod
    def _check_proofs(cls, proofs: list[Proof], info: ValidationInfo) -> list[Proof]:
        if len(set(proofs)) < len(proofs):
            raise ValueError("a proof is named twice")
        if not proofs and info.data.get("proof_required", True):
            raise ValueError("a proof is required, and none is accepted")
        return proofs

    @classmethod
    def of(cls, rules: RuleSet) -> Self:
        """Describe rules."""
        values = {name: getattr(rules, name) for name in RuleSet.__slots__}
        return cls(
            **values | {"citizens_initiatives": sorted(rules.citizens_initiatives), "proofs": list(rules.proofs)}
        )

    def rules(self) -> RuleSet:
        """Return the rules that are described."""
        values = {name: getattr(self, name) for name in RuleSet.__slots__}
        return RuleSet(
            **values | {"citizens_initiatives": frozenset(self.citizens_initiatives), "proofs": tuple(self.proofs)}
        )


class RulesAnswer(BaseModel):
    """The rules of a municipality."""

    municipality: str
    version: int = Field(description="How often they were set; 0 is the network's defaults. The ETag has it too.")
    rules: RulesBody

    @classmethod
    def of(cls, municipality_code: str, stored: StoredRules) -> Self:
        """Describe stored rules."""
        return cls(municipality=municipality_code, version=stored.version, rules=RulesBody.of(stored.rules))


class RulesChanged(Problem):
    """Somebody else has set the rules: what they set."""

    # The example of a problem lacks what this one has besides.
    model_config = ConfigDict(json_schema_extra={})

    current: RulesAnswer
