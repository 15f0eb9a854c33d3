"""The README's scorecard, written out of the committed baselines alone.

Knows: which numbers are shown, and the published ones beside them. Does not know how they were
measured. Invariant: the section between the two marks in the README is ``scorecard`` of the
baselines, word for word; a test holds this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import AssistantError
from evals.baseline import Baseline, read_baselines
from evals.estimates import Estimate
from evals.mutations import FALSE, Kind
from evals.summary import ALL, Cell, shown
from evals.systems import MAIN

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- scorecard: written by firstpilot eval report --scorecard -->"
END = "<!-- end of scorecard -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table of external measures."""

    suite: str
    what: str
    measure: str
    slice: str
    language: str = ALL
    floor: str = ""
    """The system to show beside it."""
    published: str = ""


_RGB = "at most 45 en, 43 zh by models of 2023 [RGB]"
_RETRIEVAL = [
    Line(
        suite="xquad",
        what=f"XQuAD, asked in {asked}, found in {answered}",
        measure="recall@5",
        slice=f"{asked}-{answered}",
        floor="bm25-only",
    )
    for asked in ("en", "zh")
    for answered in ("en", "zh")
]
LINES: tuple[Line, ...] = (
    *_RETRIEVAL,
    Line(suite="cmrc", what="CMRC 2018", measure="recall@5", slice="zh-zh", floor="bm25-only"),
    *(
        Line(
            suite="rgb",
            what=f"RGB, no document answers ({language})",
            measure="abstention_recall",
            slice="negatives only",
            language=language,
            floor="bm25-only",
            published=_RGB,
        )
        for language in ("en", "zh")
    ),
    *(
        Line(
            suite="rgb",
            what=f"RGB, three documents answer ({language})",
            measure="false_refusal",
            slice="answerable",
            language=language,
            floor="bm25-only",
        )
        for language in ("en", "zh")
    ),
    *(
        Line(
            suite="xquad-removed",
            what=f"XQuAD (half), gold passage {'removed' if removed else 'there'} ({language})",
            measure="abstention_recall" if removed else "false_refusal",
            slice=f"gold passage {'removed' if removed else 'there'}",
            language=language,
            floor="bm25-only",
        )
        for removed in (True, False)
        for language in ("en", "zh")
    ),
    Line(
        suite="email",
        what="E-mails that do not say",
        measure="abstention_recall",
        slice="unknown",
        floor="bm25-only",
    ),
    Line(
        suite="email",
        what="E-mails that say",
        measure="false_refusal",
        slice="answerable",
        floor="bm25-only",
    ),
    *(
        Line(
            suite="rgb-conflict",
            what=f"RGB counterfactual ({language})",
            measure="both_shown",
            slice="counterfactual",
            language=language,
            floor="bm25-only",
        )
        for language in ("en", "zh")
    ),
    Line(suite="attack-prompts", what="Attacks as questions", measure="passed", slice=ALL),
    Line(suite="attack-documents", what="Attacks in documents", measure="kept_out", slice=ALL),
)
_CLAIMS = {
    "attributionbench": ("AttributionBench", "about 80 macro-F1, GPT-3.5 fitted to it [AB]"),
    "wice_oracle": ("WiCE, right sentences", "accuracy 88 T5-3B, 77 GPT-4 [WiCE]"),
    "wice": ("WiCE, whole article", ""),
    "summedits": ("SummEdits", ""),
    "faithbench": ("FaithBench, sentences", "45 to 55 by answer, known detectors [FB]"),
    "ragtruth": ("RAGTruth, sentences", "F1 by answer 79.2 [LD], 83.9 [RH]"),
}


def scorecard(baselines: Mapping[str, Baseline]) -> str:
    """Return the scorecard as Markdown: our own cases, external sets, verifier."""
    blocks = [_own(baselines["cases"])] if "cases" in baselines else []
    blocks += [_planted(baselines), _external(baselines), _verifier(baselines)]
    return "\n".join([BEGIN, "", *(f"{block}\n" for block in blocks if block), END])


def update_readme(path: Path = README) -> Path:
    """Put the scorecard of the committed baselines between the README's marks.

    Raises:
        AssistantError: the marks are not there.
    """
    text = path.read_text(encoding="utf-8")
    before, mark, rest = text.partition(BEGIN)
    _, ending, after = rest.partition(END)
    if not mark or not ending:
        raise AssistantError(f"{path} has no place for the scorecard; put in: {BEGIN} {END}")
    path.write_text(f"{before}{scorecard(read_baselines())}{after}", encoding="utf-8")
    return path


# ---- our own cases
_OWN = (
    ("passed", "right"),
    ("citation_recall", "citation recall"),
    ("citation_precision", "citation precision"),
    ("gold_cited", "cites a right document"),
    ("figures_answered", "figures, where answered"),
    ("abstention_recall", "refused when unanswerable"),
    ("false_refusal", "refused though answerable"),
)


