"""Composition: short, ordered, verbatim, each sentence once and with its marker."""

from __future__ import annotations

import re
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from itertools import product

import pytest

from assistant import wording
from assistant.chunking import chunk_document
from assistant.citations import SegmentKind, SegmentReader
from assistant.composition import CHARACTERS, SENTENCES, WORDS, compose, compose_parts
from assistant.evidence import Candidate, EvidenceRanker
from assistant.figures import find_figures
from assistant.frequency import WordFrequency
from assistant.frontmatter import read_document
from assistant.lexicon import load_lexicon
from assistant.prompting import Excerpt
from assistant.questions import QuestionReader
from assistant.schema import Grade, Language
from assistant.signals import Signals
from assistant.terms import Analyser
from tests.support import FOUNDING, KNOWLEDGE


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser(load_lexicon(KNOWLEDGE / "lexicon.yaml"))


@pytest.fixture(scope="module")
def reader(analyser: Analyser) -> QuestionReader:
    return QuestionReader(analyser, WordFrequency(analyser))


@pytest.fixture(scope="module")
def excerpts() -> list[Excerpt]:
    found = []
    for pattern, language in product(FOUNDING, Language):
        document = read_document(KNOWLEDGE / pattern.format(language.value), KNOWLEDGE)
        info = document.info
        for chunk in chunk_document(document):
            found.append(
                Excerpt(
                    title=info.title,
                    section=" > ".join(chunk.heading_path[1:]),
                    language=language,
                    publisher=info.source.publisher,
                    published=info.source.published,
                    grade=info.source.grade.value,
                    geography=info.source.geography,
                    population=info.source.population,
                    text=chunk.text,
                )
            )
    return found


SIGNALS = Signals(
    **dict.fromkeys((field.name for field in dataclass_fields(Signals)), 0.0)
    | {"coverage": 1.0, "context": 1.0, "fits": 1.0}
)


def candidate(text: str, analyser: Analyser, **fields) -> Candidate:
    made = Candidate(
        listed=False,
        marker=1,
        order=0,
        text=text,
        language=Language.EN,
        section="Section",
        title="Report",
        keys=frozenset(analyser.terms(text)),
        figures=tuple(find_figures(text)),
        cosine=None,
        asked=None,
        missing=(),
        near=0.0,
        grade=Grade.SURVEY,
        published="2026-01-01",
        not_stated=False,
        signals=SIGNALS,
        score=5.0,
    )
    seen = {key: fields.pop(key) for key in ("coverage", "context", "fits") if key in fields}
    return replace(made, signals=replace(SIGNALS, **seen), **fields)


def sentences(text: str) -> list[tuple[str, tuple[int, ...]]]:
    cut = SegmentReader()
    found = [*cut.feed(text), *cut.close()]
    kinds = {SegmentKind.SENTENCE, SegmentKind.TABLE_ROW}
    return [
        (segment.sentence, segment.markers)
        for segment in found
        if segment.kind in kinds and not wording.is_own_phrase(segment.sentence)
    ]


