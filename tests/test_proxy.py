"""Behind nginx, with the file from deploy/, below a path of a site."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assistant import Assistant, Settings
from assistant.store import open_store
from tests.served import served
from tests.test_browser import ARGUMENTS, CHROMIUM, ask
from tests.tools import missing

CONF = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"
PASSWORD = "a long sentence"  # noqa: S105 - of this test
QUESTION = {"question": "How many small firms use AI?"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def site(
    assistant: Assistant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The address below nginx, and a key."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    store = open_store(Settings(data_dir=folder / "data"))
    key = store.keys.add("website")
    port = free_port()
    address = f"http://localhost:{port}/assistant"
    settings = Settings(
        public_url=address, trusted_proxies=["127.0.0.1"], password=PASSWORD,
        rate_limit="500/minute",
    )  # fmt: skip
    with served(assistant, store, settings) as url:
        inner = CONF.read_text(encoding="utf-8")
        inner = inner.replace("server 127.0.0.1:7860;", f"server {url.removeprefix('http://')};")
        inner = inner.replace("listen 80;", f"listen 127.0.0.1:{port};")
        (folder / "nginx.conf").write_text(
            f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
            f"http {{\naccess_log off;\ninclude /etc/nginx/mime.types;\n"
            + "".join(
                f"{kind}_temp_path {folder}/{kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            + inner
            + "}\n",
            encoding="utf-8",
        )
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        server = subprocess.Popen([*command, "-g", "daemon off; user root;"])
        try:
            _wait(port)
            yield address, key
        finally:
            server.terminate()
            server.wait(20)
    store.close()


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("nginx did not start")


@pytest.fixture
def client(site: tuple[str, str]) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {site[1]}"}
    with httpx2.Client(base_url=f"{site[0]}/", headers=headers, timeout=60) as made:
        yield made


def test_the_api_works_below_the_path(client: httpx2.Client) -> None:
    assert client.post("api/v1/ask", json=QUESTION).json()["citations"]
    assert client.get("v1/models").json()["data"][0]["id"] == "firstpilot"
    listed = client.get("api/v1/openapi.json").json()
    assert listed["servers"] == [{"url": "/assistant"}]
    tools = client.post(
        "mcp",
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        headers={"Accept": "application/json, text/event-stream"},
    )
    assert len(tools.json()["result"]["tools"]) == 5


def test_a_stream_is_not_held_back(client: httpx2.Client) -> None:
    headers = {"Accept": "text/event-stream"}
    with client.stream("POST", "api/v1/ask", json=QUESTION, headers=headers) as stream:
        assert "event-stream" in stream.headers["content-type"]
        events = re.findall(r"^event: (\w+)", "".join(stream.iter_text()), re.MULTILINE)
    assert (events[0], events[-1]) == ("retrieved", "answered")


def test_strangers_are_sent_to_the_log_in_page_below_the_path(site: tuple[str, str]) -> None:
    with httpx2.Client(base_url=f"{site[0]}/", timeout=60) as stranger:
        sent = stranger.get("", headers={"Accept": "text/html"})
        assert (sent.status_code, sent.headers["location"]) == (
            303, "/assistant/login?next=/assistant/",
        )  # fmt: skip
        assert stranger.post("api/v1/ask", json=QUESTION).status_code == 401


def test_what_a_stranger_says_of_hosts_is_overwritten(client: httpx2.Client) -> None:
    lie = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    told = client.get("config", headers=lie)
    assert told.status_code == 200
    assert "evil.example" not in told.text


def test_gradio_clients_work_below_the_path(site: tuple[str, str]) -> None:
    from gradio_client import Client

    headers = {"Authorization": f"Bearer {site[1]}"}
    client = Client(f"{site[0]}/", headers=headers, verbose=False, analytics_enabled=False)
    try:
        assert client.predict(**QUESTION, api_name="/ask")["citations"]
    finally:
        client.close()


@pytest.mark.browser
def test_the_page_logs_in_and_answers_below_the_path(site: tuple[str, str]) -> None:
    if not CHROMIUM.exists():
        missing("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=ARGUMENTS)
        tab: Any = browser.new_page(locale="en-GB")
        tab.set_default_timeout(120_000)
        foreign: list[str] = []
        tab.on("request", lambda r: foreign.append(r.url))
        tab.goto(f"{site[0]}/")
        tab.get_by_label("Password or key").fill(PASSWORD)
        tab.get_by_role("button").click()
        tab.locator("#fp-question textarea").wait_for()
        assert "28.3%" in ask(tab, QUESTION["question"]).inner_text()
        assert [u for u in foreign if not u.startswith((site[0], "data:", "blob:"))] == []
        browser.close()
