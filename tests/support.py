"""What several test modules need: a small knowledge folder cut out of the shipped one."""

from __future__ import annotations

import shutil
from pathlib import Path

KNOWLEDGE = Path(__file__).resolve().parent.parent / "knowledge"
FOUNDING = (
    "cases/{}/b2b-translation-platform.md",
    "cases/{}/cultural-retail-chain.md",
    "guides/{}/first-steps.md",
    "reports/{}/sme-ai-report-2026.md",
)
"""The first report and what came with it: enough to answer from, and indexed in seconds."""


def copy_knowledge(folder: Path, documents: tuple[str, ...] = FOUNDING) -> Path:
    """Copy documents in both languages, the register, word lists and vectors; return the folder."""
    for pattern in documents:
        for language in ("en", "zh"):
            name = pattern.format(language)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(KNOWLEDGE / name, folder / name)
    shutil.copytree(KNOWLEDGE / "sources", folder / "sources")
    for name in ("lexicon.yaml", "outside.yaml", "vectors.npz"):
        shutil.copyfile(KNOWLEDGE / name, folder / name)
    return folder
