"""Grounding: is a sentence really in the passages it cites?

Knows: the layers of a check and their order: the citation exists; the words are quoted verbatim;
rules find nothing that the evidence says otherwise; a fitted model holds it probable that the
evidence bears the claim out. Does not know who wrote the sentence.
Invariants: a verdict of supported always carries evidence with offsets; a check that could not be
made is ``unchecked``, never right or wrong; what the rules find wrong, no probability makes right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from assistant.citations import claims_of, resolve
from assistant.figures import find_figures
from assistant.language import detect_language
from assistant.markdown import quotable_spans
from assistant.passages import passages_of
from assistant.polarity import is_negative
from assistant.reading import Ground
from assistant.reasons import SAY, otherwise, too_little
from assistant.schema import Citation, Claim, ClaimCheck, Grounding, Layer, Passage, Verdict
from assistant.support import Support
from assistant.terms import Analyser
from assistant.weighing import Place, Weighed, Weigher
from assistant.wording import is_own_phrase

LABEL = 40
"""Characters a table row may add to a quote as its label."""

_EDGE = re.compile(r"^[\s\"'“”‘’「」『』*_.。…]+|[\s\"'“”‘’「」『』*_.。!！…]+$")
_SPACE = re.compile(r"\s+")


class Verifier(Protocol):
    """Checks claims against passages."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    def check(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> Grounding:
        """Check each claim; marker ``[n]`` means ``passages[n - 1]``."""
        ...


def verify(verifier: Verifier, text: str, passages: Sequence[Passage | str]) -> Grounding:
    """Check every sentence of a text; see ``Assistant.verify``."""
    dressed = passages_of(passages)
    claims = checkable(text)
    if not any(claim.markers for claim in claims):
        everything = tuple(range(1, len(dressed) + 1))
        claims = [replace(claim, markers=everything) for claim in claims]
    return verifier.check(claims, dressed)


def checkable(text: str) -> list[Claim]:
    """Return the sentences of a text that claim something: all but the lead-ins of our answers."""
    return [claim for claim in claims_of(text) if not is_own_phrase(claim.text)]


def unfinished(claim: Claim) -> ClaimCheck:
    """Return the check of a sentence that breaks off where its source goes on."""
    reason = SAY[detect_language(claim.text)]["unfinished"]
    return _verdict(claim, Verdict.UNSUPPORTED, 0.0, reason, layer=Layer.RULES)


def fragment(claim: Claim) -> ClaimCheck:
    """Return the check of words that stand in a source and say nothing by themselves."""
    reason = SAY[detect_language(claim.text)]["fragment"]
    return _verdict(claim, Verdict.UNSUPPORTED, 0.0, reason, layer=Layer.RULES)


