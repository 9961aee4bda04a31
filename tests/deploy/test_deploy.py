"""What deploy/ ships: linted by the tools of its formats, and held to what docs/deployment.md says of it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from data.store.grants import APPLICATION, OWNER, READER, roles_sql

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
MOST_EXPOSED = "20"
"""Of systemd's exposure levels, 0 to 100: 20 is the best fifth."""


def tool(name: str) -> str:
    """Return a linter from the environment of the tests or from PATH; skip where it is not installed."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return found or pytest.skip(f"NOT LINTED: {name} is not installed here")


def run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def stages() -> list[list[str]]:
    """Instructions of the Dockerfile by stage, each on one line."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    instructions = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines()
    starts = [at for at, line in enumerate(instructions) if line.startswith("FROM ")]
    return [instructions[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def test_hadolint_finds_nothing() -> None:
    run(tool("hadolint"), DEPLOY / "Dockerfile")


def test_the_image_is_small_locked_and_not_roots(stages: list[list[str]]) -> None:
    build, web, final = stages
    # Everything that pip takes has a hash in a lock, and npm takes what its lock says.
    taken = [line for line in build if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in taken)
    assert any("npm ci" in line for line in web)
    assert not any("pip install" in line or re.search(r"\bgcc|build-essential\b", line) for line in final)
    [user] = [line for line in final if line.startswith("USER ")]
    assert int(user.removeprefix("USER ")) > 0
    assert [line for line in final if line.startswith("HEALTHCHECK ")]
    assert not any(
        re.search(r"SECRET|PASSWORD|HOUSEHOLDS_KEYS|DATABASE_URL", line) for stage in stages for line in stage
    )


def test_every_package_and_nothing_secret_enters_the_image(stages: list[list[str]]) -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = {word for line in stages[0] if line.startswith("COPY ") for word in line.split()[1:-1]}
    assert {name.rstrip("*") for name in packages} <= copied
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert {path.split("/")[0] for path in copied} <= let_in
    assert not let_in & {"var", "deploy", ".git", ".env"}


def test_compose_fits_its_specification() -> None:
    run(tool("check-jsonschema"), "--quiet", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_services_have_no_rights_that_they_do_not_need(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert not any(re.search(r"PASSWORD$|KEYS|URL", variable) for variable in service.get("environment", {})), name
    database, api = compose["services"]["database"], compose["services"]["api"]
    assert "ports" not in database
    assert compose["networks"]["store"]["internal"]
    assert set(database["networks"]) == {"store"}
    assert api["environment"]["BUURTWIJZER_MIGRATE"] == "false"
    # The proxy comes by an address of Docker's network, which nobody else can: see docs/deployment.md.
    assert api["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    assert api["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    # The client programs in the image understand the server.
    version = re.search(r"postgresql-client-(\d+)", (DEPLOY / "Dockerfile").read_text())
    assert version is not None
    assert database["image"].startswith(f"postgis/postgis:{version[1]}-")


def test_the_roles_of_compose_are_those_of_the_command() -> None:
    written = (DEPLOY / "compose" / "roles.sql").read_text()
    assert written == roles_sql(), "run: buurtwijzer database roles > deploy/compose/roles.sql"


@pytest.mark.postgis
def test_a_new_database_gets_roles_and_their_passwords_from_files(fresh_postgis_url: str, tmp_path: Path) -> None:
    url = make_url(fresh_postgis_url)
    for role in (OWNER, APPLICATION, READER):
        (tmp_path / f"{role.removeprefix('buurtwijzer_')}_password").write_text(f"it's \\ {role}\n")
    environment = os.environ | {
        "PGHOST": str(url.query["host"]),
        "POSTGRES_USER": str(url.username),
        "POSTGRES_DB": str(url.database),
        "SECRETS": str(tmp_path),
    }
    with psycopg.connect(
        host=environment["PGHOST"], user=url.username, dbname=url.database, autocommit=True
    ) as superuser:
        superuser.execute((DEPLOY / "compose" / "roles.sql").read_bytes())
        subprocess.run([DEPLOY / "compose" / "passwords.sh"], env=environment, check=True)
        known = (
            "SELECT rolname FROM pg_authid WHERE rolname LIKE 'buurtwijzer\\_%' AND rolpassword LIKE 'SCRAM-SHA-256$%'"
        )
        assert {row[0] for row in superuser.execute(known)} == {OWNER, APPLICATION, READER}


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units as they would be installed here: systemd wants to see the program that they start."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/buurtwijzer/venv/bin/buurtwijzer", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return sorted(tmp_path.iterdir())


def test_systemd_verifies_the_units_and_finds_them_hardened(units: list[Path]) -> None:
    systemd = tool("systemd-analyze")
    run(systemd, "verify", *units)
    for unit in units:
        if unit.suffix == ".service":
            run(systemd, "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)


def test_units_start_what_the_program_has_and_hold_no_secret() -> None:
    for unit in UNITS:
        text = unit.read_text()
        assert not re.search(r"PASSWORD=|KEYS=|DATABASE_URL=", text), unit.name
        if unit.suffix == ".timer":
            assert unit.with_suffix(".service") in UNITS
            continue
        command = re.search(r"venv/bin/buurtwijzer (\w+)", text)
        assert command is not None
        assert command[1] in {"serve", "backup", "purge"}
        for hardening in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "PrivateTmp=yes"):
            assert hardening in text, unit.name
