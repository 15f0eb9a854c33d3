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
from assistant.coordination import Named, alternatives
from assistant.evidence import Candidate, class_weight
from assistant.figures import Figure, FigureKind, same_figure
from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.questions import Expect, Item, Question
from assistant.schema import Grade, Language

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

WEAKEST = Grade.AI_GENERATED
"""Grade of what names no survey: the last to be believed."""
RIVAL_SLACK = 1.6
"""How far below the leading sentence's score another source's figure on the same may be."""
RIVAL_COVERAGE = 0.9
"""Share of what the leading sentence covers of the question that the other must cover."""

PLAIN_SLACK, PLAIN_COVERAGE = 3.2, 0.7
"""The same where the question names nothing but firms, AI and use, and one of the two names no
survey: what does is shown beside it."""

COMPLETING_LIKENESS, RIVAL_LIKENESS = 0.2, 0.13
"""How much less like the question than the leading sentence another one may be (``aboutness``) that
completes it from another passage, or gives another figure on the same."""
RUNNING = 3
"""Sentences that are read as running text; more of them make a list."""
FEW = 4
"""Sentences of an answer that is a figure."""
ENOUGH_STEPS = 3
"""Steps of one passage from which no other's are mixed in: two plans make none."""
RIVAL_ITEMS = 2
"""Things a question must name for amounts of two sources to be the price of the same."""

_MEASURED = {Expect.SHARE, Expect.MONEY, Expect.FIGURE}
_DETAILS = {*_MEASURED, Expect.DURATION, Expect.WHEN, Expect.WHO, Expect.WHERE}
_SAID_BY_ALL = {ConceptClass.FRAME, ConceptClass.FIGURE, ConceptClass.ACTION}
"""Classes of what every source on the use of AI speaks of."""
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
    rows = _comparison(question, usable) if question.expects is Expect.COMPARISON else None
    overview = _within_limit(_overview(question, usable), question)
    if rows:
        yield from _table(question, rows)
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
            yield ("\n" if at else "") + f"{_quoted(lead)}\n\n"
            for item in items[:SENTENCES]:
                yield f"- {_quoted(item)}\n"
            yield "\n"
            continue
        beside = (c for c in rest if c.marker == lead.marker and not _repeats(c, lead))
        nearly = [c for c in beside if c.score >= lead.score - SLACK][:1]
        said = sorted([lead, *nearly], key=lambda c: c.order)
        yield f"- {' '.join(map(_quoted, said))}\n"


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
    rivals = _within_limit([lead, *_rivals(question, lead, usable)], question)
    if len(rivals) > 1:
        yield wording.SOURCES_DIFFER[question.language] + "\n\n"
        # What names no survey comes after what does, however well it fits the question.
        for candidate in sorted(rivals, key=lambda c: c.grade is WEAKEST):
            yield f"- {_quoted(candidate)}\n"
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
            yield ("\n\n" if at and not after_item else "") + f"- {_quoted(candidate)}\n"
        else:
            yield ("\n" if after_item else space if at else "") + _quoted(candidate)
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


def _quoted(candidate: Candidate) -> str:
    """Return a sentence with its marker."""
    return f"{candidate.text} [{candidate.marker}]"


def _bullets(question: Question, chosen: Sequence[Candidate]) -> Iterator[str]:
    """Yield the leading sentence, then a list; steps are numbered in the order of the source."""
    lead, *rest = chosen
    if question.expects is Expect.STEPS:
        rest = sorted(chosen, key=lambda c: (c.marker, c.order))
        if rest[0].text.endswith(_COLONS):
            yield f"{_quoted(rest.pop(0))}\n\n"
        for number, candidate in enumerate(rest, start=1):
            yield f"{number}. {_quoted(candidate)}\n"
        return
    yield f"{_quoted(lead)}\n\n"
    for candidate in sorted(rest, key=lambda c: (c.marker, c.order)):
        yield f"- {_quoted(candidate)}\n"


def _table(question: Question, rows: Sequence[tuple[Item, Candidate]]) -> Iterator[str]:
    """Yield a comparison, one row for each thing compared."""
    left, right = wording.TABLE_HEAD[question.language]
    yield f"| {left} | {right} |\n|---|---|\n"
    for item, candidate in rows:
        yield f"| {question.as_typed(item)} | {_quoted(candidate)} |\n"


