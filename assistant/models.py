"""Chat models and backends out of settings: which there are, in which order.

Knows: how a backend's name, a preset and the settings become something that can be called. Does not
know prompts or passages. Invariant: the embedded backend is always there, and last.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from assistant.backends import Backend, EmbeddedBackend, Limits, Price
from assistant.deadlines import Deadline
from assistant.embedded import EmbeddedChatModel
from assistant.errors import BackendRejected
from assistant.gguf import GgufModel, trained_for
from assistant.presets import (
    EMBEDDED,
    GGUF,
    LOCAL_PATIENCE,
    PRESETS,
    BackendName,
    Preset,
    is_loopback,
    parse_backends,
    preset_at,
    stays_here,
    thinks_by_name,
)
from assistant.settings import Settings
from assistant.thinking import THOUGHT
from assistant.tokens import token_margin

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk, BaseMessage

    from assistant.evidence import EvidenceRanker
    from assistant.openai_chat import OpenAIChat
    from assistant.questions import QuestionReader
    from assistant.servers import Server

LOCAL_CONTEXT = 8192
"""Tokens of a GGUF model's context unless set: memory grows with it."""
LIST_SECONDS = 10.0
"""How long a server may take to say which models it has."""
THOUGHT_TOKENS = 4000
"""Tokens that a model which thinks aloud may do so beside its answer: most take 500 to 3000."""


def make_backends(
    settings: Settings, reader: QuestionReader, ranker: EvidenceRanker
) -> tuple[Backend, ...]:
    """Return the backends a setting names, in order, the embedded one last.

    Nothing is called or loaded yet.
    """
    *named, _ = parse_backends(settings.backend)
    embedded = embedded_backend(EmbeddedChatModel(reader=reader, ranker=ranker))
    return (*(make_backend(name, settings) for name in named), embedded)


def embedded_backend(model: EmbeddedChatModel) -> Backend:
    """Return the backend of the extractive answerer."""

    def call(messages: Sequence[BaseMessage]) -> Iterator[AIMessageChunk]:
        from langchain_core.messages import AIMessageChunk

        # LangChain's stream would tell a tracing service that some variable names.
        for made in model._stream(list(messages)):
            if isinstance(made.message, AIMessageChunk):
                yield made.message

    limits = Limits(
        first_token_seconds=float("inf"),
        answer_seconds=float("inf"),
        context=1_000_000,
        answer_tokens=1_000_000,
        thought_tokens=0,
    )
    return EmbeddedBackend(
        name=model._llm_type, local=True, limits=limits, price=None, call=call, deadline=Deadline()
    )


def make_backend(name: BackendName, settings: Settings) -> Backend:
    """Return the backend of a service or a file."""
    limits, caller, local = _caller(name, settings)
    price = settings.price_of(name)
    return Backend(
        name=str(name),
        local=local,
        limits=limits,
        price=Price(input=price[0], output=price[1]) if price else None,
        call=caller,
        deadline=caller.deadline,
        model="" if name.kind == GGUF else name.model,
        offered=caller.offered,
    )


