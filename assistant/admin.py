"""The commands of whoever runs the server: keys, and what is kept about people.

Invariant: a key's secret is printed once, when it is made, and is nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.errors import SettingsError
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.store import Store

keys = typer.Typer(
    help="Make, list and remove the keys of programs and people.", no_args_is_help=True
)
people = typer.Typer(help="Hand out or erase what is kept about a person.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What the key is for, such as: website")]
Owner = Annotated[str, typer.Argument(help="As: firstpilot people list prints it")]


@contextmanager
def _store() -> Iterator[Store]:
    from assistant.store import open_store

    store = open_store(Settings())
    try:
        yield store
    finally:
        store.close()


@keys.command("add")
def add(
    name: Name,
    maintainer: Annotated[
        bool, typer.Option("--maintainer", help="May also add documents and read /metrics.")
    ] = False,
) -> None:
    """Make a key and print it; it is shown this once."""
    from assistant.store import Role

    with _store() as store:
        typer.echo(store.keys.add(name, Role.MAINTAINER if maintainer else Role.READER))


@keys.command("list")
def list_keys() -> None:
    """Print the names of the keys, never the keys."""
    with _store() as store:
        for key in store.keys.all():
            typer.echo(f"{key.created:%Y-%m-%d}  {key.role:10}  {key.name}  (key:{key.id})")


@keys.command("remove")
def remove(name: Name) -> None:
    """Take a key away; who came in with it is logged out."""
    with _store() as store:
        if not store.keys.remove(name):
            raise SettingsError(f"there is no key {name!r}; run: firstpilot keys list")


@people.command("list")
def list_people() -> None:
    """Print everybody about whom something is kept."""
    with _store() as store:
        for owner in store.people.owners():
            typer.echo(owner)


@people.command("export")
def export(owner: Owner) -> None:
    """Print everything kept about a person, as JSON."""
    with _store() as store:
        typer.echo(json.dumps(store.people.export(owner), ensure_ascii=False, indent=2))


@people.command("erase")
def erase(owner: Owner) -> None:
    """Delete everything kept about a person."""
    with _store() as store:
        typer.echo(f"erased {store.people.erase(owner)} records of {owner}")


@people.command("feedback")
def feedback() -> None:
    """Print all feedback as JSON, without saying whose it is."""
    with _store() as store:
        rows = [asdict(row) | {"given": row.given.isoformat()} for row in store.opinions.all()]
    typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
