"""Questions outside: the list is read strictly, and likeness is a cosine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from assistant.errors import KnowledgeError
from assistant.outside import FILE, Outside, load_outside
from tests.support import KNOWLEDGE


class Letters:
    """Embeds a text as its counts of a, b and c, of length 1; counts how often it is asked."""

    def __init__(self) -> None:
        self.lists = 0

    def embed_queries(self, texts: list[str]) -> list[Any]:
        counts = np.array([[text.count(char) + 1e-9 for char in "abc"] for text in texts])
        return list(counts / np.linalg.norm(counts, axis=1, keepdims=True))

    def array(self, texts: list[str], *, as_queries: bool) -> Any:
        assert as_queries
        self.lists += 1
        return np.array(self.embed_queries(texts))


def test_the_shipped_list_is_of_questions_in_both_languages() -> None:
    questions = load_outside(KNOWLEDGE)
    assert len(questions) == len(set(questions)) > 80
    assert any("\u4e00" <= char <= "\u9fff" for char in "".join(questions))


@pytest.mark.parametrize(
    "text",
    [
        "questions: [a, b]",
        "questions: {weather: rain}",
        "questions: {weather: }",
        "questions: {weather: [[a]]}",
        "other: {}",
        "",
        "[",
        "questions:\n  a: [b\n  c: d",
    ],
)
def test_a_wrong_list_is_one_line_naming_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_outside(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / FILE))
    assert "\n" not in str(caught.value)


def test_without_a_list_nothing_is_outside(tmp_path: Path) -> None:
    assert load_outside(tmp_path) == []
    assert Outside([], cast(Any, Letters())).match("a") is None
    assert Outside(["a"], None).match("a") is None


def test_the_nearest_question_decides_and_the_list_is_embedded_once() -> None:
    letters = Letters()
    outside = Outside(["aaa", "bbb"], cast(Any, letters))
    assert letters.lists == 0
    assert outside.match("a") == pytest.approx(1.0)
    assert outside.match("ab") == pytest.approx(2**-0.5)
    assert outside.match("c") == pytest.approx(0.0, abs=1e-6)
    assert letters.lists == 1
