"""``python -m evals.train_ranking``: fit the weights of the evidence ranker and of the gate.

Knows: the development questions, which sentences answer them, and two logistic regressions. Does
not change any file: it prints the weights, to be pasted into ``assistant/signals.py`` and
``assistant/gate.py`` with the date, after the change in the scores has been looked at. Invariant:
nothing but the ``*-dev.jsonl`` parts is read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from assistant import Assistant, Examination, Settings, build_index
from assistant.gate import Features
from assistant.signals import WEIGHTS, Signals, values_of
from evals.cases import dev_rows
from evals.metrics import holds

FOLDS = 10
RANKER_C, GATE_C = 0.3, 1.0
"""Inverse strength of regularisation; tenfold loss hardly changes between a third and thrice it."""

BY_HAND = ("foreign", "unsaid", "strength", "recency", "length")
"""Signals that the questions say nothing of: they ask in the language of the documents, and often
for the weakest of sources by name. Their weights are set by what readers are promised."""
BESIDE, BESIDE_WEIGHT = "bd", 0.5
"""How the ids of the cases set up beside answerable ones begin, and what they weigh in the gate:
there are more of them than readers ask."""
NOT_LISTED = "covered"
"""The feature that is weighed where nothing is listed alone (``train_unlisted``)."""
SPEAK_AGAINST = frozenset(
    ("unanswered", "elsewhere", "gravest", "lacking", "no_detail", "unsaid", "unknown")
)
"""Features of the gate that speak against an answer; the others speak for one."""
SHOWN = 3
"""Sentences among which a labelled one must be for an answer to be right."""

Matrix = NDArray[np.float64]


def dev_cases() -> Iterator[dict[str, Any]]:
    """Yield the development cases that are about one question over the shipped knowledge."""
    set_apart = ("history", "planted", "sources_in", "forbidden", "sources_needed")
    return (case for case in dev_rows() if not any(case.get(key) for key in set_apart))


def labels(case: dict[str, Any], seen: Examination) -> list[bool]:
    """Return which candidates answer a case: by sentence, else by document and figures."""
    named = set(case.get("sentences", ()))
    found = []
    for candidate in seen.candidates:
        passage = seen.passages[candidate.marker - 1]
        place = f"{passage.chunk.position}.{candidate.order + 1}"
        document = passage.document.name
        if named:
            ids = {f"{document}.en:{place}", f"{document}.zh:{place}"}
            found.append(bool(ids & named))
        else:
            right = document in case["documents"] and bool(case["figures"])
            found.append(right and all(holds(text, candidate.text) for text in case["figures"]))
    return found


def pairs(signals: Matrix, right: Sequence[bool]) -> tuple[Matrix, float]:
    """Return how a question's best labelled sentence differs from each other one, and a weight."""
    wanted = np.asarray(right)
    rows = signals[wanted][0] - signals[~wanted]
    return rows, 1.0 / max(len(rows), 1)


def fit_ranker(rows: Sequence[tuple[Matrix, list[bool]]]) -> Matrix:
    """Return the weights under which a labelled sentence comes before the others most often."""
    differences, shares = [], []
    for signals, right in rows:
        found, share = pairs(signals, right)
        differences.append(found)
        shares.append(np.full(len(found), share))
    x, w = np.vstack(differences), np.concatenate(shares)
    model = LogisticRegression(fit_intercept=False, C=RANKER_C * len(rows) / w.sum(), max_iter=5000)
    y = np.concatenate([np.ones(len(x)), np.zeros(len(x))])
    free = [field.name not in BY_HAND for field in fields(Signals)]
    model.fit(np.vstack([x, -x])[:, free], y, sample_weight=np.concatenate([w, w]))
    weights: Matrix = np.asarray(values_of(WEIGHTS), dtype=np.float64)
    weights[free] = model.coef_[0]
    return weights


def firsts(rows: Sequence[tuple[Matrix, list[bool]]], weights: Matrix, depth: int = 1) -> float:
    """Return the share of questions with a labelled sentence among the first ``depth``."""
    hits = 0
    for signals, right in rows:
        order = np.argsort(-(signals @ weights), kind="stable")[:depth]
        hits += any(right[i] for i in order)
    return hits / len(rows)


