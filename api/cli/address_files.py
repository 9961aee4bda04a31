"""`verify --file`: a whole file of addresses, with a progress bar."""

from datetime import UTC, datetime

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.atlas import Atlas
from api.cli.opening import opened
from api.verifying_files import FileRun, verify_file

out = Console()
err = Console(stderr=True)


def verify_with_progress(run: FileRun) -> None:
    """Verify a file, and say how far it is."""
    columns = (TextColumn("verify addresses"), BarColumn(), MofNCompleteColumn())
    with opened() as (store, directory):
        atlas = Atlas.read(store, directory, datetime.now(UTC).date())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=err, transient=True) as bar:
        task = bar.add_task("verify", total=None)
        kept = verify_file(atlas, run, lambda done, total: bar.update(task, completed=done, total=total))
    if kept:
        out.print(f"{kept:,} rows had been answered by an earlier run.")
    out.print(f"The verdicts are in [bold]{run.out}[/].", soft_wrap=True)
