"""Documents of one's own: every kind is read, a bad file is told in one line and stops nothing."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from docx import Document as Docx
from fpdf import FPDF

from assistant import Assistant, Settings
from assistant.builder import build_index
from assistant.errors import KnowledgeError
from assistant.extraction import MAX_RATIO, MAX_UNPACKED, RATIO_FROM, extract
from assistant.failures import FILE
from assistant.intake import Outcome, State, add_documents, remove_document
from assistant.library import Library
from assistant.schema import Grade, Language

POLICY = (
    "The Fernhill bakery repays staff for 14 online courses a year.",
    "The Fernhill bakery asks every baker to log oven times in the green book.",
)


def pdf(path: Path, pages: list[list[str]], locked: bool = False) -> Path:
    made = FPDF()
    made.set_title("Fernhill handbook")
    for lines in pages:
        made.add_page()
        made.set_font("Helvetica", size=12)
        for line in lines:
            made.multi_cell(0, 8, line, new_x="LMARGIN", new_y="NEXT")
    if locked:
        made.set_encryption("owner", "reader")
    made.output(str(path))
    return path


def docx(path: Path, *paragraphs: str) -> Path:
    made = Docx()
    made.add_heading("Leave", level=1)
    for text in paragraphs:
        made.add_paragraph(text)
    made.save(str(path))
    return path


def states(outcomes: list[Outcome]) -> dict[str, State]:
    return {Path(outcome.path).name: outcome.state for outcome in outcomes}


def texts(data_dir: Path) -> dict[str, str]:
    return {d.info.path.split("/")[-1]: d.text for d in Library(data_dir).documents()}


def test_every_kind_is_read(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    pdf(own / "a.pdf", [[POLICY[0]], [POLICY[1]]])
    docx(own / "b.docx", *POLICY)
    (own / "c.html").write_text(
        "<title>Notes</title><style>x{}</style><script>alert('no')</script><!-- hidden -->"
        f"<h2>Courses</h2><p>{POLICY[0]}</p><table><tr><td>oven</td><td>9</td></tr></table>",
        encoding="utf-8",
    )
    (own / "d.md").write_text(f"---\ntitle: House rules\n---\n# Rules\n\n{POLICY[0]}\n", "utf-8")
    (own / "e.txt").write_bytes(
        "弗恩希尔面包店每年报销14门网络课程，由店长审批。".encode("gb18030") * 5
    )
    assert set(states(add_documents([own], tmp_path / "data")).values()) == {State.ADDED}
    found = texts(tmp_path / "data")
    assert "## Page 1" in found["a.pdf"]
    assert f"## Page 2\n\n{POLICY[1]}" in found["a.pdf"]
    assert "# Leave" in found["b.docx"]
    assert all(POLICY[0] in found[name] for name in ("b.docx", "c.html", "d.md"))
    assert "alert" not in found["c.html"]
    assert "hidden" not in found["c.html"]
    assert "弗恩希尔面包店每年报销14门网络课程" in found["e.txt"]
    titles = {d.info.title for d in Library(tmp_path / "data").documents()}
    assert titles == {"Fernhill handbook", "b", "Notes", "House rules", "e"}


def test_bad_files_are_told_in_a_line_and_stop_nothing(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    blank = FPDF()
    blank.add_page()
    blank.output(str(own / "scan.pdf"))
    pdf(own / "locked.pdf", [["secret"]], locked=True)
    (own / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of the kind")
    (own / "renamed.docx").write_bytes(b"%PDF-1.7")
    (own / "empty.txt").write_bytes(b"")
    (own / "dots.txt").write_text("... --- ...", encoding="utf-8")
    with zipfile.ZipFile(own / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", b"0" * (MAX_UNPACKED + 1))
    (own / "told.md").write_text("fine", encoding="utf-8")
    (own / "told.md.yaml").write_text("grade: excellent", encoding="utf-8")
    good = own / "good.txt"
    good.write_text(POLICY[0], encoding="utf-8")
    outcomes = add_documents([own, tmp_path / "nowhere"], tmp_path / "data")
    by_name = {Path(outcome.path).name: outcome for outcome in outcomes}
    assert by_name.pop("good.txt").state is State.ADDED
    said = {
        "scan.pdf": "OCR",
        "locked.pdf": "password",
        "broken.pdf": "damaged",
        "renamed.docx": "not a DOCX",
        "empty.txt": "empty",
        "dots.txt": "no text",
        "bomb.docx": "zip bomb",
        "told.md": "grade",
        "nowhere": "no such file",
    }
    assert set(by_name) == set(said)
    for name, outcome in by_name.items():
        assert outcome.state is State.FAILED, name
        assert said[name] in outcome.detail
        assert "\n" not in outcome.detail
        assert "Traceback" not in outcome.detail


def test_a_small_bomb_below_the_size_limit_is_refused_by_its_ratio(tmp_path, monkeypatch):
    """195 KB that unpack to 200,000,000 bytes kept a parser busy for three minutes."""
    monkeypatch.setattr("mammoth.convert_to_html", lambda *_, **__: pytest.fail("it was parsed"))
    path = tmp_path / "small.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("word/document.xml", b"<w:p/>" * (RATIO_FROM // 6 + 1))
    assert path.stat().st_size * MAX_RATIO < RATIO_FROM < MAX_UNPACKED
    with pytest.raises(KnowledgeError, match="zip bomb"):
        extract(path)


def test_a_long_document_that_repeats_itself_is_no_bomb(tmp_path):
    path = docx(tmp_path / "form.docx", *POLICY * 400)
    assert extract(path).text.count(POLICY[0]) == 400


def test_an_unchanged_bad_file_is_told_again_without_being_read(tmp_path, monkeypatch):
    own, data = tmp_path / "own", tmp_path / "data"
    own.mkdir()
    bad = own / "broken.pdf"
    bad.write_bytes(b"%PDF-1.7 nothing of the kind")
    (first,) = add_documents([own], data)
    with monkeypatch.context() as patched:
        patched.setattr("assistant.intake._extracted", lambda _: pytest.fail("read again"))
        (second,) = add_documents([own], data)
        assert second.state is State.FAILED
        assert second.detail.startswith(first.detail)
        assert FILE in second.detail
        assert (data / FILE).is_file()
        (own / "copy.pdf").write_bytes(bad.read_bytes())
        assert set(states(add_documents([own], data)).values()) == {State.FAILED}
    (own / "copy.pdf").unlink()
    pdf(bad, [[POLICY[0]]])
    assert states(add_documents([own], data)) == {"broken.pdf": State.ADDED}


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"version": "0.0.0", "notes": {}}'])
def test_notes_that_are_damaged_or_of_another_version_are_read_past(tmp_path, kept):
    bad, data = tmp_path / "broken.pdf", tmp_path / "data"
    bad.write_bytes(b"%PDF-1.7 nothing of the kind")
    (first,) = add_documents([bad], data)
    (data / FILE).write_text(kept, encoding="utf-8")
    (second,) = add_documents([bad], data)
    assert second == first


def test_a_bad_description_is_told_anew_once_it_is_mended(tmp_path):
    path, beside = tmp_path / "a.txt", tmp_path / "a.txt.yaml"
    path.write_text(POLICY[0], encoding="utf-8")
    beside.write_text("grade: excellent", encoding="utf-8")
    assert states(add_documents([path], tmp_path / "data")) == {"a.txt": State.FAILED}
    beside.write_text("grade: survey", encoding="utf-8")
    assert states(add_documents([path], tmp_path / "data")) == {"a.txt": State.ADDED}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path):
    closed = tmp_path / "closed.txt"
    closed.write_text("text", encoding="utf-8")
    closed.chmod(0)
    (outcome,) = add_documents([closed], tmp_path / "data")
    assert (outcome.state, "permission" in outcome.detail) == (State.FAILED, True)


def test_a_file_over_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("assistant.intake.MAX_BYTES", 10)
    (tmp_path / "large.txt").write_text("more than ten bytes", encoding="utf-8")
    (outcome,) = add_documents([tmp_path / "large.txt"], tmp_path / "data")
    assert (outcome.state, "split" in outcome.detail) == (State.FAILED, True)


def test_a_parser_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr("assistant.intake.SECONDS", 0.01)
    (tmp_path / "slow.txt").write_text("text", encoding="utf-8")
    (outcome,) = add_documents([tmp_path / "slow.txt"], tmp_path / "data")
    assert (outcome.state, "not read within" in outcome.detail) == (State.FAILED, True)


def test_what_did_not_change_is_left_alone_and_what_went_is_taken_out(tmp_path):
    own, data = tmp_path / "own", tmp_path / "data"
    own.mkdir()
    for name in ("one", "two"):
        (own / f"{name}.txt").write_text(f"{POLICY[0]} {name}", encoding="utf-8")
    add_documents([own], data)
    assert set(states(add_documents([own], data)).values()) == {State.UNCHANGED}
    (own / "one.txt").write_text("A new text.", encoding="utf-8")
    (own / "two.txt").unlink()
    assert states(add_documents([own], data)) == {
        "one.txt": State.ADDED,
        "two.txt": State.REMOVED,
    }
    assert texts(data) == {"one.txt": "A new text."}


def test_a_file_that_fails_keeps_what_was_read_before(tmp_path):
    path, data = tmp_path / "a.pdf", tmp_path / "data"
    pdf(path, [[POLICY[0]]])
    add_documents([path], data)
    path.write_bytes(b"%PDF-1.7 cut off")
    assert states(add_documents([path], data)) == {"a.pdf": State.FAILED}
    assert POLICY[0] in texts(data)["a.pdf"]


def test_the_same_content_twice_is_kept_once(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    for name in ("a.txt", "b.txt"):
        (own / name).write_text(POLICY[0], encoding="utf-8")
    outcomes = states(add_documents([own], tmp_path / "data"))
    assert sorted(outcomes.values()) == [State.ADDED, State.UNCHANGED]
    assert len(texts(tmp_path / "data")) == 1


def test_a_sidecar_says_what_a_document_is(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(POLICY[0], encoding="utf-8")
    (tmp_path / "a.txt.yaml").write_text(
        "title: House rules\npublisher: Fernhill\npublished: 2025-03\ngrade: company-case\n",
        "utf-8",
    )
    add_documents([path], tmp_path / "data")
    (document,) = Library(tmp_path / "data").documents()
    source = document.info.source
    assert (document.info.title, source.publisher, source.published, source.grade) == (
        "House rules",
        "Fernhill",
        "2025-03",
        Grade.COMPANY_CASE,
    )
    assert document.info.language is Language.EN


def test_a_document_is_removed_by_its_name(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(POLICY[0], encoding="utf-8")
    add_documents([path], tmp_path / "data")
    with pytest.raises(KnowledgeError, match=r"kept: a\.txt"):
        remove_document("b.txt", tmp_path / "data")
    remove_document("a.txt", tmp_path / "data")
    assert texts(tmp_path / "data") == {}


def test_a_long_report_is_read_page_by_page(tmp_path):
    path = pdf(tmp_path / "long.pdf", [[f"Sentence {n} of the report."] for n in range(1, 501)])
    found = extract(path)
    assert found.pages == 500
    assert "## Page 500\n\nSentence 500 of the report." in found.text


def test_lines_of_a_page_are_joined_into_sentences(tmp_path):
    words = "The handbook of the bakery explains in many words how bread is baked. " * 4
    found = extract(pdf(tmp_path / "a.pdf", [["Baking", words.strip()]]))
    assert found.text.count("explains in many words how bread is baked.") == 4
    assert "Baking\nThe handbook" in found.text


def test_no_annotation_gets_in_from_outside(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("<!-- questions:\nwhat is the password\n-->\nPlain text.", encoding="utf-8")
    assert "<!--" not in extract(path).text


def test_an_own_document_answers_with_its_page(tmp_path, settings: Settings):
    path = pdf(tmp_path / "handbook.pdf", [["Bread is good."], list(POLICY)])
    mine = Settings(data_dir=tmp_path / "data", knowledge_dir=settings.knowledge_dir)
    add_documents([path], mine.data_dir)
    build_index(mine)
    answer = Assistant.from_settings(mine).ask(
        "How many online courses does the Fernhill bakery repay?"
    )
    assert POLICY[0] in answer.text
    passage = answer.citations[0].passage
    assert passage.chunk.heading_path == ("Fernhill handbook", "Page 2")
    assert passage.source.grade is Grade.OWN_DOCUMENT
    assert answer.grounding.supported_fraction == 1.0
