"""Writing: a sentence that breaks off is never shown, wherever the model stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessageChunk

from assistant import Settings
from assistant.assistant import Assistant
from assistant.backends import Backend, Limits
from assistant.builder import make_analyser
from assistant.chain import Chain, Task, Written
from assistant.composition_root import verifier_of
from assistant.deadlines import Deadline
from assistant.grounding import Verifier
from assistant.questions import Question
from assistant.schema import Language
from assistant.spending import Ledger
from assistant.writing import Draft, Writer
from tests.test_contract_verifiers import passage

FIRST = "A chat assistant costs 20 dollars a month."
SECOND = "In 2026, 71.7% of SMEs had not started with AI, unless they were e.g. software firms."
FIRST_ZH = "聊天助手每月收费20美元。"
SECOND_ZH = "2026年，71.7%的中小企业还没有开始使用人工智能，除非它们是软件公司。"
TWO = {Language.EN: f"{FIRST} {SECOND}", Language.ZH: FIRST_ZH + SECOND_ZH}
LIMITS = Limits(
    first_token_seconds=9, answer_seconds=9, context=9000, answer_tokens=999, thought_tokens=0
)


class OneBackend:
    """A chain whose only backend says what it is given."""

    def __init__(self, pieces: Sequence[str], finish: str) -> None:
        def call(_: object) -> Iterator[AIMessageChunk]:
            yield from (AIMessageChunk(content=piece) for piece in pieces)
            yield AIMessageChunk(content="", response_metadata={"finish_reason": finish})

        self.backends = (
            Backend(
                name="m", local=True, limits=LIMITS, price=None, call=call, deadline=Deadline()
            ),
        )

    def written(self, task: Task, backend: Backend) -> Written:
        return Written(text="?", cut=0)

    def generate(self, written: Written, backend: Backend, stop: Any) -> Iterator[Any]:
        return backend.stream([], stop)


@pytest.fixture(scope="module")
def verifier(settings: Settings) -> Verifier:
    return verifier_of(make_analyser(settings), None)


@pytest.fixture
def question(assistant: Assistant) -> Question:
    return assistant._chain._reader.read("How many SMEs use AI?")


@pytest.fixture
def write(verifier: Verifier, question: Question, tmp_path: Path) -> Any:
    def written(
        *pieces: str, finish: str, held: str = TWO[Language.EN], others: Sequence[str] = ()
    ) -> Draft:
        draft = Draft()
        passages = tuple(passage(text, n) for n, text in enumerate((held, *others), start=1))
        writer = Writer(
            cast(Chain, OneBackend(pieces, finish)), verifier, Ledger(tmp_path / "spent", None)
        )
        list(writer.write(Task(question=question, passages=passages), draft))
        return draft

    return written


def sentences(draft: Draft) -> list[str]:
    return [check.claim.text for check in draft.kept]


def prefixes(language: Language) -> list[str]:
    """Return what a limit can leave of two sentences: words in English, characters in Chinese."""
    text = TWO[language]
    if language is Language.ZH:
        return [text[:end] for end in range(1, len(text) + 1)]
    words = text.split(" ")
    return [" ".join(words[:end]) for end in range(1, len(words) + 1)]


WHOLE = [sentence.rstrip(".。") for sentence in (FIRST, SECOND, FIRST_ZH, SECOND_ZH)]


@pytest.mark.parametrize("finish", ["length", "stop"])
@pytest.mark.parametrize("language", list(Language))
def test_no_beginning_of_a_sentence_is_shown(write: Any, language: Language, finish: str) -> None:
    text = TWO[language]
    for prefix in prefixes(language):
        draft = write(prefix, finish=finish, held=text)
        shown = [sentence.rstrip(".。") for sentence in sentences(draft)]
        assert shown == [sentence for sentence in WHOLE if sentence in prefix], prefix
        assert draft.partial is (finish == "length" or bool(draft.withheld)), prefix
        assert finish == "stop" or not draft.withheld, prefix


@pytest.mark.parametrize("language", list(Language))
def test_a_beginning_made_a_sentence_never_says_the_opposite(
    write: Any, language: Language
) -> None:
    stop, denial, condition = (
        (".", "not", "unless") if language is Language.EN else ("。", "没有", "除非")
    )
    for prefix in prefixes(language):
        draft = write(f"{prefix}{stop} [1]\n", finish="stop", held=TWO[language])
        for shown in sentences(draft):
            assert "71.7" not in shown or (denial in shown and condition in shown), prefix


@pytest.mark.parametrize("shape", ["- {} [1]\n", "{} [1]\n\n", "1. {} [1]\n", "| a | {} [1] |\n"])
@pytest.mark.parametrize(
    "part",
    [
        "In 2026, 71.7% of SMEs had",
        "71.7% of SMEs had",
        "In 2026, 71.7% of SMEs",
        "In 2026, 71.7% of SMEs had not started with AI",
    ],
)
def test_a_part_in_the_middle_of_an_answer_is_not_shown_either(
    write: Any, shape: str, part: str
) -> None:
    draft = write(shape.format(part), f"{FIRST} [1]", finish="stop")
    assert sentences(draft) == [FIRST]
    assert len(draft.withheld) == 1


@pytest.mark.parametrize(
    ("text", "finish", "shown"),
    [
        (f"{FIRST} [1]", "length", [FIRST]),
        (FIRST, "length", [FIRST]),
        (f"{FIRST[:-1]} [1]", "length", [FIRST[:-1]]),
        (f"- {FIRST[:-1]}", "length", [FIRST[:-1]]),
        (f"{FIRST} [1", "length", [FIRST]),
        (f"{FIRST} [1] [", "length", [FIRST]),
        (f"“{FIRST}” [1]", "length", [f"“{FIRST}”"]),
        (f"{FIRST} [1] It costs 20.", "length", [FIRST]),
        (f"{FIRST} [1] It costs 20 dollars, e.g.", "length", [FIRST]),
        (f"| {FIRST} [1] |\n| A chat assistant costs", "length", [FIRST]),
        (f"{FIRST} [1] A chat assistant costs $20 a", "length", [FIRST]),
        (f"{FIRST} [1] **A chat ASSISTANT costs** 20", "stop", [FIRST]),
        ("", "length", []),
    ],
)
def test_what_is_whole_stays_when_the_rest_is_cut(
    write: Any, text: str, finish: str, shown: list[str]
) -> None:
    for pieces in ([text], list(text)):
        draft = write(*pieces, finish=finish)
        assert sentences(draft) == shown
        assert draft.partial


def test_another_passage_is_no_way_out_for_a_beginning(write: Any) -> None:
    other = "By then 71.7% of SMEs had not yet begun."
    draft = write("In 2026, 71.7% of SMEs had. [1]\n", finish="stop", others=[other])
    assert sentences(draft) == []


def test_what_is_whole_in_one_passage_is_no_beginning(write: Any) -> None:
    draft = write("SMEs use AI", finish="stop", held="SMEs use AI less.", others=["- SMEs use AI"])
    assert sentences(draft) == ["SMEs use AI"]
    assert not draft.partial


def test_a_cut_refusal_is_still_one(write: Any) -> None:
    assert write("NO_ANSWER", finish="length").declined


BARRIERS = (
    "In 2026, 43% of SMEs named cost as a barrier. In 2026, 31% of SMEs named skills as a barrier. "
    "In 2026, 28.3% of SMEs had implemented AI."
)
HEAD = "| Barrier | Share |\n|---|---|\n"


def table(*pieces: str, write: Any) -> Draft:
    whole: Draft = write("".join(pieces), finish="stop", held=BARRIERS)
    by_character = write(*"".join(pieces), finish="stop", held=BARRIERS)
    assert whole.text == by_character.text
    return whole


def test_a_table_keeps_its_head(write: Any) -> None:
    rows = "| Cost | 43% [1] |\n| Skills | 31% [1] |\n"
    draft = table(HEAD, rows, write=write)
    assert draft.text == HEAD + rows
    assert not draft.withheld


def test_a_head_goes_before_the_first_row_that_holds(write: Any) -> None:
    draft = table(HEAD, "| Cost | 99% [1] |\n", "| Skills | 31% [1] |\n", write=write)
    assert draft.text == f"{HEAD}| Skills | 31% [1] |\n"
    assert len(draft.withheld) == 1


@pytest.mark.parametrize("behind", ["", "\n", "\n---\n\n"])
def test_a_head_without_rows_is_not_shown(write: Any, behind: str) -> None:
    fact = "In 2026, 28.3% of SMEs had implemented AI. [1]\n"
    draft = table(HEAD, "| Cost | 99% [1] |\n", behind, fact, write=write)
    assert draft.text.strip("\n-") == fact.strip()
    assert "|" not in draft.text


def test_a_row_is_checked_under_its_columns(write: Any) -> None:
    right = "| Group | Implemented AI |\n|---|---|\n| SMEs in 2026 | 28.3% [1] |\n"
    assert table(right, write=write).text == right
    wrong = right.replace("Implemented", "Had not implemented")
    draft = table(wrong, "\n", "In 2026, 28.3% of SMEs had implemented AI. [1]", write=write)
    assert "|" not in draft.text
    assert len(draft.withheld) == 1


@pytest.mark.parametrize(
    ("column", "kept"), [("Barrier", True), ("Benefit", False), ("Not a barrier", False)]
)
def test_a_columns_name_has_to_stand_in_the_source(write: Any, column: str, kept: bool) -> None:
    held = "The barriers of 2026 were these. Cost was named by 43%. Skills were named by 31%."
    text = f"| {column} | Share |\n|---|---|\n| Cost | 43% [1] |\n"
    assert (write(text, finish="stop", held=held).text == text) is kept


def test_a_rule_goes_with_what_it_underlines(write: Any) -> None:
    text = "In 2026, 28.3% of SMEs had implemented AI. [1]\n99% of firms lie. [1]\n---\n"
    draft = table(text, "In 2026, 31% of SMEs named skills as a barrier. [1]", write=write)
    assert "---" not in draft.text
    assert len(draft.kept) == 2


@pytest.mark.parametrize(
    ("lead", "held"), [("Here is what they say:", FIRST), ("资料中是这样说的：", FIRST_ZH)]
)
def test_what_only_leads_in_is_no_loss(write: Any, lead: str, held: str) -> None:
    draft = write(f"{lead}\n\n- {held} [1]\n", finish="stop", held=held)
    assert sentences(draft) == [held]
    assert not draft.withheld


def test_a_lead_in_with_a_figure_is_a_loss(write: Any) -> None:
    draft = write(f"For 99 dollars you get this:\n\n- {FIRST} [1]\n", finish="stop")
    assert sentences(draft) == [FIRST]
    assert len(draft.withheld) == 1


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("2026 [1]", SECOND),
        ("20 dollars [1]\n", FIRST),
        ("2026 [1]\n\n71.7% of SMEs [1]\n", SECOND),
        ("每月收费20美元 [1]\n", FIRST_ZH),
    ],
)
def test_words_of_a_source_that_are_no_sentence_are_withheld(
    write: Any, text: str, held: str
) -> None:
    draft = write(text, finish="stop", held=held)
    assert not draft.text
    assert draft.withheld


COSTS = "A chat assistant costs: [1]\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{COSTS}- 20 dollars a month [1]\n", 2),
        (f"{COSTS}\n1. 20 dollars [1]\n2. a month [1]\n", 3),
        ("**A chat assistant costs:** [1]\n\n- 20 dollars a month [1]\n", 2),
        ("- A chat assistant costs: [1]\n  - 20 dollars a month [1]\n", 2),
        (f"{COSTS}- {FIRST} [1] {SECOND} [1]\n- a month [1]\n", 4),
        (f"{COSTS}- 20 moons a month [1]\n", 0),
        (f"{COSTS}- 20 dollars [1]\n\n{SECOND} [1]\n- a month [1]\n", 3),
        ("For 99 dollars you get: [1]\n- 20 dollars [1]\n", 0),
        ("- 20 dollars a month [1]\n", 0),
        ("- A chat assistant costs 20 dollars a month [1]\n", 1),
    ],
)
def test_items_of_a_list_need_a_lead_in_or_a_sentence(write: Any, text: str, kept: int) -> None:
    draft = write(text, finish="stop")
    assert len(draft.kept) == kept
    assert [draft.text[c.claim.start : c.claim.end] for c in draft.kept] == sentences(draft)


GRANT = "Sole traders cannot get the grant of 20 dollars. Firms with fewer than 50 staff can apply."


@pytest.mark.parametrize("row", ["- lies for 7 dollars [1]\n", "| a | lie for 7 dollars [1] |\n"])
def test_a_lead_in_to_nothing_leads_to_nothing_else(write: Any, row: str) -> None:
    last = "Firms with fewer than 50 staff can apply."
    text = f"Sole traders cannot get: [1]\n{row}\n{last} [1]\n"
    draft = write(text, finish="stop", held=GRANT)
    assert sentences(draft) == [last]
    assert "Sole traders" not in draft.text


def test_an_item_has_to_pass_with_what_leads_in_to_it(write: Any) -> None:
    held = "Sole traders cannot get the grant. A chat assistant costs 20 dollars a month."
    text = "Sole traders cannot get: [1]\n- 20 dollars [1]\n"
    assert not write(text, finish="stop", held=held).text


@pytest.mark.parametrize(
    "text", ["# 2026 [1]\n", "2026. [1]\n", "20 dollars. [1]", "| 20 dollars [1] |\n"]
)
def test_a_price_or_a_year_is_no_answer_in_any_dress(write: Any, text: str) -> None:
    assert not write(text, finish="stop", held=f"{FIRST} {SECOND}").text


def test_the_same_item_under_another_lead_in_is_no_repetition(write: Any) -> None:
    held = "Firms in Germany pay 20 dollars. Firms in France pay 20 dollars."
    text = "".join(f"Firms in {at} pay: [1]\n- 20 dollars [1]\n\n" for at in ("Germany", "France"))
    draft = write(text, finish="stop", held=held)
    assert sentences(draft).count("20 dollars") == 2


def test_a_lead_in_said_twice_is_shown_once(write: Any) -> None:
    draft = write(f"{COSTS}{COSTS}- 20 dollars a month [1]\n", finish="stop")
    assert draft.text.count("costs:") == 1


def test_a_lead_in_that_holds_goes_before_what_it_leads_to(write: Any) -> None:
    draft = write(
        f"A chat assistant costs: [1]\n\n- lies for 7 dollars [1]\n- {FIRST} [1]\n", finish="stop"
    )
    assert draft.text.startswith("A chat assistant costs: [1]\n")
    assert [draft.text[c.claim.start : c.claim.end] for c in draft.kept] == sentences(draft)
    assert len(draft.kept) == 2


def test_a_lead_in_to_nothing_is_not_shown(write: Any) -> None:
    draft = write("A chat assistant costs: [1]\n\n- lies for 7 dollars [1]\n", finish="stop")
    assert not draft.text
    assert not draft.kept


def test_a_sentence_said_twice_is_shown_once(write: Any) -> None:
    draft = write(*[f"{FIRST} [1] "] * 3, finish="stop")
    assert sentences(draft) == [FIRST]
    assert not draft.withheld
