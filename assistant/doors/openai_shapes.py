"""The shapes of OpenAI's chat completions, as far as this server speaks them.

Knows: their fields. Does not know who answers. Invariant: what is not listed is taken and ignored,
as clients send much that means nothing here (temperature, tools, …).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.contract import MAX_TEXT, Answer


class _Taken(BaseModel):
    model_config = ConfigDict(extra="ignore")


class ContentPart(_Taken):
    """A part of a message; only text is read."""

    type: str
    text: str | None = Field(default=None, max_length=MAX_TEXT)


class ChatMessage(_Taken):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = Field(default=None, max_length=MAX_TEXT)

    @property
    def text(self) -> str:
        """The text of all parts."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""


class StreamOptions(_Taken):
    """What a stream also tells."""

    include_usage: bool | None = None


class ChatRequest(_Taken):
    """A request for a chat completion."""

    model: str = Field(max_length=200)
    messages: list[ChatMessage] = Field(min_length=1, max_length=200)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None


class ModelCard(BaseModel):
    """A model that may be named."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "firstpilot"


class ModelList(BaseModel):
    """The models that may be named."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


class UrlCitation(BaseModel):
    """Where a marker of the text leads, in OpenAI's words."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """A citation, in OpenAI's words."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class Reply(BaseModel):
    """The assistant's message."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(BaseModel):
    """The one choice."""

    index: Literal[0] = 0
    message: Reply
    finish_reason: Literal["stop", "length"]
    logprobs: None = None


class Tokens(BaseModel):
    """How much a language model read and wrote; 0 when none was asked."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatCompletion(BaseModel):
    """A whole answer; ``firstpilot`` holds it in this server's own contract."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Tokens
    firstpilot: Answer


def error(message: str, kind: str, status: int) -> dict[str, Any]:
    """Return an error in OpenAI's words."""
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}