QUESTIONS = [
    "How many SMEs use AI?",
    "Why have firms not started?",
    "Where should a small firm start?",
    "customer service vs design",
    "office automation vs customer service vs design vs marketing",
    "Is it true that 45% have scaled AI?",
    "Which scenarios are used most? List them",
    "Tell me about the translation platform",
    "Tell me everything about the retail chain in detail",
    "What does AI cost?",
    "How long does it take?",
    "有多少中小企业在用AI",
    "企业为什么还在观望",
    "第一步该怎么做",
    "客服和设计哪个渗透率更高",
    "介绍一下翻译平台",
    "详细说说文创连锁的案例",
    "要花多少钱",
    "有哪些应用场景",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_an_answer_is_verbatim_short_and_says_nothing_twice(text, reader, analyser, excerpts):
    question = reader.read(text)
    ranked = EvidenceRanker(analyser, None).rank(question, excerpts)
    answer = "".join(compose(question, ranked))
    assert answer == "".join(compose(question, ranked))
    found = sentences(answer)
    assert found
    quotes = [sentence for sentence, _ in found]
    assert len(set(quotes)) == len(quotes)
    items = {item.text for item in question.items}
    length = 0.0
    for sentence, markers in found:
        assert len(markers) == 1
        source = excerpts[markers[0] - 1]
        # A row of a table begins with what is compared.
        cut = [sentence, *(sentence.removeprefix(f"{item} ") for item in items)]
        assert any(quote in source.text for quote in cut)
        english = source.language is Language.EN
        length += len(sentence.split()) if english else len(sentence) * WORDS / CHARACTERS
    slack = 1.15 if "|" in answer else 1
    assert length <= slack * WORDS * (2 if question.wants_more else 1) or len(found) == 1


def test_the_sentence_that_answers_leads(reader, analyser) -> None:
    question = reader.read("How many SMEs use AI?")
    lead = candidate("In 2026, 28.3% of SMEs used AI.", analyser, marker=2)
    rest = candidate("Large firms moved sooner.", analyser, marker=1, title="Other", score=4.0)
    assert "".join(compose(question, [lead, rest])).startswith(f"{lead.text} [2]")


def test_the_same_words_from_two_passages_are_said_once(reader, analyser) -> None:
    for text in ("Where should we start?", "Tell me about retail", "retail vs design vs marketing"):
        question = reader.read(text)
        said = [
            candidate("Retail starts small.", analyser, marker=1),
            candidate("Retail starts  small.", analyser, marker=2, order=3),
            candidate("Design in retail uses AI in 48% of firms.", analyser, marker=3),
            candidate("Marketing follows design.", analyser, marker=4),
            candidate("Marketing follows design.", analyser, marker=5, title="Other"),
        ]
        answer = " ".join("".join(compose(question, said)).split())
        for sentence in ("Retail starts small.", "Marketing follows design."):
            assert answer.count(sentence) <= 1, answer
        assert "Retail starts small. [1]" in answer


def test_steps_are_numbered_in_the_order_of_the_source(reader, analyser) -> None:
    question = reader.read("How should we start? Give me the steps")
    steps = [
        candidate("Measure what you gained.", analyser, order=2, score=5.0),
        candidate("List your routine tasks.", analyser, order=0, score=4.9),
        candidate("Try one tool for a month.", analyser, order=1, score=4.8),
    ]
    assert "".join(compose(question, steps)) == (
        "1. List your routine tasks. [1]\n"
        "2. Try one tool for a month. [1]\n"
        "3. Measure what you gained. [1]\n"
    )


def test_reasons_are_a_list_behind_the_lead(reader, analyser) -> None:
    question = reader.read("Why do firms wait?")
    found = [
        candidate("Firms wait for three reasons.", analyser, order=0),
        candidate("Talent is short in 43% of firms.", analyser, order=1, score=4.9),
        candidate("Costs deter 26% of them.", analyser, order=2, score=4.8),
    ]
    lines = "".join(compose(question, found)).splitlines()
    assert lines[0] == "Firms wait for three reasons. [1]"
    assert [line[:2] for line in lines[2:]] == ["- ", "- "]


def test_a_comparison_is_a_table_with_a_row_for_each(reader, analyser) -> None:
    question = reader.read("customer service vs design")
    service = candidate("Customer service stands at 52%.", analyser, marker=1)
    design = candidate("Design stands at 48%.", analyser, marker=2, score=4.0)
    rows = "".join(compose(question, [service, design])).splitlines()
    assert len(rows) == 4
    assert rows[2] == "| customer service | Customer service stands at 52%. [1] |"
    # One sentence that compares both needs no table.
    both = candidate("Customer service stands at 52%, design at 48%.", analyser, marker=3)
    assert "|" not in "".join(compose(question, [both, service, design]))


def test_a_comparison_says_what_things_are_compared_by(reader, analyser) -> None:
    found = [
        candidate("ChatGPT writes drafts.", analyser, marker=1),
        candidate("Claude writes drafts.", analyser, marker=2, score=4.9),
        candidate("The price of ChatGPT is USD 20.", analyser, marker=3, score=4.0),
        candidate("The price of Claude is USD 20.", analyser, marker=4, score=4.0),
    ]
    question = reader.read("ChatGPT vs Claude for 25 people in one office, by price")
    rows = "".join(compose(question, found)).splitlines()
    assert rows[2:] == [
        "| ChatGPT | The price of ChatGPT is USD 20. [3] |",
        "| Claude | The price of Claude is USD 20. [4] |",
    ]


def test_one_thing_is_not_compared_with_itself(reader, analyser) -> None:
    question = reader.read("what's the difference between a florist and a chatbot")
    found = [
        candidate("A chatbot answers.", analyser, marker=1),
        candidate("The chatbot costs USD 20.", analyser, marker=2, score=4.0),
    ]
    assert "|" not in "".join(compose(question, found))


def test_a_bar_inside_a_sentence_breaks_no_table(reader, analyser) -> None:
    question = reader.read("customer service vs design")
    service = candidate("Customer service | help desk stands at 52%.", analyser, marker=1)
    design = candidate("Design stands at 48%.", analyser, marker=2, score=4.0)
    answer = "".join(compose(question, [service, design]))
    assert not answer.startswith("|")
    assert service.text in answer


def test_figures_that_differ_stand_side_by_side(reader, analyser) -> None:
    question = reader.read("How many SMEs use AI?")
    one = candidate("28.3% of SMEs use AI.", analyser, marker=1)
    other = candidate("11.9% of SMEs use AI.", analyser, marker=2, title="OECD", score=4.9)
    answer = "".join(compose(question, [one, other]))
    assert answer.startswith(wording.SOURCES_DIFFER[Language.EN])
    assert answer.index("28.3%") < answer.index("11.9%")


def test_a_section_that_compares_sources_shows_each(reader, analyser) -> None:
    question = reader.read("How many SMEs use AI?")
    one = candidate("28.3% of SMEs use AI.", analyser)
    other = candidate("11.9% of SMEs use AI.", analyser, order=1, score=4.9, published="2025-02")
    third = candidate("68% of SMEs use AI.", analyser, order=2, score=4.8, published="2024-02")
    same = candidate("31% of SMEs use AI daily.", analyser, order=3, score=4.7)
    answer = "".join(compose(question, [one, other, third, same]))
    assert answer.startswith(wording.SOURCES_DIFFER[Language.EN])
    assert [figure in answer for figure in ("28.3%", "11.9%", "68%", "31%")] == [*[True] * 3, False]


def test_a_range_is_told_with_the_figures_behind_it(reader, analyser) -> None:
    question = reader.read("What share of AI projects fails?")
    lead = candidate("The rates of AI projects run from 30% to 95%.", analyser)
    items = [
        candidate(f"{rate}: share by {who}.", analyser, order=n, listed=True, score=1.0)
        for n, (rate, who) in enumerate([("95%", "MIT"), ("80%", "RAND"), ("30%", "Gartner")], 1)
    ]
    answer = "".join(compose(question, [lead, *items]))
    assert answer.startswith(lead.text)
    assert [item.text in answer for item in items] == [True] * 3
    single = candidate("The rate of AI projects is 30%, up from 95%.", analyser)
    assert items[1].text not in "".join(compose(question, [single, *items]))


@pytest.mark.parametrize(
    ("asked", "grade", "shown"),
    [
        ("How many SMEs use AI?", Grade.AI_GENERATED, ["11.9%", "28.3%"]),
        ("How many SMEs use AI?", Grade.SURVEY, ["28.3%"]),
        ("How many SMEs use AI in customer service?", Grade.AI_GENERATED, ["28.3%"]),
        ("How many SMEs used AI in 2026?", Grade.AI_GENERATED, ["28.3%"]),
    ],
)
def test_what_names_no_survey_comes_after_a_statistic_on_the_same(
    reader, analyser, asked: str, grade: Grade, shown: list[str]
) -> None:
    lead = candidate("28.3% of SMEs use AI in customer service.", analyser, grade=grade)
    other = candidate(
        "11.9% of SMEs use AI in customer service.", analyser, marker=2, title="OECD", score=2.5
    )
    other = replace(other, grade=Grade.OFFICIAL_STATISTIC)
    answer = "".join(compose(reader.read(asked), [lead, other]))
    assert re.findall(r"[\d.]+%", answer) == shown
    assert answer.startswith(wording.SOURCES_DIFFER[Language.EN]) == (len(shown) > 1)


def test_a_rival_that_does_not_fit_is_not_announced(reader, analyser) -> None:
    question = reader.read("How many SMEs use AI?")
    one = candidate("28.3% of SMEs use AI.", analyser, marker=1)
    long = candidate(f"11.9% of SMEs use AI{' indeed' * WORDS}.", analyser, marker=2, title="OECD")
    answer = "".join(compose(question, [one, long]))
    assert answer == "28.3% of SMEs use AI. [1]"


def test_another_figure_than_the_asserted_one_is_announced(reader, analyser) -> None:
    question = reader.read("Is it true that 45% of SMEs use AI?")
    answer = "".join(compose(question, [candidate("28.3% of SMEs use AI.", analyser)]))
    assert answer.startswith(wording.OTHER_FIGURE[Language.EN])
    agreed = reader.read("Is it true that 28.3% of SMEs use AI?")
    assert "".join(compose(agreed, [candidate("28.3% of SMEs use AI.", analyser)])).startswith("28")


def test_a_source_in_the_other_language_is_announced(reader, analyser) -> None:
    question = reader.read("Is AI used?")
    quoted = candidate("28.3% 的中小企业在用 AI。", analyser, language=Language.ZH)
    assert "".join(compose(question, [quoted])).startswith(wording.NOT_IN_LANGUAGE[Language.EN])


def test_a_short_answer_is_short_unless_more_is_asked_for(reader, analyser) -> None:
    many = [
        candidate(f"Step {n} saves {n + 10}% of the {'time ' * 20}spent.", analyser, order=n)
        for n in range(12)
    ]
    short = sentences("".join(compose(reader.read("Does AI help?"), many)))
    long = sentences("".join(compose(reader.read("Does AI help? In detail please"), many)))
    assert sum(len(text.split()) for text, _ in short) <= WORDS
    assert len(short) <= SENTENCES
    assert WORDS < sum(len(text.split()) for text, _ in long) <= 2 * WORDS


def test_one_long_sentence_is_better_than_none(reader, analyser) -> None:
    long = candidate(f"AI {'saves time and ' * 200}money.", analyser)
    assert "".join(compose(reader.read("Does AI help?"), [long])) == f"{long.text} [1]"


def test_what_is_not_stated_answers_only_where_nothing_else_does(reader, analyser) -> None:
    question = reader.read("What is the revenue?")
    silent = candidate("The report does not state the revenue.", analyser, not_stated=True)
    stated = candidate("Revenue grew 35%.", analyser, order=1, score=1.0)
    assert "does not state" not in "".join(compose(question, [silent, stated]))
    assert "does not state" in "".join(compose(question, [silent]))


def test_a_part_that_is_answered_by_a_list_brings_the_list(reader, analyser) -> None:
    first = candidate("Plus trains on chats.", analyser, marker=1, order=0, score=5.0)
    lead = candidate("Switch it off in three steps:", analyser, marker=2, order=0, score=5.0)
    items = [
        candidate(f"Step {at} of it.", analyser, marker=2, order=at, listed=True, score=1.0)
        for at in (1, 2, 3)
    ]
    apart = candidate("Beside the list.", analyser, marker=2, order=5, listed=True, score=1.0)
    text = "".join(compose_parts([[first], [lead, *items, apart]]))
    said = [said for said, _ in sentences(text)]
    assert [item.text for item in (first, lead, *items)] == said
    assert "\n\nSwitch it off" in text
