"""Metrics of real workers: all are counted whoever is asked, and the dashboard asks for what there is."""

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "buurtwijzer.json").read_text())
GIVEN_BY_PROMETHEUS = {"instance"}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(url: str) -> Samples:
    text = httpx2.get(url).raise_for_status().text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: Samples, name: str, **labels: str) -> float:
    return sum(value for (found, of), value in samples.items() if found == name and labels.items() <= set(of))


@pytest.mark.slow
@pytest.mark.parametrize("store_settings", ["sqlite"], indirect=True)
def test_metrics_are_of_all_workers_tell_of_nobody_and_are_what_the_dashboard_asks_for(
    serve: Any, admin: dict[str, str]
) -> None:
    address = {"street": "Kerkstraat", "house_number": "6", "postcode": "9993"}
    with serve(2, BUURTWIJZER_METRICS_PORT="0") as server:
        found = re.search(r"http://[0-9.:]+/metrics", server.log.read_text())
        assert found is not None
        url = found[0]
        before = total(scrape(url), "buurtwijzer_requests_total", route="/v1/verifications")
        for _ in range(20):
            # A connection each, so that both workers are asked.
            httpx2.post(f"{server.url}/v1/verifications", json=address, headers=admin).raise_for_status()
        batch = {"data": [address] * 3 + [{"line": "nowhere at all 1"}]}
        httpx2.post(f"{server.url}/v1/verifications:batch", json=batch, headers=admin).raise_for_status()
        httpx2.get(f"{server.url}/v1/somebody@example.org/Kerkstraat?q=Kerkstraat")
        after = scrape(url)
        text = httpx2.get(url).text
        assert httpx2.get(f"{server.url}/metrics").status_code == 404
        assert httpx2.get(url.replace("/metrics", "/healthz")).status_code == 404
    assert total(after, "buurtwijzer_requests_total", route="/v1/verifications", status="200") - before == 20
    assert total(after, "buurtwijzer_request_duration_seconds_count", route="/v1/verifications") == 20
    assert total(after, "buurtwijzer_verifications_total") == 24
    assert total(after, "buurtwijzer_verifications_total", verdict="fix") == 1
    assert total(after, "buurtwijzer_workers") == 2
    assert total(after, "buurtwijzer_store_reachable") == 1
    assert total(after, "buurtwijzer_release_timestamp_seconds", country="BE", kind="sectors") > 1.6e9
    for personal in ("Kerkstraat", "somebody", admin["Authorization"].partition("_")[2]):
        assert personal not in text
    known = {name for name, _ in after}
    labels = {label for name, of in after for label, _ in of if name.startswith("buurtwijzer_")}
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    queries += [each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    for query in queries:
        assert set(re.findall(r"buurtwijzer_\w+", query)) <= known, query
        asked = {each for by in re.findall(r" by \(([^)]*)\)", query) for each in by.split(", ")}
        asked |= set(re.findall(r"(\w+)=~?\"", query))
        assert asked <= labels | GIVEN_BY_PROMETHEUS, query
