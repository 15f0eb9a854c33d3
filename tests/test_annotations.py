"""Annotations: sources and questions below a heading, never part of the text."""

from __future__ import annotations

import pytest

from assistant.annotations import annotation_problems, read_annotations
from assistant.chunking import MAX_CHUNK_CHARS, chunk_document, sentence_spans
from assistant.frontmatter import read_document
from assistant.schema import Document, ListedQuestion
from tests.support import KNOWLEDGE

SECTION = """
<!-- sources: a-source, b.source -->
<!-- questions:
what does it cost
2: how long does it take
2: 要多久
10: is 2: a number
-->

It costs EUR 5. It takes two days.
"""


def test_a_number_before_a_question_is_its_sentence():
    found = read_annotations(SECTION)
    assert found.sources == ("a-source", "b.source")
    assert found.questions == (
        ListedQuestion("what does it cost", None),
        ListedQuestion("how long does it take", 1),
        ListedQuestion("要多久", 1),
        ListedQuestion("is 2: a number", 9),
    )
    assert SECTION[found.end :].strip() == "It costs EUR 5. It takes two days."


def test_a_sentence_that_is_not_there_is_told():
    ((place, problem),) = annotation_problems(SECTION)
    assert "no sentence 10" in problem
    assert "it has 2" in problem
    assert SECTION[place:].startswith("is 2:")


@pytest.mark.parametrize("line", ["0: x", "99: x"])
def test_sentences_are_counted_from_one(line: str):
    section = f"<!-- questions:\n{line}\n-->\n\nOne. Two."
    assert [problem for _, problem in annotation_problems(section)]


@pytest.mark.parametrize("line", ["2026: the year", "100: x", "3:x", ": x", "a: b"])
def test_what_only_looks_like_a_number_is_a_question(line: str):
    (question,) = read_annotations(f"<!-- questions:\n{line}\n-->\nText.").questions
    assert question == ListedQuestion(line, None)


def test_the_same_question_twice_is_told_whatever_its_sentence():
    section = "<!-- questions:\n1: what is it\n2: what is it\n-->\n\nOne. Two."
    assert any("twice" in problem for _, problem in annotation_problems(section))


def test_a_question_goes_with_its_sentence_when_a_section_is_cut():
    sentences = [f"Sentence number {n} of the long section says a thing." for n in range(1, 61)]
    asked = "\n".join(f"{n}: question {n}" for n in range(1, 61))
    document = read_document(sorted(KNOWLEDGE.glob("*/en/*.md"))[0], KNOWLEDGE)
    body = f"## Long\n<!-- questions:\nall of it\n{asked}\n-->\n\n" + "\n".join(sentences)
    chunks = chunk_document(Document(info=document.info, text=body))
    assert len(chunks) > 1
    assert all(len(chunk.text) <= MAX_CHUNK_CHARS for chunk in chunks)
    found = {}
    for chunk in chunks:
        spans = sentence_spans(chunk)
        assert chunk.questions[0] == ListedQuestion("all of it", None)
        for question in chunk.questions[1:]:
            assert question.sentence is not None
            start, end = spans[question.sentence]
            found[question.text] = chunk.text[start:end]
    assert found == {f"question {n}": sentence for n, sentence in enumerate(sentences, start=1)}


def test_every_shipped_question_stands_with_a_sentence_or_a_section():
    paths = sorted(KNOWLEDGE.glob("*/*/*.md"))
    numbered = 0
    for path in paths:
        document = read_document(path, KNOWLEDGE)
        for chunk in chunk_document(document):
            count = len(sentence_spans(chunk))
            for question in chunk.questions:
                assert question.sentence is None or 0 <= question.sentence < count
                numbered += question.sentence is not None
    assert numbered > 5000
