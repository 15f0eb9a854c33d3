"""Learning the maps of aboutness: the gradient is that of the loss, and what is learned holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evals.train_aboutness import STAY, Batches, Learned, Learner, Lists, Map, Row, read_lists
from tests.support import KNOWLEDGE

SIZE = 5
ZERO: Any = np.zeros(SIZE)


class Recorded(Map):
    """A map that keeps its gradient instead of following it."""

    def learn(self, gradient: Any, share: float) -> None:
        """Keep it."""
        self.slope = gradient


def unit(rows: int, seed: int) -> Any:
    made = np.random.default_rng(seed).normal(size=(rows, SIZE))
    return made / np.linalg.norm(made, axis=1, keepdims=True)


QUESTIONS, SENTENCES = unit(7, 1), unit(4, 2)
ANSWER = np.array([0, 0, 1, 1, 2, -1, -1])
MATTER = np.array([0, 0, 1, 2])
"""The first two sentences tell the same, in two languages."""
SURE = np.array([np.log(7.0), 0.4])


def log_sum(logits: Any) -> float:
    return float(np.log(np.exp(logits).sum())) if len(logits) else -np.inf


def loss(ask: Any, say: Any, sure: Any) -> float:
    """The loss, written down once more, slowly."""
    scale, none, mean = np.exp(sure[0]), sure[1], np.zeros(SIZE)
    unit_of = lambda v, m: (v @ m) / np.linalg.norm(v @ m, axis=1, keepdims=True)  # noqa: E731
    q, s = unit_of(QUESTIONS - mean, ask), unit_of(SENTENCES - mean, say)
    total: float = 0.0
    for at, row in enumerate(q):
        logits = scale * np.append(s @ row, none)
        right = logits[-1:] if ANSWER[at] < 0 else logits[:-1][ANSWER[at] == MATTER]
        total += (log_sum(logits) - log_sum(right)) / ((ANSWER >= 0) == (ANSWER[at] >= 0)).sum()
    paired = [at for at in range(len(q)) if ANSWER[at] >= 0 and (ANSWER[at] == ANSWER).sum() > 1]
    for at in paired:
        others = [i for i in range(len(q)) if i != at]
        every = log_sum(scale * (q[others] @ q[at]))
        same = [i for i in others if ANSWER[i] == ANSWER[at]]
        total += np.mean([every - scale * (q[i] @ q[at]) for i in same]) / len(paired)
    total -= STAY * (q * QUESTIONS).sum(1).mean() + STAY * (s * SENTENCES).sum(1).mean()
    return float(total)


@pytest.mark.parametrize("what", ["ask", "say", "sure"])
def test_the_gradient_is_that_of_the_loss(what: str) -> None:
    random = np.random.default_rng(3)
    held = {
        "ask": np.eye(SIZE) + 0.2 * random.normal(size=(SIZE, SIZE)),
        "say": np.eye(SIZE) + 0.2 * random.normal(size=(SIZE, SIZE)),
        "sure": SURE.copy(),
    }
    ask, say = Recorded(ZERO), Recorded(ZERO)
    ask.value, say.value = held["ask"], held["say"]
    sure = Learned(held["sure"].copy(), 1.0)
    Learner(ask, say, sure).step(QUESTIONS, ANSWER, SENTENCES, MATTER, 0.0)
    found = {"ask": ask.slope, "say": say.slope, "sure": sure.slope / 0.1}[what]
    for place in np.ndindex(held[what].shape):
        moved = []
        for by in (1e-4, -1e-4):
            changed = {name: value.copy() for name, value in held.items()}
            changed[what][place] += by
            moved.append(loss(**changed))
        assert found[place] == pytest.approx((moved[0] - moved[1]) / 2e-4, rel=0.02, abs=2e-3)


def test_steps_bring_a_question_to_its_sentence_and_an_unanswered_one_away() -> None:
    learner = Learner(Map(ZERO), Map(ZERO), Learned(np.array([np.log(10), 0.5]), 1e-2))
    for _ in range(200):
        learner.step(QUESTIONS, ANSWER, SENTENCES, MATTER, 1.0)
    cosines = learner.asks(QUESTIONS) @ learner.says(SENTENCES).T
    answered = cosines[:5]
    assert (MATTER[answered.argmax(1)] == ANSWER[:5]).all()
    assert cosines[5:].max() < answered.max(1).min()


def test_a_batch_holds_what_stands_close_together() -> None:
    lists = Lists(
        sentences={("a", "1.1"): ["A.", "\u7532\u3002"]},
        rows=[Row(document="a", place="1.1", question=text) for text in ("a?", "b?")],
        unanswered={"a": ["c?"], "other": ["d?"], "b": ["e?"]},
    )
    drawn = dict(Batches(lists, np.random.default_rng(0)).draw())
    assert drawn == {"a?": ("a", "1.1"), "b?": ("a", "1.1"), "c?": None, "d?": None}


def test_the_shipped_knowledge_is_read_with_translations_as_one() -> None:
    lists = read_lists(KNOWLEDGE)
    assert sum(len(texts) == 2 for texts in lists.sentences.values()) > 0.9 * len(lists.sentences)
    assert {(row.document, row.place) for row in lists.rows} <= lists.sentences.keys()
    assert "other" in lists.unanswered


def test_a_map_begins_as_no_change() -> None:
    vectors = unit(3, 4)
    assert Map(ZERO)(vectors) == pytest.approx(vectors, abs=1e-6)
