"""The page in a real browser over the real assistant: ask, read, open a citation."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Settings

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app_url(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``firstpilot serve`` that builds its first index."""
    if not CHROMIUM.exists():
        if os.environ.get("FIRSTPILOT_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is missing; on Debian run: apt install chromium")
        pytest.skip("chromium is missing")
    log = tmp_path_factory.mktemp("serve") / "log"
    environment = os.environ | {
        "FIRSTPILOT_DATA_DIR": str(log.parent / "data"),
        "FIRSTPILOT_KNOWLEDGE_DIR": str(settings.knowledge_dir),
        "FIRSTPILOT_UPLOADS": "true",
    }
    with log.open("w", encoding="utf-8") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve", "--port", "0"],
            stdout=out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        try:
            url = _wait_for_address(log, server)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def _wait_for_address(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 180
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


@pytest.fixture
def page(app_url: str, request: pytest.FixtureRequest) -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    width, locale = getattr(request, "param", (1440, "en-GB"))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale=locale, color_scheme="light"
        )
        tab = context.new_page()
        foreign: list[str] = []
        tab.on(
            "request",
            lambda r: (
                None if r.url.startswith((app_url, "data:", "blob:")) else foreign.append(r.url)
            ),
        )
        tab.goto(app_url)
        tab.locator("#fp-question textarea").wait_for()
        yield tab
        assert foreign == []
        shots = os.environ.get("FIRSTPILOT_SCREENSHOTS")
        if shots:
            name = re.sub(r"\W+", "-", request.node.name)
            tab.screenshot(path=str(Path(shots) / f"{name}.png"))
        browser.close()


def ask(tab, question: str) -> str:
    box = tab.locator("#fp-question textarea")
    box.fill(question)
    box.press("Enter")
    answer = tab.locator("#fp-chat .bot").last
    tab.locator("#fp-chat .bot .fp-checked").last.wait_for(timeout=30_000)
    return str(answer.inner_text())


@pytest.mark.parametrize("page", [(1440, "en-GB"), (390, "en-GB")], indirect=True)
def test_an_english_question_is_answered_and_its_quote_opens(page) -> None:
    assert "28.3%" in ask(page, "How many small firms use AI?")
    page.locator("#fp-chat a.fp-badge").first.click()
    card = page.locator(".fp-card.fp-now")
    card.wait_for()
    assert "28.3%" in card.locator("mark").all_inner_texts()[0]
    assert "AI-generated" in card.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")


@pytest.mark.parametrize("page", [(1440, "zh-CN"), (390, "zh-CN")], indirect=True)
def test_a_chinese_question_is_answered_and_its_quote_opens(page) -> None:
    page.get_by_text("企业为什么还在观望？").wait_for()
    text = ask(page, "企业为什么还在观望？")
    assert all(figure in text for figure in ("43%", "31%", "26%"))
    page.locator("#fp-chat a.fp-badge").first.click()
    page.locator(".fp-card.fp-now mark").first.wait_for()


def test_a_question_with_a_script_runs_nothing(page) -> None:
    box = page.locator("#fp-question textarea")
    box.fill("<img src=x onerror=\"document.title='hit'\"><script>document.title='hit'</script>")
    box.press("Enter")
    page.locator("#fp-chat .bot").last.wait_for()
    page.wait_for_timeout(800)
    assert page.title() != "hit"


def test_an_empty_question_gets_a_hint(page) -> None:
    page.locator("#fp-question textarea").press("Enter")
    page.get_by_text("Type a question first.").wait_for()


def test_an_added_document_is_answered_from(page, tmp_path) -> None:
    path = tmp_path / "handbook.txt"
    path.write_text("The Fernhill bakery repays staff for 14 online courses a year.", "utf-8")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7")
    page.get_by_text("Add documents (maintainers)", exact=False).click()
    page.locator("#fp-add input[type=file]").set_input_files([path, tmp_path / "bad.pdf"])
    told = page.locator("#fp-added li")
    told.nth(1).wait_for(timeout=60_000)
    assert "added handbook.txt" in told.all_inner_texts()[1]
    assert "damaged" in told.all_inner_texts()[0]
    assert "14" in ask(page, "How many online courses does the Fernhill bakery repay?")
