"""The runner: does the jobs of suites in parallel and keeps each row as soon as it is there.

Knows: a run's folder (``run.json``, ``rows.jsonl``), what was done already, errors. Does not know
what rows mean. Invariants: a killed run goes on where it stopped; a failing case is a row with an
error and stops nothing; a run is only gone on with under the conditions it began with.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from assistant import AssistantError, Settings, __version__
from evals.cases import FOLDER, VERSIONS, digest
from evals.external import data_folder
from evals.jobs import Bench, Job, limited
from evals.rows import Row, RowFile, read_rows, without_errors
from evals.suites import Suite, SuiteUnavailable
from evals.worlds import KNOWLEDGE, Worlds

Progress = Callable[[int, int, str], None]
"""Told ``(done, total, stage)``."""
RUN, ROWS = "run.json", "rows.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a run is a run of; two runs with equal ones differ in chance alone."""

    suites: tuple[str, ...]
    smoke: bool
    backend: str
    embedder: str
    limit: int | None
    systems: tuple[str, ...]
    """Empty for all."""
    version: str
    cases: str
    """SHA-256 of the case files' list."""
    knowledge: str
    """Fingerprint of the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run's folder and what is in it."""

    folder: Path
    conditions: Conditions
    began: str
    seconds: float
    workers: int
    unavailable: dict[str, str]
    """Suites left out, and why."""
    finished: bool

    def rows(self) -> list[Row]:
        """Return every row; of a case done twice (an error mended) the last."""
        return list({row.key: row for row in read_rows(self.folder / ROWS)}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to run."""

    suites: tuple[Suite, ...]
    limit: int | None = None
    systems: tuple[str, ...] = ()
    """Names; empty for all."""
    workers: int = 2
    folder: Path | None = None
    """Where to keep the run; None for a new one in the data folder."""


def run(
    wish: Wish,
    settings: Settings,
    worlds: Worlds,
    progress: Progress = lambda done, total, stage: None,
) -> Run:
    """Do what is wished for, or what is left of it, and return the run.

    Args:
        wish: which suites, and how.
        settings: which backend, embedder and data.
        worlds: opens assistants with the same settings.
        progress: told about each case.

    Raises:
        AssistantError: the folder holds a run of something else, or nothing can be asked.
    """
    started = time.monotonic()
    fingerprint = worlds.open(KNOWLEDGE).coverage().fingerprint
    conditions = _conditions(wish, settings, fingerprint)
    folder = wish.folder or _new_folder(settings, conditions)
    before = _gone_on_with(folder, conditions)
    began = before.began if before else datetime.now(UTC).isoformat(timespec="seconds")
    bench = Bench(settings=settings, worlds=worlds, data=data_folder(settings), limit=wish.limit)
    jobs, unavailable = _jobs(wish, bench)
    state = Run(
        folder=folder,
        conditions=conditions,
        began=began,
        seconds=before.seconds if before else 0.0,
        workers=wish.workers,
        unavailable=unavailable,
        finished=False,
    )
    _write(state)
    done = {row.key for row in without_errors(read_rows(folder / ROWS))}
    rows = RowFile(folder / ROWS)
    try:
        _do([job for job in jobs if job.key not in done], rows, wish.workers, progress)
    finally:
        rows.close()
        state = _later(state, time.monotonic() - started, finished=False)
        _write(state)
    state = _later(state, 0.0, finished=True)
    _write(state)
    return state


def read_run(folder: Path) -> Run:
    """Read a run's folder.

    Raises:
        AssistantError: there is no run in it.
    """
    try:
        told = json.loads((folder / RUN).read_text(encoding="utf-8"))
        conditions = told.pop("conditions")
        for name in ("suites", "systems"):
            conditions[name] = tuple(conditions[name])
        return Run(folder=folder, conditions=Conditions(**conditions), **told)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise AssistantError(
            f"{folder} holds no run that can be read ({exc}); run: firstpilot eval run"
        ) from exc


def runs_folder(settings: Settings) -> Path:
    """Return the folder of all runs."""
    return settings.data_dir / "evals" / "runs"


def latest(settings: Settings, *, finished: bool = True) -> Run:
    """Return the last run.

    Raises:
        AssistantError: there is none.
    """
    for folder in sorted(runs_folder(settings).glob("*/"), reverse=True):
        if (folder / RUN).is_file():
            found = read_run(folder)
            if found.finished is finished:
                return found
    state = "finished" if finished else "unfinished"
    raise AssistantError(f"there is no {state} run; run: firstpilot eval run --suite smoke")


def _jobs(wish: Wish, bench: Bench) -> tuple[list[Job], dict[str, str]]:
    """Return the jobs of all suites, suite by suite, and which suites cannot be had."""
    jobs: list[Job] = []
    unavailable: dict[str, str] = {}
    for suite in wish.suites:
        try:
            made = [
                job
                for job in suite.jobs(bench)
                if not wish.systems or job.key.system in wish.systems
            ]
        except (SuiteUnavailable, FileNotFoundError) as exc:
            unavailable[suite.name] = str(exc)
            continue
        jobs += limited(made, wish.limit)
    return jobs, unavailable


def _do(jobs: Sequence[Job], rows: RowFile, workers: int, progress: Progress) -> None:
    """Run jobs; few are handed out ahead, so that Ctrl-C is heard at once."""
    todo = iter(jobs)
    finished = 0
    with ThreadPoolExecutor(max_workers=workers) as pool:
        open_: dict[Future[Row], Job] = {}
        try:
            while True:
                for job in islice(todo, 2 * workers - len(open_)):
                    open_[pool.submit(_done, job)] = job
                if not open_:
                    return
                ready, _ = wait(open_, return_when=FIRST_COMPLETED)
                for future in ready:
                    job = open_.pop(future)
                    rows.add(future.result())
                    finished += 1
                    progress(finished, len(jobs), "cases")
        finally:
            for future in open_:
                future.cancel()


def _done(job: Job) -> Row:
    """Return a job's row; whatever goes wrong is a row with an error."""
    try:
        return job.run()
    except Exception as exc:  # noqa: BLE001 - one broken case must not lose the others
        return replace(job.blank, error=f"{type(exc).__name__}: {exc}")


def _conditions(wish: Wish, settings: Settings, fingerprint: str) -> Conditions:
    return Conditions(
        suites=tuple(suite.name for suite in wish.suites),
        smoke=any(suite.smoke for suite in wish.suites),
        backend=settings.backend,
        embedder=settings.embedder,
        limit=wish.limit,
        systems=wish.systems,
        version=__version__,
        cases=digest(FOLDER / VERSIONS),
        knowledge=fingerprint,
    )


def _new_folder(settings: Settings, conditions: Conditions) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    what = "smoke" if conditions.smoke else "-".join(conditions.suites[:2])
    return runs_folder(settings) / f"{stamp}-{what}-{os.getpid()}"


def _gone_on_with(folder: Path, conditions: Conditions) -> Run | None:
    """Return the run a folder holds, None when it is new."""
    if not (folder / RUN).is_file():
        return None
    before = read_run(folder)
    was, now = asdict(before.conditions), asdict(conditions)
    changed = [f"{name} {was[name]!r}, now {now[name]!r}" for name in was if was[name] != now[name]]
    if changed:
        raise AssistantError(
            f"{folder} holds a run under other conditions ({'; '.join(changed)}); "
            "begin a new one without --resume"
        )
    return before


def _later(state: Run, seconds: float, *, finished: bool) -> Run:
    return replace(state, seconds=round(state.seconds + seconds, 1), finished=finished)


def _write(state: Run) -> None:
    told = {name: value for name, value in asdict(state).items() if name != "folder"}
    state.folder.mkdir(parents=True, exist_ok=True)
    path = state.folder / RUN
    part = path.with_suffix(".part")
    part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
