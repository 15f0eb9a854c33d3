"""The mutation suite: planted errors are caught, paraphrases pass, and a broken layer shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from assistant import Claim, Grounding, Language, Passage, Settings, Verdict, Verifier
from assistant.builder import make_analyser
from assistant.composition_root import verifier_of
from assistant.findings import Finder, Finding, FindingKind
from assistant.grounding import LayeredVerifier
from assistant.support import SupportModel
from evals.intervals import share
from evals.mutation_suite import bars, judge, pooled, tally
from evals.mutations import (
    FALSE,
    Kind,
    Mutant,
    knowledge_sentences,
    mutants,
    translations,
)
from tests.support import KNOWLEDGE

A_KIND = 25
"""Claims of each kind and language: enough to see a bar missed, few enough to be quick."""


@pytest.fixture(scope="module")
def made() -> list[Mutant]:
    """A sample of the whole knowledge base, of every kind and language."""
    sentences = [s for s in knowledge_sentences(KNOWLEDGE) if _hash(s.passage.chunk.id) % 5 == 0]
    kept: dict[tuple[Kind, Language], list[Mutant]] = {}
    for mutant in mutants(sentences):
        rows = kept.setdefault((mutant.kind, mutant.language), [])
        if len(rows) < A_KIND:
            rows.append(mutant)
    return [mutant for rows in kept.values() for mutant in rows]


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    """The shipped verifier without an embedder: rules and the model for that case."""
    return verifier_of(make_analyser(Settings()), None)


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:4])


def test_every_kind_is_made_in_both_languages(made: list[Mutant]) -> None:
    there = {(mutant.kind, mutant.language) for mutant in made}
    assert there == {(k, lang) for k in Kind if k is not Kind.TRANSLATION for lang in Language}
    for mutant in made:
        assert mutant.text != mutant.original or mutant.kind is Kind.CITATION


def test_the_same_documents_give_the_same_claims() -> None:
    sentences = knowledge_sentences(KNOWLEDGE)[:200]
    assert list(mutants(sentences)) == list(mutants(sentences))


def test_translations_pair_sentences_of_the_same_place() -> None:
    sentences = [
        s for s in knowledge_sentences(KNOWLEDGE) if "sme-ai-report" in s.passage.document.id
    ]
    pairs = list(translations(sentences))
    assert {pair.language for pair in pairs} == set(Language)
    assert any("28.3%" in pair.text and "28.3%" in pair.original for pair in pairs)


def test_the_bars_are_met(made: list[Mutant], verifier: Verifier) -> None:
    judged = list(judge(verifier, made))
    tallies = tally(judged)
    missed = [(name, str(found), bar) for name, found, bar, met in bars(tallies) if not met]
    wrong = [
        (m.kind.value, m.original, m.text, reason)
        for m, verdict, reason in judged
        if (verdict is Verdict.SUPPORTED) is not m.true
    ]
    assert missed == [], wrong
    assert all(row.unchecked == 0 for row in tallies.values())


@pytest.mark.parametrize("kind", sorted(FALSE - {Kind.DETAIL}))
def test_each_kind_of_error_is_caught_in_either_language(
    kind: Kind, made: list[Mutant], verifier: Verifier
) -> None:
    tallies = tally(judge(verifier, [m for m in made if m.kind is kind]))
    for language in Language:
        row = tallies[kind, language]
        assert row.refused >= 0.9 * row.n


def rules_inverted(patch: pytest.MonkeyPatch) -> None:
    """The rules speak where they should be silent, and are silent where they should speak."""
    whole = Finder.find

    def find(self: Finder, *args: Any) -> list[Finding]:
        return [] if whole(self, *args) else [Finding(kind=FindingKind.FIGURE, ours="1")]

    patch.setattr(Finder, "find", find)


def model_inverted(patch: pytest.MonkeyPatch) -> None:
    """The model gives the probability of the contrary."""
    whole = SupportModel.probabilities
    patch.setattr(SupportModel, "probabilities", lambda self, rows: 1 - whole(self, rows))


def quotes_inverted(patch: pytest.MonkeyPatch) -> None:
    """Whatever is no quote counts as one."""
    patch.setattr(LayeredVerifier, "_verbatim", lambda self, text, passage: (0, 1))


@pytest.mark.parametrize("invert", [rules_inverted, model_inverted, quotes_inverted])
def test_inverting_one_layer_turns_the_gate_red(
    invert: Callable[[pytest.MonkeyPatch], None],
    made: list[Mutant],
    verifier: Verifier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some = made[::2]
    assert all(met for *_, met in bars(tally(judge(verifier, some))))
    invert(monkeypatch)
    assert not all(met for *_, met in bars(tally(judge(verifier, some))))


class Inverted:
    """A verifier whose verdicts say the contrary."""

    name = "inverted"

    def __init__(self, inner: Verifier) -> None:
        self._inner = inner

    def check(self, claims: Sequence[Claim], passages: Sequence[Passage]) -> Grounding:
        turned = {
            Verdict.SUPPORTED: Verdict.UNSUPPORTED,
            Verdict.UNSUPPORTED: Verdict.SUPPORTED,
        }
        found = self._inner.check(claims, passages)
        checks = tuple(
            replace(check, verdict=turned.get(check.verdict, check.verdict))
            for check in found.checks
        )
        return Grounding(checks=checks, verifier=self.name)


def test_a_verifier_turned_round_misses_every_bar(made: list[Mutant], verifier: Verifier) -> None:
    assert not any(met for *_, met in bars(tally(judge(Inverted(verifier), made[::3]))))


def test_nothing_measured_meets_no_bar() -> None:
    assert not any(met for *_, met in bars({}))
    assert pooled({}, FALSE) is None
    assert share(0, 0) is None
