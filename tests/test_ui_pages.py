"""The pages beside the chat: filters, the knowledge, the scores, exports; and their texts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.corpus import load_corpus
from assistant.errors import StorageError
from assistant.exchange import of_answer
from assistant.index import Index
from assistant.intake import Outcome, State
from assistant.language import detect_language
from assistant.markdown import quotable_spans
from assistant.retrieval import _allowed
from assistant.schema import Filters, Kind, Language
from assistant.settings import baselines_dir
from assistant.store import Store
from assistant.ui import page, texts
from assistant.ui.browse import Picked, knowledge_html
from assistant.ui.documents import document_html
from assistant.ui.filtering import NOTHING, choose, filters_html, places_of
from assistant.ui.pages import page_routes
from assistant.ui.plots import Share, bar_html
from assistant.ui.reports import last_report
from assistant.ui.scores import quality_html, read_scores
from assistant.ui.sidebar import Listing, account_html, sidebar_html
from assistant.ui.uploading import added
from assistant.wording import _GREETING
from evals.report import as_html
from evals.summary import summarise
from tests.attacks import ATTACKS
from tests.support import KNOWLEDGE
from tests.test_evals_report import ROWS, RUN
from tests.test_ui_html import KNOWN, Tags, answered, harmless, passage
from tests.tools import missing

KNOWN.update(
    {"header", "main", "h1", "h5", "thead", "tbody", "caption", "figure", "figcaption", "b", "code",
     "blockquote", "title", "rect", "line", "text", "circle", "polyline"}
)  # fmt: skip
PLACES = {"China": "中国", "United States": "美国"}
YEARS = [2026, 2025]


def body(html: str) -> str:
    return html.partition("<body")[2].partition(">")[2].partition("</body>")[0]


# ---- texts
def test_both_languages_say_the_same_things() -> None:
    english, chinese = (texts.TEXTS[language] for language in Language)
    assert list(english) == list(chinese)
    for key, text in english.items():
        assert sorted(_fields(text)) == sorted(_fields(chinese[key])), key
    for table in (texts.KINDS, texts.MEASURES, texts.PARTS, texts.SUITES, texts.SLICES):
        assert list(table[Language.EN]) == list(table[Language.ZH])
    assert [len(q) for q in texts.EXAMPLES[Language.EN].values()] == [
        len(q) for q in texts.EXAMPLES[Language.ZH].values()
    ]
    assert set(texts.KINDS[Language.EN]) == set(Kind)


def test_what_is_in_both_languages_is_their_names_alone() -> None:
    """Of the Chinese page, a reader of Chinese reads everything, and the other way round."""
    for key, text in texts.TEXTS[Language.EN].items():
        assert key == "switch" or not re.search("[\u4e00-\u9fff]", text), key
    english = {key: text for key, text in texts.TEXTS[Language.ZH].items() if key != "switch"}
    for name in ("FirstPilot", "AI", "JSON"):
        english = {key: text.replace(name, "") for key, text in english.items()}
    worded = [re.sub(r"\{\w+\}", "", text) for text in english.values()]
    assert [text for text in worded if re.search("[A-Za-z]{2}", text)] == []


@pytest.mark.parametrize("language", Language)
def test_the_page_promises_what_holds_of_models_and_own_documents_too(language: Language) -> None:
    """Only the built-in answerer quotes; not every document of one's own can be opened."""
    for text in (texts.TEXTS[language]["is"], _GREETING[language]):
        assert not re.search("quoted|can open|引自|点开", text)
        assert re.search("checked against a source|与来源核对", text)


