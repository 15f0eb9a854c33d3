"""Composition: from ranked sentences to a short, ordered, quoted answer.

Knows: how many sentences make an answer, in which order and layout. Does not change a word of what
it quotes. Invariant: every line is a verbatim sentence of an excerpt with its marker, or a fixed
phrase of ``wording``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count, pairwise, takewhile

from assistant import wording
from assistant.comparing import compared_in, table
from assistant.evidence import Candidate
from assistant.figures import FigureKind, same_figure
from assistant.questions import Expect, Question
from assistant.rivals import MEASURED, WEAKEST, is_near, measured, rivals_of
from assistant.schema import Language

WORDS = 120
"""English words after which a short answer ends; twice that when more was asked for."""
CHARACTERS = 200
"""The same in Chinese characters."""
SENTENCES = 6
"""Sentences of a short answer that is not a list."""
SLACK, SEVERAL_SLACK = 2.0, 3.5
"""How far below the leading sentence's score a completing one may be, where one thing is asked and
where several are; on the scale of ``evidence``. Of 842 completing sentences of 269 development
questions 14 % answered when 3.5 held for all; of those within 1.5 of the same passage 36 %. With
1.5, 2.2 and 3.5 a development question is right in .856, .868 and .868 (n = 174) and gets 2.1, 2.5
and 3.2 sentences."""

COMPLETING_LIKENESS = 0.2
"""How much less like the question than the leading sentence another one may be (``aboutness``) that
completes it from another passage."""
RUNNING = 3
"""Sentences that are read as running text; more of them make a list."""
FEW = 4
"""Sentences of an answer that is a figure."""
ENOUGH_STEPS = 3
"""Steps of one passage from which no other's are mixed in: two plans make none."""
_DETAILS = {*MEASURED, Expect.DURATION, Expect.WHEN, Expect.WHO, Expect.WHERE}
_COLONS = (":", "：")
_TO = re.compile(r"\s*%?\s*(?:to|[-–至到])\s*")
_SEVERAL = {Expect.REASONS, Expect.LIST, Expect.STEPS}


def compose(question: Question, candidates: Sequence[Candidate]) -> Iterator[str]:
    """Yield the answer in Markdown, piece by piece, one sentence with its marker at a time.

    Args:
        question: as read.
        candidates: at least one, best first.
    """
    usable = _usable(candidates)
    rows = compared_in(question, usable) if question.expects is Expect.COMPARISON else None
    overview = _within_limit(_overview(question, usable), question)
    if rows:
        yield from table(question, rows)
    elif len(overview) > 1:
        yield from _bullets(question, overview)
    else:
        yield from _led(question, usable)


def compose_parts(parts: Sequence[Sequence[Candidate]]) -> Iterator[str]:
    """Yield an answer to several questions that were asked as one, an item for each of them.

    Args:
        parts: for each question at least one candidate, best first.
    """
    for at, candidates in enumerate(parts):
        lead, *rest = _usable(candidates)
        items = _listed_after(lead, candidates)
        if items:
            yield ("\n" if at else "") + f"{lead.quoted}\n\n"
            for item in items[:SENTENCES]:
                yield f"- {item.quoted}\n"
            yield "\n"
            continue
        beside = (c for c in rest if c.marker == lead.marker and not _repeats(c, lead))
        nearly = [c for c in beside if c.score >= lead.score - SLACK][:1]
        said = sorted([lead, *nearly], key=lambda c: c.order)
        yield f"- {' '.join(c.quoted for c in said)}\n"


