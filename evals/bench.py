"""``make bench``: how fast it answers and re-indexes, as ratios of one run, and how well it finds.

Absolute times differ from machine to machine and hour to hour; a ratio between two things timed in
turn does not, so only ratios are held against a bar.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant import (
    Assistant,
    Language,
    Settings,
    build_index,
    make_embeddings,
    sentences_of,
)
from evals.backend_bench import first_sentence_ratios, model_file, overheads, serving
from evals.external import data_folder, recall_at, xquad

FIRST_SENTENCE_BAR = 1.25
"""Median time to the first checked sentence over the bare model's first sentence."""
OVERHEAD_BAR = 2.0
"""Median time before a language model is called over median bare query embedding."""
ANSWER_BAR = 2.0
"""Median answer time over median bare query embedding."""
VERIFY_BAR = 3.0
"""Median time to verify one sentence against five passages over median query embedding."""
REINDEX_BAR = 0.02
"""Re-index of unchanged knowledge over the first build."""
RECALL_BARS = {("en", "en"): 0.995, ("zh", "zh"): 0.990, ("zh", "en"): 0.93, ("en", "zh"): 0.95}
"""Recall@5 on XQuAD by language asked and language answered."""

_QUESTIONS = (
    "What share of small firms had AI in use in {year}?",
    "Why do firms hold back, point {year}?",
    "How common is AI in office work {year}?",
    "Compare customer service with design {year}",
    "Where should a shop begin with AI {year}?",
    "有多少中小企业用上了AI {year}",
    "为什么很多企业还没启动 {year}",
    "办公自动化的渗透率是多少 {year}",
    "客服和设计哪个用得多 {year}",
    "AI成本降了多少 {year}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measured thing."""

    name: str
    value: float
    bar: float
    at_most: bool
    note: str

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    def __str__(self) -> str:
        """Return the line as printed."""
        sign = "<=" if self.at_most else ">="
        mark = "ok  " if self.met else "MISS"
        return f"{mark} {self.name:<44} {self.value:6.3f}  ({sign} {self.bar:g}; {self.note})"


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def bench_indexing(settings: Settings) -> Line:
    """Time the first build and a second one of the same knowledge."""
    first = seconds(lambda: build_index(settings))
    again = statistics.median(seconds(lambda: build_index(settings)) for _ in range(5))
    return Line(
        name="re-index unchanged / first index",
        value=again / first,
        bar=REINDEX_BAR,
        at_most=True,
        note=f"{again * 1000:.0f} ms / {first:.1f} s",
    )


def bench_answers(settings: Settings) -> Line:
    """Time answers and bare query embeddings in turn, never the same text twice."""
    assistant = Assistant.from_settings(settings)
    embeddings = make_embeddings(settings)
    if embeddings is None:
        raise SystemExit("bench needs an embedder; unset FIRSTPILOT_EMBEDDER")
    assistant.read_ahead()
    assistant.ask("What share of SMEs use AI?")
    bare, whole = [], []
    for year in range(2026, 2026 + 6):
        for template in _QUESTIONS:
            question = template.format(year=year if year == 2026 else f"({year - 2026})")
            whole.append(seconds(partial(assistant.ask, question)))
            bare.append(seconds(partial(embeddings.embed_queries, [f"{question} "])))
    answer, embedding = statistics.median(whole), statistics.median(bare)
    return Line(
        name="answer p50 / bare query embedding p50",
        value=answer / embedding,
        bar=ANSWER_BAR,
        at_most=True,
        note=f"{answer * 1000:.1f} ms / {embedding * 1000:.1f} ms, n={len(whole)}",
    )


def bench_verifying(settings: Settings) -> Line:
    """Time the check of a sentence that is no quote against five passages, and embedding it.

    No sentence comes twice; passages do, as they would in an answer of several sentences.
    """
    assistant = Assistant.from_settings(settings)
    embeddings = make_embeddings(settings)
    if embeddings is None:
        raise SystemExit("bench needs an embedder; unset FIRSTPILOT_EMBEDDER")
    bare, whole = [], []
    for template in _QUESTIONS:
        passages = assistant.search(template.format(year=2026), k=5)
        sentences = [text for passage in passages for text in sentences_of(passage)]
        for number, sentence in enumerate(sentences[:10]):
            # Its last word goes, so that it is no quote.
            text = f"{sentence[: max(len(sentence) * 4 // 5, 1)]} ({number})."
            work = partial(assistant.verify, text, passages)
            whole.append(seconds(work))
            bare.append(seconds(partial(embeddings.embed_queries, [f"{text} "])))
    check, embedding = statistics.median(whole), statistics.median(bare)
    return Line(
        name="verify against 5 passages / query embedding",
        value=check / embedding,
        bar=VERIFY_BAR,
        at_most=True,
        note=f"{check * 1000:.1f} ms / {embedding * 1000:.1f} ms, n={len(whole)}",
    )


def bench_overhead(settings: Settings) -> Line:
    """Time what comes before a language model is called, and bare query embeddings, in turn."""
    asked = [t.format(year=f"({n})") for n in range(3) for t in _QUESTIONS]
    ratios = overheads(settings, asked)
    return Line(
        name="before the model is called / bare query embedding",
        value=statistics.median(ratios),
        bar=OVERHEAD_BAR,
        at_most=True,
        note=f"n={len(ratios)}",
    )


def bench_first_sentence(settings: Settings, file: Path) -> Line:
    """Time a real model's first sentence as it comes and as it is checked, in one call."""
    with serving(file) as address:
        ratios = first_sentence_ratios(settings, address, [t.format(year="") for t in _QUESTIONS])
    return Line(
        name="first checked sentence / bare model's first",
        value=statistics.median(ratios),
        bar=FIRST_SENTENCE_BAR,
        at_most=True,
        note=f"worst {max(ratios):.3f}, n={len(ratios)}",
    )


def bench_recall(settings: Settings, data: Path, asked: Language, answered: Language) -> Line:
    """Measure recall@5 of the shipped retrieval on XQuAD."""
    documents, lookups = xquad(data, asked, answered)
    with tempfile.TemporaryDirectory() as folder:
        assistant = Assistant.from_documents(documents, Path(folder), settings)
        ranks = []
        for lookup in lookups:
            found = assistant.search(lookup.question, k=5)
            ranks.append(next((p.rank for p in found if p.document.id == lookup.gold), None))
    return Line(
        name=f"XQuAD recall@5, asked {asked.value}, answered {answered.value}",
        value=recall_at(ranks, 5),
        bar=RECALL_BARS[asked.value, answered.value],
        at_most=False,
        note=f"R@1 {recall_at(ranks, 1):.3f}, n={len(ranks)}",
    )


def main() -> int:
    """Print every line; return 1 when a bar is missed."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        for bench in (bench_indexing, bench_answers, bench_verifying, bench_overhead):
            lines.append(bench(settings))
            print(lines[-1], flush=True)
        file = model_file()
        if file is None:
            print("a real model's time left out: run make test, which installs a small one")
        else:
            lines.append(bench_first_sentence(settings, file))
            print(lines[-1], flush=True)
        data = data_folder(settings)
        if data is None:
            print("XQuAD left out: set FIRSTPILOT_EVAL_DATA to the folder that holds it")
        else:
            for asked, answered in RECALL_BARS:
                lines.append(bench_recall(settings, data, Language(asked), Language(answered)))
                print(lines[-1], flush=True)
    return 0 if all(line.met for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
