"""The page in a real browser over the real assistant: both widths, languages and colours."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.exchange import of_answer
from assistant.schema import Citation, Grounding, Language
from assistant.store import Store, open_store
from assistant.visitors import COOKIE
from tests.attacks import ATTACKS as ALL_ATTACKS
from tests.served import served
from tests.test_ui_html import answered, check_of, citation, passage
from tests.tools import missing

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
DESKTOP, PHONE = 1440, 390
HEIGHTS = {DESKTOP: 900, PHONE: 844}
SLOW = 120_000
"""Milliseconds that something may take on a busy machine."""
GUEST = "g" * 32
"""The cookie of a browser whose conversations a test has put there."""

ATTACKS = tuple(attack for attack in ALL_ATTACKS if "\ud800" not in attack)
"""Half a character can be typed, but is stored nowhere."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for all tests of this module."""
    if not CHROMIUM.exists():
        missing("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store behind the page."""
    store = open_store(Settings(data_dir=tmp_path_factory.mktemp("kept")))
    yield store
    store.close()


@pytest.fixture(scope="module")
def app_url(
    browser: Any, assistant: Assistant, kept: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the page; one server for all tests of this module."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("served"))
    with served(assistant, kept, settings) as url:
        yield url


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, app_url: str, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens the page in a browser of its own; nothing may leave the origin, and no script fail."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def note(asked: Any) -> None:
        if not asked.url.startswith((app_url, "data:", "blob:")):
            wrong.append(f"left the origin: {asked.url}")

    def opened(
        width: int = DESKTOP, locale: str = "en-GB", scheme: str = "light", *,
        path: str = "/", cookie: str = "",
    ) -> Any:  # fmt: skip
        context = new_reader(browser, width, locale, scheme)
        contexts.append(context)
        if cookie:
            context.add_cookies([{"name": COOKIE, "value": cookie, "url": app_url}])
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
        tab = context.new_page()
        tab.set_default_timeout(SLOW)
        tab.on("request", note)
        tab.on("pageerror", lambda error: wrong.append(f"script failed: {error}"))
        tab.goto(f"{app_url}{path}")
        if path.startswith("/?") or path == "/":
            settle(tab, locale)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def new_reader(browser: Any, width: int, locale: str, scheme: str) -> Any:
    """Return a browser's new context: somebody who was never here."""
    return browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        locale=locale, color_scheme=scheme, has_touch=width == PHONE,
    )  # fmt: skip


def settle(tab: Any, locale: str) -> None:
    """Wait until the page speaks the browser's language, which is the last thing it does."""
    name = "提问" if locale.startswith("zh") else "Ask"
    tab.locator("#fp-question .submit-button", has_text=name).wait_for()
    tab.wait_for_function(
        "lang => document.documentElement.lang === lang",
        arg="zh-CN" if locale.startswith("zh") else "en",
    )


def ask(tab: Any, question: str) -> Any:
    """Ask; return the article of the finished answer."""
    before = tab.locator(".fp-turn").count()
    box = tab.locator("#fp-question textarea")
    box.fill(question)
    box.press("Enter")
    article = tab.locator(".fp-turn").nth(before)
    article.locator(".fp-end").wait_for()
    return article


def picture(tab: Any, name: str) -> None:
    """Keep a picture of what is seen, when a folder for them is named."""
    folder = os.environ.get("FIRSTPILOT_SCREENSHOTS")
    if folder:
        tab.wait_for_timeout(400)
        tab.screenshot(path=str(Path(folder) / f"{name}.png"))


def problems(tab: Any) -> list[str]:
    """Return what axe-core finds serious or critical on the page as it is now."""
    # What fades in has less contrast until it has.
    tab.wait_for_timeout(1500)
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab).response
    assert found["passes"], "axe looked at nothing"
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def fits(tab: Any) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


