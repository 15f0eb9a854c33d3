from __future__ import annotations

import json

import pytest

from assistant import AssistantError, Language
from evals.cases import CANARY, Case, CaseError, Part, Slice, read_cases
from evals.feedback import FeedbackFile, Mark, candidates, without_personal, write_candidates


class Store:
    """A store of feedback."""

    def __init__(self, *marks):
        self._marks = marks

    def thumbs_down(self):
        return self._marks


KNOWN = Case(
    id="a",
    question="How many SMEs use AI?",
    language=Language.EN,
    answerable=True,
    slice=Slice.ANSWERABLE,
    part=Part.DEV,
    set="made",
    documents=("x",),
)


def test_a_marked_answer_becomes_a_candidate_that_is_no_case_yet(tmp_path):
    mark = Mark(
        question="多少企业用AI？",
        answer="28.3%",
        comment="wrong year",
        history=(("user", "hi"), ("assistant", "hello")),
        documents=("sme-ai-report-2026.zh",),
        created="2026-11-26T10:00:00Z",
    )
    (row,) = candidates(Store(mark), [KNOWN])
    assert row["language"] == "zh"
    assert row["answerable"] is None
    assert row["note"]["comment"] == "wrong year"
    assert row["note"]["created"] == "2026-11-26"
    assert row["history"][0] == {"role": "user", "content": "hi"}
    path = tmp_path / "feedback-dev.jsonl"
    assert write_candidates([row], path) == 1
    assert CANARY in path.read_text(encoding="utf-8").splitlines()[0]
    with pytest.raises(CaseError):
        read_cases(path)


def test_known_and_repeated_questions_are_left_out():
    marks = [Mark(question=q) for q in ("how many smes use ai", "New one?", "new  ONE", " ")]
    assert [row["question"] for row in candidates(Store(*marks), [KNOWN])] == ["New one?"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("write to ana.b+c@example.co.uk now", "write to <e-mail> now"),
        ("call +44 20 7946 0958 please", "call <number> please"),
        ("我的电话13812345678", "我的电话<number>"),
        ("see https://intra.example/x?y=1", "see <link>"),
        ("paid 1,206,000 in 2026, 28.3% of 3,870", "paid 1,206,000 in 2026, 28.3% of 3,870"),
        ("from 2023 to 2025", "from 2023 to 2025"),
    ],
)
def test_what_is_personal_is_taken_out_and_figures_stay(text, told):
    assert without_personal(text) == told


def test_a_file_of_feedback_is_read_line_by_line(tmp_path):
    path = tmp_path / "f.jsonl"
    rows = [
        {"question": "a?", "rating": "down"},
        {"question": "b?", "rating": "up"},
        {"question": "c?", "rating": -1},
        {"question": "d?", "rating": 1},
        {"question": "e?", "comment": None},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    assert [mark.question for mark in FeedbackFile(path).thumbs_down()] == ["a?", "c?", "e?"]


@pytest.mark.parametrize("line", ["{", "[]", '{"answer": "x"}', '{"question": "q", "history": 3}'])
def test_a_wrong_line_is_named(tmp_path, line):
    path = tmp_path / "f.jsonl"
    path.write_text(f'{{"question": "q"}}\n{line}\n', encoding="utf-8")
    with pytest.raises(AssistantError, match=r"f\.jsonl:2"):
        list(FeedbackFile(path).thumbs_down())


def test_a_file_that_was_worked_on_is_not_written_over(tmp_path):
    path = tmp_path / "c.jsonl"
    write_candidates([], path)
    with pytest.raises(AssistantError, match="there already"):
        write_candidates([], path)
