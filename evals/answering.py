"""Answering: a question is put to each system, and the reply held against what a right one is.

Knows: what makes a reply right. Does not know where questions come from. Invariant: of a sealed
question the row holds numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from assistant import AnswerKind, Language
from evals import metrics
from evals.jobs import Bench, Job
from evals.rows import Row
from evals.systems import Inquiry, Reply, System
from evals.verifying import entails
from evals.worlds import KNOWLEDGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A question, whom to ask what, and what a right reply is."""

    name: str
    inquiry: Inquiry
    language: Language
    answerable: bool | None
    """None where it does not matter, as long as what is forbidden is kept out."""
    part: str
    slice: str
    sealed: bool = False
    documents: tuple[str, ...] = ()
    """What answers; empty where that is not known."""
    needed: int = 1
    """How many of them are to be cited."""
    required: tuple[tuple[str, ...], ...] = ()
    """Figures or phrases to show: of each group one."""
    forbidden: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    """Where sources contradict each other, what the other side says: to be shown as well."""
    group: str = ""


def answering_jobs(
    bench: Bench, suite: str, probes: Sequence[Probe], systems: Sequence[System]
) -> Iterator[Job]:
    """Yield a job for each question and system."""
    for probe in probes:
        for system in systems:
            blank = Row(
                suite=suite,
                case=probe.name,
                system=system.name,
                part=probe.part,
                slice=probe.slice,
                language=probe.language.value,
                truth=probe.answerable,
                group=probe.group,
            )
            yield Job(blank=blank, run=partial(_row, bench, blank, probe, system))


def _row(bench: Bench, blank: Row, probe: Probe, system: System) -> Row:
    reply = system.reply(probe.inquiry)
    failures = judged(probe, reply)
    measured = measures(probe, reply)
    if reply.kind is AnswerKind.ANSWER:
        test = partial(entails, bench.worlds.open(KNOWLEDGE))
        measured["citation_recall"] = metrics.citation_recall(reply.statements, test)
        measured["citation_precision"] = metrics.citation_precision(reply.statements, test)
    return replace(
        blank,
        passed=not failures,
        measured=measured,
        score=reply.probability,
        detail={}
        if probe.sealed
        else {
            "question": probe.inquiry.question,
            "answer": reply.text,
            "failures": failures,
            "found": list(reply.found),
            "cited": list(reply.cited),
        },
    )


def judged(probe: Probe, reply: Reply) -> list[str]:
    """Return what is wrong with a reply; nothing when it is right."""
    wrong = [f"shows {phrase!r}" for phrase in _let_in(probe, reply)]
    if probe.answerable is None:
        return wrong
    answered = reply.kind is AnswerKind.ANSWER
    if not probe.answerable:
        return [*wrong, "answers what the sources do not say"] if answered else wrong
    if not answered:
        return [*wrong, f"no answer ({reply.kind.value})"]
    hits = set(reply.cited) & set(probe.documents)
    if probe.documents and len(hits) < probe.needed:
        wrong.append(f"cites {len(hits)} of {probe.needed} right documents")
    wrong += [
        f"does not show {' or '.join(group)}"
        for group in probe.required
        if not any(metrics.holds(phrase, reply.text) for phrase in group)
    ]
    wrong += [
        f"does not show that a source says {rival}"
        for rival in probe.rivals
        if not metrics.holds(rival, reply.text)
    ]
    filters = probe.inquiry.filters
    # Where only sources in the other language may be used, a quote is in that language.
    if not (filters and filters.languages) and (
        metrics.language_match(reply.text, probe.language) is False
    ):
        wrong.append("is in the other language")
    return wrong


def measures(probe: Probe, reply: Reply) -> dict[str, float | bool | None]:
    """Return every measure of one reply that applies to every system."""
    answered = reply.kind is AnswerKind.ANSWER
    refused = None if probe.answerable is None else not answered
    gold, needed = probe.documents, probe.needed
    shown = [any(metrics.holds(p, reply.text) for p in group) for group in probe.required]
    required = sum(shown) / len(shown) if shown and probe.answerable else None
    both, false_alone = _sides(probe, reply, shown)
    return {
        "answered": answered,
        "abstention_recall": metrics.abstention_recall(refused, probe.answerable),
        "abstention_precision": metrics.abstention_precision(refused, probe.answerable),
        "false_refusal": metrics.false_refusal(refused, probe.answerable),
        "recall@5": metrics.recall_at(reply.found, gold, 5, needed),
        "mrr": metrics.reciprocal_rank(reply.found, gold),
        "ndcg@5": metrics.ndcg_at(reply.found, gold, 5),
        "gold_cited": len(set(reply.cited) & set(gold)) >= needed if answered and gold else None,
        "figures": required,
        "figures_answered": required if answered else None,
        "verbatim": metrics.verbatim(reply.statements) if answered else None,
        "supported": reply.supported if answered else None,
        "language": metrics.language_match(reply.text, probe.language) if answered else None,
        "kept_out": not _let_in(probe, reply) if probe.forbidden else None,
        "both_shown": both,
        "only_false": false_alone,
        "length": float(metrics.answer_length(reply.text)) if answered else None,
        "seconds": reply.seconds,
        "tokens": None if reply.tokens is None else float(reply.tokens),
    }


def _let_in(probe: Probe, reply: Reply) -> list[str]:
    """Return what is forbidden and shown; a refusal may repeat the asker's own words."""
    if reply.kind is AnswerKind.ABSTENTION:
        return []
    return [phrase for phrase in probe.forbidden if metrics.holds(phrase, reply.text)]


def _sides(probe: Probe, reply: Reply, shown: Sequence[bool]) -> tuple[bool | None, bool | None]:
    """Return whether both sides of a contradiction are shown, and whether the false one alone."""
    if not probe.rivals:
        return None, None
    answered = reply.kind is AnswerKind.ANSWER
    other = answered and all(metrics.holds(rival, reply.text) for rival in probe.rivals)
    return other and all(shown), other and not any(shown)
