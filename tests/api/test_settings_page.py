"""The page of settings is what the settings are."""

from pathlib import Path

from api.cli.settings import settings_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_settings_is_what_the_command_prints() -> None:
    written = (ROOT / "docs" / "settings.md").read_text()
    assert written == settings_page(), "run: buurtwijzer settings > docs/settings.md"


def test_every_setting_says_what_it_is_for() -> None:
    rows = [line for line in settings_page().splitlines() if line.startswith("| `BUURTWIJZER_")]
    assert len(rows) > 70
    assert [row for row in rows if row.endswith("|  |")] == []
