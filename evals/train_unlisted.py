"""``python -m evals.train_unlisted``: fit the gate's weights for documents that list no questions.

Knows: XQuAD's questions over the passages with their own and without, in both languages. Prints the
weights, to be pasted into ``assistant/gate.py``. Invariant: one half of the passages is fitted, the
other only measured.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from assistant import Language, Settings
from assistant.gate import Features
from evals.external import data_folder
from evals.external_questions import fitted, xquad_gate
from evals.train_ranking import gate_model, spread
from evals.worlds import Worlds

LOOKED_AT = ("match", "covered")
"""What is known without listed questions. With what no sentence covers in place of what one does
the area is .911, with both .945."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A question that the gate weighed."""

    features: Features
    answerable: bool
    fitted: bool
    """Whether its passage is in the half that is fitted."""


def weighed(folder: Path, settings: Settings) -> Iterator[Seen]:
    """Yield what the gate weighs of XQuAD, without what it refuses by names and years alone."""
    with Worlds(settings) as worlds:
        for language in Language:
            for probe in xquad_gate(folder, language):
                assistant = worlds.open(probe.inquiry.world)
                seen = assistant.examine(probe.inquiry.question, probe.inquiry.filters).features
                if seen is not None:
                    yield Seen(
                        features=seen,
                        answerable=bool(probe.answerable),
                        fitted=fitted(probe.group),
                    )


def main() -> int:
    """Fit on one half, print the weights and the area under the curve on the other."""
    settings = Settings()
    folder = data_folder(settings)
    if folder is None:
        raise SystemExit("set FIRSTPILOT_EVAL_DATA to the folder of evaluation data")
    rows = list(weighed(folder, settings))
    named = [field.name in LOOKED_AT for field in fields(Features)]
    x = np.asarray([astuple(row.features) for row in rows])[:, named]
    y = np.asarray([row.answerable for row in rows])
    half = np.asarray([row.fitted for row in rows])
    model, scale = gate_model(), spread(x[half])
    model.fit(x[half] / scale, y[half])
    held = model.predict_proba(x[~half] / scale)[:, 1]
    print(f"fitted on {half.sum()}, AUC {roc_auc_score(y[~half], held):.3f} on {len(held)}")
    print(f"    bias {model.intercept_[0]:.2f}")
    for name, weight in zip(LOOKED_AT, model.coef_[0] / scale, strict=True):
        print(f"    {name}={weight:.2f},")
    return 0


if __name__ == "__main__":
    sys.exit(main())
