"""The words this project speaks: documents, passages, claims, checks, answers and stream events.

Knows: the shape of every value that crosses a module boundary. Does not know: files, models,
indexes, pages. Invariant: every value is frozen; offsets are half-open character offsets into the
text they name, so ``document.text[chunk.start:chunk.end] == chunk.text`` always holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Language(StrEnum):
    """A language the assistant answers in."""

    EN = "en"
    ZH = "zh"


class Kind(StrEnum):
    """What a knowledge document is; also the name of its folder (plural)."""

    REPORT = "report"
    CASE = "case"
    GUIDE = "guide"
    RULE = "rule"
    PROGRAMME = "programme"


class Grade(StrEnum):
    """How strong the evidence behind a source is, strongest first."""

    OFFICIAL_STATISTIC = "official-statistic"
    LAW = "law"
    PEER_REVIEWED = "peer-reviewed"
    OFFICIAL_GUIDANCE = "official-guidance"
    SURVEY = "survey"
    COMPANY_CASE = "company-case"
    VENDOR = "vendor"
    EDITORIAL = "editorial"
    OWN_DOCUMENT = "own-document"
    """A document of the operator's own that states no grade."""
    AI_GENERATED = "ai-generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a document's facts come from."""

    publisher: str
    """Who published it."""
    url: str | None
    """Address of the publication (http or https), or None when it has none."""
    published: str
    """Date of publication, ISO 8601, as precise as known: ``2026-07-15``, ``2026-07``, ``2026``."""
    geography: str
    """Which places the facts are about, in the document's language."""
    population: str
    """Which firms or people the facts are about, in the document's language."""
    grade: Grade
    """How strong the evidence is."""
    licence: str
    """Licence of the document's own text."""
    title: str = ""
    """Title of the publication, when it is not the document's own."""

    @property
    def year(self) -> int:
        """Year of publication."""
        return int(self.published[:4])


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """What is known about a document besides its text."""

    id: str
    """Unique over the knowledge base, e.g. ``sme-ai-report-2026.zh``."""
    title: str
    kind: Kind
    language: Language
    translation_of: str | None
    """Id of the document this one translates, or None for an original."""
    path: str
    """File, relative to the knowledge folder, with forward slashes."""
    source: Source

    @property
    def twin_key(self) -> str:
        """The same for a document and its translations."""
        return self.translation_of or self.id

    @property
    def name(self) -> str:
        """The id without its language, the same for a document and its translations."""
        name = self.twin_key
        for language in Language:
            name = name.removesuffix(f".{language.value}")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One knowledge file."""

    info: DocumentInfo
    text: str
    """The body below the front matter, newlines as ``\\n``."""


@dataclass(frozen=True, slots=True)
class ListedQuestion:
    """A question that a section says it answers: found by, never shown."""

    text: str
    sentence: int | None = None
    """Place of the sentence that answers it among its chunk's quotable ones, from 0; None when the
    section as a whole does."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The listed question of a sentence that is nearest to the one asked."""

    likeness: float
    """In [-1, 1]; see ``aboutness``."""
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A retrievable part of a document: a section, or a part of a long one."""

    id: str
    """Content hash of document id, heading path and text."""
    document_id: str
    heading_path: tuple[str, ...]
    """Headings above the text, outermost first (the title included)."""
    position: int
    """Number of its section in the document; twins have equal positions, parts share theirs."""
    text: str
    start: int
    end: int
    sources: tuple[str, ...] = ()
    """Ids of the sources its section rests on."""
    questions: tuple[ListedQuestion, ...] = ()
    """Those of its section, and of its own sentences."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A sentence of a chunk, and the one source that it rests on."""

    start: int
    """Offset in the chunk's text."""
    end: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A retrieved chunk with its document."""

    chunk: Chunk
    document: DocumentInfo
    score: float
    """Fused score, comparable only within one query."""
    rank: int
    """From 1, best first."""
    source: Source
    """Where the passage comes from: its section's one source, else its document's."""
    references: tuple[Source, ...] = ()
    """What its section rests on, where it names sources."""
    rests: tuple[Rest, ...] = ()
    """Where its section rests on several: those of its sentences that rest on one, in order."""
    match: float | None = None
    """Cosine of the query with the nearest question the section answers; None without one."""
    likenesses: tuple[float, ...] = ()
    """Likeness (see ``aboutness``) of the nearest three questions the section answers, at most."""
    asked: tuple[Asked | None, ...] = ()
    """The nearest of each of its sentences, None where it lists none; empty without an embedder."""

    def source_at(self, offset: int) -> Source:
        """Return what the sentence at an offset of the chunk's text rests on."""
        found = (rest.source for rest in self.rests if rest.start <= offset < rest.end)
        return next(found, self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which passages may be retrieved; an empty field allows everything."""

    kinds: tuple[Kind, ...] = ()
    languages: tuple[Language, ...] = ()
    geography: str | None = None
    """Case-insensitive part of the source's geography."""
    year_from: int | None = None
    """Earliest year of publication."""
    year_to: int | None = None
    """Latest year of publication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A ``[n]`` in an answer, resolved to the exact words it rests on."""

    marker: int
    """``n``, from 1."""
    passage: Passage
    quote: str
    """The evidence sentence, verbatim from the document."""
    start: int
    """Offset of the quote in the document's text."""
    end: int
    source: Source
    """Where the quoted sentence comes from: the passage's source, or one of several it rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One checkable sentence of an answer."""

    text: str
    """The sentence without its markers and layout."""
    start: int
    """Offset in the answer's text."""
    end: int
    markers: tuple[int, ...]


class Verdict(StrEnum):
    """What a check of one claim found."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    UNCITED = "uncited"
    UNCHECKED = "unchecked"
    """The check itself failed; never counted as right or wrong."""


class Layer(StrEnum):
    """What decided a check."""

    CITATION = "citation"
    """There is no such source, or none is named."""
    QUOTE = "quote"
    RULES = "rules"
    LEARNED = "learned"
    JUDGE = "judge"
    """A language model that was asked; never what decides whether a sentence is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCheck:
    """One claim held against the passages it cites."""

    claim: Claim
    verdict: Verdict
    score: float | None
    """Probability of being supported, in [0, 1], or None where nothing was measured."""
    evidence: tuple[Citation, ...]
    """The sentences that decided, best first."""
    reason: str
    """Why, in words a reader understands, in the language of the claim."""
    layer: Layer | None = None
    """What decided; None where nothing was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """All checks of one answer."""

    checks: tuple[ClaimCheck, ...]
    verifier: str
    """Name and version of the verifier."""

    @property
    def supported_fraction(self) -> float | None:
        """Supported claims over checked claims; None when nothing was checkable."""
        checked = [check for check in self.checks if check.verdict is not Verdict.UNCHECKED]
        if not checked:
            return None
        return sum(check.verdict is Verdict.SUPPORTED for check in checked) / len(checked)


class AnswerKind(StrEnum):
    """What sort of reply an answer is."""

    ANSWER = "answer"
    ABSTENTION = "abstention"
    SMALLTALK = "smalltalk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What produced an answer."""

    model: str
    prompt_version: str
    prompt_sha: str
    index_fingerprint: str
    verifier: str
    package_version: str
    seconds_by_stage: dict[str, float] = field(default_factory=dict)
    """Wall seconds of each stage: condense, retrieve, gate, generate, verify."""
    left_machine: bool = False
    """Whether the question or passages were sent to another machine."""
    input_tokens: int | None = None
    """Of all calls to language models for this answer; None when none was made."""
    output_tokens: int | None = None
    tokens_estimated: bool = False
    """Whether some were counted here, because a server did not say or a call was left early."""
    cost: float | None = None
    """Of all calls, in the currency of the configured prices; None where no price is known."""
    passages_cut: int = 0
    """Passages that were left out of the prompt because the model's context is too small."""
    answerable: float | None = None
    """Chance the gate gave that the passages answer, in [0, 1]; None where it was not asked."""
    turns_cut: int = 0
    """Earlier turns that were left out when a model made the question one of its own."""
    failed: tuple[str, ...] = ()
    """What each backend that failed before this answer said, in order; without keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished reply."""

    id: str
    question: str
    """As asked."""
    standalone_question: str
    """With what the history adds; equal to ``question`` when there is no history."""
    language: Language
    kind: AnswerKind
    text: str
    """Markdown, with ``[n]`` markers that all resolve in ``citations``."""
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    grounding: Grounding
    withheld: tuple[ClaimCheck, ...]
    """Sentences the model wrote and the reader was not shown."""
    notices: tuple[str, ...]
    """What a sceptical reader should be told about the sources, in the answer's language."""
    provenance: Provenance
    partial: bool = False
    """Whether the model broke off; what is shown is checked, but more was to come."""
    thoughts: str = ""
    """What the model thought aloud: never checked, never cited, no part of the answer."""

    @property
    def abstained(self) -> bool:
        """True when the knowledge base does not answer the question."""
        return self.kind is AnswerKind.ABSTENTION


class Role(StrEnum):
    """Who said a message."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """First event: the passages the answer may rest on (empty for small talk)."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A checked sentence that may be shown.

    The pieces of all ``Verified`` events since the last ``Restarted``, joined, are the answer's
    text.
    """

    check: ClaimCheck | None
    """None for a piece that claims nothing (layout, a fixed phrase of ours)."""
    piece: str
    """Markdown to append."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A sentence that failed its check; not to be shown as fact."""

    check: ClaimCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Last event."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """A piece of what a model thinks aloud; no part of the answer."""

    piece: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted:
    """What was shown so far was no answer; forget it and begin anew."""


Event = Retrieved | Verified | Withheld | Thought | Restarted | Answered


def parse_published(text: str) -> date:
    """Return the first day that an ISO 8601 date of any precision can mean.

    Raises:
        ValueError: not ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.
    """
    parts = text.split("-")
    if not 1 <= len(parts) <= 3 or len(parts[0]) != 4:
        raise ValueError(f"not an ISO date: {text!r}; write 2026, 2026-07 or 2026-07-15")
    year, month, day = (*map(int, parts), 1, 1)[:3]
    return date(year, month, day)
