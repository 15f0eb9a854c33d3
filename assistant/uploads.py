"""Uploads: documents a maintainer adds on the page, kept, read and indexed while the chat goes on.

Knows: the order of the steps. Does not know: the page. Invariant: answers come from the previous
index until the new one is published, and a file that fails changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.builder import build_index
from assistant.errors import StorageError
from assistant.intake import Outcome, State, add_documents
from assistant.settings import Settings

FOLDER = "uploads"
_PATIENCE = 120.0
"""Seconds to wait for another process that is building the index."""

Take = Callable[[Sequence[Path]], list[Outcome]]


def taker(settings: Settings) -> Take | None:
    """Return what takes uploads, or None when they are switched off."""
    return (lambda files: take(files, settings)) if settings.uploads else None


def take(files: Sequence[Path], settings: Settings) -> list[Outcome]:
    """Keep uploaded files in the data folder, read them and bring the index up to date.

    Raises:
        AssistantError: they cannot be kept, or the index cannot be built.
    """
    folder = settings.ensure_data_dir() / FOLDER
    kept = []
    try:
        folder.mkdir(exist_ok=True)
        for file in files:
            kept.append(folder / file.name)
            shutil.copyfile(file, kept[-1])
    except OSError as exc:
        message = f"cannot keep the upload in {str(folder)!r} ({exc.strerror or exc})"
        raise StorageError(f"{message}; free some space or set FIRSTPILOT_DATA_DIR") from exc
    outcomes = add_documents(kept, settings.data_dir)
    for outcome in outcomes:
        if outcome.state is State.FAILED:
            Path(outcome.path).unlink(missing_ok=True)
    build_index(settings, wait=_PATIENCE)
    return outcomes
