"""Building the index: from the knowledge folder to a published generation.

Knows: what a generation depends on, and the order of the steps that keeps a reader safe: build
aside, write the manifest, probe in a child process, publish by one rename, sweep. Does not know
what is inside an index. Invariant: a kill at any moment leaves the current generation as it was.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.aboutness import FILE as ABOUTNESS
from assistant.aboutness import Aboutness, load_aboutness
from assistant.chunking import CHUNKER_VERSION, sentence_spans
from assistant.corpus import knowledge_files, load_corpus
from assistant.embeddings import make_embeddings
from assistant.errors import (
    AssistantError,
    IndexCorrupt,
    IndexMissing,
    IndexProblem,
    IndexStale,
    KnowledgeError,
    SettingsError,
)
from assistant.generations import (
    FORMAT,
    Generations,
    Manifest,
    file_hash,
    hash_files,
    read_manifest,
    write_manifest,
)
from assistant.index import Index
from assistant.index_writer import Contents, Progress, texts_to_embed, write_index
from assistant.lexicon import load_lexicon
from assistant.library import Library
from assistant.schema import Document, Language
from assistant.settings import Settings
from assistant.shippedvectors import FILE, write_vectors
from assistant.sources import load_sources, source_files
from assistant.terms import TERMS_VERSION, Analyser
from assistant.unanswered import LISTS, list_file, load_lists, questions_in

if TYPE_CHECKING:
    from assistant.embeddings import CachedEmbeddings

_log = logging.getLogger(__name__)

PROBE_SECONDS = 120
"""How long a fresh generation may take to open and answer once, on the slowest machine we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """What one build did."""

    fingerprint: str
    documents: int
    chunks: int
    embedded: int
    """Texts embedded; the others were in the cache."""
    seconds: float
    up_to_date: bool
    """True when nothing had changed and nothing was built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """What state the index is in."""

    state: str
    """``missing``, ``current``, ``stale`` or ``corrupt``."""
    detail: str
    fingerprint: str | None
    documents: int
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """Everything an index depends on."""

    embedder: str
    dimension: int
    knowledge: Mapping[str, str]
    lexicon: str

    @property
    def fingerprint(self) -> str:
        parts = [self.embedder, CHUNKER_VERSION, TERMS_VERSION, self.lexicon, self.knowledge]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def build_index(
    settings: Settings,
    *,
    force: bool = False,
    progress: Progress | None = None,
    wait: float = 0,
) -> BuildReport:
    """Build and publish an index generation unless the current one is up to date.

    Args:
        settings: where knowledge and data are, and which embedder to use.
        force: build even if nothing changed.
        progress: told about the steps.
        wait: seconds to wait for another process that is building.

    Raises:
        KnowledgeError: a knowledge file is wrong; the current generation stays.
        IndexBusy: another process is building.
        StorageError: the data folder cannot be written.
        IndexCorrupt: the new generation failed its probe; the current one stays.
    """
    started = time.monotonic()
    places = Generations(settings.data_dir / "index")
    report = progress or (lambda done, total, stage: None)
    with places.writer(wait):
        embeddings = make_embeddings(settings)
        recipe = _recipe(settings, embeddings)
        previous = _current_or_none(places)
        manifest = _read_or_none(previous)
        if manifest and not force and manifest.fingerprint == recipe.fingerprint:
            return _report(manifest, 0, started, up_to_date=True)
        documents = [
            *load_corpus(settings.knowledge_dir),
            *Library(settings.data_dir).documents(),
        ]
        sources = load_sources(settings.knowledge_dir)
        analyser = make_analyser(settings)
        places.sweep(keep=(previous,) if previous else ())
        with places.build() as folder:
            lists = load_lists(settings.knowledge_dir, (each.info.name for each in documents))
            aboutness = load_aboutness(settings.knowledge_dir, recipe.embedder)
            contents = write_index(
                folder, documents, sources, analyser, embeddings, report, lists, aboutness
            )
            manifest = _manifest(folder, recipe, contents)
            write_manifest(folder, manifest)
            report(0, 1, "probing")
            probe(folder)
        places.publish(folder)
        report(1, 1, "probing")
    return _report(manifest, contents.embedded, started, up_to_date=False)


def build_documents(
    folder: Path,
    documents: Sequence[Document],
    analyser: Analyser,
    embeddings: CachedEmbeddings | None,
    aboutness: Aboutness | None = None,
) -> Index:
    """Build an unpublished generation of given documents in an empty folder, and open it."""
    contents = write_index(
        folder,
        documents,
        {},
        analyser,
        embeddings,
        lambda done, total, stage: None,
        aboutness=aboutness,
    )
    recipe = _Recipe(
        embedder=embeddings.name if embeddings else "none",
        dimension=embeddings.dimension if embeddings else 0,
        knowledge={d.info.id: sha256(d.text.encode()).hexdigest() for d in documents},
        lexicon="",
    )
    write_manifest(folder, _manifest(folder, recipe, contents))
    return Index(folder)


def ship_vectors(settings: Settings, progress: Progress | None = None) -> int:
    """Write the vectors of the whole knowledge folder beside it; return how many.

    Raises:
        KnowledgeError: a knowledge file is wrong.
        SettingsError: no embedder is set.
    """
    embeddings = make_embeddings(settings)
    if embeddings is None:
        raise SettingsError("there is no embedder; unset FIRSTPILOT_EMBEDDER")
    report = progress or (lambda done, total, stage: None)
    documents = load_corpus(settings.knowledge_dir)
    passages, questions = texts_to_embed(documents)
    lists = load_lists(settings.knowledge_dir, (each.info.name for each in documents))
    vectors = embeddings.by_key(passages, lambda done, total: report(done, total, "embedding"))
    vectors |= embeddings.by_key(
        [*questions, *questions_in(lists)],
        lambda done, total: report(done, total, "embedding questions"),
        as_queries=True,
    )
    write_vectors(settings.knowledge_dir / FILE, embeddings.name, vectors)
    return len(vectors)


def make_analyser(settings: Settings) -> Analyser:
    """Return the term analyser for the configured lexicon."""
    return Analyser(load_lexicon(settings.knowledge_dir / "lexicon.yaml"))


def index_status(settings: Settings) -> IndexStatus:
    """Look at the index without building or opening it."""
    places = Generations(settings.data_dir / "index")
    try:
        manifest = read_manifest(places.current())
    except IndexMissing as exc:
        return _status("missing", str(exc), None)
    except IndexProblem as exc:
        return _status("corrupt", str(exc), None)
    try:
        _require_fresh(manifest, settings)
    except IndexStale as exc:
        return _status("stale", str(exc), manifest)
    return _status("current", f"built {manifest.created}", manifest)


class LiveIndex:
    """The current generation, reopened when a newer one was published. Safe between threads."""

    def __init__(self, settings: Settings) -> None:
        """Open the current generation.

        Raises:
            IndexMissing: nothing was built.
            IndexStale: knowledge, embedder or chunker differ from what it was built from.
            IndexCorrupt: it cannot be opened.
        """
        self._places = Generations(settings.data_dir / "index")
        self._lock = threading.Lock()
        self._index = self._open(settings)
        self._refused: Path | None = None
        self._settled: tuple[int, int] | None = None

    def _open(self, settings: Settings) -> Index:
        """Open the current generation, or the next when it is swept at that very moment."""
        while True:
            folder = self._places.current()
            try:
                _require_fresh(read_manifest(folder), settings)
                return Index(folder)
            except IndexCorrupt:
                if folder == self._places.current():
                    raise

    def current(self) -> Index:
        """Return the newest generation that opens; one that cannot be used is passed over."""
        # Asked many times an answer: the pointer is read only when it was replaced.
        stamp = self._places.stamp()
        if stamp is not None and stamp == self._settled:
            return self._index
        try:
            folder = self._places.current()
        except IndexProblem:
            return self._index
        is_new = folder not in {self._index.folder, self._refused}
        if is_new and self._lock.acquire(blocking=False):
            try:
                self._take(folder)
            except AssistantError as exc:
                _log.warning("keeping index %s: %s", self._index.folder.name, exc)
                # A generation never changes; what had no room for it may.
                if isinstance(exc, IndexProblem):
                    self._refused = folder
            finally:
                self._lock.release()
        if folder in {self._index.folder, self._refused}:
            self._settled = stamp
        return self._index

    def _take(self, folder: Path) -> None:
        """Switch to another generation."""
        opened = Index(folder)
        if not _same_reading(opened.manifest, self._index.manifest):
            raise IndexStale("the new one was built another way; start again to use it")
        self._index = opened


def probe(folder: Path) -> None:
    """Open a generation in a child process and ask it once, because a bad one may kill a process.

    Raises:
        IndexCorrupt: the child did not succeed.
    """
    command = [sys.executable, "-m", "assistant.builder", str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, our own path
            command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise IndexCorrupt(f"the new index did not open within {PROBE_SECONDS} s") from exc
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        message = f"the new index failed its probe ({reason[0]}); the previous one stays"
        raise IndexCorrupt(f"{message}; run: firstpilot ingest --force")


def _probe_here(folder: Path) -> None:
    """Open the generation, count, and search passages, sentences and questions."""
    import numpy as np

    index = Index(folder)
    held = sum(index.manifest.chunks.values())
    if len(index.chunks) != held:
        raise IndexCorrupt(f"{len(index.chunks)} passages where {held} were written")
    for language in Language:
        chunks = index.of(language)
        if not chunks:
            continue
        vector = np.ones(max(index.manifest.dimension, 1), dtype=np.float32)
        index.dense_questions(vector, language, 1)
        if index.has_vectors and not index.dense(vector, language, 1):
            raise IndexCorrupt(f"no passage in {language.value!r} can be found")
        said = any(map(sentence_spans, chunks))
        if index.has_vectors and said and not index.dense_sentences(vector, language, 1):
            raise IndexCorrupt(f"no sentence in {language.value!r} can be found")


def _recipe(settings: Settings, embeddings: CachedEmbeddings | None) -> _Recipe:
    root = settings.knowledge_dir
    lexicon = root / "lexicon.yaml"
    files = {
        path.relative_to(root).as_posix(): path
        for path in (*knowledge_files(root), *source_files(root))
    }
    beside = (root / ABOUTNESS, *(list_file(root, name) for name in LISTS))
    files |= {path.name: path for path in beside if path.is_file()}
    files |= Library(settings.data_dir).files()
    return _Recipe(
        embedder=embeddings.name if embeddings else "none",
        dimension=embeddings.dimension if embeddings else 0,
        knowledge={name: _knowledge_hash(path) for name, path in files.items()},
        lexicon=_knowledge_hash(lexicon) if lexicon.is_file() else "",
    )


def _knowledge_hash(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError as exc:
        raise KnowledgeError(str(path), None, f"cannot be read ({exc.strerror or exc})") from exc


def _require_fresh(manifest: Manifest, settings: Settings) -> None:
    """Raise ``IndexStale`` when the generation was built from something else."""
    recipe = _recipe(settings, make_embeddings(settings))
    if manifest.fingerprint == recipe.fingerprint:
        return
    if manifest.embedder != recipe.embedder:
        what = f"the index was built with embedder {manifest.embedder!r}, not {recipe.embedder!r}"
    else:
        changed = {
            path
            for path in {*manifest.knowledge, *recipe.knowledge}
            if manifest.knowledge.get(path) != recipe.knowledge.get(path)
        }
        named = f"{len(changed)} files" if changed else "its word lists, or how it is read"
        what = f"the knowledge changed since the index was built ({named})"
    raise IndexStale(f"{what}; run: firstpilot ingest")


def _same_reading(new: Manifest, old: Manifest) -> bool:
    """Whether a running process can ask both in the same way."""
    maps = [manifest.knowledge.get(ABOUTNESS) for manifest in (new, old)]
    return (new.embedder, new.terms, maps[0]) == (old.embedder, old.terms, maps[1])


def _manifest(folder: Path, recipe: _Recipe, contents: Contents) -> Manifest:
    return Manifest(
        format=FORMAT,
        generation=folder.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        fingerprint=recipe.fingerprint,
        embedder=recipe.embedder,
        dimension=recipe.dimension,
        chunker=CHUNKER_VERSION,
        terms=TERMS_VERSION,
        knowledge=dict(recipe.knowledge),
        documents=contents.documents,
        chunks=contents.chunks,
        files=hash_files(folder),
    )


def _current_or_none(places: Generations) -> Path | None:
    try:
        return places.current()
    except IndexProblem:
        return None


def _read_or_none(folder: Path | None) -> Manifest | None:
    try:
        return read_manifest(folder) if folder else None
    except IndexProblem:
        return None


def _report(manifest: Manifest, embedded: int, started: float, *, up_to_date: bool) -> BuildReport:
    return BuildReport(
        fingerprint=manifest.fingerprint,
        documents=manifest.documents,
        chunks=sum(manifest.chunks.values()),
        embedded=embedded,
        seconds=time.monotonic() - started,
        up_to_date=up_to_date,
    )


def _status(state: str, detail: str, manifest: Manifest | None) -> IndexStatus:
    return IndexStatus(
        state=state,
        detail=detail,
        fingerprint=manifest.fingerprint if manifest else None,
        documents=manifest.documents if manifest else 0,
        chunks=sum(manifest.chunks.values()) if manifest else 0,
    )


if __name__ == "__main__":
    try:
        _probe_here(Path(sys.argv[1]))
    except AssistantError as problem:
        sys.exit(str(problem))