def _fields(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


# ---- scripts
@pytest.mark.parametrize("script", ["client", "events", "choices", "browser"])
def test_every_script_of_the_page_can_be_read(script: str, tmp_path: Path) -> None:
    """A name declared twice, say, would leave the page without any of it."""
    program = shutil.which("node")
    if program is None:
        missing("node")
    texts_of = {"client": page._SCRIPT, "events": page._EVENTS, "choices": page._CHOICES,
                "browser": f"({page._BROWSER})"}  # fmt: skip
    file = tmp_path / "script.js"
    file.write_text(texts_of[script], encoding="utf-8")
    done = subprocess.run([program, "--check", file], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


# ---- filters
def test_a_choice_becomes_filters_in_the_language_of_the_question() -> None:
    chosen = {"country": "China", "kind": "case", "year": "2025", "sector": "farming"}
    english = choose(chosen, "Who uses AI?", PLACES, YEARS)
    assert english.filters == Filters(kinds=(Kind.CASE,), geography="China", year_from=2025)
    assert english.background == "We run a farm."
    chinese = choose(chosen, "谁在用 AI？", PLACES, YEARS)
    assert chinese.filters is not None
    assert chinese.filters.geography == "中国"
    assert chinese.background == "我们是一家农场。"


@pytest.mark.parametrize(
    "sent",
    [
        None, [], "x", 7, {}, dict(NOTHING),
        {"country": "<b>", "kind": "novel", "year": "1066", "sector": "piracy"},
        {"country": ["China"], "year": 2025.5, "kind": {"a": 1}},
    ],
)  # fmt: skip
def test_what_was_not_offered_is_not_chosen(sent: object) -> None:
    choice = choose(sent, "q?", PLACES, YEARS)
    assert (choice.filters, choice.background) == (None, "")


def test_places_are_those_documents_are_about_in_both_languages(assistant: Assistant) -> None:
    english = passage().document
    source = replace(english.source, geography="China")
    twin = replace(
        english, id="a.zh", language=Language.ZH, translation_of="a.en",
        source=replace(source, geography="中国"),
    )  # fmt: skip
    assert places_of([replace(english, source=source), twin]) == {"China": "中国"}
    assert places_of([replace(english, source=source)]) == {}
    assert all(places_of(assistant.coverage().documents).values())


@pytest.mark.parametrize(
    ("english", "chinese", "offered"),
    [
        (
            "Spain, France; Denmark", "西班牙、法国；丹麦",
            {"Denmark": "丹麦", "France": "法国", "Spain": "西班牙"},
        ),
        ("England and Wales", "英格兰和威尔士", {"England": "英格兰", "Wales": "威尔士"}),
        ("China, Japan", "中国", {}),
        ("Kreuztal, Germany", "德国克罗伊茨塔尔", {}),
        ("Worldwide, other countries, Peru", "全球，其他国家，秘鲁", {"Peru": "秘鲁"}),
        ("China (Beijing, Xiamen)", "中国（北京、厦门）", {}),
        ("Republic of Korea", "大韩民国", {"Republic of Korea": "大韩民国"}),
        ("OECD countries, many firms", "经合组织国家、企业", {"OECD countries": "经合组织国家"}),
        ("Republic of the Congo", "刚果共和国", {"Republic of the Congo": "刚果共和国"}),
    ],
)  # fmt: skip
def test_a_document_of_several_places_is_about_each(
    english: str, chinese: str, offered: dict[str, str]
) -> None:
    original = passage().document
    first = replace(original, source=replace(original.source, geography=english))
    twin = replace(
        original, id="a.zh", language=Language.ZH, translation_of=original.id,
        source=replace(original.source, geography=chinese),
    )  # fmt: skip
    assert places_of([first, twin]) == offered


def test_every_place_that_is_offered_narrows_the_knowledge_in_both_languages() -> None:
    documents = {each.info.id: each.info for each in load_corpus(KNOWLEDGE)}
    places = places_of(documents.values())
    expected = {"Germany": "德国", "Spain": "西班牙", "France": "法国", "Denmark": "丹麦"}
    assert {place: places.get(place) for place in expected} == expected
    index = cast(Index, SimpleNamespace(documents=documents))
    for question in ("Who uses AI?", "谁在用 AI？"):
        for place in places:
            choice = choose({"country": place}, question, places, YEARS)
            allowed = _allowed(index, choice.filters)
            assert allowed is not None
            assert 0 < len(allowed) < len(documents) / 2, place
            assert {documents[id_].language for id_ in allowed} == {detect_language(question)}


@pytest.mark.parametrize("language", Language)
def test_a_choice_stays_when_the_form_is_drawn_anew(language: Language) -> None:
    seen = harmless(filters_html(language, PLACES, YEARS, {"country": "China", "year": "2025"}))
    chosen = [a["value"] for tag, a in seen.tags if tag == "option" and "selected" in a]
    assert chosen == ["China", "", "", "2025"]


# ---- side bar
def test_titles_are_shown_as_typed(store: Store) -> None:
    talk = store.conversations.create("me")
    found = [replace(talk, title=attack) for attack in ATTACKS]
    for language in Language:
        seen = harmless(sidebar_html(found, found[0].id, language))
        assert seen.text.count("hit()") >= len(ATTACKS) / 2
    none = sidebar_html((), "", Language.EN, Listing(words="x"))
    assert "No conversation has these words." in none
    for attack in ATTACKS:
        harmless(sidebar_html(found[:1], "", Language.EN, Listing(words=attack), older=True))


# ---- knowledge
def test_documents_are_picked_by_words_kind_grade_and_language(assistant: Assistant) -> None:
    documents = assistant.coverage().documents
    english = Picked(tongue="en")
    assert sum(map(english.lets, documents)) == len(documents) / 2
    assert [d.kind for d in documents if Picked(kind="case").lets(d)] == [Kind.CASE] * 4
    first = documents[0]
    assert Picked(words=first.title[:5].upper()).lets(first)
    assert not Picked(words="no such word").lets(first)


def test_the_knowledge_page_lists_counts_and_grades(assistant: Assistant) -> None:
    documents = assistant.coverage().documents
    html = body(knowledge_html(documents, Picked(), Language.EN))
    assert f"{len(documents)} of {len(documents)} documents" in html
    for document in documents:
        assert document.title.partition("'")[0] in html
    assert "AI-generated article" in html
    none = body(knowledge_html(documents, Picked(words="zzz"), Language.ZH))
    assert "没有符合条件的资料" in none


def test_two_hundred_attacks_in_documents_and_words_stay_text() -> None:
    documents = [passage(a, publisher=a, geography=a, population=a).document for a in ATTACKS]
    for attack in ATTACKS:
        picked = Picked(words=attack, kind=attack, grade=attack, tongue=attack)
        harmless_page(knowledge_html(documents[:1], picked, Language.EN))
    harmless_page(knowledge_html(documents, Picked(), Language.ZH))


def harmless_page(html: str) -> Tags:
    """Check the body of a page; its links may lead to the other pages."""
    text = re.sub(
        r'href="knowledge\?document=[\w.%-]+&amp;language=(en|zh)"', 'href="#"', body(html)
    )
    text = re.sub(r'href="\?document=[\w.%-]+&amp;language=(en|zh)"', 'href="#"', text)
    for way in (".", "knowledge", "quality", "?language=zh", "?language=en"):
        text = text.replace(f'href="{way}"', 'href="#"')
        for language in ("en", "zh"):
            text = text.replace(f'href="{way}?language={language}"', 'href="#"')
    return harmless(text)


# ---- one document
@pytest.mark.parametrize("language", Language)
def test_all_that_can_be_quoted_can_be_read(
    client: TestClient, assistant: Assistant, language: Language
) -> None:
    listed = client.get(f"/knowledge?in=&language={language}").text
    for document in assistant.coverage().documents:
        way = f"knowledge?document={document.id}&amp;language={language}"
        assert f'href="{way}"' in listed
        answer = client.get(f"/{way.replace('&amp;', '&')}")
        assert answer.status_code == 200
        read = "".join(harmless_page(answer.text).text.split())
        passages = assistant.passages_in(document.id)
        assert passages
        for passage_ in passages:
            for start, end in quotable_spans(passage_.chunk.text):
                sentence = passage_.chunk.text[start:end].replace("**", "")
                assert "".join(sentence.split()) in read
            for heading in passage_.chunk.heading_path:
                assert "".join(heading.split()) in read


def test_the_text_is_marked_as_its_own_language_and_the_switch_leads_to_the_other(
    client: TestClient, assistant: Assistant
) -> None:
    document = next(d for d in assistant.coverage().documents if d.language is Language.ZH)
    html = client.get(f"/knowledge?document={document.id}&language=en").text
    assert '<html lang="en">' in html
    assert f'<h2 lang="zh-CN">{document.title}</h2>' in html
    assert "来源" not in body(html).partition("<h2")[0], "the page speaks English"
    # To the English text by both ways: the head's switch, and the link beside the title.
    assert html.count(f"document={document.twin_key}&amp;") == 2
    headings = re.findall(r'<section class="fp-text" aria-labelledby="(s\d+)">', html)
    assert len(headings) > 1
    for each in headings:
        assert f'id="{each}"' in html
        assert f'href="#{each}"' in html


@pytest.mark.parametrize("sent", ["none", "<b>", "../x", "a&language=zh"])
def test_a_document_that_is_not_there_is_told_on_a_page(client: TestClient, sent: str) -> None:
    answer = client.get("/knowledge", params={"document": sent, "language": "en"})
    assert answer.status_code == 404
    assert "There is no such document" in harmless_page(answer.text).text


def test_two_hundred_attacks_in_the_text_of_a_document_stay_text() -> None:
    passages = [passage(f"{a}\n- {a}\n| {a} | [1] |", publisher=a, url=a) for a in ATTACKS]
    passages = [
        replace(
            p, chunk=replace(p.chunk, position=at, heading_path=("", a, a)), references=(p.source,)
        )
        for at, (p, a) in enumerate(zip(passages, ATTACKS, strict=True))
    ]
    twin = replace(passages[0].document, title=ATTACKS[0], language=Language.ZH)
    for language in Language:
        html = document_html(passages[0].document, passages, twin, language)
        assert harmless_page(html).text.count("hit()") >= len(ATTACKS)


# ---- quality
def scored(folder: Path, **changes: object) -> None:
    cell = {
        "suite": "cases", "part": "test", "slice": "all", "language": "all",
        "system": "firstpilot", "cases": 120, "errors": 0,
        "estimates": {"passed": [0.875, 0.81, 0.92, 120], "length": [40.0, 38.0, 42.0, 120],
                      "citation_recall": [1.0, 0.996, 1.0, 889],
                      "false_refusal": [0.096, 0.077, 0.12, 728],
                      "auroc": [None, None, None, 0]},
    }  # fmt: skip
    told = {
        "suite": "cases", "made": "2026-11-26",
        "conditions": {"backend": "embedded", "version": "0.1"},
        "cells": [cell, {**cell, "system": "bm25-only"},
                  {**cell, "slice": "follow-up", "language": "zh"},
                  {**cell, "slice": "follow-up", "language": "zh", "part": "dev"},
                  {**cell, "slice": "<b>new</b>", "language": "en"}],
        "outcomes": {},
    }  # fmt: skip
    (folder / "cases.json").write_text(json.dumps(told | changes), encoding="utf-8")


def test_scores_stand_with_their_interval_and_number_of_cases(tmp_path: Path) -> None:
    scored(tmp_path)
    seen = harmless_page(quality_html(read_scores(tmp_path), None, Language.EN))
    text = " ".join(seen.text.split())
    assert "Questions nobody looked at while building" in text
    assert "Right 87.5 %81.0–92.0120" in text
    assert "100.0 %99.6–100.0889" in text, "what is almost all is not all"
    assert "Refused though the sources say lower is better" in text
    assert text.count("lower is better") == 1
    # The sum of our own system alone: no other system, no single slice, nothing unmeasured.
    assert text.count("Right 87.5") == 1
    assert "AUROC" not in text
    assert "中文" in text


def test_kinds_of_questions_are_drawn_from_the_committed_scores(tmp_path: Path) -> None:
    scored(tmp_path)
    plot = quality_html(read_scores(tmp_path), None, Language.EN).partition("<figure")[2]
    text = harmless(f"<figure{plot.partition('</figure>')[0]}</figure>").text
    assert text.startswith("Right, by kind of question (Questions nobody looked at while building)")
    assert "Follow-up question–87.5 % 81.0–92.0, n=120" in text, "asked in Chinese alone"
    assert "<b>new</b>87.5 % 81.0–92.0, n=120–" in text


@pytest.mark.parametrize("value", [0.0, 0.001, 0.5, 0.996, 0.999, 1.0])
def test_no_whisker_leaves_its_line(value: float) -> None:
    for low, high in ((value, 1.0), (0.0, value), (value, value), (-0.2, 1.3)):
        bar = bar_html(Share(value=value, low=low, high=high, n=9))
        found = re.search(r'style="(left|right):([\d.]+)%;width:([\d.]+)%"', bar)
        assert found is not None
        start, width = float(found.group(2)), float(found.group(3))
        # Its least width is added away from the end it is held at.
        assert start + width <= 100.05
        assert start <= 50.05 or found.group(1) == "left"
        assert (found.group(1) == "right") is (min(max(low, 0), 1) + min(high, 1) >= 1)


@pytest.mark.parametrize("language", Language)
def test_without_a_run_the_page_says_how_to_make_one(tmp_path: Path, language: Language) -> None:
    html = quality_html(read_scores(tmp_path / "none"), last_report(tmp_path / "none"), language)
    assert "make eval" in html
    assert texts.TEXTS[language]["no_report"] in html


@pytest.mark.parametrize("text", ["", "{", "[]", '{"suite": 1}', "\x00"])
def test_a_damaged_file_of_scores_is_left_out(tmp_path: Path, text: str) -> None:
    scored(tmp_path)
    (tmp_path / "other.json").write_text(text, encoding="utf-8")
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe")
    assert [each.suite for each in read_scores(tmp_path)] == ["cases"]


def test_the_last_report_of_this_machine_is_shown_whole(tmp_path: Path) -> None:
    for name in ("20261126-120000-cases", "20261127-120000-cases"):
        (tmp_path / name).mkdir()
        page = f"<html><body><h1>Run</h1><section><h2>{name}</h2><svg></svg></section></body>"
        (tmp_path / name / "report.html").write_text(page, encoding="utf-8")
    report = last_report(tmp_path)
    assert report is not None
    assert report.when == "20261127-120000"
    html = quality_html([], report, Language.EN)
    assert "<h4>20261127-120000-cases</h4>" in html
    assert "<svg>" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>hit()</script>", "<img src=x onerror=hit()>", "<iframe src=x></iframe>",
        "<a onclick = hit()>x</a>", "<svg/onload=hit()></svg>", "<svg><g/onload=hit()//></svg>",
        '<img src="x"onerror=hit()>', '<a href="javascript:hit()">x</a>', "<p>x</p></section>",
        "<a href='java&#115;cript:hit()'>x</a>", '<meta http-equiv="refresh" content="0;url=//x">',
        '<p style="position:fixed">x</p>', "<svg><use href='#x'/></svg>", "<p>not closed",
        '<form action="//x"><button>x</button></form>', "<svg><animate onbegin=hit()></svg>",
        "<base href=//x>", "<!-- <p> --><p>x</p>", "<![CDATA[<p>]]>", "<?x?>", "<math></math>",
        '<a href="//x">x</a>', "<p/onclick=hit()>x</p>", "<template><p>x</p></template>",
    ],
)  # fmt: skip
def test_a_report_with_something_active_in_it_is_not_shown(tmp_path: Path, attack: str) -> None:
    for name, inside in (("2", attack), ("1", "<h1>Run</h1><p>quiet</p>")):
        (tmp_path / name).mkdir()
        page = f"<html><body><section>{inside}</section></body></html>"
        (tmp_path / name / "report.html").write_text(page, encoding="utf-8")
    report = last_report(tmp_path)
    assert report is not None
    assert (report.when, report.body) == ("1", "<section><p>quiet</p></section>")


