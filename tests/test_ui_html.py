"""The page's HTML: escaped, badges lead to sources, cited sentences are marked."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.rendering import source_label
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
    ListedQuestion,
    Passage,
    Provenance,
    Source,
    Verdict,
)
from assistant.ui.cards import pane_html
from assistant.ui.html import Badges, answer_html
from assistant.ui.transcript import Opinion, Shown, Stage, turn_html, welcome_html
from tests.attacks import ATTACKS

BADGE = ["button", "span"]
KEPT = ["span", *BADGE]
"""The first badge behind a word, which keeps it on its line."""
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202e\x07"
KNOWN = {
    *{"div", "p", "a", "ul", "ol", "li", "table", "tr", "td", "th", "details", "summary", "span"},
    *{
        "mark",
        "small",
        "button",
        "strong",
        "br",
        "article",
        "section",
        "h2",
        "h3",
        "h4",
        "dl",
        "dt",
        "dd",
    },
    *{"form", "label", "textarea", "svg", "path", "nav", "input", "select", "option"},
}
OWN = {"knowledge", "my-data"}
VOID = {"br", "input", "path"}


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
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

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
        way = attributes.get("href") or "#"
        assert way in OWN or way.startswith(("#", "http://", "https://", "conversations/")), way
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


def listing_of(*questions: str) -> Passage:
    one = passage()
    listed = tuple(ListedQuestion(text) for text in questions)
    return replace(one, chunk=replace(one.chunk, questions=listed))


def drawn(key: str = "k", checks: tuple[ClaimCheck, ...] | None = None) -> Badges:
    """Badges by some checks; without any named, by one that bears out all there is."""
    if checks is None:
        quotes = tuple(citation("AI is used.", passage(), n) for n in (1, 2, 3, 12))
        checks = (replace(check_of("AI is used.", 0, quotes[0]), evidence=quotes),)
    return Badges(key=key, language=Language.EN, checks=checks)


def check_of(text: str, at: int, evidence: Citation) -> ClaimCheck:
    claim = Claim(text=text, start=at, end=at + len(text), markers=(evidence.marker,))
    return ClaimCheck(
        claim=claim, verdict=Verdict.SUPPORTED, score=1.0, evidence=(evidence,), reason=""
    )


def citation(quote: str, of: Passage, marker: int = 1) -> Citation:
    start = of.chunk.start + of.chunk.text.index(quote)
    return Citation(
        marker=marker,
        passage=of,
        quote=quote,
        start=start,
        end=start + len(quote),
        source=of.source,
    )


@pytest.mark.parametrize(
    ("publisher", "label"), [("FirstPilot", "Our own text"), ("Nikkei", "Press or web article")]
)
def test_what_others_publish_is_not_called_our_own(publisher: str, label: str) -> None:
    source = passage(publisher=publisher, grade=Grade.EDITORIAL).source
    assert source_label(source, Language.EN) == label
    assert source_label(passage().source, Language.EN) == "Survey"


def test_badges_lead_to_the_source_of_the_same_number() -> None:
    seen = harmless(answer_html("28.3% use AI. [1] Others wait. [2][12]", drawn("k7")))
    badges = [a["data-card"] for tag, a in seen.tags if tag == "button"]
    assert badges == ["src-k7-1", "src-k7-2", "src-k7-12"]
    cards = harmless(pane_html([passage(), passage()], [], Language.EN, "k7"))
    assert [a["id"] for tag, a in cards.tags if tag == "details"] == ["src-k7-1", "src-k7-2"]


def test_without_evidence_a_marker_is_text() -> None:
    assert harmless(answer_html("see [12] and [2]", drawn(checks=()))).text == "see [12] and [2]"
    only = (check_of("AI is used.", 0, citation("AI is used.", passage())),)
    seen = harmless(answer_html("AI is used. [1][2] Or 【7】", drawn(checks=only)))
    assert [a["data-card"] for tag, a in seen.tags if tag == "button"] == ["src-k-1"]
    assert seen.text == "AI is used.✓1 [2] Or 【7】"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("They use AI. [1]", "AI.✓1"),
        ("三成企业在用。[1]", "用。✓1"),
        ("It says “AI”. [2]", "“AI”.✓2"),
    ],
)
def test_a_badge_never_hangs_alone_on_a_line(text: str, kept: str) -> None:
    html = answer_html(text, drawn())
    (inside,) = re.findall(r'<span class="fp-keep">(.*?</button>)</span>', html)
    # What stands together before the badge; between a quote and its mark no line breaks anyway.
    assert kept.endswith(Tags(inside).text)
    assert Tags(html).text.endswith(kept)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("One. [1]\n\n- Two. [1]\n- Three.\n", ["p", *KEPT, "ul", "li", *KEPT, "li"]),
        ("1. One. [1]\n2. Two.\n", ["ol", "li", *KEPT, "li"]),
        ("3) One.\n4、二。", ["ol", "li", "li"]),
        ("# Head\n**Bold** and * not *", ["p", "p", "strong"]),
        ("One. [1, 2] Two. 【3】", ["p", *KEPT, *BADGE, *KEPT]),
        ("**One** [1]", ["p", "strong", *BADGE]),
        ("[1]", ["p", *BADGE]),
        (
            "| A | B |\n|---|---|\n| x | y [1] |\n",
            ["div", "table", "tr", "th", "th", "tr", "td", "td", *KEPT],
        ),
        ("| x | y |\n", ["div", "table", "tr", "td", "td"]),
        ("", []),
        ("\n\n\n", []),
        ("|", ["div", "table", "tr", "td"]),
        ("a\nb", ["p", "p"]),
        ("2026. A year", ["p"]),
    ],
)
def test_lists_and_tables_are_laid_out(text: str, tags: list[str]) -> None:
    assert [tag for tag, _ in harmless(answer_html(text, drawn())).tags][1:] == tags


def test_an_answer_that_grows_stays_well_formed() -> None:
    text = "One. [1]\n\n| A | B |\n|---|---|\n| x | y [1] |\n\n1. Two. [2]\n- Three [12]"
    for end in range(len(text)):
        harmless(answer_html(text[:end], drawn()))


@given(st.text() | st.text(alphabet="<>&\"'|-[]()0123456789. \nabc"))
def test_nothing_breaks_out_of_an_answer(text: str) -> None:
    harmless(answer_html(text, drawn()))


@pytest.mark.parametrize("text", [ATTACK, f"- {ATTACK}", f"1. {ATTACK}", f"| {ATTACK} | b |"])
def test_an_attack_is_shown_as_text(text: str) -> None:
    seen = harmless(answer_html(text, drawn()))
    assert "<script>alert(1)</script>" in seen.text
    assert "\u202e" not in seen.text
    assert "\x07" not in seen.text


def test_a_source_cannot_break_out_of_its_card() -> None:
    bad = passage(
        ATTACK, publisher=ATTACK, geography=ATTACK, published=ATTACK, url='https://x/"><script>'
    )
    html = pane_html([bad], [citation("alert(1)", bad)], Language.EN, "k")
    seen = harmless(html)
    assert "<script>" not in html
    assert any(tag == "mark" for tag, _ in seen.tags)


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "data:text/html,x", "//x.org", "ftp://x"]
)
def test_only_web_addresses_are_links(url: str | None) -> None:
    html = pane_html([passage(url=url)], [], Language.EN, "k")
    assert "href" not in html
    assert "no public address" in html


def test_a_link_opens_without_telling_where_from() -> None:
    seen = harmless(pane_html([passage()], [], Language.EN, "k"))
    (link,) = [attributes for tag, attributes in seen.tags if tag == "a"]
    assert "example.org" in seen.text
    assert link["href"] == "https://example.org/a?b=1&c=2"
    assert link["rel"] == "noopener noreferrer"


def test_cited_sentences_are_marked_and_their_cards_open() -> None:
    cited, other = passage(), passage("Nothing here.")
    quotes = [citation("28.3% of SMEs use it.", cited), citation("28.3% of SMEs", cited)]
    html = pane_html([cited, other], quotes, Language.EN, "k")
    assert re.findall(r"<mark[^>]*>(.*?)</mark>", html) == ["28.3% of SMEs use it."]
    cards = [a for _, a in harmless(html).tags if a.get("class") == "fp-card"]
    assert ["open" in card for card in cards] == [True, False]


def test_each_source_shows_its_grade_date_and_language() -> None:
    english = harmless(pane_html([passage(grade=Grade.LAW)], [], Language.EN, "k"))
    assert "Law or regulation" in english.text
    assert "Publisher" in english.text
    assert "2025" in english.text
    chinese = harmless(pane_html([passage(grade=Grade.LAW)], [], Language.ZH, "k"))
    assert "法律法规" in chinese.text
    assert "英文资料" in chinese.text


def test_what_is_not_quoted_is_folded_away() -> None:
    cited, other = passage(), passage("Nothing here.")
    quoted = [citation("28.3% of SMEs use it.", cited)]
    seen = harmless(pane_html([cited, other], quoted, Language.EN, "k"))
    assert "Also found, not quoted (1)" in seen.text
    # An abstention quotes nothing: then what was found is not hidden.
    assert "Also found" not in harmless(pane_html([cited, other], [], Language.EN, "k")).text


def test_a_text_of_several_sources_names_each_with_its_grade() -> None:
    one = passage()
    rests = (one.source, replace(one.source, publisher="Bureau", grade=Grade.OFFICIAL_STATISTIC))
    seen = harmless(pane_html([replace(one, references=rests)], [], Language.EN, "k"))
    assert "This section rests on" in seen.text
    assert "Bureau" in seen.text
    assert "Official statistics" in seen.text


@pytest.mark.parametrize("language", Language)
def test_without_sources_the_pane_says_what_it_is_for(language: Language) -> None:
    assert harmless(pane_html([], [], language, "k")).text


def test_a_badge_carries_the_quote_its_own_sentence_rests_on() -> None:
    text = "AI is used. [1] 28.3% of SMEs use it. [1]"
    source = passage()
    checks = (
        check_of("AI is used.", 0, citation("AI is used.", source)),
        check_of("28.3% of SMEs use it.", 16, citation("28.3% of SMEs use it.", source)),
    )
    seen = harmless(answer_html(text, drawn(checks=checks)))
    badges = [a for tag, a in seen.tags if tag == "button"]
    assert [b["data-quote"] for b in badges] == ["AI is used.", "28.3% of SMEs use it."]
    # Where the quote stands in its card, so that the very mark can be shown.
    assert [b["data-at"] for b in badges] == ["0", "12"]
    pane = pane_html([source], [check.evidence[0] for check in checks], Language.EN, "k")
    marks = [a for tag, a in harmless(pane).tags if tag == "mark"]
    assert [(m["data-from"], m["data-to"]) for m in marks] == [("0", "11"), ("12", "33")]
    assert badges[1]["aria-label"] == "Supported by source 1: “28.3% of SMEs use it.”"


def answered(**changes: Any) -> Answer:
    check = check_of("AI is used.", 0, citation("AI is used.", passage()))
    made: dict[str, Any] = {
        "id": "i",
        "question": "q",
        "standalone_question": "q",
        "language": Language.EN,
        "kind": AnswerKind.ANSWER,
        "text": "AI is used. [1]",
        "citations": check.evidence,
        "passages": (passage(),),
        "grounding": Grounding(checks=(check, check), verifier="v"),
        "withheld": (),
        "notices": (),
        "provenance": Provenance(
            model="embedded-1",
            prompt_version="1",
            prompt_sha="s",
            index_fingerprint="f",
            verifier="v",
            package_version="0",
        ),
    }
    return Answer(**made | changes)


def shown(answer: Answer | None = None, **changes) -> Shown:
    made = {
        "key": "k1",
        "question": "q",
        "language": Language.EN,
        "stage": Stage.DONE if answer else Stage.SEARCHING,
        "text": answer.text if answer else "",
        "answer": answer,
    }
    return Shown(**made | changes)


def article(turn: Shown, language: Language = Language.EN, *, last: bool = True) -> Tags:
    return harmless(turn_html(turn, 1, language, last=last))


def test_an_answer_says_what_was_checked_who_wrote_it_and_whether_text_left() -> None:
    own = article(shown(answered())).text
    assert "2 sentences, each checked against its source" in own
    assert "built-in answerer · nothing left this machine" in own
    how = replace(answered().provenance, model="deepseek:chat", left_machine=True, cost=0.00123)
    sent = article(shown(answered(provenance=how))).text
    assert "Written by deepseek:chat · question and passages were sent to an outside" in sent
    assert "cost 0.0012" in sent


def test_a_partial_answer_and_what_was_left_out_are_told_calmly() -> None:
    failed = check_of("Half of them do.", 0, citation("AI is used.", passage()))
    seen = article(shown(answered(partial=True, withheld=(failed,), notices=("1 sentence(s).",))))
    assert "This answer is not complete." in seen.text
    assert "Why sentences are left out" in seen.text
    # What no source supports is not shown, not even as an example of what was left out.
    assert "Half of them do." not in seen.text


def test_thoughts_are_folded_and_told_apart() -> None:
    seen = article(shown(answered(thoughts="hm <b>")))
    (fold,) = [a for _, a in seen.tags if a.get("class") == "fp-thoughts"]
    assert "open" not in fold
    assert "hm <b>" in seen.text


@pytest.mark.parametrize(
    ("stage", "text", "told"),
    [
        (Stage.SEARCHING, "", "Looking through the sources"),
        (Stage.THINKING, "", "The model is thinking"),
        (Stage.CHECKING, "AI is used. [1]", "Checking each sentence"),
        (Stage.STOPPED, "AI is used. [1]", "Stopped before the end"),
        (Stage.UNFINISHED, "AI is used. [1]", "interrupted before its end"),
        (Stage.UNFINISHED, "", "Interrupted before anything was found"),
        (Stage.FAILED, "", "ask again (reference abc1)"),
    ],
)
def test_each_stage_says_how_far_the_answer_is(stage: Stage, text: str, told: str) -> None:
    seen = article(shown(stage=stage, text=text, reference="abc1"))
    assert told in seen.text
    running = stage in {Stage.SEARCHING, Stage.THINKING, Stage.CHECKING}
    events = {a.get("data-do") for _, a in seen.tags}
    assert ("retry" in events) is not running
    assert ("edit" in events) is not running


@pytest.mark.parametrize("stage", [Stage.STOPPED, Stage.UNFINISHED, Stage.FAILED])
def test_what_has_no_end_says_whether_text_could_leave_the_machine(stage: Stage) -> None:
    told = {may: article(shown(stage=stage, could_leave=may)).text for may in (True, False, None)}
    assert "may have been sent to an outside service" in told[True]
    assert "nothing left this machine" in told[False].lower()
    assert "machine" not in told[None]


def test_a_warning_is_no_less_visible_than_what_was_checked() -> None:
    html = turn_html(shown(answered(notices=("Written by AI.",))), 1, Language.EN, last=True)
    assert '<p class="fp-warned"><span aria-hidden="true">!</span> Written by AI.</p>' in html


def test_a_first_visit_invites_to_try_and_a_question_says_what_edit_edits() -> None:
    assert "Try one of these:" in harmless(welcome_html(Language.EN)).text
    assert "试试这些问题：" in harmless(welcome_html(Language.ZH)).text
    assert "Edit question" in article(shown(answered())).text


def test_every_answer_says_who_answered_and_whether_text_left_the_machine() -> None:
    none = Grounding(checks=(), verifier="v")
    for kind in (AnswerKind.ABSTENTION, AnswerKind.SMALLTALK):
        seen = article(shown(answered(kind=kind, citations=(), grounding=none)))
        assert "Answered by FirstPilot itself · nothing left this machine" in seen.text
    left = replace(answered().provenance, left_machine=True)
    seen = article(shown(answered(grounding=none, provenance=left)))
    assert "FirstPilot itself · question and passages were sent to an outside" in seen.text


def test_an_abstention_offers_questions_and_the_way_to_what_is_covered() -> None:
    none = answered(kind=AnswerKind.ABSTENTION, grounding=Grounding(checks=(), verifier="v"))
    seen = article(shown(none, suggestions=("A?", "B?", "C?")))
    assert [a["data-ask"] for _, a in seen.tags if a.get("data-do") == "click"] == [
        "A?",
        "B?",
        "C?",
    ]
    assert "Questions I can answer" in seen.text
    assert any(a.get("href") == "knowledge" for _, a in seen.tags)
    # Only the last answer has questions to go on with.
    earlier = article(shown(none, suggestions=("A?",)), last=False)
    assert not any(a.get("data-do") == "click" for _, a in earlier.tags)


def test_a_thumb_opens_the_place_for_a_comment_and_a_comment_closes_it() -> None:
    fresh, rated, said = (
        article(shown(answered(), opinion=opinion))
        for opinion in (None, Opinion(rating=-1), Opinion(rating=-1, commented=True))
    )
    pressed = [[a["aria-pressed"] for _, a in seen.tags if "aria-pressed" in a]
               for seen in (fresh, rated, said)]  # fmt: skip
    assert pressed == [["false", "false"], ["false", "true"], ["false", "true"]]
    forms = [sum(tag == "form" for tag, _ in seen.tags) for seen in (fresh, rated, said)]
    assert forms == [0, 1, 0]
    assert "Thank you" in said.text


@pytest.mark.parametrize("language", Language)
def test_every_button_of_an_answer_has_a_name(language: Language) -> None:
    html = turn_html(shown(answered(), suggestions=("A?",)), 1, language, last=True)
    html += welcome_html(language)
    for button in re.findall(r"<button(.*?)</button>", html, flags=re.DOTALL):
        inside = re.sub(r"<[^>]*>", "", button.partition(">")[2])
        assert inside.strip() or re.search(r'aria-label="[^"]+"', button)


def test_two_hundred_attacks_stay_text_wherever_they_come_in() -> None:
    assert len(set(ATTACKS)) >= 200
    for attack in ATTACKS:
        bad = passage(attack, publisher=attack, geography=attack, population=attack, title=attack)
        evidence = citation(attack, bad)
        answer = answered(
            text=f"{attack} [1]",
            citations=(evidence,),
            passages=(bad,),
            grounding=Grounding(checks=(check_of(attack, 0, evidence),), verifier="v"),
            notices=(attack,),
            thoughts=attack,
        )
        turn = shown(
            answer, key=attack, question=attack, suggestions=(attack,), reference=attack,
            opinion=Opinion(rating=1),
        )  # fmt: skip
        article(turn)
        harmless(pane_html([bad], [evidence], Language.EN, "k"))
