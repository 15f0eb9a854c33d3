"""Attribution: a sentence is told of the source whose fact it restates, and of none in doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant, Settings
from assistant.attribution import attributed, rests_of
from assistant.chunking import chunk_document
from assistant.corpus import load_corpus
from assistant.sources import SourceRecord, load_sources

KNOWLEDGE = Path(__file__).resolve().parents[1] / "knowledge"


def record(key: str, publisher: str, *facts: str) -> SourceRecord:
    return SourceRecord.model_validate(
        {
            "id": key,
            "publisher": {"en": publisher, "zh": publisher},
            "title": "A title",
            "url": None,
            "published": "2025",
            "geography": {"en": "Everywhere", "zh": "各地"},
            "population": {"en": "Firms", "zh": "企业"},
            "grade": "survey",
            "topics": ["adoption"],
            "facts": facts,
        }
    )


RECORDS = {
    "ships": record("ships", "Harbour Office", "Ferries carried 41% of cars in 2024."),
    "bread": record("bread", "Guild of Bakers", "Bakers sold 41 loaves a day.", "Rye costs €3."),
    "again": record("again", "Harbour Times", "Ferries carried 41% of cars in 2024."),
}


@pytest.mark.parametrize(
    ("sentence", "keys", "source"),
    [
        ("Of all cars, 41% went by ferries in 2024.", ("ships", "bread"), "ships"),
        ("Bakers sold 41 loaves on each day.", ("ships", "bread"), "bread"),
        ("Rye costs three euros.", ("ships", "bread"), "bread"),
        ("Anything at all.", ("ships",), "ships"),
        ("Anything at all.", ("ships", "unknown"), "ships"),
        ("Anything at all.", ("ships", "bread"), None),
        ("Of all cars, 41% went by ferries in 2024.", ("ships", "again"), None),
        ("By the Guild of Bakers, 41% of cars went by ferries.", ("ships", "bread"), "ships"),
        ("", ("ships", "bread"), None),
        ("Anything.", (), None),
    ],
)
def test_the_source_that_says_it(sentence: str, keys: tuple[str, ...], source: str | None) -> None:
    assert attributed(sentence, keys, RECORDS) == source


def test_twins_rest_on_the_same_sources_and_offsets_slice_sentences() -> None:
    documents = load_corpus(KNOWLEDGE)
    infos = {document.info.id: document.info for document in documents}
    chunks = [chunk for document in documents for chunk in chunk_document(document)]
    by_id = {chunk.id: chunk for chunk in chunks}
    found = rests_of(chunks, infos, load_sources(KNOWLEDGE))
    told: dict[tuple[str, int], dict[str, list[str]]] = {}
    for key, rows in found.items():
        chunk = by_id[key]
        info = infos[chunk.document_id]
        section = told.setdefault((info.twin_key, chunk.position), {})
        section.setdefault(info.language, []).extend(source for *_, source in rows)
        for start, end, source in rows:
            assert source in chunk.sources
            assert chunk.text[start:end].strip() == chunk.text[start:end] != ""
    assert sum(len(rows) for rows in found.values()) > 1000
    assert all(len({tuple(keys) for keys in section.values()}) == 1 for section in told.values())


@pytest.mark.slow
def test_an_answer_names_the_sentence_s_own_source(tmp_path: Path) -> None:
    assistant = Assistant.from_settings(Settings(data_dir=tmp_path, knowledge_dir=KNOWLEDGE))
    answer = assistant.ask(
        "What share of small EU enterprises with 10 to 49 staff used AI in 2025?"
    )
    (cited,) = [citation for citation in answer.citations if "17.0%" in citation.quote][:1]
    assert "Eurostat" in cited.source.publisher
    assert cited.source in cited.passage.references
    assert cited.passage.source_at(0) in {cited.passage.source, *cited.passage.references}