class LayeredVerifier:
    """Checks by quotes, then rules, then a fitted model. Safe to share between threads."""

    name = "layers-1"

    def __init__(self, analyser: Analyser, weigher: Weigher, support: Support) -> None:
        """Take what cuts texts into terms, what compares them, and what weighs the comparison."""
        self._analyser = analyser
        self._weigher = weigher
        self._support = support

    def check(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> Grounding:
        """Check each claim; marker ``[n]`` means ``passages[n - 1]``.

        Claims that are no quotes are embedded together, so that a whole answer costs one batch.
        """
        checks: list[ClaimCheck | None] = [self._at_once(claim, passages) for claim in claims]
        open_ = [at for at, check in enumerate(checks) if check is None]
        grounds = [self._ground(claims[at], passages) for at in open_]
        weighed = self._weigher.weigh(
            [(claims[at].text, ground) for at, (ground, _, _) in zip(open_, grounds, strict=True)]
        )
        for at, (_, places, cited), one in zip(open_, grounds, weighed, strict=True):
            checks[at] = self._judged(claims[at], one, _evidence(one, places, cited))
        return Grounding(checks=tuple(c for c in checks if c is not None), verifier=self.name)

    def _at_once(self, claim: Claim, passages: Sequence[Passage]) -> ClaimCheck | None:
        """Return the check of a claim that needs no weighing, None for one that does."""
        say = SAY[detect_language(claim.text)]
        if not any(map(str.isalnum, claim.text)):
            return _verdict(claim, Verdict.UNCHECKED, None, say["wordless"])
        valid, dangling = resolve(claim.markers, passages)
        if not valid:
            reason = say["dangling"].format(dangling[0]) if dangling else say["uncited"]
            return _verdict(claim, Verdict.UNCITED, 0.0, reason, layer=Layer.CITATION)
        for n in valid:
            quote = self._verbatim(claim.text, passages[n - 1])
            if quote is not None:
                evidence = _citation(n, passages[n - 1], *quote)
                return _verdict(
                    claim, Verdict.SUPPORTED, 1.0, say["verbatim"], evidence, layer=Layer.QUOTE
                )
        if not any(quotable_spans(passages[n - 1].chunk.text) for n in valid):
            return _verdict(claim, Verdict.UNCHECKED, None, say["empty"])
        return None

    def _ground(
        self, claim: Claim, passages: Sequence[Passage]
    ) -> tuple[Ground, tuple[Place, ...], list[tuple[int, Passage]]]:
        """Return what a claim cites, where its sentences stand, and the cited passages."""
        valid, _ = resolve(claim.markers, passages)
        cited = [(n, passages[n - 1]) for n in dict.fromkeys(valid)]
        ground, places = self._weigher.ground([passage for _, passage in cited])
        return ground, places, cited

    def _judged(self, claim: Claim, weighed: Weighed, evidence: tuple[Citation, ...]) -> ClaimCheck:
        """Return the verdict of the rules, else of the model."""
        language = detect_language(claim.text)
        chance, threshold = self._support.of(weighed)
        wrong = next((finding for finding in weighed.findings if finding.sure), None)
        if wrong is not None:
            reason = otherwise(wrong, language)
            return _verdict(
                claim,
                Verdict.UNSUPPORTED,
                min(chance, threshold),
                reason,
                *evidence,
                layer=Layer.RULES,
            )
        if chance < threshold:
            doubts = [otherwise(finding, language) for finding in weighed.findings]
            reason = doubts[0] if doubts else too_little(weighed.missing, language)
            return _verdict(
                claim, Verdict.UNSUPPORTED, chance, reason, *evidence, layer=Layer.LEARNED
            )
        reason = SAY[language]["held"]
        return _verdict(claim, Verdict.SUPPORTED, chance, reason, *evidence, layer=Layer.LEARNED)

    def _verbatim(self, text: str, passage: Passage) -> tuple[int, int] | None:
        """Return where the passage's text holds a claim as a whole sentence word for word, or None.

        A part of a sentence is none: "had" may go on with "not". A table row may add a short label
        without figures to its quote, of words of the passage.
        """
        wanted = _plain(text)
        if not wanted:
            return None
        for start, end in quotable_spans(passage.chunk.text):
            sentence = _plain(passage.chunk.text[start:end])
            if sentence == wanted:
                return start, end
            label = wanted.removesuffix(sentence)
            if sentence and label != wanted and self._is_label(label, passage):
                return start, end
        return None

    def _is_label(self, label: str, passage: Passage) -> bool:
        if len(label) > LABEL or find_figures(label, None) or is_negative(label):
            return False
        there = "\n".join((passage.document.title, *passage.chunk.heading_path, passage.chunk.text))
        return not set(self._analyser.terms(label)).isdisjoint(self._analyser.terms(there))


def _plain(text: str) -> str:
    """Return a text with white space folded and quotes, emphasis and final stops taken off."""
    return _EDGE.sub("", _SPACE.sub(" ", text))


def _evidence(
    weighed: Weighed, places: Sequence[Place], cited: Sequence[tuple[int, Passage]]
) -> tuple[Citation, ...]:
    """Return the sentences a claim rests on, each once, in the claim's order."""
    made = []
    for at in dict.fromkeys(weighed.best):
        marker, passage = cited[places[at].passage]
        made.append(_citation(marker, passage, places[at].start, places[at].end))
    return tuple(made)


def _citation(marker: int, passage: Passage, start: int, end: int) -> Citation:
    """Return a citation of ``passage.chunk.text[start:end]``."""
    return Citation(
        marker=marker,
        passage=passage,
        quote=passage.chunk.text[start:end],
        start=passage.chunk.start + start,
        end=passage.chunk.start + end,
        source=passage.source_at(start),
    )


def _verdict(
    claim: Claim,
    verdict: Verdict,
    score: float | None,
    reason: str,
    *evidence: Citation,
    layer: Layer | None = None,
) -> ClaimCheck:
    return ClaimCheck(
        claim=claim, verdict=verdict, score=score, evidence=evidence, reason=reason, layer=layer
    )
