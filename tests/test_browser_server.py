"""The page over a server of its own and a scripted model: who wrote, stopped, killed, added to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from tests.scripted import Script, Status, Thinks, Wait, serving
from tests.test_browser import CHROMIUM, SLOW, ask, browser, picture, problems, settle

__all__ = ["CHROMIUM", "browser"]

pytestmark = pytest.mark.browser
QUESTION = "How many small firms use AI?"


@pytest.fixture(scope="module")
def fact(assistant: Assistant) -> str:
    """A sentence of a passage, cited so that it holds for that question."""
    citation = assistant.ask(QUESTION).citations[0]
    return f"{citation.quote} [{citation.marker}]"


@pytest.fixture(scope="module")
def model() -> Iterator[tuple[str, Script]]:
    """A language model that says what a test tells it to."""
    with serving(Status(500)) as (address, script):
        yield address, script


@pytest.fixture(scope="module")
def environment(
    model: tuple[str, Script], settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What the server is started with; what it keeps stays when it is killed."""
    return os.environ | {
        "FIRSTPILOT_DATA_DIR": str(tmp_path_factory.mktemp("server") / "data"),
        "FIRSTPILOT_KNOWLEDGE_DIR": str(settings.knowledge_dir),
        "FIRSTPILOT_UPLOADS": "true",
        "FIRSTPILOT_BACKEND": f"vllm:org/model-x@{model[0]}",
        "FIRSTPILOT_PRICES": '{"vllm:org/model-x": [10, 20]}',
        "FIRSTPILOT_RETRIES": "0",
        "FIRSTPILOT_CONCURRENCY": "1",
    }


@contextmanager
def started(environment: dict[str, str], port: int = 0) -> Iterator[tuple[str, Any]]:
    """Run ``firstpilot serve``; give its address and its process."""
    log = Path(environment["FIRSTPILOT_DATA_DIR"]).parent / f"log-{time.monotonic_ns()}"
    with log.open("w", encoding="utf-8") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve", "--port", str(port)],
            stdout=out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        try:
            yield _address(log, server), server
        finally:
            server.kill()
            server.wait(20)


def _address(log: Path, server: Any) -> str:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"http://[\w.:\[\]]+", log.read_text(encoding="utf-8"))
        if found:
            try:
                with urllib.request.urlopen(f"{found.group()}/healthz", timeout=5):  # noqa: S310
                    return found.group()
            except OSError:
                pass
        time.sleep(0.3)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server(browser: Any, environment: dict[str, str]) -> Iterator[str]:
    """The address of a server for the tests that do not kill it."""
    with started(environment) as (url, _):
        yield url


@pytest.fixture
def tab(browser: Any, server: str, model: tuple[str, Script]) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.add_init_script("window.hits = 0; window.hit = () => { window.hits += 1; };")
    page = context.new_page()
    page.set_default_timeout(SLOW)
    page.goto(server)
    settle(page, "en-GB")
    yield page
    context.close()
    model[1].answers = [Status(500)]


def test_thoughts_are_folded_and_what_no_source_says_is_left_out(
    tab: Any, model: tuple[str, Script], fact: str
) -> None:
    thought = Thinks("<b>Let me see.</b>")
    model[1].answers = [[thought, f"{fact} ", "Elephants run 99% of them. [1]"]]
    article = ask(tab, QUESTION)
    text = article.inner_text()
    assert "Elephants" not in text
    assert "left out" in text
    assert "Written by model-x · nothing left this machine · cost 0.0014" in text
    thoughts = article.locator(".fp-thoughts")
    assert thoughts.get_attribute("open") is None
    thoughts.locator("summary").click()
    assert "<b>Let me see.</b>" in thoughts.inner_text()
    picture(tab, "model")
    assert problems(tab) == []


def test_an_answer_is_stopped_and_what_was_shown_stays(
    tab: Any, model: tuple[str, Script], fact: str
) -> None:
    script, before = model[1], model[1].broken
    script.answers = [[f"{fact}\n\n", *[" More of it.", Wait(0.1)] * 600]]
    box = tab.locator("#fp-question textarea")
    box.fill(QUESTION)
    box.press("Enter")
    tab.locator(".fp-answer .fp-badge").wait_for()
    assert tab.locator("[data-stage=checking]").count() == 1
    tab.locator(".fp-answer .fp-badge").click()
    quote = tab.locator("#fp-sources .fp-card.fp-now mark.fp-now")
    quote.wait_for()
    assert quote.inner_text() in fact, "a quote can be opened while the answer grows"
    tab.locator("#fp-question .stop-button").click()
    article = tab.locator(".fp-turn", has_text="Stopped before the end")
    article.locator(".fp-badge").wait_for()
    picture(tab, "stopped")
    tab.locator("#fp-question .submit-button").wait_for()
    deadline = time.monotonic() + 30
    while script.broken == before and time.monotonic() < deadline:
        tab.wait_for_timeout(100)
    assert script.broken == before + 1, "the model writes on for nobody"
    script.answers = [Status(500)]
    again = article.locator("[data-do=retry]")
    again.click()
    tab.locator(".fp-checked").wait_for()
    assert tab.locator(".fp-turn").count() == 1