def _caller(name: BackendName, settings: Settings) -> tuple[Limits, _Caller, bool]:
    """Return the limits of a backend, what calls it, and whether it is on this machine."""
    preset = _preset(name, settings)
    context = settings.context_tokens or (preset.context if preset else LOCAL_CONTEXT)
    if preset is None:
        context = min(context, trained_for(Path(name.model)) or context)
    patience = preset.patience if preset else LOCAL_PATIENCE
    answer_tokens = min(settings.answer_tokens, context // 4)
    thinks = _always_thinks(name, settings) or (preset is not None and preset.thinks)
    limits = Limits(
        first_token_seconds=settings.first_token_seconds or patience,
        answer_seconds=settings.answer_seconds,
        context=context,
        answer_tokens=answer_tokens,
        thought_tokens=min(THOUGHT_TOKENS, context // 4) if thinks else 0,
        margin=token_margin(Path(name.model).name if preset is None else name.model),
    )
    if preset is None:
        file = GgufModel(Path(name.model), context=context, threads=settings.threads)

        def find() -> Server:
            running = file.server()
            return _server(name, settings, limits, running.base_url, SecretStr(running.key))

        return limits, _Caller(find), True
    base_url, key = settings.address_of(name), settings.key_of(name)

    def check() -> Server:
        if key is None and preset.needs_key and base_url == preset.base_url:
            raise BackendRejected(
                f"the backend {name} needs a key; set {preset.key_variable}", sent=False
            )
        return _server(name, settings, limits, base_url, key)

    return limits, _Caller(check), stays_here(name.model, base_url)


def make_chat_model(
    name: str, settings: Settings, reader: QuestionReader, ranker: EvidenceRanker
) -> BaseChatModel:
    """Return LangChain's chat model for one backend; a file is loaded at once.

    Args:
        name: ``embedded``, ``<preset>:<model>`` or ``gguf:<file or folder>``.
        settings: addresses, keys and limits.
        reader: reads the question for the embedded answerer.
        ranker: ranks sentences for the embedded answerer.

    Raises:
        ValueError: no such backend.
        BackendError: a file that is no model.
    """
    parsed = parse_backends(name)[0]
    if parsed.kind == EMBEDDED:
        return EmbeddedChatModel(reader=reader, ranker=ranker)
    _, caller, _ = _caller(parsed, settings)
    return caller.model()


class _Caller:
    """Calls a model over OpenAI's protocol; found, and its client made, at the first call."""

    def __init__(self, find: Callable[[], Server]) -> None:
        self.deadline = Deadline()
        self._find = find
        self._lock = threading.Lock()
        self._found: tuple[Server, OpenAIChat] | None = None

    def __call__(self, messages: Sequence[BaseMessage]) -> Iterator[AIMessageChunk]:
        from assistant.openai_chat import streamed
        from assistant.retrying import retried

        server, model = self._ready()
        return retried(
            lambda: streamed(model, messages, server),
            says=lambda chunk: bool(chunk.text or chunk.additional_kwargs.get(THOUGHT)),
            times=server.retries,
            deadline=self.deadline,
        )

    def model(self) -> OpenAIChat:
        """Return the model."""
        return self._ready()[1]

    def offered(self) -> frozenset[str] | None:
        """Return the models that the server says it has; None where it does not say."""
        try:
            found = self.model().root_client.with_options(timeout=LIST_SECONDS).models.list()
            return frozenset(model.id for model in found) or None
        except Exception:  # noqa: BLE001 - many servers have no list, or one of another shape
            return None

    def _ready(self) -> tuple[Server, OpenAIChat]:
        with self._lock:
            if self._found is None:
                server = self._find()
                self._found = (server, self._made(server))
            return self._found

    def _made(self, server: Server) -> OpenAIChat:
        from assistant.openai_chat import make_openai_chat
        from assistant.servers import no_client
        from assistant.watching import watching_client

        try:
            client = watching_client(
                self.deadline,
                connect=server.connect_seconds,
                read=server.first_token_seconds,
                direct=is_loopback(server.base_url),
            )
            model = make_openai_chat(server, client)
        except Exception as exc:  # noqa: BLE001 - a proxy or a certificate that a variable names
            problem = no_client(exc, server)
        else:
            # Nobody else knows when the last answer was written; a file's server runs until then.
            weakref.finalize(model, lambda _: client.close(), self._find)
            return model
        # Raised out here because the original error may quote a password.
        raise problem


def _server(
    name: BackendName, settings: Settings, limits: Limits, base_url: str, key: SecretStr | None
) -> Server:
    """Return where a model is and how it is spoken to."""
    from assistant.servers import Server

    local_file = name.kind == GGUF
    preset = _preset(name, settings) or PRESETS["llamacpp"]
    return Server(
        name=str(name),
        model=Path(name.model).stem if local_file else name.model,
        base_url=base_url,
        key=key,
        key_variable=_key_variable(name, settings),
        connect_seconds=settings.connect_seconds,
        first_token_seconds=limits.first_token_seconds,
        retries=0 if local_file else settings.retries,
        # Thinking aloud, models repeat themselves when they are not let choose.
        temperature=None if _always_thinks(name, settings) else preset.temperature,
        extra={
            preset.limit_field: limits.answer_tokens + limits.thought_tokens,
            **(preset.thinking if settings.thinking else preset.no_thinking),
        },
    )


def _preset(name: BackendName, settings: Settings) -> Preset | None:
    """Return a service's habits, None for a file."""
    if name.kind == GGUF:
        return None
    return preset_at(name.kind, name.model, settings.address_of(name))


def _always_thinks(name: BackendName, settings: Settings) -> bool:
    """Whether a model thinks aloud because the operator or its name says so."""
    return settings.thinking or thinks_by_name(Path(name.model).name)


def _key_variable(name: BackendName, settings: Settings) -> str:
    """Return the variable that a service's key is taken from."""
    preset = PRESETS.get(name.kind)
    if preset is None or settings.backend_api_key is not None:
        return "FIRSTPILOT_BACKEND_API_KEY"
    if preset.hosted and settings.address_of(name) != preset.base_url:
        return "FIRSTPILOT_BACKEND_API_KEY"
    return preset.key_variable
