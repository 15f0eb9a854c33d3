"""Thinking: no word of a thought is in an answer, however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.thinking import Said, ThoughtReader


def read(pieces: list[str]) -> tuple[str, str]:
    """Return the answer and the thoughts as a consumer keeps them."""
    reader = ThoughtReader()
    answer, thought = "", ""
    for text in [*pieces, None]:
        for piece in reader.close() if text is None else reader.feed(text):
            match piece.said:
                case Said.ANSWER:
                    answer += piece.text
                case Said.THOUGHT:
                    thought += piece.text
                case Said.RETRACTED:
                    answer, thought = "", thought + answer
    return answer, thought


SHAPES = [
    ("Plain.", "Plain.", ""),
    ("<think>hm</think>Yes.", "Yes.", "hm"),
    ("<THINK>hm</THINK>Yes.", "Yes.", "hm"),
    ("<thinking>hm</thinking>Yes.", "Yes.", "hm"),
    ("hm</think>Yes.", "Yes.", "hm"),
    ("<think></think>Yes.", "Yes.", ""),
    ("<think>never ends", "", "never ends"),
    ("never answers</think>", "", "never answers"),
    ("Yes.<think>more</think> And no.", "Yes. And no.", "more"),
    ("3 < 4 and <thin ice>", "3 < 4 and <thin ice>", ""),
    ("ends with <", "ends with <", ""),
    ("ends with </thi", "ends with </thi", ""),
    ("<think>a</think>b</think>c", "bc", "a"),
    ("<think>思考</think>答案。", "答案。", "思考"),
    ("", "", ""),
]


@pytest.mark.parametrize(("text", "answer", "thought"), SHAPES)
def test_thoughts_are_told_apart(text: str, answer: str, thought: str) -> None:
    assert read([text]) == (answer, thought)


@pytest.mark.parametrize(("text", "answer", "thought"), SHAPES)
def test_a_stream_cut_anywhere_reads_the_same(text: str, answer: str, thought: str) -> None:
    assert read(list(text)) == (answer, thought)
    for at in range(len(text)):
        assert read([text[:at], text[at:]]) == (answer, thought)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "a ", "</", "think", ">", "b"])))
def test_any_mixture_reads_the_same_however_it_is_cut(parts: list[str]) -> None:
    text = "".join(parts)
    assert read(parts) == read([text]) == read(list(text))
