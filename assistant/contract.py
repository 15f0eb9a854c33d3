"""The contract: what every door answers with, as pydantic models.

Knows: the shape of an answer, a passage, a check and a stream event for a machine that reads them,
and the way from the domain's own types to it and back. Does not know doors, models or pages.
Invariant: every door (Gradio, REST, OpenAI, MCP, ``--json``, the stored conversation) sends these
models and nothing else; a field is added, never renamed or taken away, while ``CONTRACT`` stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant import schema
from assistant.schema import AnswerKind, Grade, Kind, Language, Verdict

CONTRACT = 1
"""The version of the contract; the ``v1`` of every address."""


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
    path: str


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
    cost: float | None
    passages_cut: int
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


def of_source(source: schema.Source) -> Source:
    """Return a source as the contract has it."""
    return Source(
        publisher=source.publisher,
        title=source.title,
        url=source.url,
        published=source.published,
        geography=source.geography,
        population=source.population,
        grade=source.grade,
        licence=source.licence,
    )


def of_document(info: schema.DocumentInfo) -> Document:
    """Return a document as the contract has it."""
    return Document(
        id=info.id,
        title=info.title,
        kind=info.kind,
        language=info.language,
        translation_of=info.translation_of,
        path=info.path,
    )


def of_passage(passage: schema.Passage) -> Passage:
    """Return a passage as the contract has it."""
    chunk = passage.chunk
    return Passage(
        id=chunk.id,
        rank=passage.rank,
        score=passage.score,
        text=chunk.text,
        heading_path=chunk.heading_path,
        start=chunk.start,
        end=chunk.end,
        document=of_document(passage.document),
        source=of_source(passage.source),
        references=tuple(map(of_source, passage.references)),
    )


def of_citation(citation: schema.Citation) -> Citation:
    """Return a citation as the contract has it."""
    return Citation(
        marker=citation.marker,
        document_id=citation.passage.document.id,
        passage_id=citation.passage.chunk.id,
        quote=citation.quote,
        start=citation.start,
        end=citation.end,
        source=of_source(citation.passage.source),
    )


def of_check(check: schema.ClaimCheck) -> Sentence:
    """Return a check as the contract has it."""
    return Sentence(
        text=check.claim.text,
        start=check.claim.start,
        end=check.claim.end,
        markers=check.claim.markers,
        verdict=check.verdict,
        score=check.score,
        reason=check.reason,
        evidence=tuple(map(of_citation, check.evidence)),
    )


def of_grounding(grounding: schema.Grounding) -> Checked:
    """Return the checks of a text as the contract has them."""
    return Checked(
        verifier=grounding.verifier,
        supported_fraction=grounding.supported_fraction,
        sentences=tuple(map(of_check, grounding.checks)),
    )


def of_answer(answer: schema.Answer) -> Answer:
    """Return an answer as the contract has it."""
    made = answer.provenance
    return Answer(
        id=answer.id,
        question=answer.question,
        standalone_question=answer.standalone_question,
        language=answer.language,
        kind=answer.kind,
        abstained=answer.abstained,
        partial=answer.partial,
        text=answer.text,
        sentences=tuple(map(of_check, answer.grounding.checks)),
        supported_fraction=answer.grounding.supported_fraction,
        citations=tuple(map(of_citation, answer.citations)),
        passages=tuple(map(of_passage, answer.passages)),
        withheld=tuple(map(of_check, answer.withheld)),
        notices=answer.notices,
        provenance=Provenance(
            model=made.model,
            prompt_version=made.prompt_version,
            prompt_sha=made.prompt_sha,
            index_fingerprint=made.index_fingerprint,
            verifier=made.verifier,
            package_version=made.package_version,
            seconds_by_stage=dict(made.seconds_by_stage),
            left_machine=made.left_machine,
            input_tokens=made.input_tokens,
            output_tokens=made.output_tokens,
            cost=made.cost,
            passages_cut=made.passages_cut,
            failed=made.failed,
        ),
        thoughts=answer.thoughts,
    )


def of_event(event: schema.Event) -> StreamEvent:
    """Return a stream event as the contract has it."""
    match event:
        case schema.Retrieved(passages=passages):
            return RetrievedEvent(passages=tuple(map(of_passage, passages)))
        case schema.Verified(piece=piece, check=check):
            return VerifiedEvent(piece=piece, sentence=of_check(check) if check else None)
        case schema.Withheld(check=check):
            return WithheldEvent(sentence=of_check(check))
        case schema.Thought(piece=piece):
            return ThoughtEvent(piece=piece)
        case schema.Restarted():
            return RestartedEvent()
        case schema.Answered(answer=answer):
            return AnsweredEvent(answer=of_answer(answer))


def restore(answer: Answer) -> schema.Answer:
    """Return the domain's answer for one that was stored or sent.

    What only retrieval needs (a chunk's place among sections, its questions) is not in the contract
    and comes back empty.
    """
    passages = {passage.id: _passage(passage) for passage in answer.passages}
    return schema.Answer(
        id=answer.id,
        question=answer.question,
        standalone_question=answer.standalone_question,
        language=answer.language,
        kind=answer.kind,
        text=answer.text,
        citations=tuple(_citations(answer.citations, passages)),
        passages=tuple(passages.values()),
        grounding=schema.Grounding(
            checks=tuple(_check(sentence, passages) for sentence in answer.sentences),
            verifier=answer.provenance.verifier,
        ),
        withheld=tuple(_check(sentence, passages) for sentence in answer.withheld),
        notices=answer.notices,
        provenance=schema.Provenance(**answer.provenance.model_dump()),
        partial=answer.partial,
        thoughts=answer.thoughts,
    )


def _passage(passage: Passage) -> schema.Passage:
    source = schema.Source(**passage.source.model_dump())
    return schema.Passage(
        chunk=schema.Chunk(
            id=passage.id,
            document_id=passage.document.id,
            heading_path=passage.heading_path,
            position=0,
            text=passage.text,
            start=passage.start,
            end=passage.end,
        ),
        document=schema.DocumentInfo(**passage.document.model_dump(), source=source),
        score=passage.score,
        rank=passage.rank,
        source=source,
        references=tuple(schema.Source(**each.model_dump()) for each in passage.references),
    )


def _citations(
    citations: Iterable[Citation], passages: dict[str, schema.Passage]
) -> Iterable[schema.Citation]:
    for citation in citations:
        if citation.passage_id in passages:
            yield schema.Citation(
                marker=citation.marker,
                passage=passages[citation.passage_id],
                quote=citation.quote,
                start=citation.start,
                end=citation.end,
            )


def _check(sentence: Sentence, passages: dict[str, schema.Passage]) -> schema.ClaimCheck:
    return schema.ClaimCheck(
        claim=schema.Claim(
            text=sentence.text, start=sentence.start, end=sentence.end, markers=sentence.markers
        ),
        verdict=sentence.verdict,
        score=sentence.score,
        evidence=tuple(_citations(sentence.evidence, passages)),
        reason=sentence.reason,
    )
