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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import Passage, Settings, passages_of, sentences_of
from assistant.agreement import NAMES
from assistant.builder import make_analyser
from assistant.embeddings import make_embeddings
from assistant.findings import FindingKind
from assistant.support import WEIGHTS
from assistant.weighing import FEATURES, Weigher
from evals.external import GROUNDING_SETS, TRAINABLE, data_folder, grounding_pairs, is_held_out
from evals.intervals import auroc, balanced_accuracy
from evals.mutations import Kind, Mutant, knowledge_sentences, mutants

SEED = 5
MUTANTS = 3000
"""Mutations that are fitted on, of both languages together."""
BATCH = 16
"""Claims weighed at a time."""
WEIGHTS_OF_SETS = {"begin": 0.3, "knowledge": 1.0}
"""How much a set counts as a whole, 1 unless named; BEGIN is easy and far from what is asked."""


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
        WEIGHTS_OF_SETS.get(source.partition("/")[0], 1.0) / count[source] for source in sources
    ]
    return np.array(weights) * len(sources) / sum(weights)


class Fitted:
    """A logistic regression and boosted trees, averaged on the scale of log odds."""

    def __init__(
        self, numbers: NDArray[np.float64], truth: NDArray[np.bool_], weights: NDArray[np.float64]
    ) -> None:
        """Fit both."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression

        self.mean = np.average(numbers, axis=0, weights=weights)
        spread = np.sqrt(np.average((numbers - self.mean) ** 2, axis=0, weights=weights))
        self.scale = np.where(spread > 1e-6, spread, 1.0)
        self.linear = LogisticRegression(C=0.1, max_iter=3000)
        self.linear.fit(self._standard(numbers), truth, sample_weight=weights)
        self.trees = HistGradientBoostingClassifier(
            max_iter=160,
            learning_rate=0.05,
            max_leaf_nodes=12,
            min_samples_leaf=30,
            l2_regularization=5.0,
            early_stopping=False,
            random_state=SEED,
        )
        self.trees.fit(numbers, truth, sample_weight=weights)

    def _standard(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        standard: NDArray[np.float64] = np.clip((numbers - self.mean) / self.scale, -4, 4)
        return standard

    def logits(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return log odds before calibration."""
        linear = self.linear.decision_function(self._standard(numbers))
        made: NDArray[np.float64] = (linear + self.trees.decision_function(numbers)) / 2
        return made

    def written(self) -> dict[str, Any]:
        """Return the weights as plain types; a leaf of a tree is its own child."""
        tree: dict[str, list[Any]] = {
            key: [] for key in ("roots", "feature", "cut", "left", "right", "value")
        }
        depth = 0
        for (grown,) in self.trees._predictors:
            base = len(tree["feature"])
            tree["roots"].append(base)
            for at, node in enumerate(grown.nodes):
                leaf = bool(node["is_leaf"])
                depth = max(depth, int(node["depth"]))
                tree["feature"].append(0 if leaf else int(node["feature_idx"]))
                tree["cut"].append(0.0 if leaf else float(node["num_threshold"]))
                tree["left"].append(base + (at if leaf else int(node["left"])))
                tree["right"].append(base + (at if leaf else int(node["right"])))
                tree["value"].append(round(float(node["value"]), 7) if leaf else 0.0)
        return {
            "features": FEATURES,
            "linear": {
                "mean": _rounded(self.mean),
                "scale": _rounded(self.scale),
                "weights": _rounded(self.linear.coef_[0]),
                "bias": round(float(self.linear.intercept_[0]), 7),
            },
            "trees": {
                "base": float(np.ravel(self.trees._baseline_prediction)[0]),
                "depth": depth,
                **tree,
            },
        }


def _rounded(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 7) for value in values]


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
        The weights; probabilities of all examples, those fitted on by five folds in turn; which
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
    for fold in range(5):
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
    return int.from_bytes(sha256(f"fold {group}".encode()).digest()[:4]) % 5


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
THRESHOLD = 0.5
"""Of a claim in which no rule finds anything wrong; ``evals/LOG.md`` has the run that set it."""


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
    numbers = _numbers(settings, examples, arguments.cache)
    with_vectors, chances, held = fit(numbers, examples, ())
    without, plain_chances, _ = fit(numbers, examples, VECTORS)
    report = scores(examples, chances, held)
    plain = scores(examples, plain_chances, held)
    for source, row in report.items():
        bare = plain[source]["auroc"]
        print(f"{source:36} {row} without vectors {bare}")
    if not arguments.dry:
        made = {
            "made": {
                "by": "python -m evals.train_verifier",
                "date": datetime.now(UTC).date().isoformat(),
                "findings": [kind.value for kind in FindingKind],
                "fitted_on": Counter(
                    e.source for e, out in zip(examples, held, strict=True) if not out
                ),
                "held_out": report,
                "held_out_without_vectors": plain,
            },
            "with_vectors": {"threshold": THRESHOLD, **with_vectors},
            "without_vectors": {"threshold": THRESHOLD, **without},
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
