"""Metrics: pure functions from what was answered to a number, None where one does not apply.

Knows: definitions and where they come from. Does not know: assistants, files, suites. Invariant: a
function that cannot say anything returns None, never 0 or 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assistant import Language, Passage, detect_language, unsupported_figures

Entails = Callable[[str, Sequence[Passage]], bool | None]
"""Whether passages, read together, bear out a statement; None when that could not be tested. Ours
is the verifier; a language model as judge fits as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence of an answer and the passages it cites."""

    text: str
    cited: tuple[Passage, ...]


LONGEST_LABEL, SHORTEST_QUOTE = 40, 8
"""Letters that a table row's label may add in front of a quote, and that the quote has at least."""


# ---- retrieval
def recall_at(found: Sequence[str], gold: Collection[str], k: int, needed: int = 1) -> float | None:
    """Return recall@k: the share of what is needed that stands among the first ``k``.

    With ``needed`` equal to ``len(gold)`` this is recall as in Manning, Raghavan and Schütze (2008,
    8.4). Where any of several documents answers, ``needed`` is 1 and it is success@k.

    Args:
        found: ids, best first; an id twice counts once.
        gold: ids that answer.
        k: at least 1.
        needed: how many of them an answer needs, at most ``len(gold)``.

    Returns:
        In [0, 1]; None when there is no gold.
    """
    if not gold:
        return None
    needed = min(needed, len(gold))
    return min(len(set(distinct(found)[:k]) & set(gold)), needed) / needed


def reciprocal_rank(found: Sequence[str], gold: Collection[str]) -> float | None:
    """Return 1 over the rank of the first gold id, 0 if there is none (MRR is its mean).

    Voorhees, TREC-8 question answering track report, 1999. None when there is no gold.
    """
    if not gold:
        return None
    ranks = (rank for rank, name in enumerate(distinct(found), start=1) if name in gold)
    return 1 / next(ranks, math.inf)


def ndcg_at(found: Sequence[str], gold: Collection[str], k: int) -> float | None:
    """Return nDCG@k with gain 1 for a gold id and a discount of log2(rank + 1).

    Järvelin and Kekäläinen, ACM TOIS 20 (4), 2002. None when there is no gold.
    """
    if not gold:
        return None
    ranked = distinct(found)[:k]
    gained = sum(1 / math.log2(at + 2) for at, name in enumerate(ranked) if name in gold)
    return gained / sum(1 / math.log2(at + 2) for at in range(min(len(gold), k)))


def distinct(names: Sequence[str]) -> list[str]:
    """Return names in order, each once."""
    return list(dict.fromkeys(names))


# ---- citations
def citation_recall(statements: Sequence[Statement], entails: Entails) -> float | None:
    """Return the share of statements that what they cite bears out, read together.

    ALCE: Gao, Yen, Yu and Chen, EMNLP 2023 (arXiv 2305.14627), section 4.3. A statement without a
    citation is not borne out. None without statements, or when none could be tested.
    """
    tested = [_borne_out(statement, entails) for statement in statements]
    known = [outcome for outcome in tested if outcome is not None]
    return sum(known) / len(known) if known else None


def citation_precision(statements: Sequence[Statement], entails: Entails) -> float | None:
    """Return the share of citations that are not beside the point.

    ALCE, section 4.3: a citation counts when its statement is borne out, and it either bears the
    statement out alone, or the others no longer do without it. None when nothing is cited.
    """
    right = cited = 0
    for statement in statements:
        held = _borne_out(statement, entails)
        if held is None:
            continue
        for at, passage in enumerate(statement.cited):
            others = [*statement.cited[:at], *statement.cited[at + 1 :]]
            cited += 1
            right += held and (
                bool(entails(statement.text, [passage]))
                or not (others and entails(statement.text, others))
            )
    return right / cited if cited else None


def verbatim(statements: Sequence[Statement]) -> float | None:
    """Return the share of statements that stand word for word in one passage they cite.

    It asks no verifier, so it tells when the verifier itself is broken. 1 is to be expected of what
    only quotes; a table row's label, without figures, may be its own. None without statements.
    """
    if not statements:
        return None
    return sum(_quoted(statement) for statement in statements) / len(statements)


def _quoted(statement: Statement) -> bool:
    wanted = _letters(statement.text)
    labels = range(max(1, min(len(wanted) - SHORTEST_QUOTE, LONGEST_LABEL)))
    return any(
        wanted[at:] in there
        for there in (_letters(passage.chunk.text) for passage in statement.cited)
        for at in labels
        if not any(map(str.isdigit, wanted[:at]))
    )


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _borne_out(statement: Statement, entails: Entails) -> bool | None:
    return entails(statement.text, statement.cited) if statement.cited else False


