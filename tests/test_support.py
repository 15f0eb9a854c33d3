"""The shipped model: it loads, it fits this version's numbers, and it knows its own make."""

from __future__ import annotations

import json

import numpy as np
import pytest

from assistant.support import WEIGHTS, SupportModel, load_support
from assistant.weighing import FEATURES


@pytest.mark.parametrize("vectors", [True, False])
def test_any_numbers_give_a_probability(vectors: bool) -> None:
    support = load_support(vectors=vectors)
    rng = np.random.default_rng(0)
    for model in (support.within, support.across):
        for scale in (0.0, 1.0, 1e6):
            rows = (rng.normal(size=(50, len(FEATURES))) * scale).tolist()
            chances = model.probabilities(rows)
            assert chances.shape == (50,)
            assert ((chances > 0) & (chances < 1)).all()
            assert model.probabilities(rows[:1])[0] == chances[0]
        assert model.probabilities([]).shape == (0,)
        assert 0 < model.threshold < 1


def test_weights_of_other_numbers_are_refused() -> None:
    weights = json.loads(WEIGHTS.read_text(encoding="utf-8"))["within"]
    with pytest.raises(ValueError, match=r"evals\.train_verifier"):
        SupportModel({**weights, "features": weights["features"][1:]})


def test_the_run_that_made_it_travels_with_it() -> None:
    made = json.loads(WEIGHTS.read_text(encoding="utf-8"))["made"]
    assert made["date"]
    assert made["held_out"]["within"]
    measured_only = ("faithbench", "rgb")
    assert not any(source.startswith(measured_only) for source in made["fitted_on"])
    assert WEIGHTS.stat().st_size < 10_000_000
