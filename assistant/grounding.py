"""Grounding: is a sentence really in the passages it cites?

Knows: three deterministic checks, in this order: the citation exists, the words are quoted
verbatim, and, for words of one's own, every figure and most content words stand in the cited
passage and neither of the two turns round what the other says. Does not know who wrote the
sentence.
Invariants: a verdict of supported always carries evidence with offsets; a check that could not be
made is ``unchecked``, never right or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from assistant.citations import resolve
from assistant.figures import describe, find_figures, unsupported_figures
from assistant.language import detect_language
from assistant.markdown import quotable_spans
from assistant.polarity import conflict, is_negative
from assistant.schema import Citation, Claim, ClaimCheck, Grounding, Language, Passage, Verdict
from assistant.terms import Analyser

CONTAINMENT = 0.7
"""Share of a claim's content terms that one cited passage must hold when the claim is no quote.
Provisional, chosen strict: the measured verifier replaces it (see DESIGN.md, entry 6)."""
IN_ONE_SENTENCE = 0.5
"""Share of them that one sentence of the passage must hold: words from everywhere prove nothing."""
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


class DeterministicVerifier:
    """Checks by rules alone: citations, verbatim quotes, figures, content words."""

    name = "deterministic-2"

    def __init__(self, analyser: Analyser) -> None:
        """Take the analyser that cuts claims and passages into terms."""
        self._analyser = analyser

    def check(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> Grounding:
        """Check each claim; marker ``[n]`` means ``passages[n - 1]``."""
        checks = tuple(self._check(claim, passages) for claim in claims)
        return Grounding(checks=checks, verifier=self.name)

    def _check(self, claim: Claim, passages: Sequence[Passage]) -> ClaimCheck:
        say = _REASONS[detect_language(claim.text)]
        if not any(map(str.isalnum, claim.text)):
            return _verdict(claim, Verdict.UNCHECKED, None, say["wordless"])
        valid, dangling = resolve(claim.markers, passages)
        if not valid:
            if dangling:
                return _verdict(claim, Verdict.UNCITED, 0.0, say["dangling"].format(dangling[0]))
            return _verdict(claim, Verdict.UNCITED, 0.0, say["uncited"])
        cited = [(n, passages[n - 1]) for n in valid]
        for n, passage in cited:
            quote = self._verbatim(claim.text, passage)
            if quote is not None:
                evidence = _citation(n, passage, *quote)
                return _verdict(claim, Verdict.SUPPORTED, 1.0, say["verbatim"], evidence)
        return self._check_own_words(claim, cited, say)

    def _check_own_words(
        self, claim: Claim, cited: Sequence[tuple[int, Passage]], say: dict[str, str]
    ) -> ClaimCheck:
        """Check a claim that is no quote: its figures first, then its words."""
        evidence_text = "\n".join(passage.chunk.text for _, passage in cited)
        terms = self._words(claim.text)
        wrong = unsupported_figures(claim.text, self._about(terms, cited))
        best = max(
            (
                (self._overlap(terms, passage.chunk.text[start:end]), n, passage, start, end)
                for n, passage in cited
                for start, end in quotable_spans(passage.chunk.text)
            ),
            key=lambda row: (row[0], -row[1], -row[3]),
            default=None,
        )
        if best is None:
            return _verdict(claim, Verdict.UNCHECKED, None, say["empty"])
        _, n, passage, start, end = best
        evidence = _citation(n, passage, start, end)
        if wrong:
            rivals = find_figures(evidence.quote, None)
            there = "、".join(map(describe, rivals)) or say["none"]
            reason = say["figure"].format(describe(wrong[0]), there)
            return _verdict(claim, Verdict.UNSUPPORTED, 0.0, reason, evidence)
        turned = conflict(claim.text, evidence.quote)
        if turned is not None:
            return _verdict(claim, Verdict.UNSUPPORTED, 0.0, say[turned.value], evidence)
        held = self._overlap(terms, evidence_text)
        if held < CONTAINMENT or self._overlap(terms, evidence.quote) < IN_ONE_SENTENCE:
            return _verdict(claim, Verdict.UNSUPPORTED, held, say["words"], evidence)
        return _verdict(claim, Verdict.SUPPORTED, held, say["held"], evidence)

    def _words(self, text: str) -> set[str]:
        """Return the terms of a text without its figures, which are compared as figures."""
        figures = find_figures(text, None)
        for figure in reversed(figures):
            text = f"{text[: figure.start]} {text[figure.end :]}"
        return set(self._analyser.terms(text))

    def _about(self, terms: set[str], cited: Sequence[tuple[int, Passage]]) -> str:
        """Return the sentences that share a word with a claim: another row's figure is not its."""
        texts = (
            passage.chunk.text[start:end]
            for _, passage in cited
            for start, end in quotable_spans(passage.chunk.text)
        )
        return "\n".join(text for text in texts if not terms or self._overlap(terms, text))

    def _verbatim(self, text: str, passage: Passage) -> tuple[int, int] | None:
        """Return where the passage's text holds a claim word for word, or None.

        A table row may add a short label without figures to its quote, of words of the passage.
        """
        wanted = _plain(text)
        if not wanted:
            return None
        for start, end in quotable_spans(passage.chunk.text):
            sentence = _plain(passage.chunk.text[start:end])
            part = len(wanted) >= LABEL and wanted in sentence
            # A part that leaves out "not" says the opposite of the whole.
            if sentence == wanted or (part and is_negative(wanted) == is_negative(sentence)):
                return start, end
            label = wanted.removesuffix(sentence)
            if sentence and label != wanted and self._is_label(label, passage):
                return start, end
        return None

    def _is_label(self, label: str, passage: Passage) -> bool:
        if len(label) > LABEL or find_figures(label, None) or is_negative(label):
            return False
        there = "\n".join((passage.document.title, *passage.chunk.heading_path, passage.chunk.text))
        return self._overlap(set(self._analyser.terms(label)), there) > 0

    def _overlap(self, terms: set[str], text: str) -> float:
        """Return the share of terms that a text holds; 0 when there are none."""
        return len(terms & set(self._analyser.terms(text))) / len(terms) if terms else 0.0


