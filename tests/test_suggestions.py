"""What is offered to ask next: listed questions, in the asker's language, not asked before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant import Assistant
from assistant.schema import AnswerKind, Language, ListedQuestion
from assistant.suggestions import COUNT, suggest
from tests.test_ui_html import answered, citation, listing_of, passage


def offered(*questions: str, asked: tuple[str, ...] = (), **changes) -> list[str]:
    source = listing_of(*questions)
    made = {"passages": (source,), "citations": (citation("AI is used.", source),)}
    return suggest(answered(**made | changes), asked)


def test_a_question_is_written_as_a_reader_would_write_it() -> None:
    assert offered("how many smes use ai") == ["How many SMEs use AI?"]
    assert offered("does eu law bind us or the uk") == ["Does EU law bind us or the UK?"]
    assert offered("is it true that our smes pay") == ["Is it true that our SMEs pay?"]
    listed = ListedQuestion("what did spanish firms say about our copyright")
    source = passage("In Spain, Spanish firms asked the Copyright Office about copyright.")
    source = replace(source, chunk=replace(source.chunk, questions=(listed,)))
    made = answered(passages=(source,), citations=())
    assert suggest(made) == ["What did Spanish firms say about our copyright?"]


@pytest.mark.parametrize(
    "listed",
    [
        "ai use by sector",
        "ai costs",
        "how much",
        "",
        "what about this",
        "why do they wait",
        "how much GDPR fine small company",
        "how current copyright AI",
        "do guests like AI hotel",
        "how much less time on admin for AI accountants",
        "why AI makes up facts from a note",
        "is it too expensive for most firms",
        "did the firm save money, warehouse",
        "what did the survey say 2026",
    ],
)
def test_what_is_no_question_by_itself_is_not_offered(listed: str) -> None:
    assert offered(listed) == []


def test_only_questions_in_the_language_of_the_answer_are_offered() -> None:
    both = ("how many smes use ai", "有多少中小企业在用AI", "中小企业用AI的步骤")
    assert offered(*both, language=Language.ZH) == ["有多少中小企业在用AI？"]


def test_what_was_asked_is_not_offered_again_in_other_words() -> None:
    listed = ("how many smes use ai", "do smes use ai, how many?", "what does ai cost a firm")
    assert offered(*listed, asked=("How many SMEs use AI?",)) == ["What does AI cost a firm?"]
    assert offered(*listed, question="what does AI cost a firm") == ["How many SMEs use AI?"]
    zh = "用AI要花多少钱"
    assert offered(zh, language=Language.ZH, asked=("用 AI 要花多少钱？",)) == []


def test_what_was_just_quoted_is_not_asked_for() -> None:
    source = passage("AI is used. 28.3% of SMEs use it.")
    listed = (ListedQuestion("is the thing used", 0), ListedQuestion("how many of us use it", 1))
    source = replace(source, chunk=replace(source.chunk, questions=listed))
    quoted = answered(passages=(source,), citations=(citation("AI is used.", source),))
    assert suggest(quoted) == ["How many of us use it?"]


def test_a_firm_by_another_name_is_the_same_firm() -> None:
    listed = "how many smes use ai"
    for asked in ("How many small firms use AI?", "How many small companies use AI?"):
        assert offered(listed, question=asked) == []
    zh = "小企业用AI要多少钱"
    assert offered(zh, language=Language.ZH, question="用 AI 要花多少钱？") == []


def test_an_answer_offers_first_what_its_own_passages_list_then_what_is_near() -> None:
    cited, near = listing_of("what does ai cost a firm"), listing_of("how many smes use ai")
    near = replace(near, chunk=replace(near.chunk, id="near"))
    made = {"passages": (near, cited), "citations": (citation("AI is used.", cited),)}
    assert suggest(answered(**made)) == ["What does AI cost a firm?", "How many SMEs use AI?"]
    none = answered(**made | {"citations": (), "kind": AnswerKind.ABSTENTION})
    assert suggest(none) == ["How many SMEs use AI?", "What does AI cost a firm?"]


def test_no_more_are_offered_than_asked_for() -> None:
    listed = ("how many smes use ai", "what does ai cost a firm", "who checks our ai results",
              "why do the firms hold back so long")  # fmt: skip
    assert len(offered(*listed)) == COUNT


@pytest.mark.parametrize("question", ["What is the capital of France?", "法国的首都是哪里？"])
def test_after_an_abstention_what_is_offered_can_be_answered(
    assistant: Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    assert answer.abstained
    questions = suggest(answer)
    assert len(questions) == COUNT
    assert [q for q in questions if assistant.ask(q).abstained] == []
