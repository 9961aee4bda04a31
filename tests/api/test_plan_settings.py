"""What a good buurt is comes from the environment, and holds in checks, publishing, proposals and the editor alike."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app, main
from api.settings import PlanSettings, ServerSettings, StoreSettings
from boundaries.checks import CheckSettings
from boundaries.proposals import HouseholdsBand

CODE = "99002"
BAND = {"LEAST": "200", "TARGET": "400", "MOST": "900"}


@pytest.fixture
def in_environment(named_store: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BAND.items():
        monkeypatch.setenv(f"BUURTWIJZER_PLANS_HOUSEHOLDS_{name}", value)
    monkeypatch.setenv("BUURTWIJZER_PLANS_LANGUAGES", '["fr", "de"]')


def test_nothing_in_the_environment_leaves_the_defaults_of_the_rules() -> None:
    settings = PlanSettings()
    assert settings.checks == CheckSettings()
    assert settings.band == HouseholdsBand()


@pytest.mark.usefixtures("in_environment")
def test_checks_proposals_and_the_editor_go_by_the_environment(
    store_settings: StoreSettings, admin: dict[str, str], take_back_plans: Callable[[str], None]
) -> None:
    with TestClient(create_app(store_settings, ServerSettings()), headers=admin) as api:
        url = api.post(f"/v1/municipalities/{CODE}/plans", json={}).headers["location"]
        assert api.get(url).json()["band"] == {"least": 200, "target": 400, "most": 900}
        problems = {(each["code"], each["language"]) for each in api.get(f"{url}/problems").json()["problems"]}
        assert {("too-many-households", None), ("name-missing", "de")} <= problems
        [first, *_] = api.post(f"/v1/municipalities/{CODE}/plans:propose", json={"seed": 1}).json()["alternatives"]
        assert first["scores"]["in_band"] == len(first["buurten"]) > 1
        assert all(200 <= buurt["households"] <= 900 for buurt in first["buurten"])
        refused = api.post(f"/v1/municipalities/{CODE}/plans:propose", json={"least": 500})
        assert refused.json()["errors"][0]["field"] == "/target"
        publish = {"valid_from": datetime.now(UTC).date().isoformat(), "reason": "In French alone"}
        unnamed = api.post(f"{url}:publish", json=publish, headers={"If-Match": '"1"'})
        assert unnamed.json()["errors"][0]["field"] == "name-missing"
    shown = CliRunner().invoke(app, ["propose", CODE]).output
    assert "200–900" in shown
    checked = CliRunner().invoke(app, ["plan", "check", url.rpartition("/")[2]])
    assert checked.exit_code == 1, checked.output
    take_back_plans(CODE)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("BUURTWIJZER_PLANS_HOUSEHOLDS_MOST", "1200", "in that order"),
        ("BUURTWIJZER_PLANS_REOCK_LEAST", "15 %", "BUURTWIJZER_PLANS_REOCK_LEAST: "),
        ("BUURTWIJZER_PLANS_LANGUAGES", "fr", "BUURTWIJZER_PLANS_LANGUAGES: "),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "argv", ["buurtwijzer", "propose", CODE])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert told in capsys.readouterr().err
