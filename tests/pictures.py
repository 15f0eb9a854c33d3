"""``python -m tests.pictures docs``: makes the pictures of the docs, over the shipped knowledge."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from assistant import Assistant, Settings, build_index
from assistant.store import open_store
from tests.served import served
from tests.test_browser import ARGUMENTS, CHROMIUM, DESKTOP, PHONE, ask, new_reader, settle

ENGLISH, CHINESE = "en-GB", "zh-CN"


def main(folder: Path) -> None:
    """Write every picture into a folder."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as data:
        settings = Settings(data_dir=Path(data))
        build_index(settings)
        store = open_store(settings)
        with (
            served(Assistant.from_settings(settings), store, settings) as url,
            sync_playwright() as p,
        ):
            browser = p.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            Photographer(browser, url, folder).all()
            browser.close()
        store.close()


class Photographer:
    """Opens the page and takes it."""

    def __init__(self, browser: Any, url: str, folder: Path) -> None:
        """Take a browser, the address of the page, and where pictures go."""
        self._browser, self._url, self._folder = browser, url, folder

    def all(self) -> None:
        """Take all pictures."""
        tab = self.opened()
        self.take(tab, "welcome")
        article = ask(tab, "Should our small shop use AI, and where do we start?")
        article.locator(".fp-badge").first.click()
        tab.locator("#fp-sources .fp-card.fp-now mark.fp-now").wait_for()
        self.take(tab, "page")
        ask(tab, "What will AI cost a bakery in Peru in 2030?")
        self.take(tab, "abstention")
        tab = self.opened(PHONE, CHINESE)
        ask(tab, "小公司买AI一年大概要花多少钱？")
        self.take(tab, "phone")
        tab = self.opened(DESKTOP, CHINESE, "dark")
        article = ask(tab, "员工不愿意用AI怎么办？")
        article.locator(".fp-badge").first.click()
        tab.locator("#fp-sources .fp-card.fp-now mark.fp-now").wait_for()
        self.take(tab, "dark")
        self.take(self.opened(path="/knowledge"), "knowledge")
        self.take(self.opened(path="/quality"), "quality")

    def opened(
        self, width: int = DESKTOP, locale: str = ENGLISH, scheme: str = "light", path: str = "/"
    ) -> Any:
        """Return a new reader's page."""
        tab = new_reader(self._browser, width, locale, scheme).new_page()
        tab.set_default_timeout(120_000)
        tab.goto(f"{self._url}{path}")
        if path == "/":
            settle(tab, locale)
        return tab

    def take(self, tab: Any, name: str) -> None:
        """Write one picture."""
        tab.wait_for_timeout(800)
        tab.screenshot(path=str(self._folder / f"{name}.png"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
