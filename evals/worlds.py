"""Worlds: what questions are put to, the knowledge base or documents given for the purpose.

Knows: how an assistant over each is opened, once, when the first case needs it. Does not know the
cases. Invariant: nothing is written outside the data folder and a temporary one that ``close`` or
the end of the ``with`` block removes.
"""

from __future__ import annotations

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from assistant import Assistant, Document, Settings, build_index

Documents = Callable[[], Sequence[Document]]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Something to ask about."""

    name: str
    documents: Documents | None = None
    """None for the knowledge base."""


KNOWLEDGE = World(name="knowledge")


class Worlds:
    """Opens assistants, each world once for each way to search. Safe between threads."""

    def __init__(
        self,
        settings: Settings,
        open_knowledge: Callable[[Settings], Assistant] = Assistant.from_settings,
    ) -> None:
        """Take the settings; the index of the knowledge base is built when there is none.

        Args:
            settings: which backend, embedder and folders.
            open_knowledge: opens the assistant over the knowledge base; a test may break one.
        """
        self._settings = settings
        self._open_knowledge = open_knowledge
        self._temporary = tempfile.TemporaryDirectory(prefix="firstpilot-evals-")
        self._locks: defaultdict[tuple[str, bool], threading.Lock] = defaultdict(threading.Lock)
        self._opened: dict[tuple[str, bool], Assistant] = {}
        self._guard = threading.Lock()

    def __enter__(self) -> Worlds:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was written."""
        self._opened.clear()
        self._temporary.cleanup()

    def open(self, world: World, *, words_alone: bool = False) -> Assistant:
        """Return the assistant over a world.

        Args:
            world: what it knows.
            words_alone: search by BM25 without vectors.

        Raises:
            AssistantError: what is wrong, and the next command.
        """
        key = (world.name, words_alone)
        with self._guard:
            lock = self._locks[key]
        with lock:
            if key not in self._opened:
                self._opened[key] = self._make(world, words_alone=words_alone)
            return self._opened[key]

    def _make(self, world: World, *, words_alone: bool) -> Assistant:
        settings = self._settings
        if words_alone:
            folder = settings.data_dir / "evals" / "words-alone"
            folder.mkdir(parents=True, exist_ok=True)
            settings = settings.model_copy(update={"embedder": "none", "data_dir": folder})
        if world.documents is None:
            # An index of other knowledge would be measured without a word.
            build_index(settings, wait=600)
            if words_alone:
                return Assistant.from_settings(settings)
            return self._open_knowledge(settings)
        place = Path(tempfile.mkdtemp(dir=self._temporary.name))
        return Assistant.from_documents(world.documents(), place, settings)


def placed(document: Document, place: str) -> Document:
    """Return a document that ``Filters(geography=place)`` lets through: a group of its own."""
    source = replace(document.info.source, geography=place)
    return replace(document, info=replace(document.info, source=source))