_REASONS: dict[Language, dict[str, str]] = {
    Language.EN: {
        "dangling": "cites [{}], which is not among the sources",
        "uncited": "names no source",
        "verbatim": "quoted word for word",
        "held": "its figures and words stand in the source",
        "figure": "{} in the answer, {} in the source",
        "words": "too little of it stands in the source",
        "negation": "the source says it the other way round, or not at all",
        "direction": "the source says the opposite direction",
        "advice": "the source tells a fact and gives no such advice",
        "empty": "the cited passage has no sentence to compare with",
        "none": "no figure",
        "wordless": "there are no words in it to check",
    },
    Language.ZH: {
        "dangling": "引用了不存在的来源 [{}]",
        "uncited": "没有注明来源",
        "verbatim": "逐字引用",
        "held": "数字和用词都见于来源",
        "figure": "回答中是 {}，来源中是 {}",
        "words": "大部分内容在来源中找不到",
        "negation": "来源的说法相反或没有这样说",
        "direction": "来源说的方向相反",
        "advice": "来源陈述的是事实，没有给出这样的建议",
        "empty": "所引段落没有可比对的句子",
        "none": "没有数字",
        "wordless": "没有可以核对的文字",
    },
}


def _plain(text: str) -> str:
    """Return a text with white space folded and quotes, emphasis and final stops taken off."""
    return _EDGE.sub("", _SPACE.sub(" ", text))


def _citation(marker: int, passage: Passage, start: int, end: int) -> Citation:
    """Return a citation of ``passage.chunk.text[start:end]``."""
    return Citation(
        marker=marker,
        passage=passage,
        quote=passage.chunk.text[start:end],
        start=passage.chunk.start + start,
        end=passage.chunk.start + end,
    )


def _verdict(
    claim: Claim, verdict: Verdict, score: float | None, reason: str, *evidence: Citation
) -> ClaimCheck:
    return ClaimCheck(claim=claim, verdict=verdict, score=score, evidence=evidence, reason=reason)
