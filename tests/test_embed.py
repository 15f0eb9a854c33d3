"""The page in a frame of another site, with a log-in, in a real browser.

``127.0.0.1`` frames ``localhost``: two sites to a browser, which sends cookies across them only
when they are made for it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assistant import Assistant, Settings
from assistant.store import open_store
from tests.served import served
from tests.test_browser import ARGUMENTS, CHROMIUM, ask
from tests.tools import missing

PAGE = Path(__file__).resolve().parent.parent / "docs" / "embed.html"
PASSWORD = "a long sentence"  # noqa: S105 - of this test

pytestmark = pytest.mark.browser


@contextmanager
def site() -> Iterator[tuple[str, dict[str, str]]]:
    """Serve one page on a port of its own; give its origin and what holds the page."""
    shown: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = shown.get("page", "").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", shown
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def tab() -> Iterator[Any]:
    if not CHROMIUM.exists():
        missing("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        page = browser.new_page(locale="en-GB")
        page.set_default_timeout(120_000)
        yield page
        browser.close()


def framed(url: str) -> str:
    return PAGE.read_text(encoding="utf-8").replace("http://127.0.0.1:7860", url)


def test_the_frame_in_the_docs_is_that_of_the_example_page() -> None:
    shown, told = (
        re.findall(r"<iframe\s(.*?)>", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for path in (PAGE, PAGE.with_name("embed.md"))
    )
    attributes = [
        sorted(line.strip() for line in frame.splitlines() if "src=" not in line and line.strip())
        for (frame,) in (shown, told)
    ]
    assert attributes[0] == attributes[1]
    assert 'allow="clipboard-write"' in attributes[0]


def test_a_site_that_is_named_shows_the_page_and_its_readers_log_in(
    tab: Any, assistant: Assistant, tmp_path: Path
) -> None:
    store = open_store(Settings(data_dir=tmp_path))
    with site() as (origin, shown):
        settings = Settings(password=PASSWORD, embed_origins=[origin])
        with served(assistant, store, settings) as url:
            shown["page"] = framed(url.replace("127.0.0.1", "localhost"))
            tab.goto(origin)
            frame = tab.frame_locator("iframe")
            frame.get_by_label("Password or key").fill(PASSWORD)
            frame.get_by_role("button").click()
            frame.locator("#fp-question textarea").wait_for()
            article = ask(frame, "How many small firms use AI?")
            assert "28.3%" in article.inner_text()
            inside = frame.locator("body")
            assert inside.evaluate("() => document.featurePolicy.allowsFeature('clipboard-write')")
            article.locator("[data-copy]").click()
            article.get_by_text("Copied", exact=True).wait_for()
    store.close()


def test_a_site_that_is_not_named_shows_nothing(
    tab: Any, assistant: Assistant, tmp_path: Path
) -> None:
    store = open_store(Settings(data_dir=tmp_path))
    with site() as (origin, shown), served(assistant, store) as url:
        shown["page"] = framed(url.replace("127.0.0.1", "localhost"))
        refused: list[str] = []
        tab.on("console", lambda told: refused.append(told.text))
        tab.goto(origin)
        tab.wait_for_timeout(2000)
        assert any("frame-ancestors" in told for told in refused)
        assert tab.frame_locator("iframe").locator("#fp-question").count() == 0
    store.close()
