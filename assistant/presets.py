"""Presets: the addresses and habits of the services that speak OpenAI's protocol.

Knows: each service by a short name, how a backend is written in a setting, and which addresses are
on this machine. Does not know keys or how a service is called. Invariant: a text that
``parse_backends`` takes names only backends that can be built.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from assistant.hiding import hidden

EMBEDDED = "embedded"
GGUF = "gguf"
SMALL_CONTEXT, LARGE_CONTEXT = 4096, 32_768
"""Tokens; local servers start with little unless told otherwise."""
PATIENCE, LOCAL_PATIENCE = 30.0, 180.0
"""Seconds to wait for a first word: a model on one's own processor reads 50 to 100 tokens of a
prompt a second, and may have to be loaded first. A server that is not there is told at once."""
_ADDRESS = re.compile(r"@(?=https?://)")
_BARE_ADDRESS = re.compile(r"@(?:localhost\b|[\w.-]+:\d+|\[[\da-f:]+\]|[\w.-]+/v\d)", re.IGNORECASE)
"""An address without its scheme; LM Studio's ``qwen3-4b@q4_k_m`` is a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A service that speaks OpenAI's protocol."""

    name: str
    base_url: str
    key_variable: str
    """Environment variable of its key."""
    model: str
    """Used when a setting names no model."""
    needs_key: bool = False
    context: int = SMALL_CONTEXT
    """Tokens that prompt and answer may have together."""
    thinking: Mapping[str, Any] = field(default_factory=dict)
    """What to send so that a model that can think does, where it would not by itself."""
    no_thinking: Mapping[str, Any] = field(default_factory=dict)
    """What to send so that a model that can think answers at once."""
    thinks: bool = False
    """Whether its models think before they answer, or may, and no switch stops them."""
    temperature: float | None = 0.0
    """None where models refuse to be told."""
    limit_field: str = "max_tokens"
    """The request's field for the most tokens of an answer."""

    @property
    def hosted(self) -> bool:
        """Whether the service is one company's, at one address."""
        return not is_loopback(self.base_url)

    @property
    def patience(self) -> float:
        """Seconds to wait for a first word."""
        return PATIENCE if self.hosted else LOCAL_PATIENCE


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine, so that no text leaves it."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def stays_here(model: str, url: str) -> bool:
    """Whether text for a model at an address stays on this machine, as far as can be seen.

    Ollama passes what is asked of ``gpt-oss:120b-cloud`` or ``qwen3:cloud`` on to its own service.
    """
    return is_loopback(url) and not model.lower().endswith(("-cloud", ":cloud"))


_TEMPLATE_SWITCH = {"chat_template_kwargs": {"enable_thinking": False}}
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="openai",
            base_url="https://api.openai.com/v1",
            key_variable="OPENAI_API_KEY",
            model="gpt-5-mini",
            needs_key=True,
            context=LARGE_CONTEXT,
            thinks=True,
            temperature=None,
            limit_field="max_completion_tokens",
        ),
        Preset(
            name="deepseek",
            base_url="https://api.deepseek.com/v1",
            key_variable="DEEPSEEK_API_KEY",
            model="deepseek-flash",
            needs_key=True,
            context=LARGE_CONTEXT,
            thinking={"thinking": {"type": "enabled"}},
            no_thinking={"thinking": {"type": "disabled"}},
        ),
        *(
            Preset(
                name=name,
                base_url=f"https://{host}/compatible-mode/v1",
                key_variable="DASHSCOPE_API_KEY",
                model="qwen-plus",
                needs_key=True,
                context=LARGE_CONTEXT,
                thinking={"enable_thinking": True},
                no_thinking={"enable_thinking": False},
            )
            for name, host in (
                ("qwen", "dashscope.aliyuncs.com"),
                ("qwen-intl", "dashscope-intl.aliyuncs.com"),
            )
        ),
        Preset(
            name="openrouter",
            base_url="https://openrouter.ai/api/v1",
            key_variable="OPENROUTER_API_KEY",
            model="qwen/qwen3-30b-a3b",
            needs_key=True,
            context=LARGE_CONTEXT,
            no_thinking={"reasoning": {"enabled": False}},
        ),
        Preset(
            name="ollama",
            base_url="http://127.0.0.1:11434/v1",
            key_variable="OLLAMA_API_KEY",
            model="qwen3:4b",
            no_thinking={"reasoning_effort": "none"},
        ),
        Preset(
            name="vllm",
            base_url="http://127.0.0.1:8000/v1",
            key_variable="VLLM_API_KEY",
            model="Qwen/Qwen3-8B",
            context=LARGE_CONTEXT,
            no_thinking=_TEMPLATE_SWITCH,
        ),
        Preset(
            name="sglang",
            base_url="http://127.0.0.1:30000/v1",
            key_variable="SGLANG_API_KEY",
            model="Qwen/Qwen3-8B",
            context=LARGE_CONTEXT,
            no_thinking=_TEMPLATE_SWITCH,
        ),
        Preset(
            name="lmstudio",
            base_url="http://127.0.0.1:1234/v1",
            key_variable="LMSTUDIO_API_KEY",
            model="qwen3-4b",
            thinks=True,  # it heeds no chat_template_kwargs
        ),
        Preset(
            name="llamacpp",
            base_url="http://127.0.0.1:8080/v1",
            key_variable="LLAMA_API_KEY",
            model="default",
            no_thinking=_TEMPLATE_SWITCH,
        ),
    )
}


