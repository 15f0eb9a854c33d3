"""What several test modules need: a small knowledge folder, and an embedder that costs nothing."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np

from assistant.embedders import BatchEmbeddings

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


class Noise(BatchEmbeddings):
    """A vector of noise for every text, and another for it as a query: near nothing but itself."""

    name = "noise"
    dimension = 64

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self._noise(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._noise(f"query: {text}")

    def _noise(self, text: str) -> list[float]:
        seed = int.from_bytes(sha256(text.encode()).digest()[:8])
        made: list[float] = np.random.default_rng(seed).normal(size=self.dimension).tolist()
        return made
