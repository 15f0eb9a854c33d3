"""``python -m evals.train_unlisted``: fit the gate's weights for documents that list no questions.

Knows: XQuAD's questions over the passages with their own and without, in both languages and across
them. Prints the weights, to be pasted into ``assistant/gate.py``. Invariant: one half of the
passages is fitted, the other only measured.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from assistant import Language, Settings
from assistant.gate import Basis, Features
from evals.external import data_folder
from evals.external_questions import fitted, xquad_gate
from evals.train_ranking import gate_model, spread
from evals.worlds import Worlds

LOOKED_AT = {Basis.UNLISTED: ("match", "covered"), Basis.FOREIGN: ("said",)}
"""What is known without listed questions, and of sentences in another language. With what no
sentence covers in place of what one does the area is .911, with both .945."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A question that the gate weighed."""

    features: Features
    answerable: bool
    fitted: bool
    """Whether its passage is in the half that is fitted."""


def weighed(folder: Path, settings: Settings, basis: Basis) -> Iterator[Seen]:
    """Yield what the gate weighs of XQuAD, without what it refuses by names and years alone."""
    pairs = [(asked, answered) for asked in Language for answered in Language]
    with Worlds(settings) as worlds:
        for asked, answered in pairs:
            if (asked is answered) is (basis is Basis.FOREIGN):
                continue
            for probe in xquad_gate(folder, asked, answered):
                assistant = worlds.open(probe.inquiry.world)
                seen = assistant.examine(probe.inquiry.question, probe.inquiry.filters).features
                if seen is not None:
                    yield Seen(
                        features=seen,
                        answerable=bool(probe.answerable),
                        fitted=fitted(probe.group),
                    )


def main() -> int:
    """Fit on one half, print the weights and what they are worth on the other."""
    settings = Settings()
    folder = data_folder(settings)
    if folder is None:
        raise SystemExit("set FIRSTPILOT_EVAL_DATA to the folder of evaluation data")
    for basis, looked_at in LOOKED_AT.items():
        _report(list(weighed(folder, settings, basis)), basis, looked_at)
    return 0


def _report(rows: Sequence[Seen], basis: Basis, looked_at: Sequence[str]) -> None:
    named = [field.name in looked_at for field in fields(Features)]
    x = np.asarray([astuple(row.features) for row in rows])[:, named]
    y = np.asarray([row.answerable for row in rows])
    half = np.asarray([row.fitted for row in rows])
    model, scale = gate_model(), spread(x[half])
    model.fit(x[half] / scale, y[half])
    held = model.predict_proba(x[~half] / scale)[:, 1]
    area = roc_auc_score(y[~half], held)
    print(f"{basis.value}: fitted on {half.sum()}, AUC {area:.3f} on {len(held)}")
    for threshold in (0.2, 0.3, 0.4, 0.5):
        refused = held < threshold
        right, wrong = refused[~y[~half]].mean(), refused[y[~half]].mean()
        print(f"    below {threshold}: refuses {right:.3f}, falsely {wrong:.3f}")
    print(f"    bias {model.intercept_[0]:.2f}")
    for name, weight in zip(looked_at, model.coef_[0] / scale, strict=True):
        print(f"    {name}={weight:.2f},")


if __name__ == "__main__":
    sys.exit(main())
