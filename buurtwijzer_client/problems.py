"""Refusals of the API as exceptions (RFC 9457)."""

from dataclasses import dataclass

import httpx2
from pydantic import BaseModel, ValidationError


class FieldProblem(BaseModel):
    """A field of the request that is to blame."""

    field: str
    """JSON pointer into the body, or the name of the parameter."""
    detail: str


class _Body(BaseModel):
    type: str
    title: str
    detail: str
    remedy: str = ""
    errors: list[FieldProblem] = []


@dataclass
class Problem(Exception):  # noqa: N818 -- what the standard calls it
    """A refusal.

    Attributes
    ----------
    slug
        Stable name of the problem, such as `unconfirmed-address`; empty where a proxy answered and not the API.
    remedy
        What the caller can do.
    errors
        The fields to blame.
    """

    status: int
    slug: str
    title: str
    detail: str
    remedy: str = ""
    errors: tuple[FieldProblem, ...] = ()

    def __str__(self) -> str:
        return f"{self.status} {self.slug or self.title}: {self.detail} {self.remedy}".rstrip()

    @classmethod
    def of(cls, answer: httpx2.Response) -> "Problem":
        """Read a refusal."""
        try:
            body = _Body.model_validate_json(answer.content)
        except ValidationError:
            return cls(answer.status_code, "", answer.reason_phrase, "the answer is no problem of the API")
        slug = body.type.rpartition("/")[2]
        return cls(answer.status_code, slug, body.title, body.detail, body.remedy, tuple(body.errors))