def main() -> int:
    """Fit both, print weights and ten-fold scores."""
    settings = Settings()
    if "words" in sys.argv[1:]:
        place = settings.data_dir / "evals" / "words-alone"
        settings = settings.model_copy(update={"embedder": "none", "data_dir": place})
        build_index(settings)
    assistant = Assistant.from_settings(settings)
    ranked: list[tuple[Matrix, list[bool]]] = []
    gate_x, gate_y, gate_w, groups = [], [], [], []
    refused = {True: 0, False: 0}
    for number, case in enumerate(dev_cases()):
        seen = assistant.examine(case["question"])
        right = labels(case, seen) if case["answerable"] else []
        if any(right) and not all(right):
            ranked.append((np.asarray([astuple(c.signals) for c in seen.candidates]), right))
        if seen.features is None:
            refused[case["answerable"]] += 1
            continue
        gate_x.append(astuple(seen.features))
        # An answer from the wrong sentence is no better than one to no question.
        gate_y.append(case["answerable"] and (not any(right) or any(right[:SHOWN])))
        gate_w.append(BESIDE_WEIGHT if case["id"].startswith(BESIDE) else 1.0)
        groups.append(case["documents"][0] if case["documents"] else f"none-{number}")
    _report_ranker(ranked)
    print(
        f"refused by places, names or years alone: {refused[True]} answerable, {refused[False]} not"
    )
    _report_gate(np.asarray(gate_x), np.asarray(gate_y), np.asarray(gate_w), groups)
    return 0


def _report_ranker(rows: list[tuple[Matrix, list[bool]]]) -> None:
    held = []
    for fold in range(FOLDS):
        weights = fit_ranker([row for i, row in enumerate(rows) if i % FOLDS != fold])
        held += [(row, weights) for i, row in enumerate(rows) if i % FOLDS == fold]
    one = np.mean([firsts([row], weights) for row, weights in held])
    three = np.mean([firsts([row], weights, 3) for row, weights in held])
    print(f"ranker: n={len(rows)}, ten folds: first {one:.3f}, among three {three:.3f}")
    for field, weight in zip(fields(Signals), fit_ranker(rows), strict=True):
        print(f"    {field.name}={weight:.2f},")


def gate_model() -> LogisticRegression:
    """Return the regression of the gate, to be fitted to features over their spread."""
    return LogisticRegression(class_weight="balanced", C=GATE_C, max_iter=5000)


def spread(x: Matrix) -> Matrix:
    """Return what features are divided by: likenesses vary little, and would be taken for nothing.

    What never varies, such as a likeness without vectors, gets 1 and hence no weight.
    """
    scale: Matrix = x.std(0)
    return np.where(scale == 0, 1.0, scale)


def _against_their_meaning(weights: Matrix, names: Sequence[str]) -> int | None:
    """Return the place of the weight that contradicts its feature most, None if none does.

    Features that say nearly the same take weights of either sign, which hold for no other data.
    """
    signs = [-1.0 if name in SPEAK_AGAINST else 1.0 for name in names]
    least = int(np.argmin(weights * signs))
    return least if weights[least] * signs[least] < 0 else None


def _report_gate(x: Matrix, y: NDArray[np.bool_], w: Matrix, groups: Sequence[str]) -> None:
    names = [field.name for field in fields(Features)]
    x = np.delete(x, names.index(NOT_LISTED), axis=1)
    names.remove(NOT_LISTED)
    model, scale = gate_model(), spread(x)
    x = x / scale
    while True:
        wrong = _against_their_meaning(model.fit(x, y, sample_weight=w).coef_[0], names)
        if wrong is None:
            break
        x, scale = np.delete(x, wrong, axis=1), np.delete(scale, wrong)
        print(f"left out, its weight contradicting it: {names.pop(wrong)}")
    held = cross_val_predict(
        model,
        x,
        y,
        groups=groups,
        cv=GroupKFold(FOLDS),
        method="predict_proba",
        params={"sample_weight": w},
    )[:, 1]
    print(f"gate: n={len(y)} ({int(y.sum())} answerable)")
    for name, some in (("plain", w == 1), ("beside", w < 1)):
        right, given = y[some], held[some]
        print(f"  {name}: n={len(right)}, AUC {roc_auc_score(right, given):.3f}")
        for threshold in np.arange(0.2, 0.7, 0.05):
            falsely, refuses = (given[right] < threshold).mean(), (given[~right] < threshold).mean()
            print(f"    below {threshold:.2f}: refuses {refuses:.3f}, falsely {falsely:.3f}")
    model.fit(x, y, sample_weight=w)
    print(f"    bias {model.intercept_[0]:.2f}")
    for name, weight in zip(names, model.coef_[0] / scale, strict=True):
        print(f"    {name}={weight:.2f},")


if __name__ == "__main__":
    sys.exit(main())
