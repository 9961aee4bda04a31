"""What the OpenAPI document says to those who generate clients: names of operations, and examples that are true."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.openapi_examples import QUESTION, SUGGESTIONS, VERIFICATION
from api.openapi_operations import operation_id

EXAMPLES_OF = {"VerificationQuestion", "SuggestionList", "SignUpRequest", "SignUpAnswer", "QuoteRequestBody"}
"""Some of the models that have examples: the walk below does find them."""


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Name, schema and value of every example of a model."""
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", []):
            yield name, schema, example


def test_an_operation_is_called_as_its_function_is() -> None:
    async def show_quote_drift() -> None: ...

    assert operation_id(APIRoute("/", show_quote_drift)) == "showQuoteDrift"


def test_a_model_requires_no_field_that_it_does_not_have_and_names_what_tells_it_from_others(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert set(schema.get("required", ())) <= set(schema.get("properties", ())), name
    told_apart = schemas["OperationBody"]["properties"]["operation"]["discriminator"]
    for reference in told_apart["mapping"].values():
        assert told_apart["propertyName"] in schemas[reference.rpartition("/")[2]]["required"], reference


def test_every_example_is_what_its_schema_describes(document: dict[str, Any]) -> None:
    found = list(examples(document))
    assert {name for name, _, _ in found} >= EXAMPLES_OF
    for _, schema, example in found:
        jsonschema.validate(example, schema | {"components": document["components"]})


def test_the_example_of_a_verification_is_what_is_answered(client: TestClient) -> None:
    told = client.post("/v1/verifications", json=QUESTION).json()
    # Which buurt it is and who may join there hang on what was published and licensed in the meantime.
    assert {**told, "place": None, "eligibility": None} == {**VERIFICATION, "place": None, "eligibility": None}


def test_the_example_of_a_suggestion_is_what_is_answered(client: TestClient) -> None:
    told = client.get("/v1/addresses/suggest", params={"q": "kerkstr 6, demo", "limit": 1}).json()
    assert told == SUGGESTIONS
