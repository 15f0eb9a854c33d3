"""The page's HTML: escaped, badges lead to sources, cited sentences are marked."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.schema import (
    Answer,
    AnswerKind,
    Chunk,
    Citation,
    Claim,
    ClaimCheck,
    DocumentInfo,
    Grade,
    Grounding,
    Kind,
    Language,
    Passage,
    Provenance,
    Source,
    Verdict,
)
from assistant.ui.html import END, answer_html, end_html, footer_html, sources_html

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\x07"
KNOWN = {
    *{"div", "p", "a", "ul", "ol", "li", "table", "tr", "td", "details", "summary", "span", "mark"},
    "small",
}


class Tags(HTMLParser):
    """Collects elements, attributes and text; notes what is not closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def harmless(html: str) -> Tags:
    seen = Tags(html)
    assert seen.open == []
    for tag, attributes in seen.tags:
        assert tag in KNOWN, tag
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "http://", "https://"))
    return seen


def passage(text: str = "AI is used. 28.3% of SMEs use it.", **source) -> Passage:
    made = {
        "publisher": "OECD",
        "url": "https://example.org/a?b=1&c=2",
        "published": "2025",
        "geography": "OECD",
        "population": "SMEs",
        "grade": Grade.SURVEY,
        "licence": "CC BY",
    }
    found = Source(**made | source)
    info = DocumentInfo(
        id="a.en",
        title=source.get("publisher", "Report"),
        kind=Kind.REPORT,
        language=Language.EN,
        translation_of=None,
        path="a.md",
        source=found,
    )
    chunk = Chunk(
        id="c",
        document_id="a.en",
        heading_path=("Report", "Part", "Use"),
        text=text,
        start=100,
        end=100 + len(text),
        position=1,
    )
    return Passage(chunk=chunk, document=info, score=1.0, rank=1, source=found)


def citation(quote: str, of: Passage, marker: int = 1) -> Citation:
    start = of.chunk.start + of.chunk.text.index(quote)
    return Citation(marker=marker, passage=of, quote=quote, start=start, end=start + len(quote))


def test_badges_lead_to_the_source_of_the_same_number() -> None:
    seen = harmless(answer_html("28.3% use AI. [1] Others wait. [2][12]", "k7"))
    badges = [a["href"] for tag, a in seen.tags if tag == "a"]
    assert badges == ["#src-k7-1", "#src-k7-2", "#src-k7-12"]
    cards = harmless(sources_html([passage(), passage()], [], Language.EN, "k7"))
    assert [a["id"] for tag, a in cards.tags if tag == "details"] == ["src-k7-1", "src-k7-2"]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("One. [1]\n\n- Two. [1]\n- Three. [2]\n", ["p", "a", "ul", "li", "a", "li", "a"]),
        ("1. One. [1]\n2. Two. [1]\n", ["ol", "li", "a", "li", "a"]),
        (
            "| A | B |\n|---|---|\n| x | y [1] |\n",
            ["div", "table", "tr", "td", "td", "tr", "td", "td", "a"],
        ),
        ("", []),
        ("\n\n\n", []),
        ("|", ["div", "table"]),
        ("a\nb", ["p", "p"]),
        ("2026. A year", ["p"]),
    ],
)
def test_lists_and_tables_are_laid_out(text: str, tags: list[str]) -> None:
    assert [tag for tag, _ in harmless(answer_html(text, "k")).tags][1:] == tags


def test_an_answer_that_grows_stays_well_formed() -> None:
    text = "One. [1]\n\n| A | B |\n|---|---|\n| x | y [1] |\n\n1. Two. [2]\n- Three [12]"
    for end in range(len(text)):
        harmless(answer_html(text[:end], "k"))


@given(st.text() | st.text(alphabet="<>&\"'|-[]()0123456789. \nabc"))
def test_nothing_breaks_out_of_an_answer(text: str) -> None:
    harmless(answer_html(text, "k"))


@pytest.mark.parametrize("text", [ATTACK, f"- {ATTACK}", f"1. {ATTACK}", f"| {ATTACK} | b |"])
def test_an_attack_is_shown_as_text(text: str) -> None:
    seen = harmless(answer_html(text, "k"))
    assert "<script>alert(1)</script>" in seen.text
    assert "\u202e" not in seen.text
    assert "\x07" not in seen.text


