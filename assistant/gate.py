"""The answerability gate: does the knowledge base answer this question at all?

Knows: structural reasons to abstain (a place, a name or a year that no passage is about) and a
small calibrated model over what the passages say. Does not know any language model: it decides
before one is called. Invariant: a decision to abstain always carries a reason that can be told to
the reader.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import lru_cache
from heapq import nlargest
from operator import attrgetter, mul

from assistant.evidence import Candidate, class_weight
from assistant.figures import FigureKind, find_figures
from assistant.lexicon import ConceptClass
from assistant.normalise import normalise
from assistant.outside import NEAREST, Beyond, Outside
from assistant.pertinence import owned, pertinent
from assistant.questions import Expect, Item, Question
from assistant.refusal import Reason, lacking
from assistant.schema import Chunk, Language, Passage
from assistant.terms import Analyser


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate found."""

    answerable: bool
    probability: float
    """That the passages answer the question, in [0, 1]."""
    reason: Reason | None
    """None when answerable."""
    missing: tuple[str, ...]
    """What the reason is about, as the reader put it."""
    unsaid: Candidate | None = None
    """The sentence that says that just this is not stated."""
    unsure: bool = False
    """Whether it is answerable, but as likely as not by something beside the point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the calibrated model looks at; each in [0, 1], likenesses in [-1, 1].

    All are over the pertinent sentences alone; what a passage says it answers counts as named.
    """

    match: float
    """Best likeness (see ``aboutness``) of a question that a passage says it answers; of passages
    that list none, of their best sentence."""
    said: float
    """Best likeness of a good sentence."""
    asked: float
    """Best likeness of a question that a good sentence answers; where none is listed, ``said``."""
    wording: float
    """Likeness in letters of the question and the nearest one that the best sentence answers."""
    unanswered: float
    """Likeness of the nearest questions that nothing answers, be they close to a document found or
    outside."""
    elsewhere: float
    """The same of those alone that stand close to no document."""
    around: float
    """Mean likeness of the questions nearest that passages found say they answer."""
    covered: float
    """The most of the question's weight that a good sentence covers by itself."""
    gravest: float
    """Weight of the gravest thing asked that the best sentence, its headings and that listed
    question do not cover, from 0 to about 1.6."""
    lacking: float
    """How much each of the good sentences lacks of what an answer must name: things over
    ``MOST_LACKING``."""
    unknown: float
    """Share of the question's weight found in no passage."""
    no_detail: float
    """1 when no good sentence holds the kind of detail asked for."""
    unsaid: float
    """1 when the best sentence says that something is not stated."""
    substance: float
    """How much the question names: things over ``MUCH``."""


_NONE = Features(**dict.fromkeys((field.name for field in fields(Features)), 0.0))


class Basis(StrEnum):
    """What likeness is known by."""

    LISTED = "listed"
    """The best sentence's passage lists questions, as the shipped ones do."""
    UNLISTED = "unlisted"
    """It lists none, as a reader's own documents: its sentences are all there is."""
    FOREIGN = "foreign"
    """It is in another language than the question, so that words and questions hardly meet."""
    WORDS = "words"
    """There is no embedder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A logistic regression over the features."""

    bias: float
    weights: Features


# Balanced classes, features scaled, 2026-11-27. Listed: 2,290 development questions, 1,390 of which
# are answered by one of the first three sentences; those set up beside answerable ones weigh half.
# Area under the curve .922 in ten folds by document, .940 on those beside (evals/LOG.md). Unlisted:
# half of XQuAD's passages, each question with and without its own; area on the other half .942
# (n = 898). Foreign: the same, asked in the other language, .765 (n = 659). In both what lies
# outside weighs by hand. Words: the questions of "listed" without vectors, area .68 and .58; its
# bias is lower by .65 than fitted, so that about half is refused, falsely a quarter, and most of
# what is answered says that it may not be what was asked. To fit anew, run: python -m
# evals.train_ranking, the same with the argument words, python -m evals.train_unlisted
CALIBRATIONS = {
    Basis.LISTED: Calibration(
        bias=-0.85,
        weights=replace(
            _NONE,
            said=6.57,
            asked=2.89,
            wording=0.87,
            unanswered=-17.68,
            elsewhere=-4.33,
            around=13.36,
            gravest=-0.58,
            lacking=-1.17,
            unknown=-1.64,
            no_detail=-0.50,
            unsaid=-2.49,
            substance=0.58,
        ),
    ),
    Basis.UNLISTED: Calibration(
        bias=-8.15,
        weights=replace(_NONE, match=11.6, unanswered=-7.0, covered=5.82),
    ),
    Basis.FOREIGN: Calibration(
        bias=-4.76,
        weights=replace(_NONE, said=12.37, unanswered=-7.0),
    ),
    Basis.WORDS: Calibration(
        bias=0.21,
        weights=replace(
            _NONE,
            gravest=-0.98,
            lacking=-1.67,
            unknown=-1.07,
            no_detail=-0.82,
            unsaid=-0.89,
            substance=0.4,
        ),
    ),
}
PLAIN_BIAS = -0.8
"""Added to the listed bias where likeness is a plain cosine, as over knowledge without maps:
by cosine everything is alike, and small talk and gibberish came out at .42 and .39. Set by hand."""
THRESHOLD = 0.3
"""Probability below which the gate abstains: in those folds from 6.6 % of the answerable questions
and 3.7 % of those beside, from 76 % of the plain unanswerable ones and 69 % of those beside."""
BARE_ITEMS, BARE_THRESHOLD = 2, 0.05
"""The same for a question that names so many things at most, all of them covered ("costs?"): it is
vague, and what the passages say on it is what there is. A figure needs one thing less. Below it a
sentence that something is not stated speaks of something else."""