QUESTIONS = {
    "en-GB": ("How many small firms use AI?", "28.3%", "What is the capital of France?"),
    "zh-CN": ("企业为什么还在观望？", "43%", "法国的首都是哪里？"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_whole_way_from_a_first_visit_to_a_quote(
    open_page: Open, width: int, locale: str, scheme: str
) -> None:
    question, figure, outside = QUESTIONS[locale]
    tab = open_page(width, locale, scheme)
    name = f"{width}-{locale[:2]}-{scheme}"
    tab.locator(".fp-welcome").wait_for()
    assert tab.locator(".fp-roles section").count() == 5
    assert not tab.locator("#fp-pane").is_visible(), "there are no sources yet"
    picture(tab, f"welcome-{name}")
    found = [("welcome", problem) for problem in problems(tab)]
    article = ask(tab, question)
    assert figure in article.inner_text()
    badges = article.locator(".fp-badge")
    sentences = article.locator(".fp-answer :is(p, li):has(.fp-badge)")
    assert badges.count() >= sentences.count() > 0
    picture(tab, f"answer-{name}")
    badge = badges.first
    quote = badge.get_attribute("data-quote")
    badge.click()
    mark = tab.locator("#fp-sources .fp-card.fp-now mark.fp-now")
    mark.wait_for()
    assert mark.inner_text() in quote or quote in mark.inner_text()
    card = tab.locator(".fp-card.fp-now")
    facts = card.inner_text()
    assert tab.locator(".fp-card.fp-now .fp-grade").first.inner_text() in facts
    assert "AInspiro" in facts
    assert "2026" in facts
    picture(tab, f"sources-{name}")
    assert mark.evaluate(
        "e => { const at = e.getBoundingClientRect(), is = document.elementFromPoint("
        "at.left + 4, at.top + 4); return is === e || e.contains(is); }"
    ), "the quote is not in sight"
    found += [("sources", problem) for problem in problems(tab)]
    assert fits(tab)
    tab.keyboard.press("Escape")
    refusal = ask(tab, outside)
    assert refusal.locator(".fp-next .fp-ask").count() == 3
    picture(tab, f"abstention-{name}")
    found += [("abstention", problem) for problem in problems(tab)]
    assert fits(tab)
    assert found == []


def test_an_offered_question_is_asked_by_a_click(open_page: Open) -> None:
    tab = open_page()
    tab.locator(".fp-ask").first.click()
    tab.locator(".fp-turn .fp-end").wait_for()
    offered = tab.locator(".fp-next .fp-ask").first
    text = offered.inner_text()
    offered.click()
    second = tab.locator(".fp-turn").nth(1)
    second.locator(".fp-end").wait_for()
    assert second.locator(".fp-question").inner_text() == text
    # Only the last answer has questions to go on with.
    assert tab.locator(".fp-turn").first.locator(".fp-ask").count() == 0


def test_a_badge_of_an_earlier_answer_brings_its_sources_back(open_page: Open) -> None:
    tab = open_page()
    first = ask(tab, "How many small firms use AI?")
    ask(tab, "Why do firms hold back?")
    badge = first.locator(".fp-badge").first
    badge.click()
    tab.locator(f"#{badge.get_attribute('data-card')}.fp-now mark.fp-now").wait_for()


def test_a_quote_shows_on_hover_and_on_focus(open_page: Open) -> None:
    tab = open_page()
    badge = ask(tab, "How many small firms use AI?").locator(".fp-badge").first
    badge.hover()
    tip = tab.locator("#fp-tip")
    tip.wait_for()
    assert badge.get_attribute("data-quote") in tip.inner_text()
    tab.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    picture(tab, "tip")


def test_everything_can_be_done_by_keyboard_alone(open_page: Open) -> None:
    tab = open_page()

    def focused(script: str = "document.activeElement.className") -> str:
        return str(tab.evaluate(script))

    def tab_to(selector: str, most: int = 60) -> None:
        for _ in range(most):
            tab.keyboard.press("Tab")
            if tab.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"no way by keyboard to {selector}")

    tab.keyboard.press("Tab")
    assert "fp-skip" in focused()
    tab.keyboard.press("Enter")
    assert focused("document.activeElement.tagName") == "TEXTAREA"
    tab.keyboard.type("How many small firms use AI?")
    tab.keyboard.press("Enter")
    article = tab.locator(".fp-turn").first
    article.locator(".fp-end").wait_for()
    tab.evaluate("document.querySelector('.fp-log').focus()")
    tab_to(".fp-badge")
    tab.locator("#fp-tip").wait_for()
    tab.keyboard.press("Enter")
    tab.locator(".fp-card.fp-now mark.fp-now").wait_for()
    tab.wait_for_function("document.activeElement.matches('.fp-card.fp-now > summary')")
    tab.evaluate("document.querySelector('.fp-badge').focus()")
    tab_to(".fp-thumb[data-rating='-1']")
    tab.keyboard.press("Space")
    tab.locator(".fp-comment textarea").wait_for()
    tab_to(".fp-comment textarea", 6)
    tab.keyboard.type("Which year?")
    tab_to(".fp-comment button", 3)
    tab.keyboard.press("Enter")
    article.get_by_text("Thank you, noted.").wait_for()
    tab.evaluate("document.querySelector('.fp-new').focus()")
    tab_to(".fp-open")
    tab_to(".fp-options > summary", 3)
    tab.keyboard.press("Enter")
    tab_to("input[name=title]", 3)
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("By keyboard")
    tab.keyboard.press("Enter")
    tab.locator(".fp-open", has_text="By keyboard").wait_for()
    tab.evaluate("document.querySelector('.fp-new').focus()")
    tab.keyboard.press("Enter")
    tab.locator(".fp-welcome").wait_for()


def test_conversations_are_kept_found_renamed_exported_and_deleted(open_page: Open) -> None:
    tab = open_page()
    ask(tab, "How many small firms use AI?")
    tab.locator(".fp-new").click()
    tab.locator(".fp-welcome").wait_for()
    ask(tab, "Why do firms hold back?")
    assert tab.locator(".fp-open").all_inner_texts() == [
        "Why do firms hold back?", "How many small firms use AI?",
    ]  # fmt: skip
    tab.reload()
    settle(tab, "en-GB")
    tab.locator(".fp-turn", has_text="Why do firms hold back?").wait_for()
    tab.locator("#fp-find").fill("28.3")
    tab.wait_for_function("document.querySelectorAll('.fp-open').length === 1")
    assert tab.locator(".fp-open").inner_text() == "How many small firms use AI?"
    tab.locator("#fp-find").fill("use small 28.3")
    tab.locator(".fp-list[data-words='use small 28.3'] .fp-open").wait_for()
    assert tab.locator(".fp-open").count() == 1
    tab.locator(".fp-options > summary").click()
    tab.locator("input[name=title]").fill("First")
    tab.locator("input[name=title]").press("Enter")
    tab.locator(".fp-open", has_text="First").wait_for()
    assert tab.locator(".fp-open").all_inner_texts() == ["First"], "the words are still there"
    assert tab.locator("#fp-find").input_value() == "use small 28.3"
    tab.locator(".fp-open").click()
    tab.locator(".fp-turn", has_text="How many small firms use AI?").wait_for()
    assert tab.locator(".fp-open").all_inner_texts() == ["First"]
    tab.locator(".fp-new").click()
    tab.wait_for_function("document.querySelector('#fp-find').value === ''")
    tab.locator("#fp-find").fill("28.3")
    tab.wait_for_function("document.querySelectorAll('.fp-open').length === 1")
    tab.locator("#fp-find").fill("")
    tab.wait_for_function("document.querySelectorAll('.fp-open').length === 2")
    item = tab.locator(".fp-item").last
    item.locator(".fp-options > summary").click()
    picture(tab, "conversations")
    assert problems(tab) == []
    for ending, begins in (("md", b"# "), ("docx", b"PK"), ("pdf", b"%PDF")):
        with tab.expect_download() as waiting:
            item.locator(f"a[href*='.{ending}?']").click()
        saved = waiting.value.path().read_bytes()
        assert saved.startswith(begins)
        assert len(saved) > 500
    item.locator("input[name=title]").fill("Renamed")
    item.locator("input[name=title]").press("Enter")
    tab.locator(".fp-open", has_text="Renamed").click()
    tab.locator(".fp-turn", has_text="How many small firms use AI?").wait_for()
    item = tab.locator(".fp-item", has_text="Renamed")
    item.locator(".fp-options > summary").click()
    item.locator(".fp-sure > summary").click()
    item.locator(".fp-danger").click()
    tab.locator(".fp-welcome").wait_for()
    assert tab.locator(".fp-open").all_inner_texts() == ["Why do firms hold back?"]


def test_a_reader_gets_and_erases_what_is_kept_of_them(open_page: Open) -> None:
    tab = open_page()
    ask(tab, "How many small firms use AI?")
    assert tab.locator("#fp-account form[action=logout]").count() == 0, "nobody logged in"
    tab.locator("#my-data > summary").click()
    with tab.expect_download() as waiting:
        tab.locator("#my-data a[href=my-data]").click()
    assert "How many small firms use AI?" in waiting.value.path().read_text("utf-8")
    tab.locator("#my-data .fp-sure > summary").click()
    picture(tab, "my-data")
    assert problems(tab) == []
    tab.locator("#my-data .fp-danger").click()
    tab.wait_for_url("**/")
    settle(tab, "en-GB")
    tab.locator(".fp-welcome").wait_for()
    assert tab.locator(".fp-open").count() == 0


def test_deleting_the_open_conversation_while_it_is_answered_ends_it(open_page: Open) -> None:
    tab = open_page()
    box = tab.locator("#fp-question textarea")
    box.fill("How many small firms use AI?")
    box.press("Enter")
    tab.locator(".fp-item .fp-options > summary").click()
    tab.locator(".fp-sure > summary").first.click()
    tab.locator(".fp-item .fp-danger").click()
    tab.locator(".fp-welcome").wait_for()
    ask(tab, "Why do firms hold back?")
    assert tab.locator(".fp-open").all_inner_texts() == ["Why do firms hold back?"]


@pytest.mark.parametrize("way", [".fp-item .fp-danger", ".fp-new"])
def test_a_question_is_taken_however_long_the_run_before_takes_to_end(
    open_page: Open, way: str
) -> None:
    tab = open_page()
    # On a busy server a run ends later than its page is left.
    tab.route("**/gradio_api/cancel", lambda route: (tab.wait_for_timeout(700), route.continue_()))
    box = tab.locator("#fp-question textarea")
    box.fill("How many small firms use AI?")
    box.press("Enter")
    tab.locator(".fp-item").wait_for()
    if way == ".fp-item .fp-danger":
        tab.locator(".fp-item .fp-options > summary").click()
        tab.locator(".fp-sure > summary").first.click()
    tab.locator(way).first.click()
    tab.locator(".fp-welcome").wait_for()
    ask(tab, "Why do firms hold back?")


def test_another_browser_sees_none_of_it(open_page: Open) -> None:
    mine = open_page()
    ask(mine, "How many small firms use AI?")
    mine.wait_for_url("**/?c=*")
    address = mine.url.rpartition("/")[2]
    other = open_page(path=f"/{address}")
    other.locator(".fp-welcome").wait_for()
    assert other.locator(".fp-open").count() == 0
    key = address.partition("c=")[2]
    assert other.request.get(f"{other.url.partition('?')[0]}conversations/{key}.md").status == 404


def test_a_question_is_changed_and_asked_again_in_its_place(open_page: Open) -> None:
    tab = open_page()
    ask(tab, "How many small firms use AI?")
    ask(tab, "Why do firms hold back?")
    tab.locator(".fp-turn button[data-do=edit]").first.click()
    box = tab.locator("#fp-question textarea")
    tab.wait_for_function("document.querySelector('#fp-question textarea').value.length > 0")
    assert box.input_value() == "How many small firms use AI?"
    tab.locator("#fp-hint").get_by_text("Cancel").click()
    tab.wait_for_function("document.querySelector('#fp-question textarea').value === ''")
    tab.locator(".fp-turn").last.locator("button[data-do=edit]").click()
    tab.wait_for_function("document.querySelector('#fp-question textarea').value.length > 0")
    box.fill("Where should I start?")
    box.press("Enter")
    changed = tab.locator(".fp-turn", has_text="Where should I start?")
    changed.locator(".fp-end").wait_for()
    assert tab.locator(".fp-question").all_inner_texts() == [
        "How many small firms use AI?", "Where should I start?",
    ]  # fmt: skip
    changed.locator("[data-do=retry]").click()
    changed.locator(".fp-end").wait_for()
    assert tab.locator(".fp-turn").count() == 2


def test_language_and_colours_are_switched_and_stay(open_page: Open) -> None:
    tab = open_page()
    ask(tab, "How many small firms use AI?")
    tab.locator(".fp-head [data-chosen=zh]").click()
    settle(tab, "zh-CN")
    tab.locator(".fp-checked", has_text="核对").wait_for()
    was = tab.evaluate("document.body.classList.contains('dark')")
    tab.locator("[data-theme-switch]").click()
    assert tab.evaluate("document.body.classList.contains('dark')") is not was
    tab.reload()
    settle(tab, "zh-CN")
    tab.wait_for_function("was => document.body.classList.contains('dark') !== was", arg=was)
    tab.locator(".fp-head a", has_text="知识库").click()
    assert tab.evaluate("document.documentElement.classList.contains('dark')") is not was
    assert tab.evaluate("document.documentElement.lang") == "zh-CN"


def test_filters_narrow_what_is_answered_from(open_page: Open) -> None:
    tab = open_page()
    tab.locator("#fp-filters summary").click()
    picture(tab, "filters")
    assert problems(tab) == []
    tab.locator("#fp-filters select[name=kind]").select_option("case")
    tab.locator("#fp-filters .fp-on").wait_for()
    ask(tab, "How many small firms use AI?")
    kinds = tab.locator("#fp-sources dd").all_inner_texts()
    assert "Cases" in kinds
    assert "Reports" not in kinds


def test_an_answer_is_copied_with_its_sources(open_page: Open) -> None:
    tab = open_page()
    ask(tab, "How many small firms use AI?").locator("[data-copy]").click()
    tab.get_by_text("Copied").wait_for()
    text = tab.evaluate("navigator.clipboard.readText()")
    assert "28.3%" in text
    assert re.search(r"^\[\d\] .*AInspiro", text, flags=re.MULTILINE)
    assert "<" not in text


NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
DENIED = "navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); 0;"
NOTHING_COPIES = f"{DENIED} document.execCommand = () => false; 0;"


@pytest.mark.parametrize("barred", [NO_CLIPBOARD, DENIED])
def test_an_answer_is_copied_where_the_clipboard_is_barred(open_page: Open, barred: str) -> None:
    tab = open_page()
    tab.evaluate("navigator.clipboard.writeText('nothing')")
    tab.evaluate(barred)
    button = ask(tab, "How many small firms use AI?").locator("[data-copy]")
    button.click()
    tab.get_by_text("Copied", exact=True).wait_for()
    assert button.evaluate("e => e === document.activeElement"), "the focus stays"
    box = tab.locator("#fp-question textarea")
    box.press("Control+v")
    assert "28.3%" in box.input_value()
    button.get_by_text("Copy", exact=True).wait_for()


@pytest.mark.parametrize(
    ("locale", "told"), [("en-GB", "did not allow copying"), ("zh-CN", "浏览器不允许复制")]
)
def test_a_copy_that_fails_is_told(open_page: Open, locale: str, told: str) -> None:
    tab = open_page(locale=locale)
    tab.evaluate(NOTHING_COPIES)
    ask(tab, "How many small firms use AI?").locator("[data-copy]").click()
    tab.locator("[data-copy]", has_text=told).wait_for()


def test_an_empty_question_gets_a_hint(open_page: Open) -> None:
    tab = open_page()
    tab.locator("#fp-question textarea").press("Enter")
    tab.get_by_text("Type a question first.").wait_for()


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("place", ["knowledge", "quality", "document"])
def test_the_other_pages_are_read_at_any_width_and_in_any_colours(
    open_page: Open, assistant: Assistant, place: str, locale: str
) -> None:
    tongue = Language.ZH if locale == "zh-CN" else Language.EN
    documents = [d for d in assistant.coverage().documents if d.language is tongue]
    path = f"/knowledge?document={documents[0].id}" if place == "document" else f"/{place}"
    tab = open_page(DESKTOP, locale, "light", path=path)
    found = []
    for width in (DESKTOP, PHONE):
        for scheme in ("light", "dark"):
            tab.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            tab.emulate_media(color_scheme=scheme)
            tab.reload()
            dark = tab.evaluate("document.documentElement.classList.contains('dark')")
            assert dark is (scheme == "dark")
            picture(tab, f"{place}-{width}-{locale[:2]}-{scheme}")
            found += [(width, scheme, problem) for problem in problems(tab)]
            assert fits(tab), (width, scheme)
            assert within_their_lines(tab), (width, scheme)
    assert found == []


def within_their_lines(tab: Any) -> bool:
    """Whether no whisker reaches beyond the line it is drawn on."""
    return bool(
        tab.evaluate(
            "[...document.querySelectorAll('.fp-interval')].every((whisker) => {"
            " const is = whisker.getBoundingClientRect(),"
            "  line = whisker.parentElement.getBoundingClientRect();"
            " return is.left >= line.left - .1 && is.right <= line.right + .1; })"
        )
    )


def test_documents_are_picked_and_one_is_read_by_keyboard(open_page: Open) -> None:
    tab = open_page(path="/knowledge")
    assert tab.locator(".fp-documents .fp-card").count() == 4
    tab_to(tab, "select[name=in]")
    tab.keyboard.press("Home")
    tab_to(tab, ".fp-pick button")
    tab.keyboard.press("Enter")
    tab.wait_for_function("document.querySelectorAll('.fp-documents .fp-card').length === 8")
    tab_to(tab, ".fp-card > summary")
    tab.keyboard.press("Enter")
    title = tab.locator(".fp-card[open] .fp-card-title > span").inner_text()
    tab_to(tab, ".fp-read a", 4)
    tab.keyboard.press("Enter")
    tab.locator("h2", has_text=title).wait_for()
    tab_to(tab, ".fp-text nav a")
    tab.keyboard.press("Enter")
    assert tab.locator("section.fp-text :target").count() == 1


def tab_to(tab: Any, selector: str, most: int = 90) -> None:
    """Go on by the tabulator alone."""
    for _ in range(most):
        tab.keyboard.press("Tab")
        if tab.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"no way by keyboard to {selector}")


