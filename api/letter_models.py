"""What the API is asked of letters."""

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, StringConstraints
from typing_extensions import override

from api.models import Day
from api.reason_texts import Language
from api.selection_models import SelectionBody
from data.members.letters import Existing
from households.selections import InBuurten, Wish


class LettersRequest(SelectionBody):
    """Whom letters are for, and in which form they are wanted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"buurten": ["99001-01"], "form": "csv"}]}
    )

    kinds: ClassVar[tuple[str, ...]] = ("buurten", *SelectionBody.kinds)

    buurten: list[Annotated[str, StringConstraints(min_length=1, max_length=32)]] | None = Field(
        None, min_length=1, max_length=100, description="Codes of buurten of the plans in force."
    )
    form: Literal["csv", "pdf", "rounds"] = Field(
        description="The printer's table, the letters, or the round plan as CSV, for which no codes are made."
    )
    language: Language | None = Field(None, description="Unset, each address is written to in its own.")
    last_day: Day | None = Field(None, description="Last day of the codes; by default as the server is set.")
    existing: Existing = Field(
        Existing.REPLACE, description="Where an earlier letter is still valid: a new one in its place, or none."
    )

    @override
    def wish(self) -> Wish:
        """Return what is meant, as `SelectionBody.wish` does."""
        return InBuurten(tuple(self.buurten)) if self.buurten else super().wish()