def test_a_real_report_with_hostile_texts_is_shown_whole(tmp_path: Path) -> None:
    hostile = [
        replace(ROWS[at], detail={"question": attack, "answer": attack, "failures": [attack]})
        for at, attack in zip([7, 8, 9] * 80, ATTACKS, strict=False)
    ]
    rows = [*ROWS, *(replace(row, case=f"h{at}") for at, row in enumerate(hostile))]
    (tmp_path / "1").mkdir()
    page = as_html(RUN, rows, summarise(rows))
    (tmp_path / "1" / "report.html").write_text(page, encoding="utf-8", errors="replace")
    report = last_report(tmp_path)
    assert report is not None
    seen = harmless(report.body)
    assert sum(tag == "svg" for tag, _ in seen.tags) >= 3
    assert seen.text.count("hit()") >= len(ATTACKS) / 2


# ---- addresses
@pytest.fixture
def client(assistant: Assistant, store: Store, tmp_path: Path) -> Iterator[TestClient]:
    app = FastAPI()
    owner = "me"
    app.include_router(
        page_routes(
            assistant, store, lambda request: request.headers.get("x-owner", owner),
            tmp_path / "scores", tmp_path / "runs",
        )
    )  # fmt: skip
    yield TestClient(app)


@pytest.mark.parametrize("path", ["/knowledge", "/quality"])
@pytest.mark.parametrize(
    ("query", "accepts", "lang"),
    [("", "en-GB", "en"), ("", "zh-CN,zh;q=0.9", "zh-CN"), ("?language=zh", "en", "zh-CN"),
     ("?language=xx", "zh", "zh-CN"), ("?language=en", "zh", "en")],
)  # fmt: skip
def test_a_page_speaks_the_language_chosen_else_the_browsers(
    client: TestClient, path: str, query: str, accepts: str, lang: str
) -> None:
    answer = client.get(path + query, headers={"accept-language": accepts})
    assert answer.status_code == 200
    assert f'<html lang="{lang}">' in answer.text


