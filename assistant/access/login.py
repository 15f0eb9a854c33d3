"""The log-in page: a password or a key, once, for a browser.

Knows: the form and the cookie. Invariants: nothing typed comes back on a page; guessing is slowed
down by address; after it a browser goes to a path of this server and nowhere else.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from assistant.access.guard import LOGIN_COOKIE
from assistant.access.policy import Policy
from assistant.access.rates import Rates
from assistant.rendering import escape_html
from assistant.store import Person, Role, Store
from assistant.store.keys import LOGIN
from assistant.visitors import address_of, owner_of

_TEXTS = {
    "en": {
        "title": "Log in",
        "secret": "Password or key",
        "go": "Log in",
        "wrong": "That is not the password, nor a key.",
        "slow": "Too many tries. Try again in {seconds} s.",
    },
    "zh": {
        "title": "登录",
        "secret": "密码或密钥",
        "go": "登录",
        "wrong": "密码或密钥不正确。",
        "slow": "尝试次数过多，请在 {seconds} 秒后再试。",
    },
}
_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>FirstPilot</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif }}
body {{ display: grid; place-items: center; min-height: 100vh; margin: 0 }}
form {{ display: grid; gap: .75rem; width: min(20rem, 90vw) }}
input, button {{ font: inherit; padding: .6rem; border-radius: .4rem; border: 1px solid GrayText }}
</style></head><body><main><form method="post">
<h1>FirstPilot</h1><p role="alert">{note}</p>
<label for="secret">{secret}</label>
<input id="secret" name="secret" type="password" autocomplete="current-password" required autofocus>
<input type="hidden" name="next" value="{next}">
<button>{go}</button></form></main></body></html>"""


def login_routes(policy: Policy, store: Store, guesses: Rates) -> APIRouter:
    """Return the routes ``/login`` and ``/logout``; ``guesses`` counts those at other doors too."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/login")
    def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
        return _form(request, next)

    @routes.post("/login")
    def log_in(
        request: Request,
        secret: Annotated[str, Form(max_length=500)],
        next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - as in the address
    ) -> Response:
        say = _say(request)
        caller = address_of(request)
        seconds = guesses.wait_before(caller)
        if seconds is not None:
            page = _form(request, next, say["slow"].format(seconds=seconds), 429)
            page.headers["Retry-After"] = str(seconds)
            return page
        person = store.keys.who(secret)
        if person is not None:
            login = store.keys.log_in(person, secret)
        elif _is_password(secret, policy):
            reader = Person(owner=owner_of(request.cookies), role=Role.READER)
            login = store.keys.log_in(reader)
        else:
            guesses.wait(caller)
            return _form(request, next, say["wrong"], 401)
        response = RedirectResponse(_local(next, policy), 303)
        response.set_cookie(
            LOGIN_COOKIE,
            login,
            max_age=int(LOGIN.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
            path=policy.root_path or "/",
        )
        return response

    @routes.post("/logout")
    def log_out(request: Request) -> Response:
        store.keys.log_out(request.cookies.get(LOGIN_COOKIE, ""))
        response = RedirectResponse(f"{policy.root_path}/login", 303)
        response.delete_cookie(LOGIN_COOKIE, path=policy.root_path or "/")
        return response

    return routes


def _is_password(secret: str, policy: Policy) -> bool:
    return policy.password is not None and hmac.compare_digest(
        secret.encode("utf-8", "replace"), policy.password.encode()
    )


def _local(path: str, policy: Policy) -> str:
    """Return a path of this server; another address would lead away from it."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and "\\" not in path else f"{policy.root_path}/"


def _say(request: Request) -> dict[str, str]:
    return _TEXTS[_language(request)]


def _language(request: Request) -> str:
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def _form(request: Request, way: str, note: str = "", status: int = 200) -> Response:
    say = _say(request)
    page = _PAGE.format(
        lang=_language(request), note=note, secret=say["secret"], go=say["go"],
        next=escape_html(way[:2000]),
    )  # fmt: skip
    return HTMLResponse(page, status)