def test_what_is_beside_the_answers_is_done_by_keyboard_alone(open_page: Open) -> None:
    """Language, colours, filters, search, export, delete; nothing but keys from start to end."""
    tab = open_page()
    tab_to(tab, "#fp-question textarea")
    tab.keyboard.type("How many small firms use AI?")
    tab.keyboard.press("Enter")
    tab.locator(".fp-turn .fp-end").wait_for()
    tab_to(tab, "[data-chosen=zh]")
    tab.keyboard.press("Enter")
    settle(tab, "zh-CN")
    was = tab.evaluate("document.body.classList.contains('dark')")
    tab_to(tab, "[data-theme-switch]")
    tab.keyboard.press("Space")
    assert tab.evaluate("document.body.classList.contains('dark')") is not was
    tab_to(tab, "#fp-filters summary")
    tab.keyboard.press("Enter")
    tab_to(tab, "#fp-filters select[name=kind]", 4)
    tab.keyboard.press("ArrowDown")
    tab.locator("#fp-filters .fp-on").wait_for()
    tab_to(tab, "#fp-find")
    tab.keyboard.type("28.3")
    tab.wait_for_timeout(600)
    assert tab.evaluate("document.activeElement.value") == "28.3", "the focus and the words stay"
    assert tab.locator(".fp-open").count() == 1
    tab_to(tab, ".fp-options > summary", 3)
    tab.keyboard.press("Enter")
    tab_to(tab, "a[href*='.md?']", 4)
    with tab.expect_download() as waiting:
        tab.keyboard.press("Enter")
    assert "28.3" in waiting.value.path().read_text("utf-8")
    tab_to(tab, ".fp-sure > summary", 4)
    tab.keyboard.press("Enter")
    tab_to(tab, ".fp-danger", 2)
    tab.keyboard.press("Enter")
    tab.locator(".fp-welcome").wait_for()
    assert tab.locator(".fp-open").count() == 0


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_name_stays_where_it_is_on_all_pages(open_page: Open, width: int) -> None:
    places = set()
    for path in ("/", "/knowledge", "/quality"):
        tab = open_page(width, path=path)
        boxes = [tab.locator(each).bounding_box() for each in (".fp-head", ".fp-name")]
        places.add(tuple(round(box[side]) for box in boxes for side in ("x", "y", "height")))
    assert len(places) == 1, places


