from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.chunking import MAX_CHUNK_CHARS, chunk_context, chunk_document, sentence_spans
from assistant.corpus import check_corpus, knowledge_files, load_corpus
from assistant.errors import KnowledgeError
from assistant.frontmatter import read_document
from assistant.markdown import quotable_spans
from assistant.schema import Document, DocumentInfo, Grade, Kind, Language, Source

BUNDLED = Path(__file__).resolve().parent.parent / "knowledge"
FRONT = {
    "id": "costs.en",
    "title": '"What AI costs: a survey"',
    "kind": "report",
    "language": "en",
    "translation_of": "null",
    "publisher": "A statistics office",
    "url": "https://example.org/costs",
    "published": '"2026-07"',
    "geography": "Norway",
    "population": "Firms with 10 to 49 staff",
    "grade": "survey",
    "licence": "CC-BY-4.0",
}
LINE = {key: line for line, key in enumerate(FRONT, start=2)}
BODY_LINE = len(FRONT) + 3
BODY = "\n## What it costs\n\nIt costs 500 a month.\n\n### In detail\n\nLicences cost most.\n"
CHINESE = {
    "id": "costs.zh",
    "title": "AI要花多少钱",
    "language": "zh",
    "translation_of": "costs.en",
    "geography": "挪威",
}
CHINESE_BODY = "\n## 要花多少钱\n\n每月500元。\n\n### 细目\n\n许可费最贵。\n"


def front(**changes: str | None) -> str:
    """Return front matter with some keys changed, added, or (None) left out."""
    rows = {**FRONT, **changes}
    return "".join(f"{key}: {value}\n" for key, value in rows.items() if value is not None)


def text_of(body: str = BODY, **changes: str | None) -> str:
    return f"---\n{front(**changes)}---\n{body}"


