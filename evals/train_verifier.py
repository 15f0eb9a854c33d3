"""``python -m evals.train_verifier`` fits the verifier's model: ``assistant/support.json``.

Knows: which claims it may be fitted on (the parts of ``evals.external.TRAINABLE`` that are not held
out, and mutations of knowledge documents that are not), how much each set counts, and how the
weights are written. Needs scikit-learn, which nothing else does. Invariants: what ``is_held_out``
says is held out is never fitted on; the same data give the same file.

It reaches below the public names on purpose: the numbers it fits are the verifier's own.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import Passage, Settings, passages_of, sentences_of
from assistant.agreement import NAMES
from assistant.builder import make_analyser
from assistant.embeddings import make_embeddings
from assistant.language import detect_language
from assistant.support import WEIGHTS
from assistant.weighing import FEATURES, Weigher
from evals.external import GROUNDING_SETS, TRAINABLE, data_folder, grounding_pairs, is_held_out
from evals.intervals import auroc, balanced_accuracy
from evals.mutations import Kind, Mutant, knowledge_sentences, mutants, translations

SEEDS = (1,)
FOLDS = 3
TREES = 250
MUTANTS = 3000
"""Mutations within a language that are fitted on, both languages together."""
ACROSS = 1200
"""Claims across languages that are fitted on."""
BATCH = 16
"""Claims weighed at a time."""
WEIGHTS_OF_SETS = {
    "begin": 0.3,
    "attributionbench/BEGIN": 0.3,
    "attributionbench/HAGRID": 0.5,
    "attributionbench/Stanford-GenSearch": 3.0,
    "wice_oracle": 2.0,
}
"""How much a set counts as a whole, 1 unless named: sentences that models wrote over web pages are
nearest to what is asked here; BEGIN and HAGRID are easy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A claim, its passages, and whether they bear it out."""

    claim: str
    passages: tuple[Passage, ...]
    supported: bool
    source: str
    group: str
    may_fit: bool = True
    """Whether its set may be fitted on at all."""

    @property
    def held_out(self) -> bool:
        """Whether nothing may be fitted on it."""
        return not self.may_fit or is_held_out(self.group)


def knowledge_examples(settings: Settings, limit: int) -> Iterator[Example]:
    """Yield mutations of the knowledge base, about as many true ones as false ones of each kind."""
    made = [
        mutant
        for mutant in mutants(knowledge_sentences(settings.knowledge_dir))
        if mutant.kind is not Kind.QUOTE
    ]
    made.sort(key=lambda m: sha256(f"{m.kind}{m.text}".encode()).digest())
    kinds = Counter[tuple[Kind, str]]()
    share = limit // (2 * len(Kind))
    for mutant in made:
        key = mutant.kind, mutant.language.value
        if kinds[key] < share * (2 if mutant.true else 1):
            kinds[key] += 1
            yield as_example(mutant)


def across_examples(settings: Settings, limit: int) -> Iterator[Example]:
    """Yield claims about the translation of their passage: true ones, and planted errors."""
    sentences = knowledge_sentences(settings.knowledge_dir)
    twins = {pair.text: pair for pair in translations(sentences)}
    rows = [(pair.text, pair.passages, True, pair.home) for pair in twins.values()]
    for mutant in mutants(sentences):
        pair = twins.get(mutant.original)
        if pair is not None and not mutant.true:
            passages = mutant.passages if mutant.kind is Kind.CITATION else pair.passages
            rows.append((mutant.text, passages, False, pair.home))
    rng = Random(0)  # noqa: S311 - no secret
    homes = list(twins.values())
    for pair in homes:
        other = rng.choice(homes)
        if other.home != pair.home:
            rows.append((pair.text, other.passages, False, pair.home))
    rows.sort(key=lambda row: sha256(f"{row[0]}{row[1][0].chunk.id}".encode()).digest())
    counts = Counter[bool]()
    for claim, passages, supported, home in rows:
        across = detect_language(claim) is not passages[0].document.language
        if across and counts[supported] < limit // 2:
            counts[supported] += 1
            source = f"across/{passages[0].document.language.value}"
            yield Example(
                claim=claim, passages=passages, supported=supported, source=source, group=home
            )


def as_example(mutant: Mutant) -> Example:
    """Return a mutation as an example; twins are in one group."""
    return Example(
        claim=mutant.text,
        passages=mutant.passages,
        supported=mutant.true,
        source=f"knowledge/{mutant.language.value}",
        group=mutant.home,
    )


def external_examples(folder: Path, names: Sequence[str]) -> Iterator[Example]:
    """Yield the pairs of external sets."""
    for name in names:
        for number, pair in enumerate(grounding_pairs(folder, name)):
            # A quarter of BEGIN's easy pairs says what all of them say.
            passages = passages_of(["\n".join(pair.evidence)])
            if sentences_of(passages[0]) and (name != "begin" or number % 4 == 0):
                yield Example(
                    claim=pair.claim,
                    passages=passages,
                    supported=pair.supported,
                    source=pair.source,
                    group=pair.group,
                    may_fit=name in TRAINABLE,
                )


def weigh(weigher: Weigher, examples: Sequence[Example]) -> NDArray[np.float64]:
    """Return the numbers of claims, shape (n, features)."""
    rows: list[tuple[float, ...]] = []
    for at in range(0, len(examples), BATCH):
        some = examples[at : at + BATCH]
        grounds = [weigher.ground(example.passages)[0] for example in some]
        pairs = [(e.claim, g) for e, g in zip(some, grounds, strict=True)]
        rows += [one.numbers for one in weigher.weigh(pairs)]
        if at % 2000 < BATCH:
            print(f"{at} of {len(examples)}", end="\r", flush=True)
    return np.array(rows)


def set_weights(sources: Sequence[str]) -> NDArray[np.float64]:
    """Return a weight for each example, so that every set counts as a whole what it should."""
    count = Counter(sources)
    weights = [
        WEIGHTS_OF_SETS.get(source, WEIGHTS_OF_SETS.get(source.partition("/")[0], 1.0))
        / count[source]
        for source in sources
    ]
    return np.array(weights) * len(sources) / sum(weights)


class Fitted:
    """Small boosted trees, averaged over seeds on the scale of log odds."""

    def __init__(
        self, numbers: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64]
    ) -> None:
        """Fit them."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        self.forests = [
            HistGradientBoostingClassifier(
                max_iter=TREES,
                learning_rate=0.03,
                max_leaf_nodes=6,
                min_samples_leaf=20,
                l2_regularization=5.0,
                max_features=0.3,
                early_stopping=False,
                random_state=seed,
            ).fit(numbers, truth, sample_weight=weights)
            for seed in SEEDS
        ]

    def logits(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return log odds before calibration."""
        made: NDArray[np.float64] = np.mean(
            [forest.decision_function(numbers) for forest in self.forests], axis=0
        )
        return made

    def written(self) -> dict[str, Any]:
        """Return the weights as plain types; a leaf of a tree is its own child."""
        tree: dict[str, list[Any]] = {
            key: [] for key in ("roots", "feature", "cut", "left", "right", "value")
        }
        depth = 0
        share = 1 / len(self.forests)
        grown = [one for forest in self.forests for (one,) in forest._predictors]
        for predictor in grown:
            base = len(tree["feature"])
            tree["roots"].append(base)
            for at, node in enumerate(predictor.nodes):
                leaf = bool(node["is_leaf"])
                depth = max(depth, int(node["depth"]))
                tree["feature"].append(0 if leaf else int(node["feature_idx"]))
                tree["cut"].append(0.0 if leaf else round(float(node["num_threshold"]), 7))
                tree["left"].append(base + (at if leaf else int(node["left"])))
                tree["right"].append(base + (at if leaf else int(node["right"])))
                tree["value"].append(round(share * float(node["value"]), 6) if leaf else 0.0)
        start = np.mean([np.ravel(forest._baseline_prediction)[0] for forest in self.forests])
        return {"features": FEATURES, "trees": {"base": float(start), "depth": depth, **tree}}


def calibrate(
    logits: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Return slope and shift (Platt) fitted on log odds of claims that were not fitted on."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(logits[:, None], truth, sample_weight=weights)
    return round(float(fitted.coef_[0, 0]), 6), round(float(fitted.intercept_[0]), 6)


def fit(
    numbers: NDArray[np.float64], examples: Sequence[Example], hidden: Sequence[str]
) -> tuple[dict[str, Any], NDArray[np.float64], NDArray[np.bool_]]:
    """Fit one model.

    Args:
        numbers: of all examples, shape (n, features).
        examples: held-out ones among them.
        hidden: names of numbers that this model is not to see.

    Returns:
        The weights; probabilities of all examples, those fitted on by folds in turn; which
        are held out.
    """
    numbers = numbers.copy()
    numbers[:, [FEATURES.index(name) for name in hidden]] = 0.0
    truth = np.array([example.supported for example in examples])
    held = np.array([example.held_out for example in examples])
    weights = np.zeros(len(examples))
    weights[~held] = set_weights(
        [e.source for e, out in zip(examples, held, strict=True) if not out]
    )
    folds = np.array([_fold(example.group) for example in examples])
    logits = np.zeros(len(examples))
    for fold in range(FOLDS):
        inside = ~held & (folds != fold)
        outside = ~held & (folds == fold)
        part = Fitted(numbers[inside], truth[inside], weights[inside])
        logits[outside] = part.logits(numbers[outside])
    whole = Fitted(numbers[~held], truth[~held], weights[~held])
    logits[held] = whole.logits(numbers[held])
    slope, shift = calibrate(logits[~held], truth[~held], weights[~held])
    chances = 1 / (1 + np.exp(-(slope * logits + shift)))
    return {**whole.written(), "calibration": [slope, shift]}, chances, held


def _fold(group: str) -> int:
    return int.from_bytes(sha256(f"fold {group}".encode()).digest()[:4]) % FOLDS


def scores(
    examples: Sequence[Example], chances: NDArray[np.float64], held: NDArray[np.bool_]
) -> dict[str, dict[str, Any]]:
    """Return AUROC with its interval and balanced accuracy of each set's held-out part."""
    truth = np.array([example.supported for example in examples])
    sources = np.array([example.source for example in examples])
    found: dict[str, dict[str, Any]] = {}
    for source in sorted(set(sources)):
        part = held & (sources == source)
        folds = ~held & (sources == source)
        if part.sum() < 20 or len(set(truth[part])) < 2:
            continue
        area = auroc(truth[part], chances[part])
        found[source] = {
            "n": int(part.sum()),
            "auroc": round(area.value, 3),
            "low": round(area.low, 3),
            "high": round(area.high, 3),
            "balanced_accuracy": round(
                balanced_accuracy(truth[part], chances[part] >= 0.5).value, 3
            ),
        }
        if folds.any():
            found[source]["auroc_in_folds"] = round(auroc(truth[folds], chances[folds]).value, 3)
    return found


VECTORS = [
    name
    for name in FEATURES
    if name.removeprefix("worst_").startswith("cosine") and name.removeprefix("worst_") in NAMES
]
THRESHOLD = {"within": 0.5, "across": 0.5, "across_without_vectors": 0.5}
"""Of a claim in which no rule is sure of an error; ``evals/LOG.md`` has the run that set them."""


def main() -> int:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="a file that keeps the numbers between runs")
    parser.add_argument("--sets", nargs="*", default=[*GROUNDING_SETS, "faithbench"])
    parser.add_argument("--dry", action="store_true", help="print the scores and write nothing")
    arguments = parser.parse_args()
    settings = Settings()
    folder = data_folder(settings)
    if folder is None:
        raise SystemExit("set FIRSTPILOT_EVAL_DATA to the folder of evaluation data")
    examples = [
        *external_examples(folder, arguments.sets),
        *knowledge_examples(settings, MUTANTS),
    ]
    across = list(across_examples(settings, ACROSS))
    numbers = _numbers(settings, [*examples, *across], arguments.cache)
    made: dict[str, Any] = {}
    reports: dict[str, Any] = {}
    for name, some, rows, hidden in (
        ("within", examples, numbers[: len(examples)], VECTORS),
        ("across", across, numbers[len(examples) :], []),
        ("across_without_vectors", across, numbers[len(examples) :], VECTORS),
    ):
        weights, chances, held = fit(rows, some, hidden)
        made[name] = {"threshold": THRESHOLD[name], **weights}
        reports[name] = scores(some, chances, held)
        for source, row in reports[name].items():
            print(f"{name:22} {source:36} {row}")
    if not arguments.dry:
        fitted_on = Counter(e.source for e in (*examples, *across) if not e.held_out)
        made["made"] = {
            "by": "python -m evals.train_verifier",
            "date": datetime.now(UTC).date().isoformat(),
            "fitted_on": fitted_on,
            "held_out": reports,
        }
        WEIGHTS.write_text(json.dumps(made, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _numbers(
    settings: Settings, examples: Sequence[Example], cache: Path | None
) -> NDArray[np.float64]:
    """Return the numbers of examples, from the cache where it has those of the same claims."""
    key = sha256(
        "\0".join(
            (*FEATURES, *(f"{e.claim}\1{e.passages[0].chunk.text}" for e in examples))
        ).encode("utf-8", "surrogatepass")
    ).hexdigest()
    if cache is not None and cache.is_file():
        with cache.open("rb") as file:
            kept = pickle.load(file)  # noqa: S301 - a file of the maintainer's own
        if kept["key"] == key:
            numbers: NDArray[np.float64] = kept["numbers"]
            return numbers
    weigher = Weigher(make_analyser(settings), make_embeddings(settings))
    numbers = weigh(weigher, examples)
    if cache is not None:
        with cache.open("wb") as file:
            pickle.dump({"key": key, "numbers": numbers}, file)
    return numbers


if __name__ == "__main__":
    raise SystemExit(main())
