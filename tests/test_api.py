"""The web server: what it serves, what it does not, and the headers that go with everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from assistant import Assistant
from assistant.api import create_app


@pytest.fixture(scope="module")
def client(assistant: Assistant) -> Iterator[TestClient]:
    yield TestClient(create_app(assistant), raise_server_exceptions=False)


def policy(headers: object) -> dict[str, str]:
    """Return the content security policy by directive."""
    text = headers["content-security-policy"]  # type: ignore[index]
    return dict(part.strip().split(" ", 1) for part in text.split(";"))


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/config", "/theme.css"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
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
    assert [url for url in loaded if not url.startswith("http://testserver")] == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_names_the_index(client: TestClient, assistant: Assistant, method: str) -> None:
    answer = client.request(method, "/healthz")
    assert answer.status_code == 200
    if method == "GET":
        assert answer.json() == {"status": "ok", "index": assistant.coverage().fingerprint}


@pytest.mark.parametrize(
    "path",
    [
        "/openapi.json",
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


def test_the_one_endpoint_listed_is_the_one_documented(client: TestClient) -> None:
    shown = client.get("/gradio_api/info").json()
    assert set(shown["named_endpoints"]) == {"/ask"}
    assert shown["unnamed_endpoints"] == {}
