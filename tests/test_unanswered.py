"""Lists of questions that no passage answers: read strictly, and kept clear of what is answered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import Assistant, Settings, build_index, make_embeddings
from assistant.aboutness import FILE as ABOUTNESS
from assistant.aboutness import load_aboutness
from assistant.builder import LiveIndex, index_status
from assistant.curation import check_knowledge
from assistant.errors import KnowledgeError
from assistant.gate import NO_LIST, Basis, _unanswered
from assistant.outside import Beyond
from assistant.unanswered import LISTS, OUTSIDE, UNANSWERED, list_file, load_list, load_lists
from tests.support import KNOWLEDGE, copy_knowledge


@pytest.mark.parametrize("name", LISTS)
def test_the_shipped_lists_are_of_questions_in_both_languages(name: str) -> None:
    questions = [text for asked in load_list(KNOWLEDGE, name).values() for text in asked]
    assert len(questions) == len(set(questions)) > 80
    chinese = [any("\u4e00" <= char <= "\u9fff" for char in text) for text in questions]
    assert 0.3 < sum(chinese) / len(chinese) < 0.7


@pytest.mark.parametrize(
    "text",
    [
        "questions: [a, b]",
        "questions: {weather: rain}",
        "questions: {weather: }",
        "questions: {weather: [[a]]}",
        "other: {}",
        "",
        "[",
        "questions:\n  a: [b\n  c: d",
    ],
)
def test_a_wrong_list_is_one_line_naming_the_file(tmp_path: Path, text: str) -> None:
    path = list_file(tmp_path, OUTSIDE)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load_list(tmp_path, OUTSIDE)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_folder_without_lists_lists_nothing(tmp_path: Path) -> None:
    assert load_lists(tmp_path, ["a"]) == {OUTSIDE: {}, UNANSWERED: {}}


def test_questions_close_to_a_document_go_with_it(tmp_path: Path) -> None:
    text = "questions: {one: [a?], two: [b?], other: [c?]}"
    list_file(tmp_path, UNANSWERED).write_text(text, encoding="utf-8")
    assert load_lists(tmp_path, ["two"])[UNANSWERED] == {"two": ["b?"], "other": ["c?"]}


@pytest.mark.parametrize(
    ("listed", "wrong"),
    [
        ("nothing-of-the-kind: [a?]", "there is no document 'nothing-of-the-kind'"),
        ("other: [who pays?, ' Who  PAYS']", "is there twice"),
        ("other: ['where do we start with AI?']", None),
    ],
)
def test_the_check_looks_at_the_list(tmp_path: Path, listed: str, wrong: str | None) -> None:
    folder = copy_knowledge(tmp_path)
    list_file(folder, UNANSWERED).write_text(f"questions: {{{listed}}}", encoding="utf-8")
    said = [str(problem) for problem in check_knowledge(folder)]
    about = [text for text in said if UNANSWERED in text]
    assert about if wrong else True
    assert all(wrong in text for text in about if wrong)


def test_a_question_that_a_section_answers_is_told(tmp_path: Path) -> None:
    folder = copy_knowledge(tmp_path)
    page = next(folder.glob("reports/en/*.md")).read_text(encoding="utf-8")
    block = page.split("<!-- questions:")[1].split("-->")[0]
    question = next(line for line in block.splitlines() if line.strip() and ":" not in line)
    list_file(folder, UNANSWERED).write_text(
        f"questions:\n  other:\n  - {question.strip()!r}\n", encoding="utf-8"
    )
    assert any("a section answers" in str(problem) for problem in check_knowledge(folder))


@pytest.mark.parametrize("name", LISTS)
def test_the_check_tells_of_a_broken_list_beside_the_rest(tmp_path: Path, name: str) -> None:
    folder = copy_knowledge(tmp_path)
    (folder / "featured.yaml").write_text("- nothing-of-the-kind\n", encoding="utf-8")
    list_file(folder, name).write_text("questions: [a]", encoding="utf-8")
    said = " ".join(str(problem) for problem in check_knowledge(folder))
    assert f"{name}.yaml" in said
    assert "nothing-of-the-kind" in said


@pytest.fixture
def listing(tmp_path: Path) -> Settings:
    """Return settings over a little knowledge with lists of different length."""
    folder = copy_knowledge(tmp_path / "knowledge")
    for name, text in ((OUTSIDE, "{fun: [sing!]}"), (UNANSWERED, "{other: [who pays?, when?]}")):
        list_file(folder, name).write_text(f"questions: {text}", encoding="utf-8")
    return Settings(knowledge_dir=folder, data_dir=tmp_path / "data")


def test_an_index_holds_each_list_and_grows_old_with_it(listing: Settings) -> None:
    build_index(listing)
    index, embeddings = LiveIndex(listing).current(), make_embeddings(listing)
    assert embeddings is not None
    for name, texts in ((OUTSIDE, ["sing!"]), (UNANSWERED, ["who pays?", "when?"])):
        for vector in embeddings.array(texts, as_queries=True):
            assert index.unanswered(name).nearest(vector) == pytest.approx(1, abs=1e-3)
    assert index_status(listing).state == "current"
    list_file(listing.knowledge_dir, UNANSWERED).write_text("questions: {}", encoding="utf-8")
    assert index_status(listing).state == "stale"


def test_lists_are_compared_by_aboutness_and_the_index_grows_old_with_it(listing: Settings) -> None:
    shutil.copy(KNOWLEDGE / ABOUTNESS, listing.knowledge_dir)
    build_index(listing)
    live, embeddings = LiveIndex(listing), make_embeddings(listing)
    assert embeddings is not None
    aboutness = load_aboutness(listing.knowledge_dir, embeddings.name)
    (plain,) = embeddings.embed_queries(["who will pay for it?"])
    mapped = aboutness.of_questions(embeddings.array(["who pays?", "when?"], as_queries=True))
    held = live.current().unanswered(UNANSWERED).nearest(aboutness.asked(plain))
    assert held == pytest.approx(float((mapped @ aboutness.asked(plain)).max()), abs=1e-3)
    (listing.knowledge_dir / ABOUTNESS).unlink()
    assert index_status(listing).state == "stale"


@pytest.mark.parametrize(
    ("beyond", "basis", "expected"),
    [
        (Beyond(unanswered=0.9, outside=0.8), Basis.LISTED, 0.9),
        (Beyond(unanswered=0.2, outside=0.8), Basis.LISTED, 0.8),
        (Beyond(outside=0.2), Basis.LISTED, NO_LIST),
        (Beyond(), Basis.LISTED, NO_LIST),
        (Beyond(unanswered=0.9), Basis.UNLISTED, 0.0),
        (Beyond(unanswered=0.9, outside=0.7), Basis.UNLISTED, 0.3),
        (Beyond(outside=0.1), Basis.UNLISTED, 0.0),
        (Beyond(unanswered=0.9, outside=0.7), Basis.FOREIGN, 0.3),
    ],
)
def test_what_is_not_known_is_neither_near_nor_far(
    beyond: Beyond, basis: Basis, expected: float
) -> None:
    assert _unanswered(beyond, 0.4, basis) == pytest.approx(expected)


def test_a_question_told_nowhere_is_weighed_as_such(listing: Settings) -> None:
    question = "which insurance covers the robots of the bakery"
    text = f"questions: {{other: [{question}]}}"
    list_file(listing.knowledge_dir, UNANSWERED).write_text(text, encoding="utf-8")
    seen = Assistant.from_settings(listing).examine(question).features
    assert seen is not None
    assert seen.unanswered == pytest.approx(1, abs=0.01)
