"""What is installed, configured and reachable, as a list of findings.

Knows: which parts an answer needs and how to try each one. Does not know: how findings are shown.
Invariant: every finding that is not fine names the next command or variable, and one broken part
does not keep the others from being looked at.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata

from assistant.errors import AssistantError, SettingsError
from assistant.settings import Settings, unknown_variables


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    NOTE = "note"
    """Works, but the reader should know something."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part that was looked at."""

    part: str
    state: State
    detail: str


def diagnose() -> list[Finding]:
    """Look at every part; never raises for a part that is broken."""
    findings = [_python(), _packages()]
    try:
        settings = Settings()
    except SettingsError as exc:
        return [*findings, Finding(part="settings", state=State.BROKEN, detail=str(exc))]
    findings.extend(_stray_variables())
    parts: dict[str, Callable[[Settings], tuple[State, str]]] = {
        "data folder": _data_folder,
        "knowledge": _knowledge,
        "embedder": _embedder,
        "index": _index,
        "backend": _backend,
    }
    for part, look in parts.items():
        try:
            state, detail = look(settings)
        except (AssistantError, ImportError, OSError) as exc:
            state, detail = State.BROKEN, str(exc)
        same = next((f.part for f in findings if f.state is state and f.detail == detail), None)
        detail = f"the same as {same}" if same else detail
        findings.append(Finding(part=part, state=state, detail=detail))
    return findings


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding(
        part="python",
        state=State.OK if fine else State.BROKEN,
        detail=detail if fine else f"{detail}; Python 3.11 or newer is needed",
    )


def _packages() -> Finding:
    try:
        required = metadata.requires("firstpilot") or []
    except metadata.PackageNotFoundError:
        detail = "firstpilot runs from a folder and is not installed; run: pip install -e ."
        return Finding(part="packages", state=State.NOTE, detail=detail)
    # What has a marker is needed on some machines only; its own finding says more.
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in required if ";" not in line]
    missing = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        listed = " ".join(missing)
        detail = f"missing: {listed}; run: pip install {listed}"
        return Finding(part="packages", state=State.BROKEN, detail=detail)
    shown = ("chromadb", "gradio", "langchain-core", "openai")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in shown)
    return Finding(part="packages", state=State.OK, detail=f"{len(names)} present: {versions}")


def _stray_variables() -> Iterator[Finding]:
    for name, meant in unknown_variables().items():
        advice = f"did you mean {meant}?" if meant else f"unset it: unset {name}"
        detail = f"{name} is set but is not a setting and has no effect; {advice}"
        yield Finding(part="settings", state=State.NOTE, detail=detail)


def _data_folder(settings: Settings) -> tuple[State, str]:
    return State.OK, str(settings.ensure_data_dir())


def _knowledge(settings: Settings) -> tuple[State, str]:
    from assistant.corpus import check_corpus, load_corpus

    problems = check_corpus(settings.knowledge_dir)
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return State.BROKEN, f"{problems[0]}{more}"
    count = len(load_corpus(settings.knowledge_dir))
    return State.OK, f"{count} documents in {settings.knowledge_dir}"


def _embedder(settings: Settings) -> tuple[State, str]:
    from assistant.embeddings import make_embeddings

    embeddings = make_embeddings(settings)
    if embeddings is None:
        wanted = settings.embedder
        if wanted == "none":
            return State.OK, "none: search is by words alone (BM25)"
        return State.NOTE, (
            f"{wanted} has no build for this machine: search is by words alone (BM25); "
            "set FIRSTPILOT_EMBEDDER to openai:<model> for search by meaning"
        )
    size = len(embeddings.embed_query("ping"))
    return State.OK, f"{embeddings.name}, {size} dimensions"


def _index(settings: Settings) -> tuple[State, str]:
    from assistant.builder import index_status

    status = index_status(settings)
    if status.state == "current":
        detail = f"current: {status.documents} documents, {status.chunks} passages"
        return State.OK, f"{detail}, {status.fingerprint}"
    if status.state == "corrupt":
        return State.BROKEN, _advised(f"corrupt: {status.detail}", "firstpilot ingest --force")
    return State.NOTE, _advised(f"{status.state}: {status.detail}", "firstpilot ingest")


def _advised(detail: str, command: str) -> str:
    """Return a detail that names a command, once."""
    return detail if "run: firstpilot" in detail else f"{detail}; run: {command}"


def _backend(settings: Settings) -> tuple[State, str]:
    if settings.backend == "embedded":
        return State.OK, "embedded: answers quote the sources; no key, no network"
    return State.OK, f"{settings.backend}: configured; to ask it, run: firstpilot backends --test"