_OF_OPENAI = re.compile(r"(?:gpt-[5-9]|o[1-9])", re.IGNORECASE)
_THINKERS = re.compile(r"deepseek-?r1|distill|qwq|thinking|reasoner", re.IGNORECASE)


def preset_at(kind: str, model: str, base_url: str) -> Preset:
    """Return the habits of a service at an address.

    Only OpenAI's own models have those of ``openai``; elsewhere the name means any server that
    speaks its protocol.
    """
    preset = PRESETS[kind]
    if kind != "openai" or base_url == preset.base_url or _OF_OPENAI.match(model):
        return preset
    return replace(preset, thinks=False, temperature=0.0, limit_field="max_tokens")


def thinks_by_name(model: str) -> bool:
    """Whether a model's name says that it always thinks aloud first."""
    return bool(_THINKERS.search(model))


def is_among(model: str, offered: Collection[str]) -> bool:
    """Whether a model is among those a server lists; Ollama's ``qwen3`` is ``qwen3:latest``."""
    return model in offered or f"{model}:latest" in offered


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendName:
    """A backend as a setting names it."""

    kind: str
    """``embedded``, ``gguf``, or a preset's name."""
    model: str
    """A model's name, for ``gguf`` a path; empty for ``embedded``."""
    base_url: str | None = None
    """Where it is, if not at its preset's address."""

    def __str__(self) -> str:
        """Return it as written, its model named."""
        named = f"{self.kind}:{self.model}" if self.model else self.kind
        return f"{named}@{self.base_url}" if self.base_url else named


def parse_backends(text: str) -> tuple[BackendName, ...]:
    """Read a list such as ``deepseek, ollama:qwen3:8b, vllm:m@http://gpu1:8000/v1, embedded``.

    The embedded backend is always last: a dead service must never mean no answer.

    Raises:
        ValueError: a name is unknown, lacks its path, or has an address that is none.
    """
    names: list[BackendName] = []
    for part in filter(None, map(str.strip, text.split(","))):
        named, *address = _ADDRESS.split(part, maxsplit=1)
        kind, _, model = named.partition(":")
        if kind == EMBEDDED and not model:
            continue
        if kind == GGUF and not model:
            raise ValueError("gguf needs a file or folder, such as gguf:/models/qwen3-4b.gguf")
        if kind != GGUF and kind not in PRESETS:
            known = ", ".join([EMBEDDED, *PRESETS, "gguf:<file or folder>"])
            raise ValueError(f"{hidden(named)!r} is no backend; the choices are {known}")
        if kind != GGUF and _BARE_ADDRESS.search(model):
            raise ValueError(
                f"{hidden(named)!r} has an address without http:// or https://; write it as "
                "vllm:m@http://gpu1:8000/v1"
            )
        names.append(
            BackendName(
                kind=kind,
                model=model or PRESETS[kind].model,
                base_url=check_address(address[0]) if address else None,
            )
        )
    if len(set(names)) < len(names):
        raise ValueError("a backend is named twice")
    return (*names, BackendName(kind=EMBEDDED, model=""))


def check_address(url: str) -> str:
    """Return an address without its last slashes.

    Raises:
        ValueError: it is no http address, or holds a key that every answer would show.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an address looks like http://127.0.0.1:8080/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address holds no user, password or key; set the key's own variable")
    return url.rstrip("/")