def write(root: Path, name: str, text: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sound knowledge folder: one report in both languages."""
    write(tmp_path, "reports/en/costs.md", text_of())
    write(tmp_path, "reports/zh/costs.md", text_of(CHINESE_BODY, **CHINESE))
    return tmp_path


def problem_of(path: Path, root: Path) -> KnowledgeError:
    with pytest.raises(KnowledgeError) as caught:
        read_document(path, root)
    assert caught.value.path == str(path)
    assert "\n" not in str(caught.value)
    return caught.value


def document(text: str, title: str = "A title", language: Language = Language.EN) -> Document:
    source = Source(
        publisher="p",
        url=None,
        published="2026",
        geography="g",
        population="p",
        grade=Grade.SURVEY,
        licence="CC-BY-4.0",
    )
    info = DocumentInfo(
        id=f"d.{language}",
        title=title,
        kind=Kind.REPORT,
        language=language,
        translation_of=None,
        path=f"reports/{language}/d.md",
        source=source,
    )
    return Document(info=info, text=text)


# --- reading ------------------------------------------------------------------------------------


def test_the_bundled_knowledge_has_no_problem():
    assert [str(problem) for problem in check_corpus(BUNDLED)] == []
    assert {d.info.language for d in load_corpus(BUNDLED)} == set(Language)


def test_a_file_becomes_a_document_with_every_field(root):
    english, chinese = load_corpus(root)
    assert english.text == BODY
    assert english.info == DocumentInfo(
        id="costs.en",
        title="What AI costs: a survey",
        kind=Kind.REPORT,
        language=Language.EN,
        translation_of=None,
        path="reports/en/costs.md",
        source=Source(
            publisher="A statistics office",
            url="https://example.org/costs",
            published="2026-07",
            geography="Norway",
            population="Firms with 10 to 49 staff",
            grade=Grade.SURVEY,
            licence="CC-BY-4.0",
        ),
    )
    assert chinese.info.translation_of == "costs.en"
    assert chinese.info.twin_key == english.info.twin_key


def test_readme_hidden_files_and_folders_are_no_knowledge(root):
    (root / "folder.md").mkdir()
    for name in ("README.md", "reports/README.md", ".git/a.md", "reports/en/.draft.md", "a.txt"):
        write(root, name, "not knowledge")
    names = [path.relative_to(root).as_posix() for path in knowledge_files(root)]
    assert names == ["reports/en/costs.md", "reports/zh/costs.md"]
    assert check_corpus(root) == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026", "2026"),
        ("2026-07", "2026-07"),
        ("2026-07-15", "2026-07-15"),
        ("'2026'", "2026"),
    ],
)
def test_dates_may_be_quoted_or_not(root, written, read):
    path = write(root, "reports/en/costs.md", text_of(published=written))
    assert read_document(path, root).info.source.published == read


def test_other_newlines_and_a_byte_order_mark_change_nothing(root):
    path = root / "reports/en/costs.md"
    plain = read_document(path, root)
    raw = path.read_bytes()
    for changed in (
        b"\xef\xbb\xbf" + raw,
        raw.replace(b"\n", b"\r\n"),
        raw.replace(b"\n", b"\r"),
    ):
        path.write_bytes(changed)
        assert read_document(path, root) == plain


def test_a_rule_in_the_body_does_not_end_the_front_matter_twice(root):
    path = write(root, "reports/en/costs.md", text_of("\nOne.\n\n---\n\nTwo.\n"))
    assert read_document(path, root).text == "\nOne.\n\n---\n\nTwo.\n"


# --- what is wrong with one file ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "no front matter"),
        ("## Hello\n", 1, "no front matter"),
        ("\n" + text_of(), 1, "no front matter"),
        ("---\n" + front(), 1, "not closed"),
        ("---\n---\n" + BODY, 1, "'key: value' lines"),
        ("---\n- a\n- b\n---\n" + BODY, 1, "'key: value' lines"),
        (text_of(title="What AI costs: a survey"), LINE["title"], "not YAML"),
        (text_of(licence='"unclosed'), LINE["licence"], "not YAML"),
        (text_of(publisher="\tx: @y"), LINE["publisher"], "not YAML"),
        (text_of(publisher="bell \x07"), LINE["publisher"], "YAML forbids"),
        (text_of(publisher="one\npublisher: two"), LINE["publisher"] + 1, "written twice"),
        (text_of(licence=None), 1, "'licence' is missing"),
        (text_of(url=None), 1, "url: null"),
        (text_of(author="me"), len(FRONT) + 2, "unknown key 'author'"),
        (text_of(title="2026"), LINE["title"], 'write "2026"'),
        (text_of(publisher="yes"), LINE["publisher"], "as bool"),
        (text_of(geography="[Norway, Sweden]"), LINE["geography"], "not a list"),
        (text_of(geography="{Norway: 1}"), LINE["geography"], "not a list"),
        (text_of(title=""), LINE["title"], "title is empty"),
        (text_of(title="null"), LINE["title"], "title is empty"),
        (text_of(title='"  "'), LINE["title"], "one line of text"),
        (text_of(title='"two\\nlines"'), LINE["title"], "one line of text"),
        (text_of(kind="essay"), LINE["kind"], "report, case, guide, rule, programme"),
        (text_of(language="de"), LINE["language"], "en, zh"),
        (text_of(grade="hearsay"), LINE["grade"], "official-statistic, law, peer-reviewed"),
        (text_of(published="July 2026"), LINE["published"], "not a date"),
        (text_of(published="2026-13"), LINE["published"], "month must be in 1..12"),
        (text_of(published="2026-02-30"), LINE["published"], "not a date"),
        (text_of(published="2026-7"), LINE["published"], "not a date"),
        (text_of(published='"２０２６"'), LINE["published"], "not a date"),
        (text_of(published="2026.07"), LINE["published"], "not a date"),
        (text_of(published="null"), LINE["published"], "published is empty"),
        (text_of(url="ftp://example.org"), LINE["url"], "http or https"),
        (text_of(url="example.org/costs"), LINE["url"], "http or https"),
        (text_of(url="javascript:alert(1)"), LINE["url"], "http or https"),
        (text_of(url='"https://"'), LINE["url"], "http or https"),
        (text_of(url='"http://[::1"'), LINE["url"], "http or https"),
        (text_of(url='"https://example.org/a b"'), LINE["url"], "http or https"),
        (text_of(id="costs"), LINE["id"], "must end in '.en'"),
        (text_of(id="costs.zh"), LINE["id"], "must end in '.en'"),
        (text_of(id="../costs.en"), LINE["id"], "ASCII letters"),
        (text_of(id='"a b.en"'), LINE["id"], "ASCII letters"),
        (text_of(kind="case"), LINE["kind"], "'cases/en/costs.md'"),
        (text_of(language="zh", id="costs.zh"), LINE["kind"], "'reports/zh/costs.md'"),
        (text_of(""), BODY_LINE, "body is empty"),
        (text_of("\n \n\t\n"), BODY_LINE, "body is empty"),
        (text_of("\n## Only\n\n## Headings\n"), BODY_LINE, "body is empty"),
        (text_of("\n# Title\n\nText.\n"), BODY_LINE + 1, "first-level heading 'Title'"),
        (text_of("Title\n=====\n\nText.\n"), BODY_LINE, "first-level heading 'Title'"),
        (text_of("\n\nText with a \0 in it.\n"), BODY_LINE + 2, "NUL"),
        (text_of("\n\nCaf").encode() + b"\xe9 costs.\n", BODY_LINE + 2, "byte 0xe9"),
        (text_of().encode("utf-16"), 1, "UTF-8"),
    ],
)
def test_each_mistake_is_named_with_its_line(root, text, line, said):
    path = write(root, "reports/en/costs.md", text)
    problem = problem_of(path, root)
    assert said in str(problem)
    assert problem.line == line
    assert str(problem).startswith(f"{path}:{line}: ")
    assert str(problem) in map(str, check_corpus(root))
    with pytest.raises(KnowledgeError) as caught:
        load_corpus(root)
    assert str(caught.value) == str(check_corpus(root)[0])


def test_the_line_is_right_with_other_newlines_too(root):
    text = text_of(grade="hearsay").replace("\n", "\r\n")
    assert problem_of(write(root, "reports/en/costs.md", text), root).line == LINE["grade"]


def test_every_problem_of_every_file_is_reported(root):
    write(root, "reports/en/costs.md", text_of("", grade="x", url="y", published="z"))
    write(root, "reports/zh/costs.md", "no front matter")
    found = [(Path(p.path).parent.name, p.line) for p in check_corpus(root)]
    wrong = [LINE["url"], LINE["published"], LINE["grade"], BODY_LINE]
    assert found == [*(("en", line) for line in wrong), ("zh", 1)]


def test_a_heading_in_code_a_quotation_or_a_list_is_none(root):
    body = "\n```sh\n# a comment\n```\n\n> # quoted\n\n- # listed\n\n    # indented\n\nText.\n"
    write(root, "reports/zh/costs.md", text_of("\n没有标题。\n", **CHINESE))
    write(root, "reports/en/costs.md", text_of(body))
    assert check_corpus(root) == []


def test_deep_nesting_is_refused_and_does_not_kill_the_process(root):
    path = write(root, "reports/en/costs.md", text_of(title="[" * 200_000))
    script = (
        "import sys; from pathlib import Path; from assistant.corpus import check_corpus\n"
        "print(check_corpus(Path(sys.argv[1]))[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{path}:{LINE['title']}: ")


def test_a_missing_folder_names_its_setting(tmp_path):
    (problem,) = check_corpus(tmp_path / "none")
    assert "FIRSTPILOT_KNOWLEDGE_DIR" in str(problem)
    with pytest.raises(KnowledgeError, match="FIRSTPILOT_KNOWLEDGE_DIR"):
        load_corpus(tmp_path / "none")


def test_a_folder_without_knowledge_names_the_setting(tmp_path):
    write(tmp_path, "README.md", "hello")
    with pytest.raises(KnowledgeError, match="FIRSTPILOT_KNOWLEDGE_DIR"):
        load_corpus(tmp_path)


def test_an_unreadable_file_is_a_knowledge_error(root):
    (root / "reports/en/gone.md").symlink_to(root / "nowhere")
    assert any("cannot be read" in str(problem) for problem in check_corpus(root))


# --- what is wrong with files together ----------------------------------------------------------


def only_problem(root: Path) -> KnowledgeError:
    (problem,) = check_corpus(root)
    with pytest.raises(KnowledgeError, match=re.escape(str(problem))):
        load_corpus(root)
    return problem


def test_a_duplicate_id_names_both_files(root):
    second = write(root, "reports/zh/second.md", text_of(CHINESE_BODY, **CHINESE))
    said = [str(problem) for problem in check_corpus(root)]
    first = root / "reports/zh/costs.md"
    assert any(s.startswith(f"{second}:{LINE['id']}:") and str(first) in s for s in said)


def test_a_missing_translation_is_named(root):
    (root / "reports/zh/costs.md").unlink()
    problem = only_problem(root)
    assert problem.line == LINE["id"]
    assert "id: costs.zh" in str(problem)


def test_a_missing_original_is_named(root):
    (root / "reports/en/costs.md").unlink()
    problem = only_problem(root)
    assert problem.line == LINE["translation_of"]
    assert "'costs.en'" in str(problem)


def test_an_unreadable_original_is_not_called_missing_as_well(root):
    write(root, "reports/en/costs.md", "nothing")
    assert only_problem(root).line == 1


def test_a_translation_is_in_another_language(root):
    write(root, "reports/en/again.md", text_of(id="again.en", translation_of="costs.en"))
    assert "same language" in str(only_problem(root))


def test_a_translation_of_a_translation_is_refused(root):
    write(root, "reports/en/again.md", text_of(id="again.en", translation_of="costs.zh"))
    problem = only_problem(root)
    assert "itself a translation" in str(problem)
    assert "'costs.en'" in str(problem)


def test_a_translation_of_itself_is_refused(root):
    write(
        root,
        "reports/zh/costs.md",
        text_of(CHINESE_BODY, **{**CHINESE, "translation_of": "costs.zh"}),
    )
    assert any("costs.zh" in str(problem) for problem in check_corpus(root))


def test_two_translations_into_one_language_are_refused(root):
    changed = {**CHINESE, "id": "other.zh"}
    path = write(root, "reports/zh/other.md", text_of(CHINESE_BODY, **changed))
    problem = only_problem(root)
    assert (problem.path, problem.line) == (str(path), LINE["translation_of"])


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("\n## 要花多少钱\n\n每月500元。\n", None),
        ("\n## 要花多少钱\n\n每月500元。\n\n## 细目\n\n许可费最贵。\n", BODY_LINE + 5),
        (CHINESE_BODY + "\n## 还有\n\n没有了。\n", BODY_LINE + 9),
    ],
)
def test_twins_have_the_same_headings(root, body, line):
    path = write(root, "reports/zh/costs.md", text_of(body, **CHINESE))
    problem = only_problem(root)
    assert (problem.path, problem.line) == (str(path), line)
    assert "headings differ" in str(problem)


# --- chunks -------------------------------------------------------------------------------------


def test_a_section_is_a_chunk_below_its_headings():
    text = (
        "Before.\n\n## One\n\nFirst.\n\n### *Deep* `er`\n\nSecond.\n\n## Two\nThird.\n\n## Empty\n"
    )
    chunks = chunk_document(document(text))
    assert [(c.position, c.heading_path, c.text) for c in chunks] == [
        (0, ("A title",), "Before."),
        (1, ("A title", "One"), "First."),
        (2, ("A title", "One", "Deep er"), "Second."),
        (3, ("A title", "Two"), "Third."),
    ]


def test_headings_in_code_do_not_cut():
    text = "## Install\n\n```sh\n# first\n## second\n```\n\nDone.\n"
    (chunk,) = chunk_document(document(text))
    assert chunk.text == "```sh\n# first\n## second\n```\n\nDone."


def test_underlined_headings_cut_too():
    chunks = chunk_document(document("One\n---\n\nFirst.\n\nTwo\nlines\n---\nSecond."))
    assert [(c.heading_path[1:], c.text) for c in chunks] == [
        (("One",), "First."),
        (("Two lines",), "Second."),
    ]


def test_the_sections_of_twins_have_equal_positions(root):
    english, chinese = map(chunk_document, load_corpus(root))
    assert [c.position for c in english] == [c.position for c in chinese] == [1, 2]


def weight(text: str) -> int:
    return sum(3 if ord(char) > 0x2E7F else 1 for char in text)


SENTENCE = {
    Language.EN: "A firm of {n} staff, the survey says, spends 1.5 per cent of U.S. sales on AI.",
    Language.ZH: "调查显示，{n}人的企业把1.5%的销售额用于人工智能，其中许可费最贵。",
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("between", ["\n\n", "\n", " "])
def test_a_long_section_is_cut_at_sentence_ends(language, between):
    between = between if language is Language.EN else between.strip(" ")
    sentences = [SENTENCE[language].format(n=n) for n in range(80)]
    long = document("## Long\n\n" + between.join(sentences) + "\n\n## Next\n\nShort.")
    *parts, last = chunk_document(long)
    assert len(parts) > 3
    assert {part.position for part in parts} == {1}
    assert last.position == 2
    assert len({part.id for part in parts}) == len(parts)
    rebuilt = []
    for part in parts:
        assert weight(part.text) <= MAX_CHUNK_CHARS
        assert long.text[part.start : part.end] == part.text
        rebuilt += [s for s in sentences if s in part.text]
    assert rebuilt == sentences, "a sentence was cut in two or lost"


def test_a_text_without_any_place_to_cut_is_cut_all_the_same():
    long = document("字" * 2000 + "x" * 5000)
    chunks = chunk_document(long)
    assert "".join(chunk.text for chunk in chunks) == long.text
    assert all(weight(chunk.text) <= MAX_CHUNK_CHARS for chunk in chunks)


def test_a_closing_quotation_mark_stays_with_its_sentence():
    sentence = "他说：“企业应该先把业务流程数字化，再用人工智能优化流程。”"
    for part in chunk_document(document(sentence * 60)):
        assert part.text.endswith("。”")


def test_ids_depend_on_the_content_alone():
    text = "## One\n\nFirst.\n\n## Two\n\nSecond.\n"
    first, second = chunk_document(document(text))
    moved = chunk_document(document("Before.\n\n" + text))
    assert [c.id for c in moved[1:]] == [first.id, second.id]
    assert re.fullmatch(r"[0-9a-f]{16}", first.id)
    changed = chunk_document(document(text.replace("First", "Other")))
    assert changed[0].id != first.id
    assert changed[1].id == second.id
    renamed = document(text)
    renamed = replace(renamed, info=replace(renamed.info, id="e.en"))
    assert chunk_document(renamed)[0].id != first.id


def test_sections_that_repeat_have_different_ids():
    chunks = chunk_document(document("## One\n\nSame.\n\n## One\n\nSame.\n"))
    assert len(chunks) == len({chunk.id for chunk in chunks}) == 2


BLOCKS = st.sampled_from(
    [
        "## Heading",
        "### 标题 *x*",
        "Setext\n---",
        "A sentence. Another one!",
        "一句话。又一句！",
        "- item one\n- item **two**\n\n  ## nested",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```\n## code\n```",
        "> quoted\n> ## more",
        "```\nunclosed fence",
        "<!-- a\n\n## comment -->",
        "    indented",
        "***",
        "",
        "word " * 400,
        "长句子，没有句号" * 90,
    ]
)


@given(
    st.lists(st.one_of(BLOCKS, st.text(max_size=40)), max_size=12),
    st.sampled_from(["\n\n", "\n", "\r\n"]),
)
def test_offsets_slice_the_document_back(blocks, between):
    doc = document(between.join(blocks))
    chunks = chunk_document(doc)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    end, position = 0, 0
    for chunk in chunks:
        assert doc.text[chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        assert weight(chunk.text) <= MAX_CHUNK_CHARS
        assert chunk.start >= end, "chunks overlap"
        assert chunk.position >= position
        end, position = chunk.end, chunk.position
        before = 0
        for start, stop in sentence_spans(chunk):
            assert before <= start < stop <= len(chunk.text)
            quote = chunk.text[start:stop]
            assert quote == quote.strip()
            assert any(char.isalpha() for char in quote)
            before = stop


@given(st.lists(st.sampled_from(["alpha beta.", "甲乙。", "- gamma", "1. delta"]), max_size=30))
def test_no_text_below_a_heading_is_lost(lines):
    body = "\n\n".join(lines)
    chunks = chunk_document(document(f"## Heading\n\n{body}"))
    assert "".join(chunk.text for chunk in chunks) == body


def test_the_context_names_title_and_headings():
    doc = document("Before.\n\n## One\n\n### Two\n\nText.\n")
    before, inside = chunk_document(doc)
    assert chunk_context(before, doc.info) == "A title\nBefore."
    assert chunk_context(inside, doc.info) == "A title — One — Two\nText."


def test_the_context_without_a_title():
    doc = document("Before.\n\n## One\n\nText.\n", title="")
    before, inside = chunk_document(doc)
    assert chunk_context(before, doc.info) == "Before."
    assert chunk_context(inside, doc.info) == "One\nText."


# --- sentences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It costs 1.5 million. It pays.", ["It costs 1.5 million.", "It pays."]),
        ("成本最高。人才短缺！", ["成本最高。", "人才短缺！"]),
        ("- One thing.\n- Another.", ["One thing.", "Another."]),
        ("1. Start now.\n2. Then measure.", ["Start now.", "Then measure."]),
        ("1. 现在就开始。\n2. 再衡量。", ["现在就开始。", "再衡量。"]),
        ("* [x] Done.\n  * Nested one.", ["Done.", "Nested one."]),
        ("> Quoted words.\n> - In a list.", ["Quoted words.", "In a list."]),
        ("| Use | Share |\n|---|---|\n| Office | 75% |", ["Use | Share", "Office | 75%"]),
        ("**It is costly.**", ["It is costly."]),
        ("**Cost** is high.", ["**Cost** is high."]),
        ("Much of it is **cost**", ["Much of it is **cost**"]),
        ("**Cost** and **time**", ["**Cost** and **time**"]),
        ("_It is costly._", ["It is costly."]),
        ("snake_case is a word.", ["snake_case is a word."]),
        ("12.5%\n\n2026\n\n---\n\n***\n\n43", []),
        ("2026年有28.3%的企业用AI。", ["2026年有28.3%的企业用AI。"]),
        ("```python\n```", []),
        ("", []),
    ],
)
def test_markdown_at_the_ends_is_not_quoted(text, sentences):
    assert [text[start:end] for start, end in quotable_spans(text)] == sentences


def test_every_sentence_of_the_bundled_knowledge_is_clean_and_whole():
    for doc in load_corpus(BUNDLED):
        for chunk in chunk_document(doc):
            for start, end in sentence_spans(chunk):
                quote = chunk.text[start:end]
                assert "\n" not in quote
                assert not re.match(r"[-*+>|#]|\d+\. ", quote), quote
                assert quote.endswith((".", "。", "：", ":", "?", "？", "!", "；")), quote
