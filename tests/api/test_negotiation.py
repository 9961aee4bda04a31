"""Which form of an answer a caller gets: what it wants most of what there is, or a list of that."""

import pytest

from api.negotiation import CSV, GEOJSON, JSON, PARQUET, NotAcceptableError, answer, choose

FORMS = [JSON, CSV, GEOJSON, PARQUET]


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ([], "json"),
        ([""], "json"),
        (["*/*"], "json"),
        (["text/csv"], "csv"),
        (["TEXT/CSV; charset=utf-8"], "csv"),
        (["text/html, application/xhtml+xml, */*;q=0.8"], "json"),
        (["text/*"], "csv"),
        (["application/*;q=0.9, application/json;q=0.1"], "geojson"),
        (["application/json;q=0, */*"], "csv"),
        (["text/csv;q=0.2", "application/vnd.apache.parquet;q=0.3"], "parquet"),
        (["nonsense, text/csv"], "csv"),
        (["text/csv;q=2, application/geo+json;q=0.001"], "geojson"),
    ],
)
def test_the_form_that_is_wanted_most_is_given(accept: list[str], name: str) -> None:
    assert choose(accept, FORMS).name == name


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "nonsense", "text/csv;q=x"])
def test_a_wish_that_nothing_meets_is_refused_with_the_list(accept: str) -> None:
    with pytest.raises(NotAcceptableError, match=r"application/json \(f=json\), text/csv \(f=csv\)"):
        choose([accept], [JSON, CSV])


def test_a_negotiated_answer_says_that_it_varies() -> None:
    given = answer(CSV, "a\r\n", "households")
    assert given.headers["vary"] == "Accept"
    assert given.headers["content-type"] == "text/csv; charset=utf-8"
    assert given.headers["content-disposition"] == 'attachment; filename="households.csv"'
    assert "content-disposition" not in answer(JSON, "{}", "households").headers