def _usable(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that state something, each once; all when none does."""
    once = _once(candidates)
    return [candidate for candidate in once if not candidate.not_stated] or once


def _once(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates without those whose words a better one has too."""
    found: dict[str, Candidate] = {}
    for candidate in candidates:
        found.setdefault(" ".join(candidate.text.split()), candidate)
    return list(found.values())


def _led(question: Question, usable: Sequence[Candidate]) -> Iterator[str]:
    """Yield the sentence that answers, and what completes or contradicts it."""
    lead = usable[0]
    if _contradicts(question, lead):
        yield wording.OTHER_FIGURE[question.language] + "\n\n"
    if lead.language is not question.language:
        yield wording.NOT_IN_LANGUAGE[question.language] + "\n\n"
    rivals = _within_limit([lead, *rivals_of(question, lead, usable)], question)
    if len(rivals) > 1:
        yield wording.SOURCES_DIFFER[question.language] + "\n\n"
        # What names no survey comes after what does, however well it fits the question.
        for candidate in sorted(rivals, key=lambda c: c.grade is WEAKEST):
            yield f"- {candidate.quoted}\n"
        return
    chosen = [lead, *_completing(question, lead, usable)]
    first, *rest = _within_limit(chosen, question)
    chosen = [first, *sorted(rest, key=lambda c: (c.marker, c.order))]
    if len(chosen) > (2 if question.expects in _SEVERAL else RUNNING):
        yield from _bullets(question, chosen)
    else:
        yield from _running(question, chosen)


def _running(question: Question, chosen: Sequence[Candidate]) -> Iterator[str]:
    """Yield sentences as running text, and those that were items of a list as items again."""
    space = " " if question.language is Language.EN else ""
    as_list = sum(candidate.listed for candidate in chosen) > 1
    after_item = False
    for at, candidate in enumerate(chosen):
        item = as_list and candidate.listed
        if item:
            yield ("\n\n" if at and not after_item else "") + f"- {candidate.quoted}\n"
        else:
            yield ("\n" if after_item else space if at else "") + candidate.quoted
        after_item = item


def _overview(question: Question, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return how each found section of the best document begins; nothing unless asked for."""
    if question.expects is not Expect.OVERVIEW:
        return []
    title = candidates[0].title
    opening: dict[int, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: (c.marker, c.order)):
        if candidate.title == title and candidate.language is candidates[0].language:
            opening.setdefault(candidate.marker, candidate)
    return list(opening.values())[:SENTENCES]


def _bullets(question: Question, chosen: Sequence[Candidate]) -> Iterator[str]:
    """Yield the leading sentence, then a list; steps are numbered in the order of the source."""
    lead, *rest = chosen
    if question.expects is Expect.STEPS:
        rest = sorted(chosen, key=lambda c: (c.marker, c.order))
        if rest[0].text.endswith(_COLONS):
            yield f"{rest.pop(0).quoted}\n\n"
        for number, candidate in enumerate(rest, start=1):
            yield f"{number}. {candidate.quoted}\n"
        return
    yield f"{lead.quoted}\n\n"
    for candidate in sorted(rest, key=lambda c: (c.marker, c.order)):
        yield f"- {candidate.quoted}\n"


def _completing(
    question: Question, lead: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Choose what completes the leading sentence and does not repeat it."""
    broad = (
        question.wants_more
        or question.wants_each
        or question.expects in {*_SEVERAL, Expect.COMPARISON}
    )
    items = _announced(question, lead, candidates)
    if items:
        return items[: _limit(question)]
    chosen = [lead]
    for candidate in _of_one_plan(question, lead, candidates):
        beside = candidate.marker == lead.marker
        if not beside and not is_near(candidate, lead, COMPLETING_LIKENESS):
            continue
        slack = SEVERAL_SLACK if broad else SLACK
        if beside and broad:
            slack *= 2 * (1 + lead.near)
        if candidate.score < lead.score - slack or candidate.language is not lead.language:
            continue
        if candidate.title != lead.title and candidate.coverage < lead.coverage:
            continue
        if any(_repeats(candidate, other) for other in chosen):
            continue
        if not beside and candidate.text.endswith(_COLONS):
            continue  # it announces a list that does not follow
        chosen.append(candidate)
        if len(chosen) == _limit(question):
            break
    return chosen[1:]


def _announced(
    question: Question, lead: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return the list that follows a leading sentence, in order; empty when none does.

    A figure, a name or a date is told without the list that may come after it.
    """
    announces = lead.text.endswith(_COLONS) or _range(lead)
    if lead.listed or not (announces or question.expects not in _DETAILS):
        return []
    return _items_after(lead, candidates)


def _listed_after(lead: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the list that a sentence announces by its colon, in order; empty when none."""
    return _items_after(lead, candidates) if lead.text.endswith(_COLONS) else []


def _range(lead: Candidate) -> bool:
    """Whether a sentence tells that figures of one kind differ ("from 30% to 95%")."""
    pairs = pairwise(measured(lead))
    return any(
        one.kind is other.kind and _TO.fullmatch(lead.text, one.end, other.start)
        for one, other in pairs
    )


def _items_after(lead: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the items of a list that follow a sentence at once, in order."""
    after = sorted(
        (c for c in candidates if c.marker == lead.marker and c.order > lead.order),
        key=lambda c: c.order,
    )
    places = count(lead.order + 1)
    return list(takewhile(lambda c: c.listed and c.order == next(places), after))


def _of_one_plan(
    question: Question, lead: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return the others, of steps only those of the leading one's passage if they are enough."""
    others = [candidate for candidate in candidates if candidate is not lead]
    if question.expects is not Expect.STEPS or question.wants_more:
        return others
    own = [c for c in others if c.marker == lead.marker and c.listed]
    return own if len(own) >= ENOUGH_STEPS else others


def _limit(question: Question) -> int:
    """Return how many sentences an answer may have."""
    if question.wants_more or question.expects in _SEVERAL:
        return 2 * SENTENCES
    return FEW if question.expects in _DETAILS else SENTENCES


def _repeats(candidate: Candidate, other: Candidate) -> bool:
    """Whether a sentence adds no figure and hardly a word to one already chosen."""
    if candidate.text == other.text:
        return True
    new_figures = [
        figure
        for figure in candidate.figures
        if figure.kind is not FigureKind.YEAR
        and not any(same_figure(figure, known) for known in other.figures)
    ]
    if new_figures:
        return False
    union = candidate.keys | other.keys
    return len(candidate.keys & other.keys) > 0.6 * len(union)


def _contradicts(question: Question, lead: Candidate) -> bool:
    """Whether the question asserts a figure of a kind the evidence gives with another value."""
    for asserted in question.figures:
        rivals = [rival for rival in lead.figures if rival.kind is asserted.kind]
        if rivals and not any(
            (asserted.low, asserted.unit) == (rival.low, rival.unit) for rival in rivals
        ):
            return True
    return False


def _within_limit(chosen: Sequence[Candidate], question: Question) -> list[Candidate]:
    """Keep as many sentences, in order of merit, as a short answer holds; at least one."""
    factor = 2 if question.wants_more else 1
    kept: list[Candidate] = []
    used = 0
    for candidate in chosen:
        chinese = candidate.language is Language.ZH
        length = len(candidate.text) if chinese else len(candidate.text.split())
        if kept and used + length > factor * (CHARACTERS if chinese else WORDS):
            continue
        used += length
        kept.append(candidate)
    return kept
