"""The REST door against its own description: whatever is sent, nothing breaks and all is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from assistant import Assistant, Settings
from assistant.store import open_store
from tests.served import served

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
OPERATIONS = [
    "POST /api/v1/ask", "POST /api/v1/search", "POST /api/v1/verify", "POST /api/v1/feedback",
    "GET /api/v1/sources", "GET /v1/models", "GET /v1/models/{model}", "POST /v1/chat/completions",
]  # fmt: skip


@pytest.fixture(scope="module")
def described(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    store = open_store(Settings(data_dir=tmp_path_factory.mktemp("openapi")))
    with served(assistant, store) as url:
        yield schemathesis.openapi.from_url(
            f"{url}/api/v1/openapi.json", config=SchemathesisConfig()
        )
    store.close()


def test_the_addresses_described_are_these(described: Any) -> None:
    found = [each.ok().label for each in described.get_all_operations()]
    assert sorted(found) == sorted(OPERATIONS)


@pytest.mark.parametrize(
    ("label", "mode"),
    [
        *((label, GenerationMode.POSITIVE) for label in OPERATIONS),
        # The others take nothing that could be wrong.
        *((label, GenerationMode.NEGATIVE) for label in OPERATIONS if label.startswith("POST")),
    ],
)
def test_nothing_that_is_sent_breaks_a_door(described: Any, label: str, mode: Any) -> None:
    operation = next(
        each.ok() for each in described.get_all_operations() if each.ok().label == label
    )
    # What OpenAI's door takes is more than it names, so only REST must refuse what is wrong.
    strict = mode is GenerationMode.NEGATIVE and "/api/" in label
    checks = [*CHECKS, negative_data_rejection] if strict else CHECKS

    @settings(
        max_examples=25, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case: Any) -> None:
        case.call_and_validate(checks=checks, timeout=120)

    hold()


def test_the_description_says_what_a_stream_is(described: Any) -> None:
    answers = described.raw_schema["paths"]["/api/v1/ask"]["post"]["responses"]
    assert set(answers["200"]["content"]) == {"application/json", "text/event-stream"}
    assert {"401", "413", "422", "429", "503"} <= set(answers)
    json.dumps(described.raw_schema)
