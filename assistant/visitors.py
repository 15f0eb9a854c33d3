"""Visitors: which browser a request comes from, by a cookie that no script can read.

Knows: the cookie. Does not know who a person is. Invariant: a browser's name cannot be guessed, so
it sees its own conversations and no others.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

COOKIE = "firstpilot-browser"
LOCAL = "local"
"""The owner of what programs without a cookie ask on a machine that answers itself alone."""
_SECONDS = 400 * 24 * 3600
"""How long a browser keeps the cookie: the longest that browsers allow."""
_ID = re.compile(r"[A-Za-z0-9_-]{32}")


def local_owner(cookies: Mapping[str, str]) -> str:
    """Return an owner on a server for its own machine alone: programs there are all one person."""
    return owner_of(cookies) if COOKIE in cookies else LOCAL


def address_of(request: Request) -> str:
    """Return the address a request comes from, by which rates count who has no key."""
    return request.client.host if request.client else "?"


def owner_of(cookies: Mapping[str, str]) -> str:
    """Return under which name a browser's conversations are kept.

    One that sent no cookie gets a name that it cannot come back under.
    """
    sent = cookies.get(COOKIE, "")
    return f"browser:{sent if _ID.fullmatch(sent) else secrets.token_urlsafe(24)}"


def remember(request: Request, response: Response) -> None:
    """Give a browser that opens a page its cookie, unless it has one."""
    if request.method != "GET" or _ID.fullmatch(request.cookies.get(COOKIE, "")):
        return
    if not response.headers.get("content-type", "").startswith("text/html"):
        return
    response.set_cookie(
        COOKIE,
        secrets.token_urlsafe(24),
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
