"""The page over a language model: its thoughts folded, who wrote, where text went, and Stop."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from assistant import Assistant, Settings
from tests.scripted import Script, Thinks, Wait, serving
from tests.test_backends import QUESTION
from tests.test_browser import ARGUMENTS, CHROMIUM, _wait_for_address

pytestmark = pytest.mark.browser
FACT = (
    "In 2026, 28.3% of SMEs (small and medium-sized enterprises) had implemented AI in their "
    "business. [1]"
)
LONG = "What holds small firms back from AI?"


def answers(request: dict[str, Any]) -> Sequence[Any]:
    """A thought and a fact; to the other question a fact and then sentences for a minute."""
    asked = request["messages"][0]["content"]
    more = [" More of it.", Wait(0.1)] * 600 if LONG in asked else []
    return [Thinks("<b>Let me look.</b>"), FACT, " Trust me, 99% do. [1]", *more]


@pytest.fixture(scope="module")
def served(
    settings: Settings, assistant: Assistant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Script]]:
    """The address of ``firstpilot serve`` over a scripted model, and the model's script."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is missing")
    log = tmp_path_factory.mktemp("serve") / "log"
    with serving(answers) as (address, script), log.open("w", encoding="utf-8") as out:
        environment = os.environ | {
            "FIRSTPILOT_DATA_DIR": str(settings.data_dir),
            "FIRSTPILOT_KNOWLEDGE_DIR": str(settings.knowledge_dir),
            "FIRSTPILOT_BACKEND": f"vllm:org/model-x@{address}",
            "FIRSTPILOT_PRICES": '{"vllm:org/model-x": [10, 20]}',
        }
        server = subprocess.Popen(
            [sys.executable, "-m", "assistant", "serve", "--port", "0"],
            stdout=out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        try:
            yield _wait_for_address(log, server), script
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture
def tab(served: tuple[str, Script]) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        opened = browser.new_context(locale="en-GB").new_page()
        opened.goto(served[0])
        yield opened
        browser.close()


def ask(tab: Any, question: str) -> None:
    tab.locator("#fp-question textarea").fill(question)
    tab.locator("#fp-question button").first.click()


def test_who_wrote_and_what_left_is_told_and_thoughts_are_folded(tab: Any) -> None:
    ask(tab, QUESTION)
    tab.locator(".fp-end").wait_for(timeout=120_000)
    chat = tab.locator("#fp-chat")
    assert "28.3%" in chat.inner_text()
    assert "99%" not in chat.inner_text()
    assert "Written by model-x" in chat.inner_text()
    assert "nothing left this machine" in chat.inner_text()
    assert "cost 0.0014" in chat.inner_text()
    folded = chat.locator("details.fp-thoughts")
    assert folded.get_attribute("open") is None
    folded.locator("summary").click()
    assert "<b>Let me look.</b>" in folded.inner_text()


def test_stop_stops_the_model(tab: Any, served: tuple[str, Script]) -> None:
    _, script = served
    before = script.broken
    ask(tab, LONG)
    tab.get_by_text("28.3%").first.wait_for(timeout=120_000)
    tab.locator("#fp-stop").click()
    tab.get_by_text("Stopped").wait_for(timeout=20_000)
    end = time.monotonic() + 20
    while script.broken == before and time.monotonic() < end:
        time.sleep(0.1)
    assert script.broken == before + 1
    assert "28.3%" in tab.locator("#fp-chat").inner_text()
