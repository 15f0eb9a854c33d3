"""The web server: what it serves, what it does not, and the headers that go with everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from assistant import Assistant, Settings
from assistant.api import create_app
from assistant.errors import IndexCorrupt
from assistant.store import open_store


@pytest.fixture(scope="module")
def client(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    root = tmp_path_factory.mktemp("api")
    store = open_store(Settings(data_dir=root))
    app = create_app(assistant, store)
    yield TestClient(app, base_url="http://localhost", raise_server_exceptions=False)
    store.close()


def policy(headers: object) -> dict[str, str]:
    """Return the content security policy by directive."""
    text = headers["content-security-policy"]  # type: ignore[index]
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/config", "/theme.css"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    allowed = policy(headers)
    assert allowed["default-src"] == "'self'"
    assert allowed["frame-ancestors"] == "'self'"
    assert allowed["object-src"] == "'none'"
    # An answer that quotes a remote image must not make the reader's browser fetch it.
    assert not re.search(r"https?:|\*", headers["content-security-policy"])


def test_the_page_asks_nothing_of_other_machines(client: TestClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    loaded = re.findall(
        r"""<(?:script|link|img)[^>]+(?:src|href)=["'](https?://[^"']+)""", page.text
    )
    assert [url for url in loaded if not url.startswith("http://localhost")] == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_readiness_names_the_index(client: TestClient, assistant: Assistant, method: str) -> None:
    answer = client.request(method, "/readyz")
    assert answer.status_code == 200
    if method == "GET":
        assert answer.json() == {"status": "ready", "index": assistant.coverage().fingerprint}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_process_lives_whatever_became_of_its_index(
    client: TestClient, assistant: Assistant, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def gone() -> None:
        raise IndexCorrupt("the index is damaged; run: firstpilot ingest")

    monkeypatch.setattr(assistant, "coverage", gone)
    assert client.request(method, "/readyz").status_code == 503
    answer = client.request(method, "/healthz")
    assert answer.status_code == 200
    if method == "GET":
        assert answer.json() == {"status": "ok"}


@pytest.mark.parametrize(
    "path",
    [
        "/openapi.json",
        "/api/v1/docs",
        "/docs",
        "/redoc",
        "/gradio_api/docs",
        "/monitoring",
        "/gradio_api/mcp/schema",
    ],
)
def test_what_is_not_documented_is_not_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in {403, 404}


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=pyproject.toml",
        "/gradio_api/file=../pyproject.toml",
        "/gradio_api/file=http://127.0.0.1:1/",
        "/gradio_api/proxy=http://127.0.0.1:1/",
        "/static/../../../pyproject.toml",
    ],
)
def test_no_file_of_the_machine_and_no_other_address_is_served(
    client: TestClient, path: str
) -> None:
    assert client.get(path).status_code in {400, 403, 404}