def test_no_role_stands_alone_beside_a_hole(open_page: Open) -> None:
    tab = open_page()
    boxes = [each.bounding_box() for each in tab.locator(".fp-roles .fp-ask").all()]
    right = {round(max(b["x"] + b["width"] for b in boxes if b["y"] == y)) for y in
             {box["y"] for box in boxes}}  # fmt: skip
    assert len(right) == 1, "a row ends before the others do"


def test_quotes_are_told_by_more_than_colour_and_badges_can_be_hit_on_a_phone(
    open_page: Open,
) -> None:
    tab = open_page(PHONE)
    badges = ask(tab, "How many small firms use AI?").locator(".fp-badge")
    for badge in badges.all():
        box = badge.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    badges.first.click()
    mark = tab.locator(".fp-card.fp-now mark.fp-now")
    mark.wait_for()
    assert "underline" in mark.evaluate("e => getComputedStyle(e).textDecorationLine")


def test_two_hundred_attacks_run_nothing(open_page: Open, kept: Store) -> None:
    """As questions, titles, documents and what a model wrote, and a few typed in for good."""
    owner = f"browser:{GUEST}"
    bad = [passage(a, publisher=a, geography=a, population=a, title=a, url=a) for a in ATTACKS]
    for at in range(0, len(ATTACKS), 50):
        some = ATTACKS[at : at + 50]
        talk = kept.conversations.create(owner, some[0])
        for source, attack in zip(bad[at : at + 50], some, strict=True):
            turn = kept.conversations.begin(owner, talk.id, attack)
            evidence = citation(attack, source)
            # The pane of the last one has the cards of all.
            shown = bad[at : at + 50] if attack == some[-1] else [source]
            answer = answered(
                id=turn.id[:12], text=f"{attack} [1]\n\n- {attack} [1]\n\n| {attack} | x [1] |",
                citations=(evidence,), passages=tuple(shown), notices=(attack,),
                grounding=grounded(attack, evidence), thoughts=attack, question=attack,
            )  # fmt: skip
            kept.conversations.finish(turn.id, of_answer(answer))
    for attack in ATTACKS:
        kept.conversations.create(owner, attack)
    talks = [talk for talk in kept.conversations.of(owner, limit=1000) if talk.turns]
    assert sum(talk.turns for talk in talks) == len(ATTACKS)
    for talk in talks:
        tab = open_page(path=f"/?c={talk.id}", cookie=GUEST)
        tab.locator(".fp-turn").nth(talk.turns - 1).wait_for()
        assert tab.locator(".fp-open").count() == 200
        tab.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; });"
            "document.querySelectorAll('.fp-turn *, .fp-card *').forEach((e) => {"
            " e.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })); e.focus?.(); });"
        )
        tab.locator(".fp-turn").last.locator(".fp-badge").first.click()
        tab.locator(".fp-card.fp-now").wait_for()
        tab.wait_for_timeout(300)
        assert tab.evaluate("window.hits") == 0
        made = "#fp-shell :is(script, iframe, object, embed, img, video, audio, base, meta)"
        assert tab.locator(made).count() == 0


def test_an_attack_that_is_typed_in_runs_nothing(open_page: Open) -> None:
    tab = open_page()
    for attack in (ATTACKS[0], "${hit()}", "{{hit()}}", "`+hit()+`", "<img src=x onerror=hit()>"):
        article = ask(tab, f"How many small firms use AI? {attack}")
        assert attack in article.locator(".fp-question").inner_text()
    assert tab.evaluate("window.hits") == 0


def grounded(attack: str, evidence: Citation) -> Grounding:
    return Grounding(checks=(check_of(attack, 0, evidence),), verifier="v")
