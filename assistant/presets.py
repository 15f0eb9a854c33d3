"""Presets: the addresses and habits of the services that speak OpenAI's protocol.

Knows: each service by a short name, and how a backend is written in a setting. Does not know keys
or how a service is called. Invariant: a text that ``parse_backends`` takes names only backends that
can be built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

EMBEDDED = "embedded"
GGUF = "gguf"
SMALL_CONTEXT, LARGE_CONTEXT = 4096, 32_768
"""Tokens; local servers start with little unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A service that speaks OpenAI's protocol."""

    name: str
    base_url: str
    key_variable: str | None
    """Environment variable of its key; None when it needs none."""
    model: str
    """Used when a setting names no model."""
    context: int
    """Tokens that prompt and answer may have together."""
    no_thinking: Mapping[str, Any] = field(default_factory=dict)
    """What to send so that a model that can think answers at once."""
    temperature: float | None = 0.0
    """None where models refuse to be told."""


_TEMPLATE_SWITCH = {"chat_template_kwargs": {"enable_thinking": False}}
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="openai",
            base_url="https://api.openai.com/v1",
            key_variable="OPENAI_API_KEY",
            model="gpt-5-mini",
            context=LARGE_CONTEXT,
            temperature=None,
        ),
        Preset(
            name="deepseek",
            base_url="https://api.deepseek.com/v1",
            key_variable="DEEPSEEK_API_KEY",
            model="deepseek-chat",
            context=LARGE_CONTEXT,
        ),
        Preset(
            name="qwen",
            base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
            key_variable="DASHSCOPE_API_KEY",
            model="qwen-plus",
            context=LARGE_CONTEXT,
            no_thinking={"enable_thinking": False},
        ),
        Preset(
            name="openrouter",
            base_url="https://openrouter.ai/api/v1",
            key_variable="OPENROUTER_API_KEY",
            model="qwen/qwen3-30b-a3b",
            context=LARGE_CONTEXT,
            no_thinking={"reasoning": {"enabled": False}},
        ),
        Preset(
            name="ollama",
            base_url="http://127.0.0.1:11434/v1",
            key_variable=None,
            model="qwen3:4b",
            context=SMALL_CONTEXT,
            no_thinking={"reasoning_effort": "none"},
        ),
        Preset(
            name="vllm",
            base_url="http://127.0.0.1:8000/v1",
            key_variable=None,
            model="Qwen/Qwen3-8B",
            context=LARGE_CONTEXT,
            no_thinking=_TEMPLATE_SWITCH,
        ),
        Preset(
            name="sglang",
            base_url="http://127.0.0.1:30000/v1",
            key_variable=None,
            model="Qwen/Qwen3-8B",
            context=LARGE_CONTEXT,
            no_thinking=_TEMPLATE_SWITCH,
        ),
        Preset(
            name="lmstudio",
            base_url="http://127.0.0.1:1234/v1",
            key_variable=None,
            model="qwen3-4b",
            context=SMALL_CONTEXT,
        ),
        Preset(
            name="llamacpp",
            base_url="http://127.0.0.1:8080/v1",
            key_variable=None,
            model="default",
            context=SMALL_CONTEXT,
            no_thinking=_TEMPLATE_SWITCH,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendName:
    """A backend as a setting names it."""

    kind: str
    """``embedded``, ``gguf``, or a preset's name."""
    model: str
    """A model's name, for ``gguf`` a path; empty for ``embedded``."""

    def __str__(self) -> str:
        """Return it as written."""
        return f"{self.kind}:{self.model}" if self.model else self.kind


def parse_backends(text: str) -> tuple[BackendName, ...]:
    """Read an ordered list such as ``deepseek, ollama:qwen3:8b, embedded``.

    The embedded backend is always last: a dead service must never mean no answer.

    Raises:
        ValueError: a name is unknown or lacks its path.
    """
    names: list[BackendName] = []
    for part in filter(None, map(str.strip, text.split(","))):
        kind, _, model = part.partition(":")
        if kind == EMBEDDED and not model:
            continue
        if kind == GGUF and not model:
            raise ValueError("gguf needs a file or folder, such as gguf:/models/qwen3-4b.gguf")
        if kind != GGUF and kind not in PRESETS:
            known = ", ".join([EMBEDDED, *PRESETS, "gguf:<file or folder>"])
            raise ValueError(f"{part!r} is no backend; the choices are {known}")
        names.append(BackendName(kind=kind, model=model or PRESETS[kind].model))
    if len(set(names)) < len(names):
        raise ValueError("a backend is named twice")
    return (*names, BackendName(kind=EMBEDDED, model=""))