def _comparison(
    question: Question, candidates: Sequence[Candidate]
) -> list[tuple[Item, Candidate]] | None:
    """Return a sentence for each thing compared, or None when one sentence says it all."""
    compared = [
        item
        for item in question.items
        if item.cls in _COMPARED and any(item.key in candidate.keys for candidate in candidates)
    ]
    kinds = [Named(item.text, str(item.cls)) for item in compared]
    beside = alternatives(normalise(question.text), kinds)
    if len(beside) > 1:
        # "Chatgpt, claude or copilot for an accounting practice" compares three things, not four.
        compared = [it for it in compared if any(it.text in text for text in beside)]
    if len(compared) < 2:
        return None
    keys = {item.key for item in compared}
    if any(keys <= candidate.keys and candidate.figures for candidate in candidates[:3]):
        return None
    by = {it.key for it in question.items if it.cls and it.cls.specific} - keys
    rows: list[tuple[Item, Candidate]] = []
    for item in compared[:4]:
        said = [row for _, row in rows]
        # A bar would open another cell.
        holding = [
            c for c in candidates if item.key in c.keys and c not in said and "|" not in c.text
        ]
        if holding:
            # What they are compared by ("which is cheaper") counts before being the first found.
            best = max(holding, key=lambda c: (c.fits > 0, len(by & c.keys)))
            rows.append((item, best))
    return rows if len(rows) > 1 else None


_COMPARED = {
    ConceptClass.FUNCTION,
    ConceptClass.BARRIER,
    ConceptClass.TECHNOLOGY,
    ConceptClass.SECTOR,
    ConceptClass.TOPIC,
}


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
        if not beside and not _near(candidate, lead, COMPLETING_LIKENESS):
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
    pairs = pairwise(_measured(lead))
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


def _rivals(
    question: Question, lead: Candidate, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Return what other documents say on the same thing with another figure, best first."""
    about = [item for item in question.items if class_weight(item) >= 1]
    if not (question.expects in _MEASURED or question.figures) or not _measured(lead):
        return []
    if question.expects is Expect.MONEY and len(about) < RIVAL_ITEMS:
        return []
    found: dict[str, Candidate] = {}
    plain = _plain(question)
    for candidate in candidates:
        wide = plain and (lead.grade is WEAKEST) != (candidate.grade is WEAKEST)
        slack, coverage = (PLAIN_SLACK, PLAIN_COVERAGE) if wide else (RIVAL_SLACK, RIVAL_COVERAGE)
        rival = (
            (candidate.title != lead.title or _of_another_source(candidate, lead))
            and candidate.language is lead.language
            and _near(candidate, lead, RIVAL_LIKENESS)
            and candidate.score >= lead.score - slack
            and candidate.coverage >= coverage * lead.coverage
            and not set(candidate.missing) - set(lead.missing)
            and _measured(candidate)
            and not _same_measure(lead, candidate)
        )
        if rival:
            # Of one document as many as it has sources, of another the best alone.
            key = candidate.published if candidate.title == lead.title else ""
            found.setdefault(f"{candidate.title} {key}", candidate)
    return list(found.values())[: SENTENCES - 1]


def _of_another_source(candidate: Candidate, lead: Candidate) -> bool:
    """Whether a section that compares sources tells this sentence of another one."""
    told = (candidate.grade, candidate.published) != (lead.grade, lead.published)
    return told and candidate.marker == lead.marker


def _plain(question: Question) -> bool:
    """Whether a question asks for the use of AI alone, of no year."""
    return not question.years and all(
        item.cls is None or item.cls in _SAID_BY_ALL for item in question.items
    )


def _near(candidate: Candidate, lead: Candidate, slack: float) -> bool:
    """Whether a sentence is hardly less like the question than the leading one."""
    if candidate.likeness is None or lead.likeness is None:
        return True
    return candidate.likeness >= lead.likeness - slack


def _measured(candidate: Candidate) -> list[Figure]:
    kinds = {FigureKind.PERCENT, FigureKind.MONEY, FigureKind.POINTS, FigureKind.MULTIPLE}
    return [figure for figure in candidate.figures if figure.kind in kinds]


def _same_measure(one: Candidate, other: Candidate) -> bool:
    return any(same_figure(a, b) for a in _measured(one) for b in _measured(other))


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
