"""Baselines: what was scored when it was last committed, one JSON file a suite.

Knows: the files. Does not know what is better or noise. Invariant: no case of an external set is
named, and of our test parts only aliases.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant import AssistantError
from evals.compare import outcome
from evals.estimates import Estimate
from evals.rows import Key
from evals.runner import Run
from evals.summary import Cell, summarise
from evals.systems import MAIN

FOLDER = Path(__file__).resolve().parent / "baselines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What one suite scored."""

    suite: str
    made: str
    """Day of the run, ISO 8601."""
    conditions: dict[str, Any]
    cells: tuple[Cell, ...]
    outcomes: dict[Key, bool]
    """Of the main system, case by case; empty for an external suite."""


EXTERNAL = "external"


def write_baselines(run: Run, folder: Path = FOLDER) -> list[Path]:
    """Write one file for each suite of a run.

    Raises:
        AssistantError: the run was of a part alone, or had errors.
    """
    if run.conditions.smoke or not run.finished or run.conditions.systems:
        raise AssistantError(f"{run.folder} is no whole, finished run; run: make baselines")
    rows = run.rows()
    broken = [row for row in rows if row.error and row.system == MAIN and row.part != EXTERNAL]
    if broken:
        raise AssistantError(f"{len(broken)} of our own cases had errors: {broken[0].error}")
    folder.mkdir(parents=True, exist_ok=True)
    cells = summarise(rows)
    paths = []
    for suite in dict.fromkeys(row.suite for row in rows):
        conditions = {
            "backend": run.conditions.backend,
            "embedder": run.conditions.embedder,
            "version": run.conditions.version,
            "limit": run.conditions.limit,
        }
        told = {
            "suite": suite,
            "made": run.began[:10],
            "conditions": conditions,
            "cells": [_packed(cell) for cell in cells if cell.suite == suite],
            "outcomes": {
                row.case: int(outcome(row))
                for row in rows
                if row.suite == suite and row.system == MAIN and row.part != EXTERNAL
            },
        }
        path = folder / f"{suite}.json"
        path.write_text(_compact(told), encoding="utf-8")
        paths.append(path)
    return paths


def read_baselines(folder: Path = FOLDER) -> dict[str, Baseline]:
    """Return the committed baselines by suite."""
    return {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}


def _read(path: Path) -> Baseline:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Baseline(
            suite=told["suite"],
            made=told["made"],
            conditions=told["conditions"],
            cells=tuple(_unpacked(cell) for cell in told["cells"]),
            outcomes={
                Key(suite=told["suite"], case=case, system=MAIN): bool(right)
                for case, right in told["outcomes"].items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise AssistantError(f"{path} cannot be read ({exc}); run: make baselines") from exc


def _packed(cell: Cell) -> dict[str, Any]:
    return {
        "suite": cell.suite,
        "part": cell.part,
        "slice": cell.slice,
        "language": cell.language,
        "system": cell.system,
        "cases": cell.cases,
        "errors": cell.errors,
        "estimates": {
            name: [_short(e.value), _short(e.low), _short(e.high), e.n]
            for name, e in cell.estimates.items()
        },
    }


def _unpacked(told: dict[str, Any]) -> Cell:
    estimates = {
        name: Estimate(value=value, low=low, high=high, n=n)
        for name, (value, low, high, n) in told.pop("estimates").items()
    }
    return Cell(**told, estimates=estimates)


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _compact(told: dict[str, Any]) -> str:
    """Return JSON with a cell a line, so that a diff shows which slice changed."""
    cells = ",\n  ".join(json.dumps(cell, ensure_ascii=False) for cell in told["cells"])
    rest = {name: value for name, value in told.items() if name != "cells"}
    head = json.dumps(rest, ensure_ascii=False)
    return f'{head[:-1]},\n "cells": [\n  {cells}\n ]}}\n'