def test_a_conversation_is_given_to_its_owner_alone(client: TestClient, store: Store) -> None:
    talk = store.conversations.create("me", 'Title "x"/../\r\n标题')
    turn = store.conversations.begin("me", talk.id, "q?")
    store.conversations.finish(turn.id, of_answer(answered()))
    path = f"/conversations/{talk.id}"
    given = client.get(f"{path}.md")
    assert given.status_code == 200
    name = given.headers["content-disposition"]
    assert name.startswith("attachment; filename*=UTF-8''Title%20x")
    assert "/" not in name.partition("''")[2]
    assert client.get(f"{path}.md", headers={"x-owner": "you"}).status_code == 404
    assert client.get(f"{path}.exe").status_code == 404
    assert client.get("/conversations/none.md").status_code == 404
    assert client.get("/conversations/..%2f..%2fetc.md").status_code == 404


@pytest.mark.parametrize("language", Language)
def test_only_who_is_logged_in_can_log_out(language: Language) -> None:
    said = texts.TEXTS[language]
    inside, outside = (
        harmless(account_html(language, logged_in=logged_in)) for logged_in in (True, False)
    )
    ways = [
        {a.get("action") for tag, a in seen.tags if tag == "form"} for seen in (inside, outside)
    ]
    assert ("logout" in ways[0], "logout" in ways[1]) == (True, False)
    assert inside.text.endswith(said["log_out"])
    for seen in (inside, outside):
        assert "my-data/erase" in {a.get("action") for tag, a in seen.tags if tag == "form"}
        assert said["my_data_get"] in seen.text


