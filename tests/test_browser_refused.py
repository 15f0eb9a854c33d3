"""What the server turns away: told calmly in the page's language, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.store import open_store
from tests.served import served
from tests.test_browser import CHROMIUM, SLOW, ask, browser, fits, picture, problems, settle

__all__ = ["CHROMIUM", "browser"]

pytestmark = pytest.mark.browser
PASSWORD = "correct horse"  # noqa: S105 - of this test
QUESTION = "How many small firms use AI?"


@pytest.fixture(scope="module")
def url(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a password, where an address may ask two questions a minute."""
    folder = tmp_path_factory.mktemp("refused")
    store = open_store(Settings(data_dir=folder))
    settings = Settings(data_dir=folder, password=PASSWORD, rate_limit="2/minute")
    with served(assistant, store, settings) as address:
        yield address
    store.close()


def logged_in(browser: Any, url: str, locale: str) -> Any:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
    tab = context.new_page()
    tab.set_default_timeout(SLOW)
    tab.goto(url)
    give_password(tab, locale)
    return tab


def give_password(tab: Any, locale: str) -> None:
    tab.locator("#secret").fill(PASSWORD)
    tab.locator("#secret").press("Enter")
    settle(tab, locale)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_login_page_can_be_used_by_everybody(
    browser: Any, url: str, width: int, locale: str, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale=locale, color_scheme=scheme
    )
    tab = context.new_page()
    tab.set_default_timeout(SLOW)
    tab.goto(f"{url}/login")
    found = problems(tab)
    if width == 390 and scheme == "dark":  # a wrong try counts, so not everywhere
        tab.keyboard.type("wrong")
        tab.keyboard.press("Enter")
        tab.locator("[role=alert]", has_text="密码" if locale == "zh-CN" else "password").wait_for()
        picture(tab, f"login-{locale[:2]}")
        found += problems(tab)
    assert found == []
    assert fits(tab)
    context.close()


def type_and_send(tab: Any, text: str) -> Any:
    box = tab.locator("#fp-question textarea")
    box.fill(text)
    box.press("Enter")
    tab.locator("#fp-told").wait_for()
    assert box.input_value() == text, "what was typed stays"
    tab.wait_for_timeout(500)
    assert tab.locator(".toast-body:visible").count() == 0, "nothing in Gradio's own words"
    assert box.evaluate(
        "e => { const at = e.getBoundingClientRect();"
        " return document.elementFromPoint(at.left + at.width / 2, at.top + 9) === e; }"
    ), "something lies over the box"
    return tab.locator("#fp-told")


def test_an_ended_login_is_told_and_the_question_comes_back_after_a_new_one(
    browser: Any, url: str
) -> None:
    tab = logged_in(browser, url, "en-GB")
    tab.context.clear_cookies()
    told = type_and_send(tab, "Why & when?\n50% <b>")
    assert told.inner_text() == "Your login has ended. What you typed is kept. Log in again"
    picture(tab, "expired")
    assert problems(tab) == []
    told.locator("a").click()
    give_password(tab, "en-GB")
    box = "document.querySelector('#fp-question textarea')"
    tab.wait_for_function(f"{box}.value.length > 0")
    assert tab.evaluate(f"{box}.value") == "Why & when?\n50% <b>"
    assert tab.locator("#fp-told").count() == 0
    tab.context.close()


def test_too_many_questions_are_told_and_searching_eats_none_of_them(
    browser: Any, url: str
) -> None:
    tab = logged_in(browser, url, "zh-CN")
    ask(tab, "企业为什么还在观望？")
    for words in ("企", "企业", "企业为", "没有"):
        tab.locator("#fp-find").fill(words)
        found = 0 if words == "没有" else 1
        tab.wait_for_function(f"document.querySelectorAll('.fp-open').length === {found}")
        tab.wait_for_timeout(400)
    ask(tab, "企业为什么还在观望？")
    told = type_and_send(tab, "多少企业用 AI？").inner_text()
    assert told.startswith("刚才从这里提出的问题较多，请在 ")
    assert 1 <= int("".join(filter(str.isdigit, told))) <= 60
    # The box was emptied when the new question brought the whole list back.
    assert tab.locator("#fp-find").input_value() == ""
    tab.locator("#fp-find").fill("企业")
    tab.wait_for_function("document.querySelectorAll('.fp-open').length === 1")
    tab.locator("#fp-told").wait_for(state="detached")
    tab.context.close()


@pytest.mark.parametrize(
    ("status", "locale", "said"),
    [
        (503, "en-GB", "Many people are asking at this moment. Please ask again in a minute."),
        (503, "zh-CN", "现在提问的人较多，请一分钟后再问。"),
        (500, "en-GB", "The server did not answer. What you typed is kept; please try again."),
        (None, "zh-CN", "服务器没有回应。您输入的内容已保留，请再试一次。"),
    ],
)
def test_a_full_or_broken_server_is_told(
    browser: Any, url: str, status: int | None, locale: str, said: str
) -> None:
    tab = logged_in(browser, url, locale)

    def refuse(route: Any) -> None:
        if status is None:
            route.abort()
        else:
            route.fulfill(status=status, json={"detail": "Queue is full."})

    tab.route("**/gradio_api/queue/join*", refuse)
    assert type_and_send(tab, QUESTION).inner_text() == said
    picture(tab, f"refused-{status}")
    assert tab.locator("#fp-question .submit-button").is_enabled()
    assert tab.locator(".fp-welcome").is_visible(), "the page stays as it was"
    tab.context.close()
