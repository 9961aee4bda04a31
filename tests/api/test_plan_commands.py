"""The `plan` commands and `propose`, as ops staff run them on the demo region."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from rich.console import Console
from typer.testing import CliRunner

from api.cli import app
from data.demo import DemoFiles

CODE = "99002"


@pytest.fixture
def run(named_store: None, monkeypatch: pytest.MonkeyPatch, take_back_plans: Callable[[str], None]) -> Iterator["Run"]:
    # A console looks at its width when it is made, which another test's import may have done.
    monkeypatch.setattr("api.cli.plans.out", Console(width=200))
    yield Run()
    take_back_plans(CODE)


class Run:
    def __call__(self, *arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == code, (result.output, result.exception)
        return result.output.strip()


def test_a_proposal_is_taken_checked_compared_and_published(run: Run, tmp_path: Path) -> None:
    proposed = run("propose", "ville-démo", "--least", "200", "--target", "400", "--most", "900", "--take", "1")
    draft = proposed.splitlines()[-1]
    assert draft.startswith("d-")
    assert "balanced" in proposed
    again = run("propose", CODE, "--least", "200", "--target", "400", "--most", "900")
    assert again.splitlines()[2:] == proposed.splitlines()[2:-1]
    assert CODE in run("plan", "show", draft)
    assert "unassigned" not in run("plan", "check", draft)
    listed = next(line for line in run("plan", "list", CODE).splitlines() if "made by the import" in line)
    base = listed.strip("│ ").split()[0]
    assert CODE in run("plan", "diff", base, draft)
    told = run("plan", "publish", draft, "--reason", "A first plan")
    assert "holds from" in told
    run("plan", "publish", draft, "--reason", "Again", code=1)


def test_a_draft_can_be_copied_from_a_list_on_a_narrow_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = run("plan", "new", CODE, "--title", "A title that is far too long for the line that it stands on")
    monkeypatch.setattr("api.cli.plans.out", Console(width=60))
    assert draft in run("plan", "list", CODE)


def test_an_assignment_makes_the_round_trip(run: Run, tmp_path: Path) -> None:
    draft = run("propose", CODE, "--least", "200", "--target", "400", "--most", "900", "--take", "1").splitlines()[-1]
    file, again = tmp_path / "plan.csv", tmp_path / "again.csv"
    run("plan", "export", draft, "--out", str(file))
    other = run("plan", "new", CODE)
    lines = file.read_text().splitlines()
    columns = [line.split(",")[:4] for line in lines]
    renamed = [",".join(line).replace(f"{CODE}-", "B") for line in columns]
    read = tmp_path / "in.csv"
    read.write_text("\n".join(renamed))
    run("plan", "import", str(read), "--draft", other)
    run("plan", "export", other, "--out", str(again))

    def groups(text: str) -> set[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for line in text.splitlines()[1:]:
            block, _, _, buurt = line.split(",")[:4]
            found.setdefault(buurt, set()).add(block)
        return {frozenset(blocks) for blocks in found.values()}

    assert groups(again.read_text()) == groups(file.read_text())
    run("plan", "export", draft, "--out", str(tmp_path / "plan.geojson"))
    features = json.loads((tmp_path / "plan.geojson").read_text())["features"]
    assert len(features) == len(lines) - 1


@pytest.mark.parametrize("form", ["csv", "geojson", "gpkg"])
def test_a_plan_of_a_file_is_a_new_draft(run: Run, tmp_path: Path, form: str) -> None:
    draft = run("propose", CODE, "--least", "200", "--target", "400", "--most", "900", "--take", "1").splitlines()[-1]
    file = tmp_path / "plan.bin"
    run("plan", "export", draft, "--format", form, "--out", str(file))
    again = run("plan", "import", str(file), "--municipality", CODE, "--format", form)
    assert run("plan", "diff", draft, again) == "nothing moves"
    run("plan", "export", draft, "--out", str(file), code=2)
    run("plan", "import", str(file), code=2)
    run("plan", "import", str(file), "--municipality", CODE, "--format", "gpkg" if form == "csv" else "csv", code=1)


def test_operations_are_carried_out_all_or_none(run: Run, tmp_path: Path) -> None:
    draft = run("plan", "new", CODE, "--title", "By hand")
    run("plan", "apply", draft, '{"op": "create_buurt", "names": {"fr": "Nord"}}')
    file = tmp_path / "operations.jsonl"
    rename = '{"op": "rename_buurt", "buurt": "99002-01", "names": {"fr": "Sud"}}'
    dissolve = '{"op": "dissolve_buurt", "buurt": "99002-09"}'
    file.write_text(f"{rename}\n{dissolve}\n")
    run("plan", "apply", draft, f"@{file}", code=1)
    shown = run("plan", "show", draft)
    assert "Nord" in shown
    assert "Sud" not in shown
    run("plan", "undo", draft)
    assert "Nord" not in run("plan", "show", draft)
    run("plan", "redo", draft)
    run("plan", "undo", draft)
    run("plan", "undo", draft, code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "show", "d-0000000000000000"), "no draft"),
        (("plan", "show", "999999999"), "no plan"),
        (("plan", "show", "9" * 24), "no plan"),
        (("plan", "new", CODE, "--from-plan", "9" * 24), "no plan"),
        (("plan", "undo", "1"), "never changes"),
        (("plan", "carry-over", "--to", "demo-addresses"), "release of addresses"),
        (("plan", "apply", "d-0000000000000000", "{"), "operation 1"),
        (("plan", "list", "Nergens"), "no municipality"),
    ],
)
def test_a_mistake_gets_one_message(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 1
    assert said in str(result.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "new", CODE, "--title", " "),
        ("plan", "new", CODE, "--title", "x" * 201),
        ("plan", "publish", "d-0000000000000000", "--reason", "  "),
    ],
)
def test_a_title_and_a_reason_have_a_length(run: Run, arguments: tuple[str, ...]) -> None:
    assert "characters" in run(*arguments, code=2)


def test_a_file_of_operations_that_is_no_text_gets_one_message(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "operations.jsonl"
    file.write_bytes(b"\xff\xfe")
    result = CliRunner().invoke(app, ["plan", "apply", "d-0000000000000000", f"@{file}"])
    assert "byte 0 is not in UTF-8" in str(result.exception)


@pytest.fixture
def alone(demo: DemoFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    """The demo region in a store of this test's own."""
    monkeypatch.setenv("BUURTWIJZER_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("BUURTWIJZER_DATABASE_URL", raising=False)
    for module in ("plans", "carrying_over", "importing"):
        monkeypatch.setattr(f"api.cli.{module}.out", Console(width=200))
    run = Run()
    run("import", "statbel-sectors", str(demo.sectors), "--name", "demo-sectors")
    run("import", "statbel-households", str(demo.sector_households), "--name", "demo-households")
    run("import", "best", str(demo.addresses), "--name", "demo-addresses")
    return run


def test_a_release_is_activated_with_its_plans(alone: Run, tmp_path: Path) -> None:
    run = alone
    draft = run("propose", CODE, "--least", "200", "--target", "400", "--most", "900", "--take", "1").splitlines()[-1]
    run("plan", "publish", draft, "--reason", "A first plan")
    # The same sectors under new codes, but two of another buurt each that become one.
    layer = gpd.read_parquet(tmp_path / "var" / "releases" / "demo-sectors" / "sectors.parquet")
    buurt_of = {line.split(",")[0]: line.split(",")[3] for line in _exported(run, draft, tmp_path)}
    own = layer[layer.municipality_code == CODE]
    first, second = next(
        (one, other)
        for one in own.itertuples()
        for other in own.itertuples()
        if buurt_of[one.sector_code] < buurt_of[other.sector_code]
        and one.geometry.intersection(other.geometry).length > 0
    )
    recoded = layer.assign(sector_code=[f"R{k:04d}" for k in range(len(layer))])
    merged = recoded.drop(index=second.Index)
    merged.loc[first.Index, "geometry"] = shapely.coverage_union_all([first.geometry, second.geometry])
    pairs = ["sector_code", "municipality_code", "municipality_nl", "municipality_fr", "name_nl", "name_fr"]
    columns = [argument for pair in pairs for argument in ("-c", f"{pair}={pair}")]
    for name, frame in (("recoded", recoded), ("merged", merged)):
        frame.to_file(tmp_path / f"{name}.gpkg")
        file = str(tmp_path / f"{name}.gpkg")
        run("import", "areas", file, "--country", "BE", "--date", "2026-06", "--name", name, *columns)
    report = tmp_path / "report.json"
    run("activate", "merged", "--report", str(report), code=1)
    [found] = json.loads(report.read_text())
    assert len(found["decisions"]) + len(found["resettled"]) > 0
    assert found["draft"] in run("plan", "list", CODE)
    assert "clear" in run("activate", "recoded", "--dry-run")
    run("plan", "carry-over", CODE, "--to", "recoded")
    run("activate", "recoded")
    assert "no plan has to be carried over" in run("plan", "carry-over", "--to", "recoded")
    # What a person had begun on the other release is outdated now, and is worked out anew.
    run("activate", "merged", "--accept-guesses")
    assert "Answers use merged" in run("activate", "merged")


def _exported(run: Run, draft: str, folder: Path) -> list[str]:
    run("plan", "export", draft, "--out", str(folder / "plan.csv"))
    return (folder / "plan.csv").read_text().splitlines()[1:]