_MUST_NAME = {
    ConceptClass.FUNCTION,
    ConceptClass.SECTOR,
    ConceptClass.TECHNOLOGY,
    ConceptClass.MEASURE,
    ConceptClass.ORGANISATION,
    ConceptClass.PLACE,
}
"""Classes of which every concept asked about should be named by the evidence."""
_MUST_NAME_FOR_DETAIL = {ConceptClass.TOPIC}
"""The same where a figure or a date is asked for: advice on one tool helps with another, a price
does not."""

_DETAIL = {Expect.SHARE, Expect.MONEY, Expect.DURATION, Expect.FIGURE, Expect.WHEN}
"""What only a sentence with the right kind of figure can answer."""
_NAMED = {Expect.WHO, Expect.WHERE}
NO_LIST, NONE_ELSEWHERE = 0.55, 0.4
"""Stand for the likeness of unanswered questions where none are listed, and of those that stand
close to no document: what it is, in the middle, of the questions that are answered."""
NO_EMBEDDER = 0.5
"""Stands for the likeness where there is no embedder: words decide alone."""
DETAIL_COVERAGE = 0.15
"""Share of the question that the sentence with the figure must cover by itself."""
SAME = 0.985
"""Cosine from which a question is the very one that a passage says it answers."""
KINDRED_COVERAGE = 0.7
"""The same of a sentence with a figure of another kind: by how much a cost fell, not the cost."""
DETAIL_NEAR = 0.7
"""How near its passage's own questions must be that it may cover less."""
NEARLY = 0.9
"""How much lower the score of a sentence as good as another may be."""
SURE = 0.5
"""Probability below which an answer begins with a caution: of those, 47 % were right (320 answers
of development and test questions), of the others 84 % (1,950)."""
MOST_LACKING, MUCH = 3, 10
_GOOD = 10
"""How many of the best sentences are looked at for what the question names."""