# ---- content
def figure_accuracy(required: Sequence[str], text: str) -> float | None:
    """Return the share of required figures that stand in a text, by value and unit.

    "28.3%" stands in "百分之二十八点三". What holds no figure is looked for as written. None when
    nothing is required.
    """
    if not required:
        return None
    return sum(holds(figure, text) for figure in required) / len(required)


def holds(wanted: str, text: str) -> bool:
    """Return whether a text holds a figure or a phrase, whatever its notation, case and spacing.

    "Over 11,000" holds 11,000: what is wanted is the figure, and its bound stands in the text.
    """
    if _folded(wanted) in _folded(text):
        return True
    if not unsupported_figures(wanted, ""):
        return False
    return any(not unsupported_figures(f"{bound}{wanted}", text) for bound in _BOUNDS)


_BOUNDS = ("", "over ", "under ")


def _folded(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text).casefold()


def language_match(text: str, language: Language) -> bool | None:
    """Return whether a text is in the language asked in; None when it holds no letter."""
    if not any(map(str.isalpha, text)):
        return None
    return detect_language(re.sub(r"\[\d+\]", "", text)) is language


def answer_length(text: str) -> int:
    """Return words, a Chinese character counting as one."""
    return len(re.findall(r"[\u3400-\u9fff]|[A-Za-z0-9](?:[\w.,%'’-]*\w)?", text))


# ---- abstention; None for either argument where it is not known or does not matter
def abstention_recall(abstained: bool | None, answerable: bool | None) -> bool | None:
    """Return whether an unanswerable question was refused; None for an answerable one.

    Its mean is the rejection rate of RGB (Chen, Lin, Han and Sun, AAAI 2024).
    """
    return abstained if answerable is False else None


def abstention_precision(abstained: bool | None, answerable: bool | None) -> bool | None:
    """Return whether a refusal was right; None where nothing was refused."""
    return not answerable if abstained and answerable is not None else None


def false_refusal(abstained: bool | None, answerable: bool | None) -> bool | None:
    """Return whether an answerable question was refused; None for an unanswerable one."""
    return abstained if answerable else None


# ---- verification
def auroc(scores: ArrayLike, truth: ArrayLike) -> float | None:
    """Return the area under the ROC curve.

    The chance that a true one scores above a false one, ties counting half (Hanley and McNeil,
    Radiology 143, 1982). None with one class alone.
    """
    said, came = _arrays(scores, truth)
    true, false = int(came.sum()), int((~came).sum())
    if not true or not false:
        return None
    _, where, counts = np.unique(said, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    return float((ranks[came].sum() - true * (true + 1) / 2) / (true * false))


def balanced_accuracy(scores: ArrayLike, truth: ArrayLike) -> float | None:
    """Return the mean of the true's and the false's share that was told rightly.

    A score of 0.5 or more means "supported". Brodersen, Ong, Stephan and Buhmann, ICPR 2010; used
    by LLM-AggreFact (Tang, Laban and Durrett, EMNLP 2024). None with one class alone.
    """
    said, came = _arrays(scores, truth)
    if came.all() or not came.any():
        return None
    yes = said >= 0.5
    return float((yes[came].mean() + (~yes[~came]).mean()) / 2)


BINS = 10
"""Bins of a calibration curve, of equal width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Cases of like probability."""

    said: float
    """Their mean probability."""
    hits: int
    n: int


def calibration(scores: ArrayLike, truth: ArrayLike) -> list[Bin]:
    """Return what came true of probabilities, in bins of equal width; empty bins are left out.

    The reliability diagram of DeGroot and Fienberg, The Statistician 32, 1983.
    """
    said, came = _arrays(scores, truth)
    where = np.minimum((said * BINS).astype(np.intp), BINS - 1)
    n = np.bincount(where, minlength=BINS)
    total = np.bincount(where, weights=said, minlength=BINS)
    hits = np.bincount(where, weights=came, minlength=BINS)
    return [
        Bin(said=float(total[at] / n[at]), hits=int(hits[at]), n=int(n[at]))
        for at in range(BINS)
        if n[at]
    ]


def calibration_error(scores: ArrayLike, truth: ArrayLike) -> float | None:
    """Return the expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    bins = calibration(scores, truth)
    n = sum(b.n for b in bins)
    return sum(abs(b.hits - b.said * b.n) for b in bins) / n if n else None


def _arrays(scores: ArrayLike, truth: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=np.bool_)
