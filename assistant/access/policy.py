"""The policy: whether people must say who they are, and what other sites may do.

Knows: the settings that decide it. Does not know HTTP. Invariant: a server that other machines can
reach has a password or a key; there is no policy without.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from assistant.errors import SettingsError
from assistant.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for every request."""

    required: bool
    """Whether a password or a key is needed."""
    password: str | None
    local: bool
    """Whether only this machine can ask, under its own names."""
    root_path: str
    """What a proxy cuts off the path, such as /assistant; "" without."""
    trusted_proxies: tuple[str, ...]
    cors_origins: tuple[str, ...]
    embed_origins: tuple[str, ...]
    rate_limit: str
    max_request_bytes: int
    uploads: bool


def policy_for(settings: Settings, *, has_keys: bool) -> Policy:
    """Return the policy of a server.

    Args:
        settings: where it listens, and what is set.
        has_keys: whether there is any API key.

    Raises:
        SettingsError: others could reach it, and neither a password nor a key is there.
    """
    proxied = bool(settings.public_url or settings.trusted_proxies)
    local = is_loopback(settings.host) and not proxied
    required = not local or settings.password is not None
    if required and settings.password is None and not has_keys:
        what = "a proxy" if proxied else f"{settings.host!r}"
        raise SettingsError(
            f"everybody who reaches {what} could ask without saying who they are; set "
            "FIRSTPILOT_PASSWORD, or make a key: firstpilot keys add NAME"
        )
    return Policy(
        required=required,
        password=settings.password.get_secret_value() if settings.password else None,
        local=local,
        root_path=_path(settings.public_url),
        trusted_proxies=settings.trusted_proxies,
        cors_origins=settings.cors_origins,
        embed_origins=settings.embed_origins,
        rate_limit=settings.rate_limit,
        max_request_bytes=settings.max_request_bytes,
        uploads=settings.uploads,
    )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _path(url: str | None) -> str:
    return urlsplit(url).path.rstrip("/") if url else ""
