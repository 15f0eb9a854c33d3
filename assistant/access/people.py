"""Who a request comes from, as the guard found out."""

from __future__ import annotations

from fastapi import Request

from assistant.store import Person


def person_of(request: Request) -> Person:
    """Return who asks; the guard let nobody in without knowing."""
    person: Person = request.state.person
    return person