def _own(baseline: Baseline) -> str:
    """Return two tables of the test part: systems, then slices of the main one."""
    cells = [cell for cell in baseline.cells if cell.part == "test"]
    lines = [
        f"Our own questions, test part, {baseline.made}, backend {baseline.conditions['backend']}. "
        "Percent, 95 % interval, n.",
        "",
        _row(["", *(title for _, title in _OWN)]),
        _row(["---"] * (len(_OWN) + 1)),
    ]
    for language in (ALL, "en", "zh"):
        lines += [
            _row([f"{cell.system}, {_ASKED[language]}", *(_shown(cell, name) for name, _ in _OWN)])
            for cell in cells
            if (cell.slice, cell.language) == (ALL, language)
            and (cell.system == MAIN or language == ALL)
        ]
    lines += ["", _row(["right, by kind of question", "English", "Chinese"]), _row(["---"] * 3)]
    for kind in dict.fromkeys(cell.slice for cell in cells if cell.slice != ALL):
        found = [_shown(_find(cells, kind, language), "passed") for language in ("en", "zh")]
        lines.append(_row([kind, *found]))
    return "\n".join(lines)


_ASKED = {ALL: "all", "en": "English", "zh": "Chinese"}


def _find(cells: Sequence[Cell], kind: str, language: str, system: str = MAIN) -> Cell | None:
    """Return a cell; where a slice has one language alone, its cell for all of them."""
    own = [cell for cell in cells if cell.slice == kind and cell.system == system]
    exact = [cell for cell in own if cell.language == language]
    return next(iter(exact or (own if language == ALL else [])), None)


# ---- external sets
def _external(baselines: Mapping[str, Baseline]) -> str:
    lines = []
    for line in LINES:
        if line.suite not in baselines:
            continue
        cells = baselines[line.suite].cells
        slices = {cell.slice for cell in cells}
        kind = line.slice if line.slice in slices else next(iter(slices))
        language = line.language
        if not any(cell.slice == kind and cell.language == language for cell in cells):
            language = ALL
        floor = _find(cells, kind, language, line.floor) if line.floor else None
        lines.append(
            _row(
                [
                    line.what,
                    _NAMES[line.measure],
                    _shown(_find(cells, kind, language), line.measure),
                    _shown(floor, line.measure) if floor else "",
                    line.published,
                ]
            )
        )
    if not lines:
        return ""
    head = ["external set", "measure", "FirstPilot", "BM25 only", "published"]
    return "\n".join([_made(baselines), "", _row(head), _row(["---"] * 5), *lines])


_NAMES = {
    "recall@5": "recall@5",
    "abstention_recall": "refused, rightly",
    "false_refusal": "refused, wrongly",
    "both_shown": "both sides shown",
    "passed": "not answered",
    "kept_out": "not shown",
}


def _made(baselines: Mapping[str, Baseline]) -> str:
    days = sorted({b.made for name, b in baselines.items() if name != "cases"})
    return (
        f"External sets, development parts, {' and '.join(dict.fromkeys((days[0], days[-1])))}; "
        "never pooled, and none of their data is in this project."
    )


# ---- verifier
def _planted(baselines: Mapping[str, Baseline]) -> str:
    """Return how often planted errors are caught and true paraphrases kept."""
    if "mutations" not in baselines:
        return ""
    cells = baselines["mutations"].cells
    head = ["verifier told rightly", "English", "Chinese", "word overlap, English"]
    lines = [_row(head), _row(["---"] * 4)]
    for kind in dict.fromkeys(cell.slice for cell in cells):
        found = [_shown(_find(cells, kind, language), "passed") for language in ("en", "zh")]
        floor = _shown(_find(cells, kind, "en", "word-overlap"), "passed")
        truth = "true" if Kind(kind) not in FALSE else "planted"
        lines.append(_row([f"{truth}: {kind}", *found, floor]))
    return "\n".join(lines)


def _verifier(baselines: Mapping[str, Baseline]) -> str:
    lines = []
    for suite, (title, published) in _CLAIMS.items():
        if suite not in baselines:
            continue
        for cell in baselines[suite].cells:
            if cell.system != MAIN or cell.language != ALL:
                continue
            floor = _find(baselines[suite].cells, cell.slice, ALL, "word-overlap")
            name = title if cell.slice in {suite, ALL} else f"{title}: {cell.slice}"
            found = [_shown(cell, "auroc"), _shown(floor, "auroc"), _shown(cell, "balanced")]
            lines.append(_row([name, *found, published]))
    if not lines:
        return ""
    head = ["verifier on", "AUROC", "word overlap", "balanced accuracy", "published"]
    return "\n".join([_row(head), _row(["---"] * 5), *lines, "", *_references()])


def _references() -> Iterator[str]:
    yield (
        "Published: [RGB] Chen et al., AAAI 2024; [AB] Yue et al., 2024; [WiCE] Kamoi et al., "
        "EMNLP 2023; [FB] Bao et al., 2024; [LD] LettuceDetect, [RH] RAG-HAT, on whole answers."
    )
    yield (
        "The best citation recall and precision published with ALCE (Gao et al., EMNLP 2023) are "
        "84.8 and 81.6, on ASQA with ChatGPT, judged by a model of 11B parameters. Ours are judged "
        "by our own verifier, which filters the answers as well: read them with its numbers above."
    )


def _shown(cell: Cell | None, name: str) -> str:
    estimate: Estimate | None = cell.estimates.get(name) if cell else None
    return shown(name, estimate) if estimate else "–"


def _row(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"
