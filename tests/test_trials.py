"""Trials: what the operator is told of a backend, whatever it does."""

from __future__ import annotations

import pytest

from assistant.models import make_backend
from assistant.presets import is_among, parse_backends
from assistant.settings import Settings
from assistant.terminal import trial_line
from assistant.trials import ANSWER_TOKENS, PROMPT_TOKENS, try_backend
from tests.scripted import DROP, Status, Thinks, serving
from tests.test_backends import backend


def test_the_price_is_that_of_an_answer_not_of_the_trial(settings) -> None:
    with serving(["one, two"]) as (address, _):
        trial = try_backend(backend(settings, address, prices={"vllm:m": (1.0, 2.0)}))
        unpriced = try_backend(backend(settings, address))
    assert trial.problem is None
    assert trial.cost == pytest.approx((PROMPT_TOKENS + 2 * ANSWER_TOKENS) / 1e6)
    assert PROMPT_TOKENS > 1000
    assert 50 < ANSWER_TOKENS < 1000
    assert f"about {trial.cost:.5f} for an answer" in trial_line(trial)
    assert unpriced.cost is None


@pytest.mark.parametrize(
    ("models", "present"), [(None, None), ([], None), (["m", "n"], True), (["n"], False)]
)
def test_the_model_is_looked_up_first(settings, models, present: bool | None) -> None:
    with serving(["one, two"]) as (address, script):
        script.models = models
        trial = try_backend(backend(settings, address))
    assert trial.present is present
    # Some servers take any name, so a list alone is no failure.
    assert trial.problem is None
    assert ("not list" in trial_line(trial)) is (present is False)


def test_a_missing_model_is_told_with_those_that_are_there(settings) -> None:
    with serving(Status(404, "no such model")) as (address, script):
        script.models = [f"model-{n:02}" for n in range(20)]
        trial = try_backend(backend(settings, address))
    assert trial.present is False
    assert trial.problem is not None
    assert "'m'" in trial.problem
    assert "model-00, model-01" in trial.problem
    assert "model-19" not in trial.problem


def test_a_file_is_looked_up_nowhere(settings) -> None:
    assert make_backend(parse_backends("gguf:none.gguf")[0], Settings()).model == ""
    trial = try_backend(make_backend(parse_backends("gguf:none.gguf")[0], Settings()))
    assert trial.present is None
    assert trial.problem is not None


@pytest.mark.parametrize(
    ("script", "tells"),
    [
        ([], "nothing"),
        ([Thinks("hm")], "FIRSTPILOT_THINKING"),
        (Status(401), "refuses the key"),
        ([DROP], "broke off"),
    ],
)
def test_a_trial_never_raises(settings, script, tells: str) -> None:
    with serving(script) as (address, _):
        trial = try_backend(backend(settings, address))
    assert trial.problem is not None
    assert tells in trial.problem


def test_a_thought_that_was_cut_is_no_answer(settings) -> None:
    with serving(["I wonder."], finish="length") as (address, _):
        trial = try_backend(backend(settings, address, thinking=True))
    assert trial.problem is not None
    assert "no answer" in trial.problem


def test_ollamas_names() -> None:
    assert is_among("qwen3", ["qwen3:latest"])
    assert not is_among("qwen3", ["qwen3:8b"])
