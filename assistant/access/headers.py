"""What goes with every response: the content security policy, cookies, and nothing of CORS.

Knows: HTTP's headers. Invariant: which other sites may do what is said by the policy alone, never
by a library's default.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from assistant.access.policy import Policy

_DIRECTIVES = (
    "default-src 'self'",
    # Gradio's HTML component evaluates its own template as a string; scripts of others stay out.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "frame-src 'none'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
)


def security_headers(policy: Policy) -> dict[str, str]:
    """Return the headers of every response."""
    framed = " ".join(("frame-ancestors 'self'", *policy.embed_origins))
    return {
        "Content-Security-Policy": "; ".join((*_DIRECTIVES, framed)),
        "X-Content-Type-Options": "nosniff",
        # Not "no-referrer": browsers then hide the origin of our own forms from the guard, too.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def drop_foreign_cors(headers: MutableHeaders) -> None:
    """Take off what a library says about other sites."""
    for name in [name for name in headers if name.startswith("access-control-")]:
        del headers[name]


def open_cookies_to_frames(headers: MutableHeaders, request: Request) -> None:
    """Let cookies go with a page shown in another site's frame, kept apart for each such site.

    Browsers take such a cookie over HTTPS, or from this machine itself.
    """
    if request.url.scheme != "https" and request.url.hostname not in {"localhost", "127.0.0.1"}:
        return
    cookies = headers.getlist("set-cookie")
    if not cookies:
        return
    del headers["set-cookie"]
    for cookie in cookies:
        kept = [
            part
            for part in cookie.split("; ")
            if part.lower() not in {"samesite=lax", "samesite=none", "secure", "partitioned"}
        ]
        headers.append("set-cookie", "; ".join((*kept, "SameSite=None", "Secure", "Partitioned")))
