"""Models from GGUF files, in this process: llama.cpp through ``xllamacpp``, an extra.

Knows: how a file is found, loaded and served on loopback under a key of its own. Does not know how
a model is called: it speaks OpenAI's protocol like any other. Invariant: a file is loaded once, at
the first question, and nothing is ever downloaded.
"""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import BackendRejected, BackendUnavailable
from assistant.ggufheader import trained_context

INSTALL = ".venv/bin/python -m pip install -e '.[local]'"
"""What to type in a checkout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A model that is loaded and listens."""

    base_url: str
    key: str
    running: Any
    """The server; it ends when nothing holds it."""


class GgufModel:
    """A GGUF file, loaded when it is first asked for. Safe to share between threads."""

    def __init__(self, path: Path, *, context: int, threads: int | None = None) -> None:
        """Take the file, or the folder with the one file, and the tokens of its context."""
        self._path = path
        self._context = context
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: LocalServer | None = None

    def server(self) -> LocalServer:
        """Return the model's server, started when need be.

        Raises:
            BackendRejected: no such file, one that cannot be read, or no model.
            BackendUnavailable: the extra is not installed.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load(model_file(self._path))
            return self._loaded

    def _load(self, file: Path) -> LocalServer:
        try:
            import xllamacpp
        except ImportError as exc:
            raise BackendUnavailable(f"gguf models need an extra; run: {INSTALL}") from exc
        key = secrets.token_hex(16)
        params = xllamacpp.CommonParams()
        params.model.path = str(file)
        params.n_ctx = self._context
        params.n_parallel = 1
        params.api_keys = [key]
        params.ui = False
        params.endpoint_slots = False
        # Else every prompt ever read is kept, up to 8 GB.
        params.cache_ram_mib = 0
        params.verbosity = -1
        params.cpuparams.n_threads = self._threads or usual_threads()
        try:
            running = xllamacpp.Server(params)
        except Exception as exc:  # the library raises bare RuntimeErrors
            said = " ".join(str(exc).split())[:160]
            raise BackendRejected(f"{file} cannot be loaded as a model ({said})") from exc
        return LocalServer(base_url=f"{running.listening_address}/v1", key=key, running=running)


def usual_threads() -> int:
    """Return how many threads a model gets: one processor is left to others.

    The threads wait for each other without rest: with one more than there are processors free,
    a model was measured to write 40 times slower.
    """
    return max((os.cpu_count() or 2) - 1, 1)


def trained_for(path: Path) -> int | None:
    """Return the tokens of context that a file's model was trained for, None if nothing says so."""
    try:
        return trained_context(model_file(path))
    except BackendRejected:  # told when the model is asked for
        return None


def model_file(path: Path) -> Path:
    """Return a GGUF file, or the only one (the first of a split one) in a folder.

    Raises:
        BackendRejected: there is none, it cannot be read, or it is not plain which is meant.
    """
    try:
        return _found(path.expanduser())
    except (OSError, RuntimeError, ValueError) as exc:  # of them, "~somebody" and odd characters
        why = getattr(exc, "strerror", None) or exc
        raise BackendRejected(
            f"{str(path)[:160]} cannot be read ({why}); name a .gguf file that you may read"
        ) from exc


def _found(path: Path) -> Path:
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) == b"GGUF":
                return path
        raise BackendRejected(f"{path} is no GGUF file; name a model's .gguf file")
    found = sorted(path.glob("*.gguf")) if path.is_dir() else []
    first = [file for file in found if "-of-" not in file.name or "-00001-of-" in file.name]
    if len(first) == 1:
        return first[0]
    if first:
        named = ", ".join(file.name for file in first[:4])
        raise BackendRejected(f"{path} holds several models ({named}); name one of the files")
    raise BackendRejected(f"there is no GGUF model at {path}; name a model's .gguf file")
