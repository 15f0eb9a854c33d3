"""Servers: where a model is and how it is spoken to, and what it means when that fails.

Knows: the exceptions of the client libraries, and how services word their refusals. Does not know
prompts. Invariant: every error becomes one ``BackendError`` that tells the operator what to mend
and never holds a key.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
from pydantic import SecretStr

from assistant.errors import BackendError, BackendRejected, BackendTimeout, BackendUnavailable
from assistant.hiding import hidden

_LONGEST_QUOTE = 160
_NO_CREDIT = ("quota", "billing", "balance", "credit")
"""Words of a 429 that is about money."""
_UNPAID = re.compile(r"arrearage|good standing|free ?tier.{0,60}(?:exhaust|only)", re.IGNORECASE)
"""DashScope's words for it, with 400 and 403."""
_FILTERED = re.compile(
    r"filter|moderation|flagged|inspection|(?:content|usage)[ _]polic|request blocked|safety"
    r"|content exists risk",
    re.IGNORECASE,
)
"""Words of services that refuse a question for what it says; OpenRouter does so with 403."""
_NO_MODEL = re.compile(
    r"model[ _]not[ _](?:exist|found)|model_not_supported|not a valid model|unknown model"
    r"|model\W.{0,80}(?:does not exist|not found)",
    re.IGNORECASE,
)
_NOT_HERE = re.compile(r"(?:country|region|territory|location).{0,40}not supported", re.IGNORECASE)
_NO_SWITCH = re.compile(
    r"(?:chat_template|enable_thinking|reasoning_effort).{0,40}not (?:supported|permitted|allowed)"
    r"|does not support thinking",
    re.IGNORECASE,
)
"""Words of local servers whose model has nothing to turn off."""


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
    """How often whoever calls may call again; the model itself does not."""
    temperature: float | None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Sent with each request beside the protocol's own fields."""


def mapped(exc: Exception, server: Server) -> BackendError:
    """Return the one error that tells the operator what to mend."""
    where = _where(server)
    if _has(exc, (httpx2.ConnectTimeout, httpx2.PoolTimeout)):
        return BackendTimeout(
            f"{where} took no connection; start it, check its address, or raise "
            "FIRSTPILOT_CONNECT_SECONDS"
        )
    if _has(exc, (openai.APITimeoutError, httpx2.TimeoutException, TimeoutError)):
        return BackendTimeout(
            f"{where} took too long; try a smaller model, or raise FIRSTPILOT_FIRST_TOKEN_SECONDS"
        )
    status = _status(exc)
    if status is not None:
        return _refusal(status, exc, server)
    if _has(exc, (httpx2.ConnectError, httpx2.ProxyError)):
        return BackendUnavailable(f"{where} cannot be reached; start it, or check its address")
    if _has(exc, (openai.APIError, httpx2.TransportError)):
        return BackendUnavailable(f"{where} broke off: {_quoted(exc, server)}; try again")
    return unreadable(server)


def no_client(exc: Exception, server: Server) -> BackendUnavailable:
    """Return the error for a server that cannot be called the way the environment says."""
    if isinstance(exc, ImportError):
        return BackendUnavailable(
            f"{_where(server)} is behind a SOCKS proxy, which needs an extra; run: "
            'pip install "httpx2[socks]", or unset ALL_PROXY and HTTPS_PROXY',
            sent=False,
        )
    return BackendUnavailable(
        f"{_where(server)} cannot be called: {_quoted(exc, server)}; check ALL_PROXY, HTTPS_PROXY, "
        "HTTP_PROXY and SSL_CERT_FILE",
        sent=False,
    )


def _status(exc: Exception) -> int | None:
    """Return the status of a refusal, be it in the middle of a stream."""
    for found in (getattr(exc, "status_code", None), getattr(exc, "code", None)):
        if isinstance(found, int | str) and str(found).isdecimal() and 300 <= int(found) < 600:
            return int(found)
    return None


def _refusal(status: int, exc: Exception, server: Server) -> BackendError:
    """Return the error for an answer with a status that is no success."""
    said, told = _quoted(exc, server), _told(exc)
    where, lower = _where(server), told.lower()
    # "Allocated quota exceeded" is how DashScope says that it is asked too often.
    broke = "allocated quota" not in lower and any(word in lower for word in _NO_CREDIT)
    unpaid = status in {400, 403} and _UNPAID.search(told)
    if status == 402 or (status == 429 and broke) or unpaid:
        return BackendRejected(f"{where} has no credit left; top up the account")
    if status in {408, 504}:
        return BackendTimeout(f"{where} took too long: {said}", wait=_wait(exc))
    if status == 429 or status >= 500:
        why = f"failed ({status}): {said}; try again"
        busy = "is asked too often; wait, or name another backend"
        return BackendUnavailable(f"{where} {busy if status == 429 else why}", wait=_wait(exc))
    if status < 400:
        return BackendRejected(f"{where} has moved ({status}); set its address to where it is now")
    return _explained(status, told, server) or _rejection(status, said, server)


def _explained(status: int, told: str, server: Server) -> BackendRejected | None:
    """Return the error for a refusal whose words say why, whatever its status; None for others."""
    where = _where(server)
    if status == 401:  # nothing but a key, whatever it says
        return None
    if status != 404 and _FILTERED.search(told):
        return BackendRejected(f"{where} filtered the question; rephrase it", of_question=True)
    if _NO_MODEL.search(told):
        return _no_model(server)
    if _NOT_HERE.search(told):
        return BackendRejected(
            f"{where} does not serve the country or region it is called from; name another backend"
        )
    if _NO_SWITCH.search(told):
        return BackendRejected(
            f"{where} knows no switch against thinking aloud; set FIRSTPILOT_THINKING=true, which "
            "sends none"
        )
    return None


def _rejection(status: int, said: str, server: Server) -> BackendRejected:
    """Return the error for a request that the server will never take."""
    where, lower = _where(server), said.lower()
    if status == 401:
        return BackendRejected(f"{where} refuses the key; set {server.key_variable}")
    if status == 403:
        return BackendRejected(
            f"{where} refuses the key, or what it asks for ({said}); set {server.key_variable}"
        )
    if status == 404:
        return _no_model(server)
    if "context" in lower or "too long" in lower:
        return BackendRejected(
            f"{where} has less context; set FIRSTPILOT_CONTEXT_TOKENS", of_question=True
        )
    return BackendRejected(f"{where} refused ({status}): {said}")


def _no_model(server: Server) -> BackendRejected:
    return BackendRejected(
        f"{_where(server)} knows no model {server.model!r}, or has another address, which mostly "
        "ends in /v1; name another model, or mend the address"
    )


def _told(exc: Exception) -> str:
    """Return all that a server said, with the code of its error: to look for words, to search."""
    return f"{getattr(exc, 'code', None) or ''} {getattr(exc, 'type', None) or ''} {exc}"


def unreadable(server: Server) -> BackendUnavailable:
    """Return the error for an answer that is none."""
    return BackendUnavailable(
        f"{_where(server)} does not answer as OpenAI's protocol says; check its address, which "
        "mostly ends in /v1"
    )


def _wait(exc: Exception) -> float | None:
    """Return the seconds that a server asks to wait, by number or by date; None without."""
    response = getattr(exc, "response", None)
    said = response.headers.get("retry-after", "") if response is not None else ""
    try:
        wait = float(said)
    except ValueError:
        try:
            wait = parsedate_to_datetime(said).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if math.isnan(wait) else max(wait, 0.0)


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
    return hidden(text)[:_LONGEST_QUOTE]
