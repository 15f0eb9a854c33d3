"""Questions that no passage answers: likeness is a cosine with the nearest of each list."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from assistant.outside import Outside
from assistant.unanswered import OUTSIDE, UNANSWERED


class Letters:
    """Embeds a text as its counts of a, b and c, of length 1."""

    def embed_queries(self, texts: list[str]) -> Any:
        counts = np.array([[text.count(char) + 1e-9 for char in "abc"] for text in texts])
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def near(question: str, **lists: list[str]) -> Any:
    letters = Letters()
    vectors = {name: letters.embed_queries(texts) for name, texts in lists.items()}
    return Outside(vectors.get, cast(Any, letters)).match(question)


def test_without_lists_or_an_embedder_nothing_is_near() -> None:
    assert near("a") == {}
    assert Outside(lambda name: np.ones((1, 3), dtype=np.float32), None).match("a") == {}


def test_each_list_tells_of_its_nearest_question() -> None:
    found = near("a", outside=["aaa", "bbb"], unanswered=["ab", "b"])
    assert found[OUTSIDE] == pytest.approx(1.0)
    assert found[UNANSWERED] == pytest.approx(2**-0.5)


def test_a_list_that_is_missing_is_not_told_of() -> None:
    assert set(near("c", unanswered=["ab"])) == {UNANSWERED}
    assert near("c", unanswered=["ab"])[UNANSWERED] == pytest.approx(0.0, abs=1e-6)
