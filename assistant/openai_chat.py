"""A chat model behind OpenAI's protocol: what LangChain's own leaves out, and its errors mapped.

Knows: langchain-openai. Does not know prompts or which backend comes next.
Invariant: whatever goes wrong in a call leaves here as one ``BackendError`` that tells the operator
what to mend and never holds a key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import openai
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from assistant.errors import BackendError, BackendRejected, BackendUnavailable
from assistant.normalise import whole_characters
from assistant.servers import Server, mapped, unreadable
from assistant.thinking import THOUGHT

BROKEN = frozenset({"error", "abort", "insufficient_system_resource"})
"""Ends that are the server's failure, as OpenRouter, vLLM and DeepSeek call them."""


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

    def chunks(self, messages: Sequence[BaseMessage]) -> Iterator[AIMessageChunk]:
        """Yield what the model says, and tell nobody else.

        LangChain's ``stream`` would send it to a tracing service that some variable names.
        """
        for made in self._stream(list(messages)):
            if isinstance(made.message, AIMessageChunk):
                made.message.response_metadata.update(made.generation_info or {})
                yield made.message

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
        default_headers={"OpenAI-Project": "", "OpenAI-Organization": ""} if elsewhere else None,
        openai_proxy="",
        http_client=http_client,
        timeout=openai.Timeout(server.first_token_seconds, connect=server.connect_seconds),
        max_retries=0,
        max_completion_tokens=None,
        temperature=server.temperature,
        stream_usage=True,
        use_responses_api=False,
        extra_body=dict(server.extra),
    )


def streamed(
    model: OpenAIChat, messages: Sequence[BaseMessage], server: Server
) -> Iterator[AIMessageChunk]:
    """Yield a model's chunks.

    Raises:
        BackendError: the call failed, before or in the middle of the answer.
    """
    finished = begun = False
    try:
        for chunk in model.chunks(messages):
            begun = True
            reason = chunk.response_metadata.get("finish_reason")
            finished = finished or bool(reason)
            if reason == "content_filter":
                raise BackendRejected(
                    f"the backend {server.name} filtered its answer; rephrase the question",
                    of_question=True,
                )
            if reason in BROKEN:
                raise BackendUnavailable(
                    f"the backend {server.name} broke off its answer ({reason}); try again"
                )
            yield chunk
    except BackendError:
        raise
    except Exception as exc:  # noqa: BLE001 - the client raises more than its own errors
        problem = mapped(exc, server)
    else:
        if finished:
            return
        # A line that breaks looks like an end to a client that was promised no length.
        problem = (
            BackendUnavailable(f"the backend {server.name} broke off its answer; try again")
            if begun
            else unreadable(server)
        )
    # Raised out here because the original error may quote the key.
    raise problem
