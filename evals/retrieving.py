"""Retrieval: questions with one gold passage each, looked up with vectors and by words alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from evals import metrics
from evals.external_questions import Lookups
from evals.jobs import Bench, Job
from evals.rows import Row
from evals.worlds import World

DEPTH = 10
"""Passages looked at."""


def retrieval_jobs(bench: Bench, suite: str, label: str, lookups: Lookups) -> Iterator[Job]:
    """Yield a job for each question and way to search.

    Args:
        bench: what opens worlds.
        suite: name of the suite.
        label: which part of it, such as ``en-zh`` for asked in English, answered in Chinese.
        lookups: the questions.
    """
    for name, question, gold, language in lookups.questions:
        for system, words_alone in (("firstpilot", False), ("bm25-only", True)):
            blank = Row(
                suite=suite,
                case=f"{label}-{name}",
                system=system,
                part="external",
                slice=label,
                language=language.value,
                group=gold,
            )
            run = partial(_row, bench, blank, lookups.world, question, gold, words_alone)
            yield Job(blank=blank, run=run)


def _row(
    bench: Bench, blank: Row, world: World, question: str, gold: str, words_alone: bool
) -> Row:
    passages = bench.worlds.open(world, words_alone=words_alone).search(question, k=DEPTH)
    found = [passage.document.name for passage in passages]
    return replace(
        blank,
        passed=metrics.recall_at(found, {gold}, 5) == 1,
        measured={
            "recall@1": metrics.recall_at(found, {gold}, 1),
            "recall@5": metrics.recall_at(found, {gold}, 5),
            "mrr": metrics.reciprocal_rank(found, {gold}),
            "ndcg@10": metrics.ndcg_at(found, {gold}, DEPTH),
        },
        detail={"question": question, "found": found, "gold": gold},
    )
