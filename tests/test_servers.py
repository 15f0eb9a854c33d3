"""Servers: odd lines, hostile streams and refusals, each one error that says what to mend."""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from email.utils import formatdate
from typing import Any

import pytest

from assistant.backends import Spent
from assistant.breaking import FAILURES
from assistant.errors import BackendError, BackendRejected, BackendTimeout, BackendUnavailable
from assistant.thinking import Said
from tests.scripted import Status, Thinks, serving
from tests.test_backends import KEY, backend, said


def data(value: object) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def delta(value: object) -> bytes:
    return data({"choices": [{"index": 0, "delta": value}]})


@pytest.mark.parametrize(
    "odd",
    [
        b": hello\n\n",
        b"\r\n\r\n",
        data({}),
        data({"choices": None}),
        data({"choices": []}),
        data({"choices": [{"index": 0}]}),
        delta(None),
        delta({"content": None}),
        delta({"content": "", "reasoning": {"a": 1}}),
        delta({"refusal": "I would rather not."}),
        b'data: {"choices": [{"index": 0, "delta": {"content": "\\ud83d"}}]}\n\n',
    ],
)
def test_odd_lines_change_nothing(settings, odd: bytes) -> None:
    with serving([odd, "One.", odd, " Two."]) as (address, _):
        assert said(backend(settings, address))[0] == "One. Two."


@pytest.mark.parametrize(
    "odd", [b"data: {oops\n\n", data([1]), data(3), data(None), b'data: "\xff"\n\n']
)
@pytest.mark.parametrize("before", [[], ["One. "]])
def test_what_is_no_answer_is_told(settings, odd: bytes, before: list[str]) -> None:
    with serving([*before, odd]) as (address, _), pytest.raises(BackendUnavailable, match="/v1"):
        said(backend(settings, address))


def test_counts_that_make_no_sense_cost_nothing(settings) -> None:
    odd = data({"choices": [], "usage": {"prompt_tokens": None, "completion_tokens": -5}})
    with serving(["One.", odd], usage=False) as (address, _):
        assert said(backend(settings, address))[2] == Spent(
            input_tokens=0, output_tokens=0, cut_short=False
        )


@pytest.mark.parametrize(
    ("code", "message", "kind", "tells"),
    [
        (402, "Insufficient credits", BackendRejected, "credit"),
        ("429", "slow down", BackendUnavailable, "too often"),
        (401, "no", BackendRejected, "key"),
        (502, "upstream", BackendUnavailable, "502"),
        ("overloaded", "try later", BackendUnavailable, "broke off: try later"),
        (None, "bad", BackendUnavailable, "broke off: bad"),
    ],
)
def test_a_refusal_inside_a_stream_is_one_too(settings, code, message: str, kind, tells) -> None:
    refusal = data({"error": {"message": message, "code": code}})
    with serving([refusal]) as (address, _), pytest.raises(kind, match=tells):
        said(backend(settings, address))


@pytest.mark.parametrize(
    ("status", "kind", "tells"),
    [
        (Status(301, headers=(("location", "http://192.0.2.1/"),)), BackendRejected, "moved"),
        (Status(307, headers=(("location", "http://192.0.2.1/"),)), BackendRejected, "moved"),
        (Status(200, "no stream"), BackendUnavailable, "/v1"),
        (Status(408, "slow"), BackendTimeout, "too long"),
        (Status(400, "data_inspection_failed"), BackendRejected, "rephrase"),
    ],
)
def test_answers_that_are_no_stream(settings, status: Status, kind, tells: str) -> None:
    with serving(status) as (address, script), pytest.raises(kind, match=tells):
        said(backend(settings, address))
    assert len(script.requests) == 1


NOT_PAID = "The free tier of the model has been exhausted. If you wish to continue access the model"
REFUSALS = [
    (Status(400, "Content Exists Risk"), "rephrase"),
    (Status(400, "Input data is odd.", error_code="data_inspection_failed"), "rephrase"),
    (Status(400, "Model Not Exist"), "knows no model 'm'"),
    (Status(400, "x is not a valid model ID"), "knows no model 'm'"),
    (Status(403, "no", error_code="model_not_found"), "knows no model 'm'"),
    (Status(400, "The model `x` does not exist"), "knows no model 'm'"),
    (Status(400, "Access denied, please make sure your account is in good standing."), "credit"),
    (Status(400, "Access denied.", error_code="Arrearage"), "credit"),
    (Status(403, NOT_PAID), "credit"),
    (Status(403, "no", error_code="AllocationQuota.FreeTierOnly"), "credit"),
    (Status(403, "Country, region, or territory not supported"), "country"),
    (Status(400, "chat_template is not supported for Mistral tokenizers."), "FIRSTPILOT_THINKING"),
    (Status(400, '"m" does not support thinking'), "FIRSTPILOT_THINKING"),
    (Status(403, f"your plan has no {KEY} models"), r"your plan has no \*\*\* models"),
    (Status(400, "strange"), "refused .400.: .*strange"),
]


