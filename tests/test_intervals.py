"""Measures: known values, ties, and intervals that hold the value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from evals.intervals import auroc, balanced_accuracy, share


def test_a_perfect_score_and_its_contrary() -> None:
    truth = [True, True, False, False]
    assert auroc(truth, [4, 3, 2, 1]).value == 1.0
    assert auroc(truth, [1, 2, 3, 4]).value == 0.0
    assert auroc(truth, [1, 1, 1, 1]).value == 0.5
    assert auroc(truth, [2, 1, 1, 0]).value == 0.875


def test_balanced_accuracy_counts_both_classes_alike() -> None:
    truth = [True] * 9 + [False]
    assert balanced_accuracy(truth, [True] * 10).value == 0.5
    assert balanced_accuracy(truth, truth).value == 1.0


@pytest.mark.parametrize("truth", [[True, True], [False]])
def test_one_class_alone_cannot_be_told_apart(truth: list[bool]) -> None:
    with pytest.raises(ValueError, match="one class"):
        auroc(truth, [0.0] * len(truth))


def test_wilson_by_hand() -> None:
    found = share(8, 10)
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (0.490, 0.943)
    whole = share(10, 10)
    assert whole is not None
    assert whole.high == pytest.approx(1.0)
    assert whole.low < 1.0


@runs(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=4, max_size=30))
def test_an_interval_holds_its_value(rows: list[tuple[bool, float]]) -> None:
    truth = [True, False, *(t for t, _ in rows)]
    found = auroc(truth, [0.5, 0.5, *(s for _, s in rows)])
    assert found.low <= found.value + 0.2
    assert found.high >= found.value - 0.2
    assert 0 <= found.low <= found.high <= 1
