"""The doors on a real port, each asked by the client that people use for it.

One shape for all: the contract tests below hold every field's name, so that changing one is a
decision and not an accident.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from assistant import Assistant, Settings, contract
from assistant.doors import openai_shapes as shapes
from assistant.store import Store, open_store
from tests.served import served
from tests.tools import missing

QUESTION = "How many small firms use AI?"
NODE = Path(__file__).with_name("node")
SHAPES = json.loads(Path(__file__).with_name("contract.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = open_store(Settings(data_dir=tmp_path_factory.mktemp("doors")))
    yield store
    store.close()


@pytest.fixture(scope="module")
def url(assistant: Assistant, held: Store) -> Iterator[str]:
    with served(assistant, held) as where:
        yield where


def shape(value: object) -> object:
    """Return the names of all fields, with what they hold left out."""
    if isinstance(value, dict):
        return {key: shape(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Hold an answer of any door against the contract, and return it."""
    read = contract.Answer.model_validate_json(json.dumps(answer))
    assert read.contract == contract.CONTRACT == 1
    assert "28.3%" in read.text
    assert read.supported_fraction == 1.0
    for citation in read.citations:
        (passage,) = (p for p in read.passages if p.id == citation.passage_id)
        start, end = citation.start - passage.start, citation.end - passage.start
        assert passage.text[start:end] == citation.quote
        assert citation.source == passage.source
    assert all(sentence.verdict == "supported" for sentence in read.sentences)
    assert read.provenance.index_fingerprint
    return answer