@pytest.mark.parametrize(("status", "tells"), REFUSALS)
def test_refusals_as_services_word_them(settings, status: Status, tells: str) -> None:
    with serving(status) as (address, script):
        asked = backend(settings, address)
        for _ in range(FAILURES + 1):
            before = len(script.requests)
            with pytest.raises(BackendError) as caught:
                said(asked)
            if not before:
                assert isinstance(caught.value, BackendRejected)
                assert re.search(tells, str(caught.value)), caught.value
                assert caught.value.of_question is (tells == "rephrase")
                assert KEY not in str(caught.value)
    # A refused question says nothing about the next one.
    assert len(script.requests) == FAILURES + (tells == "rephrase")


@pytest.mark.parametrize("piece", ["word ", Thinks("word ")])
def test_a_stream_without_end_is_left(settings, piece: Any) -> None:
    """Some servers heed no limit."""
    with serving([piece] * 30_000) as (address, script):
        answer, thoughts, end = said(backend(settings, address, context_tokens=2048))
        assert len(script.requests) == 1
    assert end is not None
    assert end.cut_short
    assert len((answer + thoughts).split()) < 1000


@pytest.mark.parametrize("piece", ["a" * 3_000_000, "中" * 600_000])
def test_a_piece_too_long_is_not_shown(settings, piece: str) -> None:
    with serving([piece, "One."]) as (address, _):
        answer, _, end = said(backend(settings, address))
    assert answer == ""
    assert end is not None
    assert end.cut_short


@pytest.mark.parametrize(
    ("variable", "value", "tells"),
    [
        ("ALL_PROXY", "socks5://me:pw-secret@127.0.0.1:1080", r"httpx2\[socks\]"),
        ("ALL_PROXY", "gopher://me:pw-secret@127.0.0.1:1080", "ALL_PROXY"),
        ("SSL_CERT_FILE", "/no/such/file", "SSL_CERT_FILE"),
    ],
)
def test_what_keeps_a_client_from_being_made_is_told(
    settings, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, tells: str
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv(variable, value)
    elsewhere = backend(settings, "https://192.0.2.1/v1")
    with pytest.raises(BackendUnavailable, match=tells) as caught:
        said(elsewhere)
    assert "pw-secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_line_without_end_is_left(settings) -> None:
    with serving([b"x" * (1 << 20)] * 64) as (address, _), pytest.raises(BackendUnavailable):
        said(backend(settings, address))


def test_an_answer_is_never_unpacked(settings) -> None:
    packed = gzip.compress(b"\n" * 50_000_000)
    status = Status(200, headers=(("content-encoding", "gzip"),))
    started = time.monotonic()
    with serving(status) as (address, _), pytest.raises(BackendUnavailable):
        said(backend(settings, address))
    assert len(packed) < 100_000
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "wait",
    # An id that tells the time would differ between two processes of one run.
    ["0.05", pytest.param(formatdate(time.time() - 5, usegmt=True), id="past"), "nan", "x", ""],
)
def test_every_way_to_ask_for_patience(settings, wait: str) -> None:
    busy = Status(503, "busy", (("retry-after", wait),))
    with serving(busy, ["One."]) as (address, script):
        assert said(backend(settings, address, retries=1))[0] == "One."
    assert len(script.requests) == 2


@pytest.mark.parametrize(
    "wait", ["50", "1e400", pytest.param(formatdate(time.time() + 86_400, usegmt=True), id="later")]
)
def test_too_much_patience_is_not_given(settings, wait: str) -> None:
    busy = Status(429, "busy", (("retry-after", wait),))
    started = time.monotonic()
    with serving(busy) as (address, script), pytest.raises(BackendUnavailable):
        said(backend(settings, address, retries=9, first_token_seconds=3))
    assert len(script.requests) == 1
    assert time.monotonic() - started < 10


def test_retries_end_with_the_time_for_a_first_word(settings) -> None:
    started = time.monotonic()
    with serving(Status(503)) as (address, script), pytest.raises(BackendError):
        said(backend(settings, address, retries=10, first_token_seconds=1.5))
    assert 1 < len(script.requests) < 5
    assert time.monotonic() - started < 8


def test_a_slow_reader_uses_up_none_of_the_models_time(settings) -> None:
    with serving(["One. ", "Two. ", "Three."]) as (address, _):
        text = ""
        for piece in backend(settings, address, answer_seconds=1).stream([]):
            time.sleep(0.6)
            if not isinstance(piece, Spent) and piece.said is Said.ANSWER:
                text += piece.text
    assert text == "One. Two. Three."
