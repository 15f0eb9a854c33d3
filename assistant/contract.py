"""The contract: what every door answers with, as pydantic models.

Knows: the shape of an answer, a passage, a check and a stream event for a machine that reads them.
Does not know the domain's own types (``exchange`` turns one into the other), doors or pages.
Invariant: every door (Gradio, REST, OpenAI, MCP, ``--json``, the stored conversation) sends these
models and nothing else; a field is added, never renamed or taken away, while ``CONTRACT`` stays.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.schema import AnswerKind, Grade, Kind, Language, Role, Verdict

CONTRACT = 1
"""The version of the contract; the ``v1`` of every address."""
MAX_TEXT = 20_000
"""Characters of any text that is taken in; ``Settings`` may allow a question fewer."""


class Part(BaseModel):
    """A frozen part of the contract that takes no unknown field."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Part):
    """Where a passage's facts come from."""

    publisher: str
    title: str = Field(description="title of the publication, empty when it is the document's own")
    url: str | None
    published: str = Field(description="ISO 8601 date, as precise as known")
    geography: str
    population: str
    grade: Grade = Field(description="how strong the evidence is")
    licence: str


class Document(Part):
    """A knowledge document."""

    id: str
    title: str
    kind: Kind
    language: Language
    translation_of: str | None
    # Not "path": Gradio's clients take whatever has one for a file to fetch.
    file: str = Field(description="relative to the knowledge folder")


class Passage(Part):
    """A retrieved part of a document."""

    id: str
    rank: int
    score: float = Field(description="comparable only within one query")
    text: str
    heading_path: tuple[str, ...]
    start: int = Field(description="offset in the document's text")
    end: int
    document: Document
    source: Source
    references: tuple[Source, ...]


class Citation(Part):
    """A ``[n]`` of a text, with the exact words it rests on."""

    marker: int
    document_id: str
    passage_id: str
    quote: str = Field(description="the evidence sentence, verbatim")
    start: int = Field(description="offset of the quote in the document's text")
    end: int
    source: Source


class Sentence(Part):
    """One sentence and what its check found."""

    text: str
    start: int = Field(description="offset in the answer's text")
    end: int
    markers: tuple[int, ...]
    verdict: Verdict
    score: float | None
    reason: str
    evidence: tuple[Citation, ...]


class Provenance(Part):
    """What produced an answer."""

    model: str
    prompt_version: str
    prompt_sha: str
    index_fingerprint: str
    verifier: str
    package_version: str
    seconds_by_stage: dict[str, float]
    left_machine: bool = Field(description="whether text was sent to another machine")
    input_tokens: int | None
    output_tokens: int | None
    tokens_estimated: bool
    cost: float | None
    passages_cut: int
    turns_cut: int
    failed: tuple[str, ...] = Field(description="what each backend that failed before said")


class Answer(Part):
    """A finished answer."""

    contract: Literal[1] = 1
    id: str
    question: str
    standalone_question: str
    language: Language
    kind: AnswerKind
    abstained: bool
    partial: bool = Field(description="whether the model broke off before its end")
    text: str = Field(description="Markdown with [n] markers that resolve in citations")
    sentences: tuple[Sentence, ...]
    supported_fraction: float | None
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    withheld: tuple[Sentence, ...] = Field(description="written by the model, not shown as fact")
    notices: tuple[str, ...]
    provenance: Provenance
    thoughts: str = Field(description="what the model thought aloud: unchecked, no part of it")


class Checked(Part):
    """A text held against the sources."""

    contract: Literal[1] = 1
    verifier: str
    supported_fraction: float | None
    sentences: tuple[Sentence, ...]


class Filters(Part):
    """Which sources may be used; what is left out allows everything."""

    kinds: tuple[Kind, ...] = Field(default=(), max_length=10)
    languages: tuple[Language, ...] = Field(default=(), max_length=5)
    country: str | None = Field(
        default=None, min_length=1, max_length=100, description="a part of the source's geography"
    )
    year_from: int | None = Field(default=None, ge=1900, le=2200)
    year_to: int | None = Field(default=None, ge=1900, le=2200)


class Message(Part):
    """An earlier turn of the conversation."""

    role: Role
    content: str = Field(max_length=MAX_TEXT)


class Question(Part):
    """What is asked."""

    question: str = Field(min_length=1, max_length=MAX_TEXT, examples=["How many SMEs use AI?"])
    history: tuple[Message, ...] = Field(
        default=(), max_length=100, description="earlier turns, oldest first"
    )
    filters: Filters = Filters()


class Query(Part):
    """What is looked for."""

    query: str = Field(min_length=1, max_length=MAX_TEXT, examples=["office automation"])
    count: int = Field(default=8, ge=1, le=50, description="at most so many passages")
    filters: Filters = Filters()


class Text(Part):
    """A text to hold against the sources."""

    text: str = Field(min_length=1, max_length=MAX_TEXT)
    passages: tuple[str, ...] | None = Field(
        default=None,
        max_length=50,
        description="ids of the passages that [1], [2] and so on in the text mean; left out, what "
        "each sentence rests on is looked for",
    )


class Opinion(Part):
    """What somebody thinks of an answer they were given."""

    answer_id: str = Field(min_length=1, max_length=32)
    rating: Literal[-1, 0, 1] = Field(description="1 for good, -1 for bad, 0 for a comment alone")
    comment: str = Field(default="", max_length=2000)


class Found(Part):
    """The passages found, best first."""

    contract: Literal[1] = 1
    passages: tuple[Passage, ...]


class SourceDocument(Part):
    """A knowledge document with where it comes from."""

    document: Document
    source: Source


class Sources(Part):
    """Everything the knowledge holds."""

    contract: Literal[1] = 1
    index_fingerprint: str
    documents: tuple[SourceDocument, ...]


class Thanks(Part):
    """That feedback was kept."""

    contract: Literal[1] = 1
    answer_id: str
    rating: int
    comment: str


class RetrievedEvent(Part):
    """First event: what the answer may rest on."""

    event: Literal["retrieved"] = "retrieved"
    passages: tuple[Passage, ...]


class VerifiedEvent(Part):
    """A checked piece to append; the pieces since the last ``restarted`` are the text."""

    event: Literal["verified"] = "verified"
    piece: str
    sentence: Sentence | None


class WithheldEvent(Part):
    """A sentence that failed its check, not to be shown as fact."""

    event: Literal["withheld"] = "withheld"
    sentence: Sentence


class ThoughtEvent(Part):
    """A piece of what the model thinks aloud."""

    event: Literal["thought"] = "thought"
    piece: str


class RestartedEvent(Part):
    """Forget what was shown; it begins anew."""

    event: Literal["restarted"] = "restarted"


class AnsweredEvent(Part):
    """Last event: the whole answer."""

    event: Literal["answered"] = "answered"
    answer: Answer


class FailedEvent(Part):
    """Last event when it went wrong after the stream had begun."""

    event: Literal["failed"] = "failed"
    error: str


StreamEvent = Annotated[
    RetrievedEvent
    | VerifiedEvent
    | WithheldEvent
    | ThoughtEvent
    | RestartedEvent
    | AnsweredEvent
    | FailedEvent,
    Field(discriminator="event"),
]
