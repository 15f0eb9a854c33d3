"""A chat model behind OpenAI's protocol: what LangChain's own leaves out, and its errors mapped.

Knows: langchain-openai and its exceptions. Does not know prompts or which backend comes next.
Invariant: whatever goes wrong in a call leaves here as one ``BackendError`` that tells the operator
what to mend and never holds a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import openai
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from assistant.errors import BackendError, BackendRejected, BackendTimeout, BackendUnavailable
from assistant.normalise import whole_characters
from assistant.thinking import THOUGHT

_KEY_LIKE = re.compile(r"\b(sk|pk|key|Bearer)[-_ ][\w*.-]{6,}", re.IGNORECASE)
_LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a model is, and how it is spoken to."""

    name: str
    """As the setting names the backend."""
    model: str
    base_url: str
    key: SecretStr | None
    key_variable: str
    """The variable that the operator is told to set."""
    connect_seconds: float
    first_token_seconds: float
    retries: int
    answer_tokens: int
    temperature: float | None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Sent with each request beside the protocol's own fields."""


class OpenAIChat(ChatOpenAI):
    """``ChatOpenAI`` that keeps ``reasoning_content`` and ``reasoning``, as messages' extras."""

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        made = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        choices = chunk.get("choices") or []
        thought = _thought(choices[0].get("delta") or {}) if choices else ""
        if made is not None and thought and isinstance(made.message, AIMessageChunk):
            made.message.additional_kwargs[THOUGHT] = thought
        return made

    def _get_request_payload(
        self, input_: Any, *, stop: list[str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        for message in payload.get("messages", ()):
            if isinstance(message.get("content"), str):
                # Half a character cannot be sent.
                message["content"] = whole_characters(message["content"])
        return payload

    def _create_chat_result(
        self, response: Any, generation_info: dict[str, Any] | None = None
    ) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        whole = response if isinstance(response, dict) else response.model_dump()
        for made, choice in zip(result.generations, whole.get("choices") or [], strict=False):
            thought = _thought(choice.get("message") or {})
            if thought:
                made.message.additional_kwargs[THOUGHT] = thought
        return result


def _thought(message: Mapping[str, Any]) -> str:
    """Return what a message says was thought; servers name it one way or the other."""
    found = message.get("reasoning_content") or message.get("reasoning") or ""
    return found if isinstance(found, str) else ""


def make_openai_chat(server: Server, http_client: Any) -> OpenAIChat:
    """Return the model of a server; nothing is sent yet.

    Args:
        server: which model, where.
        http_client: an ``httpx2.Client``, shared by all calls.
    """
    elsewhere = server.key_variable != "OPENAI_API_KEY"
    key = server.key.get_secret_value() if server.key else "none"
    # What is not given, the client takes from OPENAI_* variables: a user's own organisation would
    # reach any server.
    return OpenAIChat(
        model=server.model,
        base_url=server.base_url,
        api_key=SecretStr(key),
        organization="" if elsewhere else None,
        default_headers={"OpenAI-Project": ""} if elsewhere else None,
        openai_proxy="",
        http_client=http_client,
        timeout=openai.Timeout(server.first_token_seconds, connect=server.connect_seconds),
        max_retries=server.retries,
        max_completion_tokens=None,
        temperature=server.temperature,
        stream_usage=True,
        use_responses_api=False,
        extra_body={"max_tokens": server.answer_tokens, **server.extra}
        if elsewhere
        else {"max_completion_tokens": server.answer_tokens, **server.extra},
    )


def streamed(
    model: OpenAIChat, messages: Sequence[BaseMessage], server: Server
) -> Iterator[AIMessageChunk]:
    """Yield a model's chunks.

    Raises:
        BackendError: the call failed, before or in the middle of the answer.
    """
    finished = False
    try:
        for chunk in model.stream(list(messages)):
            reason = chunk.response_metadata.get("finish_reason")
            finished = finished or bool(reason)
            if reason == "content_filter":
                raise BackendRejected(
                    f"{_where(server)} filtered its answer; rephrase the question"
                )
            if isinstance(chunk, AIMessageChunk):
                yield chunk
    except BackendError:
        raise
    except Exception as exc:  # noqa: BLE001 - the client raises more than its own errors
        problem = mapped(exc, server)
    else:
        if finished:
            return
        # A line that breaks looks like an end to a client that was promised no length.
        problem = BackendUnavailable(f"{_where(server)} broke off its answer; try again")
    # Raised out here because the original error may quote the key.
    raise problem


def mapped(exc: Exception, server: Server) -> BackendError:
    """Return the one error that tells the operator what to mend."""
    where = _where(server)
    if _has(exc, (openai.APITimeoutError, TimeoutError)) or "Timeout" in type(exc).__name__:
        return BackendTimeout(
            f"{where} took too long; try a smaller model, or raise FIRSTPILOT_FIRST_TOKEN_SECONDS"
        )
    status = getattr(exc, "status_code", None)
    if not isinstance(status, int):
        if isinstance(exc, openai.APIError) and not isinstance(exc, openai.APIConnectionError):
            return BackendUnavailable(f"{where} broke off: {_quoted(exc, server)}; try again")
        return BackendUnavailable(f"{where} cannot be reached; start it, or check its address")
    return _refusal(status, _quoted(exc, server), server)


def _refusal(status: int, said: str, server: Server) -> BackendError:
    """Return the error for an answer with a status that is no success."""
    where, lower = _where(server), said.lower()
    broke = any(word in lower for word in ("quota", "billing", "balance", "credit"))
    if status == 402 or (status == 429 and broke):
        return BackendRejected(f"{where} has no credit left; top up the account")
    if status == 429:
        return BackendUnavailable(f"{where} is asked too often; wait, or name another backend")
    if status in {408, 504}:
        return BackendTimeout(f"{where} took too long: {said}")
    if status >= 500:
        return BackendUnavailable(f"{where} failed ({status}): {said}; try again")
    if status in {401, 403}:
        return BackendRejected(f"{where} refuses the key; set {server.key_variable}")
    if status == 404:
        return BackendRejected(f"{where} knows no model {server.model!r}; name another")
    if "filter" in lower or "policy" in lower or "moderation" in lower:
        return BackendRejected(f"{where} filtered the question; rephrase it")
    if "context" in lower or "too long" in lower:
        return BackendRejected(f"{where} has less context; set FIRSTPILOT_CONTEXT_TOKENS")
    return BackendRejected(f"{where} refused ({status}): {said}")


def _has(exc: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether an error or one that caused it is of some kind."""
    seen: BaseException | None = exc
    while seen is not None:
        if isinstance(seen, kinds):
            return True
        seen = seen.__cause__
    return False


def _where(server: Server) -> str:
    return f"the backend {server.name}"


def _quoted(exc: Exception, server: Server) -> str:
    """Return what a server said, short, without anything that looks like a key."""
    text = " ".join(str(exc).split())
    if server.key and server.key.get_secret_value():
        text = text.replace(server.key.get_secret_value(), "***")
    return _KEY_LIKE.sub("***", text)[:_LONGEST_QUOTE]
