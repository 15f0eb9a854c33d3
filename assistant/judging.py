"""Judging: a language model asked whether passages bear out a claim.

Knows: the prompt and how a verdict is read out of what the model says. Does not know why it is
asked: a judge is a second opinion for evaluations, never what decides whether a sentence is shown.
Invariant: what cannot be read as a verdict, a failure too, is ``unchecked``, never right or wrong.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from contextlib import closing
from xml.sax.saxutils import escape

from langchain_core.messages import HumanMessage

from assistant.backends import Backend, Spent
from assistant.citations import resolve
from assistant.errors import BackendError
from assistant.prompting import Prompt, excerpts_of, render_excerpts
from assistant.schema import Citation, Claim, ClaimCheck, Grounding, Layer, Passage, Verdict
from assistant.thinking import Said

_log = logging.getLogger(__name__)
LONGEST = 600
"""Characters of what a judge says that are read."""
_SAID = re.compile(r"^\W*(SUPPORTED|UNSUPPORTED)\W*[:：.\s]*(.*)$", re.MULTILINE)


class ModelJudge:
    """Asks one backend, one claim a call. Safe to share between threads."""

    def __init__(self, backend: Backend, prompt: Prompt) -> None:
        """Take the backend, and the prompt with the variables passages and claim."""
        self._backend = backend
        self._prompt = prompt
        self.name = f"judge-{prompt.version}:{backend.name}"

    def check(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> Grounding:
        """Check each claim; marker ``[n]`` means ``passages[n - 1]``."""
        checks = tuple(self._check(claim, passages) for claim in claims)
        return Grounding(checks=checks, verifier=self.name)

    def _check(self, claim: Claim, passages: Sequence[Passage]) -> ClaimCheck:
        if not any(map(str.isalnum, claim.text)):
            return _judged(claim, Verdict.UNCHECKED, "")
        valid, _ = resolve(claim.markers, passages)
        if not valid:
            return _judged(claim, Verdict.UNCITED, "")
        cited = [(n, passages[n - 1]) for n in valid]
        if not any(passage.chunk.text.strip() for _, passage in cited):
            return _judged(claim, Verdict.UNCHECKED, "")
        written = self._prompt.render(
            passages=render_excerpts(excerpts_of([passage for _, passage in cited]), brief=True),
            claim=escape(claim.text),
        )
        said = self._ask(written)
        found = _SAID.search(said) if said is not None else None
        if found is None:
            return _judged(claim, Verdict.UNCHECKED, "" if said is None else said.strip()[:LONGEST])
        verdict = Verdict(found.group(1).lower())
        # A judge names no sentence: what it read as a whole is its evidence.
        evidence = tuple(
            Citation(
                marker=n,
                passage=passage,
                quote=passage.chunk.text,
                start=passage.chunk.start,
                end=passage.chunk.end,
                source=passage.source,
            )
            for n, passage in cited
        )
        return _judged(claim, verdict, found.group(2).strip(), evidence)

    def _ask(self, prompt: str) -> str | None:
        """Return what the model answers, thoughts left out; None when it fails."""
        said = ""
        try:
            with closing(self._backend.stream([HumanMessage(content=prompt)])) as pieces:
                for piece in pieces:
                    if isinstance(piece, Spent) or piece.said is Said.THOUGHT:
                        continue
                    said = "" if piece.said is Said.RETRACTED else said + piece.text
                    if len(said) > LONGEST:
                        break
        except BackendError as exc:
            _log.warning("%s", exc)
            return None
        return said


def _judged(
    claim: Claim, verdict: Verdict, reason: str, evidence: tuple[Citation, ...] = ()
) -> ClaimCheck:
    score = {Verdict.SUPPORTED: 1.0, Verdict.UNSUPPORTED: 0.0, Verdict.UNCITED: 0.0}.get(verdict)
    return ClaimCheck(
        claim=claim,
        verdict=verdict,
        score=score,
        evidence=evidence,
        reason=reason,
        layer=Layer.JUDGE,
    )