def test_a_sector_is_called_what_it_is() -> None:
    for language, name in ((Language.EN, "Your sector"), (Language.ZH, "所在行业")):
        html = filters_html(language, PLACES, YEARS)
        assert f'<label>{name}<select name="sector">' in html


def test_the_committed_scores_travel_with_the_wheel_and_the_container() -> None:
    """Without them an installed server says that there is no report yet."""
    root = Path(__file__).resolve().parent.parent
    build = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    inside = build["targets"]["wheel"]["force-include"]["evals/baselines"]
    assert inside == "assistant/_resources/baselines"
    assert "/evals/baselines" in build["targets"]["sdist"]["include"], "a wheel may be built of it"
    container = (root / "deploy" / "Containerfile").read_text("utf-8")
    assert "COPY evals/baselines evals/baselines" in container
    seen = harmless_page(quality_html(read_scores(baselines_dir()), None, Language.EN))
    assert "Our own questions" in seen.text
    assert "There is no report yet" not in seen.text
    bars = [a["style"] or "" for _, a in seen.tags if a.get("class") == "fp-interval"]
    assert len(bars) > 3
    place = r"(left|right):\d+\.\d%;width:\d+\.\d%"
    assert all(re.fullmatch(place, style) for style in bars)
    for named in ("Follow-up question", "Wrong figure"):
        assert named in seen.text, "what is drawn needs no run of one's own"


# ---- uploads
@pytest.mark.parametrize(
    ("language", "told"),
    [
        (Language.EN, ["Added", "12 passages", "Not added", "damaged"]),
        (Language.ZH, ["已添加", "未能添加", "damaged"]),
    ],
)
def test_what_became_of_an_upload_is_told_in_the_pages_language(
    language: Language, told: list[str]
) -> None:
    bad = "<img src=x onerror=hit()>.pdf"
    outcomes = [
        Outcome(path="/a/good.txt", state=State.ADDED, detail="12 passages"),
        Outcome(path=f"/a/{bad}", state=State.FAILED, detail="damaged"),
    ]
    first, last = added(lambda files: outcomes, ["good.txt", bad], language)
    assert texts.TEXTS[language]["adding"] in first
    seen = harmless(last).text
    assert bad in seen
    assert [word for word in told if word not in seen] == []
    assert ("12 passages" in seen) is (language is Language.EN)


def test_an_upload_that_fails_is_told_in_the_pages_language() -> None:
    def full(_: object) -> list[Outcome]:
        raise StorageError("the disk is full")

    *_, last = added(full, ["a"], Language.ZH)
    assert harmless(last).text == "文件未能添加，原因见服务器日志。 the disk is full"
