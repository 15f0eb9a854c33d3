"""Spending: sums survive, days pass, a budget ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
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


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"day": 1}', "null"])
def test_a_broken_record_counts_as_nothing(tmp_path: Path, kept: str) -> None:
    (tmp_path / FILE).write_text(kept)
    assert Ledger(tmp_path, 1.0).spent() == 0.0
    Ledger(tmp_path, 1.0).add(0.5)
    assert Ledger(tmp_path, 1.0).spent() == 0.5


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        Ledger(tmp_path / "file", None).add(1.0)
