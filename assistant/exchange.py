"""The way from the domain's types to the contract's, and back.

Knows: both. Does not know doors. Invariant: ``of_answer(restore(answer)) == answer``, so that what
was stored or sent loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from assistant import schema
from assistant.contract import (
    Answer,
    AnsweredEvent,
    Checked,
    Citation,
    Document,
    Filters,
    Passage,
    Provenance,
    RestartedEvent,
    RetrievedEvent,
    Sentence,
    Source,
    StreamEvent,
    ThoughtEvent,
    VerifiedEvent,
    WithheldEvent,
)


def to_filters(filters: Filters) -> schema.Filters:
    """Return the domain's filters."""
    return schema.Filters(
        kinds=filters.kinds,
        languages=filters.languages,
        geography=filters.country,
        year_from=filters.year_from,
        year_to=filters.year_to,
    )


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
        file=info.path,
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
        source=of_source(citation.source),
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
            tokens_estimated=made.tokens_estimated,
            cost=made.cost,
            passages_cut=made.passages_cut,
            turns_cut=made.turns_cut,
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
    found, checks = restore_checks(answer.passages, answer.sentences)
    passages = {passage.chunk.id: passage for passage in found}
    return schema.Answer(
        id=answer.id,
        question=answer.question,
        standalone_question=answer.standalone_question,
        language=answer.language,
        kind=answer.kind,
        text=answer.text,
        citations=tuple(_citations(answer.citations, passages)),
        passages=found,
        grounding=schema.Grounding(checks=checks, verifier=answer.provenance.verifier),
        withheld=tuple(_check(sentence, passages) for sentence in answer.withheld),
        notices=answer.notices,
        provenance=schema.Provenance(**answer.provenance.model_dump()),
        partial=answer.partial,
        thoughts=answer.thoughts,
    )


def restore_checks(
    passages: Iterable[Passage], sentences: Iterable[Sentence]
) -> tuple[tuple[schema.Passage, ...], tuple[schema.ClaimCheck, ...]]:
    """Return the domain's passages, and the checks that rest on them, as ``restore`` does."""
    found = {passage.id: _passage(passage) for passage in passages}
    return tuple(found.values()), tuple(_check(sentence, found) for sentence in sentences)


def _document(document: Document, source: schema.Source) -> schema.DocumentInfo:
    return schema.DocumentInfo(
        id=document.id,
        title=document.title,
        kind=document.kind,
        language=document.language,
        translation_of=document.translation_of,
        path=document.file,
        source=source,
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
        document=_document(passage.document, source),
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
                source=schema.Source(**citation.source.model_dump()),
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
