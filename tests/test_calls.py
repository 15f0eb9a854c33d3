"""Calls: what each took, however it ended, and when nobody is asked any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import Assistant, Language, Settings, Verified, wording
from assistant.breaking import FAILURES
from assistant.errors import SettingsError
from assistant.exchange import of_answer
from assistant.schema import Message, Role
from assistant.spending import Ledger
from tests.scripted import DROP, Status, Thinks, Wait, serving
from tests.test_backends import QUESTION, asking, events, fact  # noqa: F401 - fixtures

PRICED = {"prices": {"vllm:m": (1.0, 2.0)}, "daily_budget": 1.0}


def opened(asking, address: str, folder: Path, **values: object) -> tuple[Assistant, Ledger]:  # noqa: F811
    assistant = asking(address, **{**PRICED, **values})
    ledger = assistant._writer._ledger
    ledger._path = folder / "spending.json"
    return assistant, ledger


def test_a_server_that_does_not_count_is_paid_by_estimate(asking, fact, tmp_path) -> None:  # noqa: F811
    with serving([fact], usage=False) as (address, _):
        assistant, ledger = opened(asking, address, tmp_path)
        answer = assistant.ask(QUESTION)
    how = answer.provenance
    assert how.tokens_estimated
    assert how.input_tokens is not None
    assert how.input_tokens > 300
    assert how.output_tokens is not None
    assert how.output_tokens > 20
    assert how.cost == pytest.approx((how.input_tokens + 2 * how.output_tokens) / 1e6)
    assert ledger.spent() == pytest.approx(how.cost)


@pytest.mark.parametrize("rest", [[" More", DROP], [" More", Wait(0.05), DROP]])
def test_an_answer_that_dies_is_paid(asking, fact, tmp_path, rest) -> None:  # noqa: F811
    with serving([fact, *rest]) as (address, _):
        assistant, ledger = opened(asking, address, tmp_path)
        answer = assistant.ask(QUESTION)
    assert answer.partial
    assert answer.provenance.cost is not None
    assert ledger.spent() == pytest.approx(answer.provenance.cost)


def test_an_answer_that_is_stopped_is_paid(asking, fact, tmp_path) -> None:  # noqa: F811
    with serving([fact, *[" More.", Wait(0.02)] * 300]) as (address, _):
        assistant, ledger = opened(asking, address, tmp_path)
        stream = assistant.stream(QUESTION)
        for event in stream:
            if isinstance(event, Verified):
                break
        assert ledger.spent() == 0
        stream.close()  # type: ignore[attr-defined]
        assert ledger.spent() > 0


@pytest.mark.parametrize("status", [Status(401), Status(500), Status(429, "quota")])
def test_a_call_in_vain_costs_nothing(asking, fact, tmp_path, status) -> None:  # noqa: F811
    with serving(status) as (address, _):
        assistant, ledger = opened(asking, address, tmp_path)
        answer = assistant.ask(QUESTION)
    assert ledger.spent() == 0
    assert answer.provenance.cost is None
    assert answer.provenance.input_tokens is None


def test_who_failed_to_rewrite_is_not_asked_to_answer(asking, fact) -> None:  # noqa: F811
    """A dead server is waited for once an answer, not twice."""
    history = [Message(role=Role.USER, content="What share of SMEs use AI in customer service?")]
    with serving(Status(500)) as (address, script):
        answer = asking(address).ask("and in design?", history)
    assert len(script.requests) == 1
    assert len(answer.provenance.failed) == 1
    assert answer.provenance.model.startswith("embedded")


def test_whose_filter_took_offence_at_the_rewriting_is_asked_to_answer(asking, fact) -> None:  # noqa: F811
    """That a question was filtered says nothing about the backend."""
    history = [Message(role=Role.USER, content="What share of SMEs use AI in customer service?")]
    with serving(Status(400, "content filter"), [fact]) as (address, script):
        answer = asking(address).ask("and in design?", history)
    assert len(script.requests) == 2
    assert answer.provenance.model == "vllm:m"
    assert len(answer.provenance.failed) == 1


def test_what_was_never_sent_did_not_leave(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, a breaker that rests, no client: nothing was sent."""
    same = {"data_dir": settings.data_dir, "knowledge_dir": settings.knowledge_dir, "retries": 0}
    keyless = Assistant.from_settings(Settings(backend="deepseek", **same))
    assert not keyless.ask(QUESTION).provenance.left_machine
    monkeypatch.setattr("assistant.models.stays_here", lambda model, url: False)
    with serving(Status(500)) as (address, _):
        failing = Assistant.from_settings(Settings(backend=f"vllm:m@{address}", **same))
        asked = [failing.ask(QUESTION) for _ in range(FAILURES + 1)]
    assert [how.provenance.left_machine for how in asked] == [True] * FAILURES + [False]
    assert all(how.provenance.failed for how in asked)


