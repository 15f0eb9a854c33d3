"""The assistant over a few documents: answers, abstentions, bad input, no network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant import Assistant, Filters, Message, Role, Settings, Verdict, wording
from assistant.composition_root import parts_for
from assistant.errors import QuestionError
from assistant.exchange import of_answer
from assistant.schema import Answered, AnswerKind, Retrieved, Verified


@pytest.mark.parametrize(
    ("question", "figures"),
    [
        ("How many SMEs use AI?", ["28.3%"]),
        ("Why have firms not started?", ["43%", "31%", "26%"]),
        ("辦公自動化的滲透率是多少", ["75%"]),
        ("Is it true that 45% have scaled AI?", ["12%"]),
        ("customer service vs design", ["52%", "48%"]),
    ],
)
def test_an_answer_is_quoted_cited_and_checked(
    assistant: Assistant, question: str, figures: list[str]
) -> None:
    answer = assistant.ask(question)
    assert answer.kind is AnswerKind.ANSWER
    assert all(figure in answer.text for figure in figures)
    assert answer.grounding.supported_fraction == 1.0
    for citation in answer.citations:
        chunk = citation.passage.chunk
        start, end = citation.start - chunk.start, citation.end - chunk.start
        assert chunk.text[start:end] == citation.quote
    of_answer(answer).model_dump_json()


def test_what_was_read_ahead_is_not_read_again_and_answers_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, ahead = (Assistant.from_settings(settings) for _ in range(2))
    questions = ["How many SMEs use AI?", "为什么企业还没启动AI？"]
    wanted = [plain.ask(question).text for question in questions]
    ahead.read_ahead()
    monkeypatch.setattr("assistant.statements.quotable_spans", None)
    monkeypatch.setattr("assistant.aboutness.Aboutness.of_sentences", None)
    assert [ahead.ask(question).text for question in questions] == wanted
    with pytest.raises(TypeError):
        Assistant.from_settings(settings).ask(questions[0])


@pytest.mark.parametrize("question", ["How many SMEs use AI?", "为什么企业还没启动AI？"])
@pytest.mark.parametrize("sure", [0.0, 1.1])
def test_an_answer_that_may_miss_the_question_says_so_first(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, question: str, sure: float
) -> None:
    monkeypatch.setattr("assistant.gate.SURE", sure)
    monkeypatch.setattr("assistant.gate.SAME", 1.1)
    events = list(assistant.stream(question))
    answer = next(event.answer for event in events if isinstance(event, Answered))
    caution = wording.UNSURE[answer.language]
    assert answer.text.startswith(f"{caution}\n\n") is (sure > 1)
    assert answer.text.count(caution) == (sure > 1)
    assert "".join(event.piece for event in events if isinstance(event, Verified)) == answer.text
    again = assistant.verify(answer.text, answer.passages)
    assert {check.verdict for check in again.checks} == {Verdict.SUPPORTED}


@pytest.mark.parametrize(
    "question",
    [
        "What is the adoption rate in Germany?",
        "2030年会有多少企业用AI",
        "How much does it cost to fly to Tokyo?",
        "今天天气怎么样",
    ],
)
def test_what_the_sources_do_not_say_is_not_answered(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    assert answer.abstained
    assert answer.citations == ()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many people work at the translation platform?", "not"),
        ("B2B翻译平台有多少员工？", "没有"),
    ],
)
def test_a_source_that_says_it_does_not_say_is_quoted(
    assistant: Assistant, question: str, said: str
) -> None:
    answer = assistant.ask(question)
    assert answer.abstained
    (citation,) = answer.citations
    assert said in citation.quote
    assert f"{citation.quote} [{citation.marker}]" in answer.text
    (check,) = answer.grounding.checks
    assert check.verdict is Verdict.SUPPORTED
    assert answer.text[check.claim.start : check.claim.end] == check.claim.text


def test_events_come_in_order_and_pieces_join_to_the_text(assistant: Assistant) -> None:
    events = list(assistant.stream("Where should a small firm start?"))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Answered)
    pieces = [event.piece for event in events if isinstance(event, Verified)]
    assert "".join(pieces) == events[-1].answer.text


def test_a_follow_up_borrows_from_the_question_before(assistant: Assistant) -> None:
    before = Message(role=Role.USER, content="What is the AI penetration in office automation?")
    assert "52%" in assistant.ask("what about customer service?", [before]).text


@pytest.mark.parametrize("typed", ["thanks", "ok", "谢谢", "你好", "what can you do?"])
@pytest.mark.parametrize("filters", [None, Filters(), Filters(geography="China")])
def test_small_talk_in_a_conversation_is_small_talk(
    assistant: Assistant, typed: str, filters: Filters | None
) -> None:
    before = Message(role=Role.USER, content="What is the AI penetration in office automation?")
    reply = Message(role=Role.ASSISTANT, content="75%. [1]")
    answer = assistant.ask(typed, [before, reply], filters)
    assert answer.kind is AnswerKind.SMALLTALK
    assert "%" not in answer.text


def test_the_same_question_gets_the_same_answer(assistant: Assistant) -> None:
    assert assistant.ask("What does AI cost?").text == assistant.ask("What does AI cost?").text


@pytest.mark.parametrize("question", ["", "   ", "👍🎉", "\x00\x01", "?!", "w " * 10_000])
def test_unreadable_questions_get_one_line(assistant: Assistant, question: str) -> None:
    with pytest.raises(QuestionError) as caught:
        assistant.ask(question)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("question", ["<script>alert(1)</script>", "AI\u202eevil\x07", "a" * 3999])
def test_odd_questions_are_survived(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).text


@pytest.mark.parametrize("question", ["成本\udcff", "\ud83dwhat does AI cost", "AI \udcffcosts?"])
def test_half_characters_are_left_out(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question, [Message(role=Role.USER, content=question)])
    of_answer(answer).model_dump_json().encode()
    assert answer.kind is AnswerKind.ANSWER
    assert assistant.search(question)


def test_half_characters_alone_are_no_question(assistant: Assistant) -> None:
    with pytest.raises(QuestionError):
        assistant.ask("\udcff\udcfe")


def test_a_planted_figure_is_not_supported(assistant: Assistant) -> None:
    passages = assistant.search("How many SMEs use AI?")
    quote = next(p for p in passages if "28.3%" in p.chunk.text)
    marker = passages.index(quote) + 1
    text = f"In 2026, 48.3% of SMEs had implemented AI. [{marker}]"
    (check,) = assistant.verify(text, passages).checks
    assert check.verdict is Verdict.UNSUPPORTED
    assert "48.3%" in check.reason


def test_it_answers_without_any_socket(settings: Settings, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'): raise OSError(event)\n"
        "sys.addaudithook(hook)\n"
        "from assistant import Assistant, Settings\n"
        "from pathlib import Path\n"
        "a = Assistant.from_settings(Settings(\n"
        "    data_dir=Path(sys.argv[1]), knowledge_dir=Path(sys.argv[2])))\n"
        "assert '28.3%' in a.ask('How many SMEs use AI?').text\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data"), str(settings.knowledge_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr


def test_whether_text_can_leave_the_machine_is_known_before_it_does(settings: Settings) -> None:
    for backend, leaves in (("embedded", False), ("vllm:m@http://10.0.0.9:8000/v1", True)):
        parts = parts_for(settings.model_copy(update={"backend": backend}), None)
        assert Assistant(**parts).can_leave_machine is leaves
        assert Assistant(**parts | {"search_leaves_machine": True}).can_leave_machine


def test_multiplying_takes_no_processors_from_the_embedder(assistant: Assistant) -> None:
    from threadpoolctl import threadpool_info

    assistant.ask("How many SMEs use AI?")
    blas = [
        library
        for library in threadpool_info()
        if library["user_api"] == "blas" and "numpy.libs" in library["filepath"]
    ]
    if not blas:
        pytest.skip("this numpy multiplies by a library that cannot be told")
    assert {library["num_threads"] for library in blas} == {1}
