"""Questions that no passage answers: likeness is that of the nearest of each list."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from assistant.aboutness import Aboutness
from assistant.outside import Beyond, Outside
from assistant.rowvectors import GroupVectors, write_groups
from assistant.unanswered import LISTS


class Letters:
    """Embeds a text as its counts of a, b and c, of length 1."""

    def embed_queries(self, texts: list[str]) -> Any:
        counts = np.array([[text.count(char) + 1e-9 for char in "abc"] for text in texts])
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


@pytest.fixture
def near(tmp_path: Path) -> Any:
    """Return what matches a question with lists of questions by kind."""
    letters = Letters()

    def match(question: str, documents: tuple[str, ...] = (), **lists: dict[str, list[str]]) -> Any:
        for name, kinds in lists.items():
            vectors = letters.embed_queries([text for listed in kinds.values() for text in listed])
            counts = {kind: len(listed) for kind, listed in kinds.items()}
            write_groups(tmp_path / f"{name}.npy", vectors, counts)
        held = {name: GroupVectors(tmp_path / f"{name}.npy") for name in LISTS}
        return Outside(held.__getitem__, cast(Any, letters), Aboutness()).match(question, documents)

    return match


def test_without_lists_or_an_embedder_nothing_is_near(tmp_path: Path, near: Any) -> None:
    assert near("a") == Beyond()
    assert (
        Outside(lambda name: GroupVectors(tmp_path / name), None, Aboutness()).match("a", ["one"])
        == Beyond()
    )


def test_each_list_tells_of_its_nearest_question(near: Any) -> None:
    found = near("a", outside={"fun": ["aaa"], "spam": ["bbb"]}, unanswered={"other": ["ab"]})
    assert found.outside == pytest.approx(1.0)
    assert found.unanswered == found.elsewhere == pytest.approx(2**-0.5)


def test_a_list_that_is_missing_is_not_told_of(near: Any) -> None:
    found = near("c", unanswered={"other": ["ab"]})
    assert found.outside is None
    assert found.unanswered == pytest.approx(0.0, abs=1e-6)


def test_what_stands_close_to_a_document_counts_where_that_is_found(near: Any) -> None:
    lists = {"unanswered": {"one": ["a"], "two": ["b"], "other": ["a"]}}
    assert near("a", ("one",), **lists).unanswered == pytest.approx(1)
    found = near("a", ("two", "three"), **lists)
    assert (found.unanswered, found.elsewhere) == pytest.approx((0.5, 1))