def test_turns_that_were_left_out_are_counted(asking, fact) -> None:  # noqa: F811
    history = [Message(role=Role.USER, content="What share of SMEs use AI in sales?")] * 9
    with serving(["What share of SMEs use AI in design?"], [fact]) as (address, script):
        answer = asking(address).ask("and in design?", history)
    assert answer.provenance.turns_cut == 3
    assert script.requests[0]["messages"][0]["content"].count("user: ") == 6


def test_a_question_with_no_room_is_not_cut_by_the_server(asking) -> None:  # noqa: F811
    with serving(["NO_ANSWER"]) as (address, script):
        tight = asking(address, context_tokens=1024)
        answer = tight.ask(f"{QUESTION} {'Please tell me about it. ' * 60}")
    assert script.requests == []
    assert "FIRSTPILOT_CONTEXT_TOKENS" in answer.provenance.failed[0]
    assert not answer.provenance.left_machine


def test_machines_are_told_all_of_it(asking, fact) -> None:  # noqa: F811
    with serving([fact]) as (address, _):
        _, answer = events(asking(address, prices={"vllm:m": (1, 2)}, prompt_tokens=500))
    told = of_answer(answer).model_dump(mode="json")["provenance"]
    assert told["model"] == "vllm:m"
    assert told["left_machine"] is False
    assert (told["input_tokens"], told["output_tokens"]) == (100, 20)
    assert told["tokens_estimated"] is False
    assert told["cost"] == pytest.approx(0.00014)
    assert told["passages_cut"] > 0
    assert told["turns_cut"] == 0
    assert told["failed"] == []


@pytest.mark.parametrize(
    ("values", "tells"),
    [
        ({"backend": "deepseek", "daily_budget": 1}, "FIRSTPILOT_PRICES"),
        ({"prices": {"nonsense:x": (1, 2)}}, "choices"),
        ({"prices": {"embedded": (1, 2)}}, "not one backend"),
        ({"prices": {"vllm:m": (-1, 2)}}, "FIRSTPILOT_PRICES"),
        ({"prices": {"vllm:m": (float("nan"), 2)}}, "FIRSTPILOT_PRICES"),
        ({"daily_budget": float("nan")}, "FIRSTPILOT_DAILY_BUDGET"),
        ({"daily_budget": float("inf")}, "FIRSTPILOT_DAILY_BUDGET"),
    ],
)
def test_a_budget_that_would_not_hold_is_refused(values: dict[str, object], tells: str) -> None:
    with pytest.raises(SettingsError, match=tells):
        Settings(**values)


def test_a_price_is_found_by_any_name_of_its_backend() -> None:
    for name in ("deepseek", "deepseek:deepseek-flash"):
        Settings(backend="deepseek", daily_budget=1, prices={name: (1, 2)})
    Settings(backend="ollama,gguf:m.gguf", daily_budget=1)
    there = "vllm:m@http://gpu1:8000/v1"
    Settings(backend=there, daily_budget=1, prices={"vllm:m": (1, 2)})
    with pytest.raises(SettingsError):
        Settings(backend=there, daily_budget=1)


@pytest.mark.parametrize("finish", ["stop", "length"])
@pytest.mark.parametrize(
    "script", [[Thinks("hm " * 50)], ["<think>hm ", "hm"], ["<think>hm</think> "]]
)
def test_a_model_that_only_thinks_is_told_of(asking, script, finish, caplog) -> None:  # noqa: F811
    with serving(script, finish=finish) as (address, _):
        answer = asking(address).ask(QUESTION)
    (problem,) = answer.provenance.failed
    assert "comes to no answer; set FIRSTPILOT_THINKING=true" in problem
    assert "comes to no answer" in caplog.text
    assert wording.FELL_BACK_THINKING[Language.EN] in answer.notices
    assert wording.FELL_BACK_UNSUPPORTED[Language.EN] not in answer.notices


def test_a_thinker_that_thinks_anyway_gets_other_advice(asking) -> None:  # noqa: F811
    with serving(["hm " * 50], finish="length") as (address, _):
        answer = asking(address, thinking=True).ask(QUESTION)
    assert "name another model" in answer.provenance.failed[0]
    assert wording.FELL_BACK_THINKING[Language.EN] in answer.notices


def test_a_model_that_thinks_and_answers_is_no_failure(asking, fact) -> None:  # noqa: F811
    with serving([Thinks("hm"), fact]) as (address, _):
        answer = asking(address).ask(QUESTION)
    assert answer.provenance.failed == ()


def test_a_budget_that_is_used_up_is_told_the_reader(asking, fact, tmp_path) -> None:  # noqa: F811
    with serving([fact]) as (address, _):
        assistant = asking(address, prices={"vllm:m": (1, 2)}, daily_budget=0)
        assistant._writer._ledger._path = tmp_path / "spending.json"
        answer = assistant.ask(QUESTION)
    assert wording.FELL_BACK_BUDGET[Language.EN] in answer.notices
    assert wording.FELL_BACK[Language.EN] not in answer.notices