class Gate:
    """Decides from a question, the passages found and their ranked sentences."""

    def __init__(
        self,
        analyser: Analyser,
        outside: Outside,
        listed_terms: Callable[[Chunk], frozenset[str] | None],
        *,
        learned: bool,
    ) -> None:
        """Take what the index knows.

        Args:
            analyser: the index's.
            outside: knows the questions that no passage answers.
            listed_terms: gives the terms of the questions that a chunk lists, None of one that
                it does not know; those are read anew.
            learned: whether likeness is compared by maps (see ``aboutness``), so that it decides
                across languages.
        """
        self._learned = learned
        self._analyser = analyser
        self._outside = outside
        self._listed_terms = listed_terms

    def decide(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> Decision:
        """Return whether to answer; passages and candidates are best first."""
        if not candidates:
            return _abstain(Reason.EMPTY)
        about = pertinent(question, candidates)
        if not about:
            return _abstain(*lacking(question, owned(question), candidates))
        about = _of_the_years(question, about, passages)
        if not about:
            return _abstain(Reason.YEAR, [str(year) for year in question.years])
        basis = _basis(question, about[0], passages, learned=self._learned)
        features = self.features(question, passages, about, basis)
        probability = calibrated(features, basis, learned=self._learned)
        unsaid = features.unsaid and probability >= BARE_THRESHOLD
        if unsaid and question.expects in _DETAIL | _NAMED and not _stated(about):
            return replace(_abstain(Reason.NOT_STATED, probability=probability), unsaid=about[0])
        same = any((passages[c.marker - 1].match or 0.0) >= SAME for c in about)
        detailed = question.expects in _DETAIL
        bare = len(question.items) <= BARE_ITEMS - detailed and not features.gravest
        if same or probability >= (BARE_THRESHOLD if bare else THRESHOLD):
            return Decision(
                answerable=True,
                probability=probability,
                reason=None,
                missing=(),
                unsure=not same and probability < SURE,
            )
        if unsaid:
            return replace(_abstain(Reason.NOT_STATED, probability=probability), unsaid=about[0])
        return _abstain(*lacking(question, _to_be_named(question), candidates), probability)

    def seen(
        self, question: Question, passages: Sequence[Passage], candidates: Sequence[Candidate]
    ) -> Features | None:
        """Return what ``decide`` weighs; None where it abstains without weighing."""
        about = _of_the_years(question, pertinent(question, candidates), passages)
        if not about:
            return None
        basis = _basis(question, about[0], passages, learned=self._learned)
        return self.features(question, passages, about, basis)

    def _good(
        self,
        question: Question,
        named: Mapping[int, frozenset[str]],
        candidates: Sequence[Candidate],
    ) -> list[Candidate]:
        """Return the best that state something, what their passage lists taken as named."""
        stated = [c for c in candidates if not c.not_stated]
        if question.expects is Expect.COMPARISON:
            # The things compared may stand in different sentences.
            together = frozenset().union(*(c.keys for c in stated))
            named = dict.fromkeys(named, together)
        return [
            replace(c, missing=tuple(i for i in c.missing if i.key not in named[c.marker]))
            for c in stated[:_GOOD]
        ]

    def _listed(self, passages: Sequence[Passage]) -> dict[int, frozenset[str]]:
        """Return, by marker, the terms of the questions that a passage says it answers."""
        return {
            marker: self._terms_of(passage.chunk)
            for marker, passage in enumerate(passages, start=1)
        }

    def _terms_of(self, chunk: Chunk) -> frozenset[str]:
        known = self._listed_terms(chunk)
        if known is not None:
            return known
        return self._analyser.terms_among(question.text for question in chunk.questions)

    def features(
        self,
        question: Question,
        passages: Sequence[Passage],
        candidates: Sequence[Candidate],
        basis: Basis,
    ) -> Features:
        """Return the features of a question beside its candidates (at least one), best first."""
        weights = {item.key: class_weight(item) for item in question.items}
        total = sum(weights.values()) or 1.0
        listed = self._listed(passages)
        known = set().union(
            *(c.keys for c in candidates),
            *(listed[marker] for marker in {c.marker for c in candidates}),
        )
        good = self._good(question, listed, candidates)
        lacks = [len(_to_be_named(question) & set(c.missing)) for c in good] or [MOST_LACKING]
        fullest = [c for c, lack in zip(good, lacks, strict=False) if lack == min(lacks)]
        best = candidates[0]
        match = _match_of(passages, _alike_in_kind(basis, passages, candidates))
        documents = {passage.document.name for passage in passages}
        beyond = self._outside.match(question.text, documents)
        nearest = nlargest(NEAREST, (near for p in passages for near in p.likenesses))
        said = max((c.cosine for c in good if c.cosine is not None), default=NO_EMBEDDER)
        asked = asked_of(best, passages)
        named = best.keys.union(self._analyser.terms(f"{best.title}\n{best.section}\n{asked}"))
        uncovered = [weight for key, weight in weights.items() if key not in named]
        return Features(
            match=match,
            said=said,
            asked=max((c.asked for c in good if c.asked is not None), default=said),
            wording=_alike(question.text, asked),
            unanswered=_unanswered(beyond, match, basis),
            elsewhere=NONE_ELSEWHERE if beyond.elsewhere is None else beyond.elsewhere,
            around=sum(nearest) / len(nearest) if nearest else match,
            covered=max((c.coverage for c in good), default=0.0),
            gravest=max(uncovered, default=0.0),
            lacking=min(*lacks, MOST_LACKING) / MOST_LACKING,
            unknown=sum(weight for key, weight in weights.items() if key not in known) / total,
            no_detail=float(not _holds_detail(question, fullest)),
            unsaid=float(best.not_stated),
            substance=min(len(question.items) / MUCH, 1.0),
        )


def asked_of(candidate: Candidate, passages: Sequence[Passage]) -> str:
    """Return the listed question nearest to the one asked that a sentence answers, "" if none."""
    asked = passages[candidate.marker - 1].asked
    nearest = asked[candidate.order] if candidate.order < len(asked) else None
    return nearest.question if nearest else ""


def _alike(one: str, other: str) -> float:
    """Return how alike two questions are in words, whatever their order."""
    from rapidfuzz import fuzz

    return fuzz.token_set_ratio(normalise(one), normalise(other)) / 100 if other else 0.0


def calibrated(seen: Features, basis: Basis = Basis.LISTED, *, learned: bool = True) -> float:
    """Return the probability that the passages answer; ``learned`` as likeness is."""
    known = CALIBRATIONS[basis]
    logit = known.bias + sum(map(mul, _values(known.weights), _values(seen)))
    if basis is Basis.LISTED and not learned:
        logit += PLAIN_BIAS
    return 1.0 / (1.0 + math.exp(-logit))


def _basis(
    question: Question, best: Candidate, passages: Sequence[Passage], *, learned: bool
) -> Basis:
    if best.cosine is None:
        return Basis.WORDS
    if learned and best.language is not question.language:
        return Basis.FOREIGN
    listing = bool(passages[best.marker - 1].chunk.questions)
    return Basis.LISTED if listing else Basis.UNLISTED


def _alike_in_kind(
    basis: Basis, passages: Sequence[Passage], candidates: Sequence[Candidate]
) -> Sequence[Candidate]:
    """Return those whose likeness is known in the same way as the best one's."""
    if basis is not Basis.UNLISTED:
        return candidates
    return [c for c in candidates if not passages[c.marker - 1].chunk.questions]


def _unanswered(beyond: Beyond, match: float, basis: Basis) -> float:
    """Return the likeness of the nearest questions that nothing answers, as far as it is known."""
    outside = beyond.outside or 0.0
    if basis in {Basis.UNLISTED, Basis.FOREIGN}:
        # Those close to documents that were found tell nothing of one that lists no question.
        return max(0.0, outside - match)
    return max(NO_LIST if beyond.unanswered is None else beyond.unanswered, outside)


_values = attrgetter(*(field.name for field in fields(Features)))


def _match_of(passages: Sequence[Passage], candidates: Sequence[Candidate]) -> float:
    markers = {candidate.marker for candidate in candidates}
    return max(_match(passages[marker - 1], marker, candidates) for marker in markers)


def _match(passage: Passage, marker: int, candidates: Sequence[Candidate]) -> float:
    """Return how near a passage's questions are, or its sentences when it lists no question."""
    if passage.chunk.questions:
        return max(passage.likenesses, default=0.0)
    own = [c.cosine for c in candidates if c.marker == marker and c.cosine is not None]
    return max(own, default=NO_EMBEDDER)


def _to_be_named(question: Question) -> set[Item]:
    """Return what the evidence should name."""
    classes = _MUST_NAME | (_MUST_NAME_FOR_DETAIL if question.expects in _DETAIL else set())
    return {item for item in question.items if item.cls in classes}


def _stated(candidates: Sequence[Candidate]) -> bool:
    """Whether a sentence nearly as good as the best states what is asked for after all."""
    return any(
        c.fits >= 1 and not c.not_stated and c.score >= candidates[0].score - NEARLY
        for c in candidates[:_GOOD]
    )


def _holds_detail(question: Question, about: Sequence[Candidate]) -> bool:
    """Whether some good sentence about the very thing holds the kind of detail asked for."""
    if question.expects not in _DETAIL:
        return True
    measured = any(item.cls is ConceptClass.MEASURE for item in question.items)
    return any(
        (c.fits >= 1 and (c.coverage >= DETAIL_COVERAGE or c.near >= DETAIL_NEAR))
        or (measured and c.fits > 0 and c.coverage >= KINDRED_COVERAGE)
        for c in about
    )


def _of_the_years(
    question: Question, candidates: Sequence[Candidate], passages: Sequence[Passage]
) -> list[Candidate]:
    """Return the candidates about the years asked about; none unless each year is told of.

    A sentence that names years is about those; another about its passage's, if they have come.
    """
    asked = set(question.years)
    if not asked:
        return list(candidates)
    told = [asked & _told(c, passages[c.marker - 1]) for c in candidates]
    of_all = [c for c, years in zip(candidates, told, strict=True) if years == asked]
    if of_all or set().union(*told) != asked:
        return of_all
    return [c for c, years in zip(candidates, told, strict=True) if years]


def _told(candidate: Candidate, passage: Passage) -> set[int]:
    said = {int(f.low) for f in candidate.figures if f.kind in {FigureKind.YEAR, FigureKind.DATE}}
    return said or {year for year in _years_of(passage) if year <= passage.source.year}


def _years_of(passage: Passage) -> frozenset[int]:
    """Return the years a passage speaks of and the one its source is of."""
    text = f"{passage.document.title}\n{passage.chunk.text}"
    return _years_named(text, passage.document.language) | {passage.source.year}


@lru_cache(maxsize=4096)
def _years_named(text: str, language: Language) -> frozenset[int]:
    """Return the years a passage speaks of."""
    found = find_figures(text, language)
    return frozenset(int(figure.low) for figure in found if figure.kind is FigureKind.YEAR)


def _abstain(reason: Reason, missing: Sequence[str] = (), probability: float = 0.0) -> Decision:
    found = tuple(missing)
    return Decision(answerable=False, probability=probability, reason=reason, missing=found)
