"""``firstpilot eval``: runs, comparisons, reports, the gate and candidate cases.

Knows: the arguments. Does not know: how anything is measured; that is in ``evals``, which lives in
a checkout and is no part of the installed package. Invariant: without it every command says where
to get it, and a package of the same name that is somebody else's is never run.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.terminal import progress_bars

if TYPE_CHECKING:
    from evals.runner import Run

app = typer.Typer(
    help="Measure answers, retrieval and checking on case sets; in a checkout.",
    no_args_is_help=True,
)

_HOME = Path(__file__).resolve().parent.parent / "evals"

RunFolder = Annotated[
    Path | None, typer.Argument(help="The folder of a run; the last one if left out.")
]


@app.command("run")
def run_suites(
    suite: Annotated[
        list[str] | None,
        typer.Option(help="smoke, cases, external, all, or the name of one; may be repeated."),
    ] = None,
    backend: Annotated[str | None, typer.Option(help="What writes the answers.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many cases of each slice and language.")
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(help="firstpilot, bm25-only, top-passage, always-abstain; all if left out."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Cases done at a time.")] = 2,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the last run that was cut off.")
    ] = False,
    gate: Annotated[
        bool, typer.Option("--gate", help="Hold it against the baselines; 1 if it fell.")
    ] = False,
) -> None:
    """Run suites, keep a row for each case, and write the report."""
    _require_evals()
    from evals.report import write_report
    from evals.runner import Wish, latest, run
    from evals.suites import suites_named
    from evals.systems import MAIN
    from evals.worlds import Worlds

    settings = Settings(**({} if backend is None else {"backend": backend}))
    settings.ensure_data_dir()
    names = suite or ["smoke"]
    # The trivial systems cost more time than a smoke test has.
    systems = tuple(system or ([MAIN] if names == ["smoke"] or gate else ()))
    wish = Wish(
        suites=tuple(suites_named(names)),
        limit=limit,
        systems=systems,
        workers=workers,
        folder=latest(settings, finished=False).folder if resume else None,
    )
    with Worlds(settings) as worlds, progress_bars() as progress:
        done = run(wish, settings, worlds, progress)
    for name, why in done.unavailable.items():
        typer.echo(f"left out: {name}: {why}", err=True)
    _, page = write_report(done)
    typer.echo(f"{len(done.rows())} rows in {done.seconds:.0f} s: {page}")
    if gate:
        _hold(done)


@app.command("compare")
def compare_runs(
    before: Annotated[Path, typer.Argument(help="The folder of a run.")],
    after: Annotated[Path, typer.Argument(help="The folder of a later run.")],
) -> None:
    """Compare two runs case by case, and list the cases that changed."""
    _require_evals()
    from evals.compare import as_text
    from evals.runner import read_run

    typer.echo(as_text(read_run(before).rows(), read_run(after).rows()))


@app.command("report")
def report_run(
    folder: RunFolder = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; beside the run.")] = None,
    scorecard: Annotated[
        bool,
        typer.Option("--scorecard", help="Write the README's scorecard from the baselines."),
    ] = False,
) -> None:
    """Write a run's report (Markdown and HTML), or the README's scorecard."""
    _require_evals()
    if scorecard:
        from evals.scorecard import update_readme

        typer.echo(f"wrote the scorecard into {update_readme()}")
        return
    from evals.report import write_report

    for path in write_report(_run_in(folder), out):
        typer.echo(str(path))


@app.command("gate")
def hold_run(
    folder: RunFolder = None,
    write: Annotated[
        bool, typer.Option("--write", help="Make this run the baseline instead.")
    ] = False,
) -> None:
    """Hold a run against the committed baselines; ends with 1 when a slice fell beyond noise."""
    _require_evals()
    run = _run_in(folder)
    if not write:
        _hold(run)
        return
    from evals.baseline import write_baselines

    for path in write_baselines(run):
        typer.echo(f"wrote {path}")


@app.command("candidates")
def candidate_cases(
    feedback: Annotated[
        Path | None,
        typer.Argument(help="Feedback as JSON lines, each with a question; the store if left out."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The new file of candidates.")] = Path(
        "candidates.jsonl"
    ),
) -> None:
    """Make candidate cases of answers that readers marked as bad."""
    _require_evals()
    from evals.cases import load_cases
    from evals.feedback import FeedbackFile, candidates, write_candidates

    if feedback is not None:
        rows = candidates(FeedbackFile(feedback), load_cases())
    else:
        from assistant.store import open_store
        from assistant.store.marked import Marks

        with closing(open_store(Settings())) as store:
            rows = candidates(Marks(store.database), load_cases())
    count = write_candidates(rows, out)
    typer.echo(f"wrote {count} candidates into {out}; say of each what is right")


def _run_in(folder: Path | None) -> Run:
    from evals.runner import latest, read_run

    return latest(Settings()) if folder is None else read_run(folder)


def _hold(run: Run) -> None:
    """Print what the gate finds.

    Raises:
        AssistantError: a slice fell.
    """
    from evals.baseline import read_baselines
    from evals.gate import check

    findings = check(run, read_baselines())
    for finding in findings:
        typer.echo(f"{'FELL' if finding.red else 'ok  '} {finding.text}")
    red = sum(finding.red for finding in findings)
    if red:
        raise AssistantError(f"the gate is red: {red} findings; see {run.folder / 'report.html'}")


def _require_evals() -> None:
    """Make sure that ``evals`` is ours.

    Raises:
        AssistantError: it is not there.
    """
    from importlib.util import find_spec

    spec = find_spec("evals")
    origin = spec.origin if spec else None
    if origin is None or Path(origin).resolve().parent != _HOME:
        raise AssistantError(
            "the evals are part of the source checkout, not of the installed package; get the "
            "source and run there: make eval"
        )