def test_a_source_cannot_break_out_of_its_card() -> None:
    bad = passage(
        ATTACK, publisher=ATTACK, geography=ATTACK, published=ATTACK, url='https://x/"><script>'
    )
    html = sources_html([bad], [citation("alert(1)", bad)], Language.EN, "k")
    seen = harmless(html)
    assert "<script>" not in html
    assert any(tag == "mark" for tag, _ in seen.tags)


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "data:text/html,x", "//x.org", "ftp://x"]
)
def test_only_web_addresses_are_links(url: str | None) -> None:
    html = sources_html([passage(url=url)], [], Language.EN, "k")
    assert "href" not in html


def test_a_link_opens_without_telling_where_from() -> None:
    seen = harmless(sources_html([passage()], [], Language.EN, "k"))
    (link,) = [attributes for tag, attributes in seen.tags if tag == "a"]
    assert link["href"] == "https://example.org/a?b=1&c=2"
    assert link["rel"] == "noopener noreferrer"


def test_cited_sentences_are_marked_and_their_cards_open() -> None:
    cited, other = passage(), passage("Nothing here.")
    quotes = [citation("28.3% of SMEs use it.", cited), citation("28.3% of SMEs", cited)]
    html = sources_html([cited, other], quotes, Language.EN, "k")
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == ["28.3% of SMEs use it."]
    cards = [attributes for tag, attributes in harmless(html).tags if tag == "details"]
    assert ["open" in card for card in cards] == [True, False]


def test_each_source_shows_its_grade_date_and_language() -> None:
    english = harmless(sources_html([passage(grade=Grade.LAW)], [], Language.EN, "k"))
    assert "Law or regulation" in english.text
    assert "OECD · 2025 · OECD" in english.text
    chinese = harmless(sources_html([passage(grade=Grade.LAW)], [], Language.ZH, "k"))
    assert "法律法规" in chinese.text
    assert "英文资料" in chinese.text


@pytest.mark.parametrize("language", Language)
def test_without_sources_the_pane_says_what_it_is_for(language: Language) -> None:
    assert harmless(sources_html([], [], language, "k")).text


def answer_by(model: str, checks: int = 2, **how: Any) -> Answer:
    """Return an answer written by a backend, with what else is known of it."""
    check = ClaimCheck(
        claim=Claim(text="x", start=0, end=1, markers=(1,)),
        verdict=Verdict.SUPPORTED,
        score=1.0,
        evidence=(),
        reason="",
    )
    return Answer(
        id="i",
        question="q",
        standalone_question="q",
        language=Language.EN,
        kind=AnswerKind.ANSWER,
        text="x [1]",
        citations=(),
        passages=(),
        grounding=Grounding(checks=(check,) * checks, verifier="v"),
        withheld=(),
        notices=(ATTACK,),
        provenance=Provenance(
            model=model,
            prompt_version="1",
            prompt_sha="s",
            index_fingerprint="f",
            verifier="v",
            package_version="0",
            **how,
        ),
    )


def test_the_footer_counts_checks_and_escapes_notices() -> None:
    html = footer_html(answer_by("m"))
    seen = harmless(html)
    assert "2 of 2 sentences" in seen.text
    assert "<script>alert(1)</script>" in seen.text
    assert seen.tags[0] == ("div", {"class": END})
    assert end_html() == f'<div class="{END}"></div>'


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("vllm:Qwen/Qwen3-8B", "Written by Qwen3-8B"),
        ("deepseek:deepseek-flash", "Written by deepseek:deepseek-flash"),
        ("vllm:m@http://gpu1.internal:8000/v1", "Written by vllm:m"),
        ("gguf:/home/somebody/models/qwen3-4b.gguf", "Written by qwen3-4b.gguf"),
        ("embedded-extractive-1", "Quoted from the sources"),
    ],
)
def test_the_footer_says_who_wrote_and_no_place_inside(model: str, shown: str) -> None:
    seen = harmless(footer_html(answer_by(model, left_machine=False)))
    assert shown in seen.text
    assert "nothing left this machine" in seen.text
    for inside in ("internal", "somebody"):
        assert inside not in seen.text


@pytest.mark.parametrize("checks", [0, 2])
def test_the_footer_never_hides_that_text_left(checks: int) -> None:
    seen = harmless(footer_html(answer_by("deepseek:m", checks, left_machine=True, cost=0.0123)))
    assert "sent to an outside service" in seen.text
    assert "nothing left" not in seen.text
    assert ("Written by" in seen.text) is (checks > 0)
    assert "cost 0.0123" in seen.text
