"""Spending: sums survive, days pass, a budget ends."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from assistant.errors import StorageError
from assistant.spending import FILE, Ledger


def test_costs_add_up_and_last(tmp_path: Path) -> None:
    Ledger(tmp_path, None).add(0.25)
    Ledger(tmp_path, None).add(0.5)
    assert Ledger(tmp_path, None).spent() == 0.75


def test_threads_and_ledgers_lose_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: Ledger(tmp_path, None).add(1.0), range(40)))
    assert Ledger(tmp_path, None).spent() == 40.0


def test_processes_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.spending import Ledger\n"
        "for _ in range(25): Ledger(Path(sys.argv[1]), None).add(1.0)"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(120) for process in running] == [0] * 4
    assert Ledger(tmp_path, None).spent() == 100.0


def test_midnight_between_two_looks_at_the_clock_mixes_no_days(tmp_path: Path) -> None:
    moments = iter([date(2026, 11, 24)] * 1 + [date(2026, 11, 25)] * 9)
    ledger = Ledger(tmp_path, None, today=lambda: next(moments))
    ledger.add(1.0)
    ledger.add(2.0)
    assert ledger.spent() == 2.0
    assert json.loads((tmp_path / FILE).read_text()) == {"2026-11-24": 1.0, "2026-11-25": 2.0}


def test_a_clock_set_back_loses_no_day(tmp_path: Path) -> None:
    days = [date(2026, 11, 25)]
    ledger = Ledger(tmp_path, 1.0, today=lambda: days[0])
    ledger.add(1.0)
    days[0] = date(2026, 11, 24)
    ledger.add(0.5)
    assert not ledger.exhausted
    days[0] = date(2026, 11, 25)
    assert ledger.exhausted


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    day = [date(2026, 1, 1)]
    ledger = Ledger(tmp_path, None, today=lambda: day[0])
    for _ in range(200):
        ledger.add(1.0)
        day[0] += timedelta(days=1)
    kept = json.loads((tmp_path / FILE).read_text())
    assert len(kept) < 100
    assert max(kept) == "2026-07-19"


def test_a_new_day_begins_at_nothing(tmp_path: Path) -> None:
    days = [date(2026, 11, 24)]
    ledger = Ledger(tmp_path, 1.0, today=lambda: days[0])
    ledger.add(1.0)
    assert ledger.exhausted
    days[0] = date(2026, 11, 25)
    assert ledger.spent() == 0.0
    assert not ledger.exhausted


@pytest.mark.parametrize(
    ("budget", "spent", "over"),
    [(None, 9e9, False), (1.0, 0.5, False), (1.0, 1.0, True), (0.0, 0.0, True)],
)
def test_a_budget_ends(tmp_path: Path, budget: float | None, spent: float, over: bool) -> None:
    ledger = Ledger(tmp_path, budget)
    ledger.add(spent)
    assert ledger.exhausted is over


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"day": "x"}', "null", "\x00", '{"d": {}}'])
def test_a_broken_record_counts_as_nothing(tmp_path: Path, kept: str) -> None:
    (tmp_path / FILE).write_text(kept)
    assert Ledger(tmp_path, 1.0).spent() == 0.0
    Ledger(tmp_path, 1.0).add(0.5)
    assert Ledger(tmp_path, 1.0).spent() == 0.5


def test_a_sum_that_is_no_number_hides_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, 1.0)
    ledger.add(0.5)
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps({day: float("nan") for day in kept}))
    ledger.add(2.0)
    assert ledger.exhausted


def test_a_budget_holds_when_nothing_can_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("")
    ledger = Ledger(folder, 1.0)
    for _ in range(2):
        with pytest.raises(StorageError):
            ledger.add(0.5)
    assert ledger.spent() == 1.0
    assert ledger.exhausted
    folder.unlink()
    folder.mkdir()
    ledger.add(0.25)
    assert ledger.spent() == Ledger(folder, 1.0).spent() == 1.25


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        Ledger(tmp_path / "file", None).add(1.0)