def test_a_closed_tab_frees_the_model_and_its_turn_though_the_model_is_silent(
    tab: Any, model: tuple[str, Script], fact: str
) -> None:
    script, before = model[1], model[1].broken
    script.answers = [[f"{fact}\n\n", Wait(600, ping=True)], [f"{fact}\n\n"]]
    closed = tab.context.new_page()
    closed.goto(tab.url)
    settle(closed, "en-GB")
    box = closed.locator("#fp-question textarea")
    box.fill(QUESTION)
    box.press("Enter")
    closed.locator(".fp-answer .fp-badge").wait_for()
    closed.close()
    asked = time.monotonic()
    article = ask(tab, QUESTION)  # one answer is made at a time
    assert article.get_attribute("data-stage") == "done"
    assert time.monotonic() - asked < 60
    deadline = time.monotonic() + 30
    while script.broken == before and time.monotonic() < deadline:
        tab.wait_for_timeout(100)
    assert script.broken == before + 1, "the model writes on for nobody"
    tab.locator(".fp-open").last.click()
    left = tab.locator(".fp-turn", has_text="interrupted before its end")
    left.wait_for()
    assert fact.partition(" [")[0] in left.inner_text(), "what was shown stays"


def test_an_added_document_is_answered_from_and_its_name_runs_nothing(
    tab: Any, tmp_path: Path
) -> None:
    names = ("<img src=x onerror=hit()>.txt", "&lt;script&gt;hit()&lt;|script&gt;.txt", "bad.pdf")
    paths = [tmp_path / name for name in names]
    paths[0].write_text("The Fernhill bakery repays staff for 14 online courses a year.", "utf-8")
    paths[1].write_text("# <script>hit()</script>\n\nNothing <img src=x onerror=hit()>.", "utf-8")
    paths[2].write_bytes(b"%PDF-1.7")
    part = tab.get_by_text("Add documents (maintainers)", exact=True)
    part.wait_for()
    tab.locator(".fp-head [data-chosen=zh]").click()
    tab.get_by_text("添加文件（维护者）", exact=True).wait_for()
    tab.locator(".fp-head [data-chosen=en]").click()
    part.click()
    tab.locator("#fp-add input[type=file]").set_input_files(paths)
    told = tab.locator("#fp-added li")
    told.nth(2).wait_for(timeout=2 * SLOW)
    text = "\n".join(told.all_inner_texts())
    assert "Added" in text
    assert "Not added" in text
    assert "damaged" in text
    article = ask(tab, "How many online courses does the Fernhill bakery repay?")
    assert "14" in article.inner_text()
    assert "onerror" in tab.locator("#fp-sources").inner_text()
    assert tab.evaluate("window.hits") == 0
    page = tab.context.new_page()
    page.goto(f"{tab.url.partition('?')[0]}knowledge?words=onerror&in=")
    page.locator(".fp-card").first.wait_for()
    assert page.evaluate("window.hits") == 0


def test_a_server_killed_in_the_middle_of_an_answer_loses_nothing_that_was_read(
    browser: Any, environment: dict[str, str], model: tuple[str, Script], fact: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(SLOW)
    with started(environment) as (url, process):
        page.goto(url)
        settle(page, "en-GB")
        ask(page, "Why do firms hold back?")
        model[1].answers = [[f"{fact}\n\n", Wait(30), "More."]]
        box = page.locator("#fp-question textarea")
        box.fill(QUESTION)
        box.press("Enter")
        page.locator(".fp-turn").nth(1).locator(".fp-badge").wait_for()
        shown = page.locator(".fp-turn").nth(1).locator(".fp-answer").inner_text()
        port, address = int(url.rpartition(":")[2]), page.url
        process.kill()
        process.wait(20)
    model[1].answers = [Status(500)]
    with started(environment, port):
        # A page that lost its server loads itself anew at any moment, which would cut ours off.
        page.close()
        page = context.new_page()
        page.set_default_timeout(SLOW)
        page.goto(address)
        settle(page, "en-GB")
        first, second = page.locator(".fp-turn").nth(0), page.locator(".fp-turn").nth(1)
        second.get_by_text("interrupted before its end").wait_for()
        assert first.get_attribute("data-stage") == "done"
        assert second.get_attribute("data-stage") == "unfinished"
        assert second.locator(".fp-answer").inner_text() == shown, "its badges are badges still"
        picture(page, "interrupted")
        badge = second.locator(".fp-badge").first
        assert badge.get_attribute("data-quote") in fact
        badge.click()
        mark = page.locator("#fp-sources .fp-card.fp-now mark.fp-now")
        mark.wait_for()
        assert mark.inner_text() in fact
        second.locator("[data-do=retry]").click()
        second.locator(".fp-checked").wait_for()
    context.close()