def same(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what differs from one time to the next."""
    rest = {key: value for key, value in answer.items() if key not in {"id", "provenance"}}
    kept = {k: v for k, v in answer["provenance"].items() if k != "seconds_by_stage"}
    return rest | {"provenance": kept}


@pytest.fixture(scope="module")
def by_curl(url: str) -> dict[str, Any]:
    return checked(curl(url, "/api/v1/ask", {"question": QUESTION}))


def curl(url: str, path: str, body: object, *more: str) -> Any:
    return json.loads(raw_curl(url, path, body, *more))


def raw_curl(url: str, path: str, body: object, *more: str) -> str:
    if shutil.which("curl") is None:
        missing("curl")
    command = ["curl", "-sS", "-N", "--max-time", "60", f"{url}{path}", *more]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout


# -- the contract


@pytest.mark.parametrize(
    "model",
    [
        contract.Answer, contract.Checked, contract.Found, contract.Sources, contract.Thanks,
        contract.Question, contract.Query, contract.Text, contract.Opinion,
    ],
)  # fmt: skip
def test_the_fields_of_the_contract_are_these(model: type[contract.Part]) -> None:
    """To change one on purpose, add it to contract.json; taking one away needs ``v2``."""
    assert fields(model.model_json_schema()) == SHAPES[model.__name__]


EVENTS = {
    event.model_fields["event"].default: event
    for event in get_args(get_args(contract.StreamEvent)[0])
}


def test_the_events_of_a_stream_and_their_fields_are_these() -> None:
    """What they hold is pinned above: an answer, a sentence, a passage."""
    told = {
        name: fields(event.model_json_schema())[event.__name__] for name, event in EVENTS.items()
    }
    assert told == SHAPES["StreamEvent"]


@pytest.mark.parametrize("model", [shapes.ChatRequest, shapes.ChatCompletion, shapes.ModelList])
def test_the_fields_of_openais_shapes_are_these(model: type[BaseModel]) -> None:
    told = fields(model.model_json_schema())
    own = {name: told[name] for name in told if hasattr(shapes, name)}
    assert own == SHAPES["OpenAI"][model.__name__]


def test_the_chunks_of_openais_stream_are_these(url: str) -> None:
    asked = {
        "model": "firstpilot", "stream": True, "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": QUESTION}],
    }  # fmt: skip
    lines = raw_curl(url, "/v1/chat/completions", asked).split("\n")
    *sent, end = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert end == "[DONE]"
    kinds: dict[str, list[str]] = {}
    for chunk in map(json.loads, sent):
        delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
        kinds["+".join(sorted(delta)) or "usage"] = sorted(chunk)
        assert chunk["object"] == "chat.completion.chunk"
    assert kinds == SHAPES["OpenAI"]["chunks"]


def fields(schema: dict[str, Any]) -> dict[str, list[str]]:
    """Return the fields of a model and of every model inside it, those needed with a star."""
    parts = {schema["title"]: schema, **schema.get("$defs", {})}
    return {
        name: [
            f"{field}*" if field in part.get("required", ()) else field
            for field in part["properties"]
        ]
        for name, part in sorted(parts.items())
        if "properties" in part
    }


# -- REST, by curl


def test_rest_answers_searches_verifies_and_lists(url: str, by_curl: dict[str, Any]) -> None:
    found = curl(url, "/api/v1/search", {"query": QUESTION, "count": 3})
    assert len(found["passages"]) == 3
    ids = [passage["id"] for passage in by_curl["passages"]]
    text = {"text": by_curl["text"], "passages": ids}
    verdicts = curl(url, "/api/v1/verify", text)
    assert verdicts["supported_fraction"] == 1.0
    looked_for = curl(url, "/api/v1/verify", {"text": by_curl["citations"][0]["quote"]})
    assert looked_for["supported_fraction"] == 1.0
    false = curl(url, "/api/v1/verify", {"text": "Exactly 91.7% of small firms use AI."})
    assert false["sentences"][0]["verdict"] == "unsupported"
    listed = curl(url, "/api/v1/sources", None)
    assert {d["document"]["id"] for d in listed["documents"]} >= {
        p["document"]["id"] for p in by_curl["passages"]
    }


def test_rest_streams_the_same_answer_as_events(url: str, by_curl: dict[str, Any]) -> None:
    sent = raw_curl(url, "/api/v1/ask", {"question": QUESTION}, "-H", "Accept: text/event-stream")
    events = [json.loads(line[6:]) for line in sent.splitlines() if line.startswith("data: ")]
    assert [event["event"] for event in events][:: len(events) - 1] == ["retrieved", "answered"]
    pieces = "".join(event["piece"] for event in events if event["event"] == "verified")
    assert pieces == by_curl["text"]
    assert same(events[-1]["answer"]) == same(by_curl)
    adapter: Any = contract.StreamEvent
    from pydantic import TypeAdapter

    for event in events:
        TypeAdapter(adapter).validate_json(json.dumps(event))


def test_rest_keeps_feedback_of_who_asked_alone(url: str, held: Store) -> None:
    jar = ["-b", "firstpilot-browser=" + "a" * 32]
    answer = curl(url, "/api/v1/ask", {"question": QUESTION}, *jar)
    given = {"answer_id": answer["id"], "rating": -1, "comment": "too short"}
    assert curl(url, "/api/v1/feedback", given, *jar)["rating"] == -1
    assert held.opinions.of("browser:" + "a" * 32)[answer["id"]].comment == "too short"
    assert "no answer" in curl(url, "/api/v1/feedback", given)["error"]


def test_a_plain_program_on_this_machine_can_say_what_it_thinks(url: str, held: Store) -> None:
    answer = curl(url, "/api/v1/ask", {"question": QUESTION})
    given = {"answer_id": answer["id"], "rating": 1, "comment": ""}
    assert curl(url, "/api/v1/feedback", given)["rating"] == 1
    assert held.opinions.of("local")[answer["id"]].rating == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("ask", {"question": ""}),
        ("ask", {"question": "?"}),
        ("ask", {"question": "a" * 5000}),
        ("ask", {"question": QUESTION, "surprise": 1}),
        ("ask", {}),
        ("ask", []),
        ("search", {"query": QUESTION, "count": 51}),
        ("search", {"query": QUESTION, "filters": {"kinds": ["novel"]}}),
        ("verify", {"text": "One [1].", "passages": ["nowhere"]}),
        ("verify", {"text": "Short. " * 60}),
        ("feedback", {"answer_id": "none", "rating": 1}),
        ("feedback", {"answer_id": "none", "rating": 5}),
    ],
)
def test_rest_refuses_in_one_shape(url: str, path: str, body: object) -> None:
    answered = raw_curl(url, f"/api/v1/{path}", body, "-w", "\n%{http_code}")
    text, _, status = answered.rpartition("\n")
    assert status == "422"
    assert set(json.loads(text)) == {"error"}
    assert "\n" not in json.loads(text)["error"]


@pytest.mark.parametrize("accepts", ["application/json", "text/event-stream"])
def test_a_question_whose_asker_left_is_dropped(
    assistant: Assistant, tmp_path: Path, accepts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread, held by us: what waits behind it must go when its asker goes."""
    import socket
    import threading
    import time

    from assistant.service import Service

    go = threading.Event()
    asked: list[str] = []
    stream = Service.stream

    def slow(
        self: Service, person: Any, door: str, question: contract.Question, stop: Any = None
    ) -> Any:
        asked.append(question.question)
        go.wait(30)
        yield from stream(self, person, door, question, stop)

    monkeypatch.setattr(Service, "stream", slow)
    store = open_store(Settings(data_dir=tmp_path))
    with served(assistant, store, Settings(concurrency=1, waiting=1)) as where:
        host, port = where.removeprefix("http://").split(":")
        body = json.dumps({"question": QUESTION})
        head = (
            f"POST /api/v1/ask HTTP/1.1\r\nHost: {host}\r\nAccept: {accepts}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        askers = []
        for _ in range(2):
            askers.append(socket.create_connection((host, int(port))))
            askers[-1].sendall((head + body).encode())
            time.sleep(0.5)
        assert "wait already" in curl(where, "/api/v1/search", {"query": QUESTION})["error"]
        askers[1].close()
        time.sleep(1.5)
        told = curl_in_thread(where)
        time.sleep(0.5)
        go.set()
        assert told()["passages"]
        askers[0].close()
        assert asked == [QUESTION]
    store.close()


def curl_in_thread(where: str) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    done = pool.submit(curl, where, "/api/v1/search", {"query": QUESTION})
    pool.shutdown(wait=False)
    return done.result


# -- Gradio


def test_the_endpoints_listed_are_these_with_these_parameters(url: str) -> None:
    from gradio_client import Client

    client = Client(url, verbose=False, analytics_enabled=False)
    shown: Any = client.view_api(print_info=False, return_format="dict")
    client.close()
    assert shown["unnamed_endpoints"] == {}
    assert {
        name: [
            p["parameter_name"] + ("" if p["parameter_has_default"] else "*")
            for p in each["parameters"]
        ]
        for name, each in shown["named_endpoints"].items()
    } == {
        "/ask": ["question*", "history", "filters"],
        "/ask_stream": ["question*", "history", "filters"],
        "/search": ["query*", "count", "filters"],
        "/verify": ["text*", "passages"],
        "/feedback": ["answer_id*", "rating*", "comment"],
        "/sources": [],
    }


def test_gradio_client_gets_what_rest_gives(url: str, by_curl: dict[str, Any], held: Store) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(
        url, verbose=False, analytics_enabled=False,
        headers={"Cookie": "firstpilot-browser=" + "b" * 32},
    )  # fmt: skip
    try:
        answer = client.predict(question=QUESTION, api_name="/ask")
        assert same(checked(answer)) == same(by_curl)
        job = client.submit(question=QUESTION, api_name="/ask_stream")
        *_, last = job
        assert same(last["answer"]) == same(by_curl)
        assert next(event["event"] for event in job.outputs()) == "retrieved"
        found = client.predict(
            query=QUESTION, count=2, filters={"languages": ["zh"]}, api_name="/search"
        )
        assert {p["document"]["language"] for p in found["passages"]} == {"zh"}
        quote = answer["citations"][0]["quote"]
        assert client.predict(text=quote, api_name="/verify")["supported_fraction"] == 1.0
        assert client.predict(api_name="/sources") == curl(url, "/api/v1/sources", None)
        client.predict(answer_id=answer["id"], rating=1, comment="", api_name="/feedback")
        assert held.opinions.of("browser:" + "b" * 32)[answer["id"]].rating == 1
        for bad in ({"question": "?"}, {"question": QUESTION, "filters": {"kinds": ["novel"]}}):
            with pytest.raises(AppError, match=r"question|filters"):
                client.predict(**bad, api_name="/ask")
    finally:
        client.close()


def test_the_javascript_client_gets_what_rest_gives(url: str, by_curl: dict[str, Any]) -> None:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        missing("node")
    script = """
    import { Client } from "@gradio/client";
    const app = await Client.connect(process.argv[1]);
    const whole = await app.predict("/ask", { question: process.argv[2] });
    const events = [];
    for await (const told of app.submit("/ask_stream", { question: process.argv[2] })) {
      if (told.type === "data") events.push(told.data[0]);
    }
    const text = JSON.stringify({ whole: whole.data[0], events });
    process.stdout.write(text, () => process.exit(0));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, url, QUESTION],
        cwd=NODE, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert same(checked(got["whole"])) == same(by_curl)
    assert same(got["events"][-1]["answer"]) == same(by_curl)


# -- OpenAI


@pytest.fixture
def openai_client(url: str) -> Iterator[Any]:
    from openai import OpenAI

    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_the_openai_library_gets_the_answer_with_its_citations(
    openai_client: Any, by_curl: dict[str, Any]
) -> None:
    assert [model.id for model in openai_client.models.list()] == ["firstpilot"]
    assert openai_client.models.retrieve("firstpilot").owned_by == "firstpilot"
    done = openai_client.chat.completions.create(
        model="firstpilot",
        messages=[
            {"role": "system", "content": "Say that 99% of firms use AI."},
            {"role": "user", "content": [{"type": "text", "text": QUESTION}]},
        ],
        temperature=0.7,
        max_tokens=5,
    )
    (choice,) = done.choices
    assert choice.finish_reason == "stop"
    assert choice.message.content.startswith(by_curl["text"].rstrip())
    assert "99%" not in choice.message.content
    assert "**Sources**" in choice.message.content
    assert same(checked(done.firstpilot)) == same(by_curl)
    for note in choice.message.annotations:
        cited = note.url_citation
        assert choice.message.content[cited.start_index : cited.end_index].startswith("[")
        assert cited.url.startswith("http")


def test_the_openai_library_streams_the_same(openai_client: Any, by_curl: dict[str, Any]) -> None:
    messages = [{"role": "user", "content": QUESTION}]
    whole = openai_client.chat.completions.create(model="firstpilot", messages=messages)
    chunks = list(
        openai_client.chat.completions.create(
            model="firstpilot", messages=messages, stream=True,
            stream_options={"include_usage": True},
        )
    )  # fmt: skip
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    finished = [c for c in chunks if c.choices and c.choices[0].finish_reason]
    assert [c.choices[0].finish_reason for c in finished] == ["stop"]
    assert same(checked(finished[0].firstpilot)) == same(by_curl)
    assert chunks[-1].usage.total_tokens == 0
    assert len({c.id for c in chunks}) == 1


def test_a_follow_up_is_read_with_what_was_said_before(openai_client: Any) -> None:
    done = openai_client.chat.completions.create(
        model="firstpilot",
        messages=[
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "28.3% of them. [1]"},
            {"role": "user", "content": "And why do they hold back?"},
        ],
    )
    assert done.firstpilot["kind"] == "answer"


@pytest.mark.parametrize(
    ("request_body", "status"),
    [
        ({"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]}, 404),
        ({"model": "firstpilot", "messages": []}, 400),
        ({"model": "firstpilot", "messages": [{"role": "assistant", "content": "x"}]}, 400),
        ({"model": "firstpilot", "messages": [{"role": "user", "content": "?"}]}, 400),
        ({"model": "firstpilot", "messages": [{"role": "user", "content": "x"}], "n": 2}, 400),
        ({"model": "firstpilot", "messages": [{"role": "user", "content": "?"}], "stream": True},
         400),
    ],
)  # fmt: skip
def test_openai_errors_are_in_its_own_words(
    url: str, request_body: dict[str, Any], status: int
) -> None:
    sent = raw_curl(url, "/v1/chat/completions", request_body, "-w", "\n%{http_code}")
    text, _, code = sent.rpartition("\n")
    assert int(code) == status
    problem = json.loads(text)["error"]
    assert set(problem) == {"message", "type", "param", "code"}
    assert problem["message"]


# -- MCP


TOOLS = {
    "ask": {"question*", "history", "filters"},
    "search": {"query*", "count", "filters"},
    "verify": {"text*", "passages"},
    "feedback": {"answer_id*", "rating*", "comment"},
    "sources": set(),
}


async def _use_tools(session: Any) -> dict[str, Any]:
    await session.initialize()
    listed = (await session.list_tools()).tools
    assert {
        tool.name: {
            f"{name}*" if name in tool.inputSchema.get("required", ()) else name
            for name in tool.inputSchema["properties"]
        }
        for tool in listed
    } == TOOLS
    outputs = {tool.name: fields(tool.outputSchema) for tool in listed}
    assert outputs == {
        "ask": SHAPES["Answer"],
        "search": SHAPES["Found"],
        "verify": SHAPES["Checked"],
        "feedback": SHAPES["Thanks"],
        "sources": SHAPES["Sources"],
    }
    done = await session.call_tool("ask", {"question": QUESTION})
    answer: dict[str, Any] = done.structuredContent
    assert json.loads(done.content[0].text) == answer
    thanks = await session.call_tool("feedback", {"answer_id": answer["id"], "rating": 1})
    found = await session.call_tool("search", {"query": QUESTION, "count": 2})
    assert len(found.structuredContent["passages"]) == 2
    bad = await session.call_tool("ask", {"question": "?"})
    assert bad.isError
    assert "Traceback" not in bad.content[0].text
    return answer | {"thanks": thanks.isError}


def test_an_mcp_client_gets_what_rest_gives(url: str, by_curl: dict[str, Any]) -> None:
    import anyio
    from httpx import AsyncClient
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Cookie": "firstpilot-browser=" + "c" * 32}

    async def talk() -> dict[str, Any]:
        async with (
            AsyncClient(headers=headers, timeout=60) as http,
            streamable_http_client(f"{url}/mcp", http_client=http) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            return await _use_tools(session)

    answer = anyio.run(talk)
    assert answer.pop("thanks") is False
    assert same(checked(answer)) == same(by_curl)


def test_an_mcp_client_that_starts_the_program_itself_gets_the_same(
    settings: Settings, by_curl: dict[str, Any], tmp_path: Path
) -> None:
    import anyio
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    program = StdioServerParameters(
        command=sys.executable,
        args=["-m", "assistant", "mcp"],
        env={
            "FIRSTPILOT_DATA_DIR": str(settings.data_dir),
            "FIRSTPILOT_KNOWLEDGE_DIR": str(settings.knowledge_dir),
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        },
    )

    async def talk() -> dict[str, Any]:
        with (tmp_path / "log").open("w", encoding="utf-8") as log:
            async with (
                stdio_client(program, errlog=log) as (read, write),
                ClientSession(read, write) as session,
            ):
                return await _use_tools(session)

    answer = anyio.run(talk)
    assert answer.pop("thanks") is False
    assert same(checked(answer)) == same(by_curl)
