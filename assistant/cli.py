"""The ``firstpilot`` command: ask, chat, search, ingest, serve, eval, doctor.

Knows: arguments, terminals, exit codes. Does not know: how an answer is made, an index built or a
page drawn; each command is one call into the package. Invariant: nothing heavy is imported before
the command that needs it runs, and an expected failure is one line on stderr.

Exit codes: 0 done (an abstention is an answer too), 1 it failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import __version__
from assistant.admin import keys, people
from assistant.errors import AssistantError
from assistant.evaluating import app as evaluation
from assistant.schema import Filters, Kind, Language, Message, Role
from assistant.settings import Settings
from assistant.terminal import progress_bars, search_result, stream_answer, typed_lines

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.builder import BuildReport

_PATIENCE = 120.0
"""Seconds that ``serve --ingest`` waits for another process that is building the index."""

app = typer.Typer(
    name="firstpilot",
    help="Cited, checked answers about adopting AI in small and medium-sized firms, offline.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

knowledge = typer.Typer(help="Check and list the knowledge files.", no_args_is_help=True)
app.add_typer(knowledge, name="knowledge")
app.add_typer(evaluation, name="eval")

app.add_typer(keys, name="keys")
app.add_typer(people, name="people")

Folder = Annotated[Path | None, typer.Argument(help="The knowledge folder; as set if left out.")]
Question = Annotated[str, typer.Argument(help="The question, in English or Chinese.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Country = Annotated[str | None, typer.Option(help="Only sources about this place.")]
Kinds = Annotated[list[Kind] | None, typer.Option("--kind", help="Only this kind of source.")]
YearFrom = Annotated[int | None, typer.Option(help="Only sources published since this year.")]
Languages = Annotated[
    list[Language] | None, typer.Option("--language", help="Only sources in this language.")
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: what follows the command's name; None takes them from the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show Chinese prints "?" and goes on.
            stream.reconfigure(errors="replace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    try:
        app(args=arguments, prog_name="firstpilot")
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except KeyboardInterrupt:
        return 130
    except AssistantError as exc:
        _complain(str(exc))
    except OSError as exc:  # a full disk or a lost folder can meet any command
        _complain(f"{exc}; run: firstpilot doctor")
    return 1


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"firstpilot {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Take the options that stand before any command."""


@app.command()
def ask(
    question: Question,
    as_json: AsJson = False,
    country: Country = None,
    kind: Kinds = None,
    year_from: YearFrom = None,
    language: Languages = None,
) -> None:
    """Answer one question, each sentence with its source."""
    from assistant.rendering import to_text

    filters = _filters(country, kind, year_from, language)
    assistant = _open_assistant(Settings())
    if as_json:
        from assistant.exchange import of_answer

        _echo_json(of_answer(assistant.ask(question, filters=filters)).model_dump(mode="json"))
    elif sys.stdout.isatty():
        stream_answer(assistant, question, (), filters)
    else:
        typer.echo(to_text(assistant.ask(question, filters=filters)))


@app.command()
def chat() -> None:
    """Ask in the terminal, with follow-up questions."""
    assistant = _open_assistant(Settings())
    typer.echo("Ask in English or Chinese. :new starts over, :quit ends.")
    history: list[Message] = []
    for question in typed_lines():
        if question == ":quit":
            return
        if question == ":new":
            history.clear()
            continue
        try:
            answer = stream_answer(assistant, question, history)
        except KeyboardInterrupt:
            typer.echo("\n(stopped)")
            continue
        except AssistantError as exc:
            _complain(str(exc))
            continue
        history.append(Message(role=Role.USER, content=question))
        history.append(Message(role=Role.ASSISTANT, content=answer.text))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for, in English or Chinese.")],
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages.")] = 8,
    as_json: AsJson = False,
    country: Country = None,
    kind: Kinds = None,
    year_from: YearFrom = None,
    language: Languages = None,
) -> None:
    """Print the passages found, best first, without an answer."""
    filters = _filters(country, kind, year_from, language)
    passages = _open_assistant(Settings()).search(query, k=k, filters=filters)
    if as_json:
        from assistant.exchange import of_passage

        _echo_json([of_passage(passage).model_dump(mode="json") for passage in passages])
        return
    for passage in passages:
        typer.echo(search_result(passage))
    if not passages:
        typer.echo("nothing found; use fewer or other words, or fewer filters", err=True)


@app.command()
def ingest(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files or folders of your own: PDF, DOCX, HTML, Markdown, text."),
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", help="Take this document of your own out.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Rebuild even when nothing changed.")
    ] = False,
) -> None:
    """Build the index from the knowledge files and documents of your own."""
    settings = Settings()
    settings.ensure_data_dir()
    from assistant.builder import build_index
    from assistant.intake import State, add_documents, remove_document

    with progress_bars() as progress:
        outcomes = [
            outcome for name in remove or () for outcome in remove_document(name, settings.data_dir)
        ]
        outcomes += add_documents(paths or (), settings.data_dir, progress)
        report = build_index(settings, force=force, progress=progress)
    for outcome in outcomes:
        typer.echo(f"{outcome.state:<9} {outcome.path}: {outcome.detail}")
    _tell_built(report)
    failed = sum(outcome.state is State.FAILED for outcome in outcomes)
    if failed:
        raise AssistantError(f"{failed} of {len(outcomes)} documents could not be read; see above")


def _tell_built(report: BuildReport) -> None:
    if report.up_to_date:
        typer.echo(f"up to date: {report.documents} documents, {report.chunks} passages")
        return
    typer.echo(
        f"built {report.fingerprint} in {report.seconds:.1f} s: {report.documents} documents, "
        f"{report.chunks} passages, {report.embedded} newly embedded"
    )


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = None,
    with_ingest: Annotated[
        bool, typer.Option("--ingest", help="Bring the index up to date first.")
    ] = False,
) -> None:
    """Start the web chat and print its address; Ctrl-C stops it."""
    from assistant import serving

    chosen = {"host": host, "port": port}
    settings = Settings(**{name: value for name, value in chosen.items() if value is not None})
    from assistant.access.policy import policy_for
    from assistant.store import open_store

    store = open_store(settings)
    # Told before anything slow: a server that anybody could ask does not start.
    policy_for(settings, has_keys=bool(store.keys.all()))
    take = None
    if settings.uploads:
        from assistant.uploads import taker

        take = taker(settings)
    with closing(store), serving.open_port(settings.host, settings.port) as listener:
        if with_ingest:
            settings.ensure_data_dir()
            from assistant.builder import build_index

            with progress_bars() as progress:
                build_index(settings, progress=progress, wait=_PATIENCE)
        assistant = _open_assistant(settings)
        # What is held from here on is held to the end: the collector need not look through some
        # hundred thousand listed questions again and again.
        gc.collect()
        gc.freeze()
        serving.run(assistant, listener, _announce, store, take, settings)


@app.command()
def mcp() -> None:
    """Offer the tools of MCP over standard input and output, to one program."""
    settings = Settings()
    from assistant.doors.stdio import run

    run(_open_assistant(settings), settings)


@app.command("settings")
def list_settings() -> None:
    """Print every setting, its default and what it is, as a page of Markdown."""
    from assistant.settings import described

    typer.echo("# Configuration\n")
    typer.echo("Read from the environment; `firstpilot doctor` names misspelt ones. This page is")
    typer.echo("what `firstpilot settings` prints.\n")
    typer.echo("| Variable | Default | What it is |\n| --- | --- | --- |")
    for name, default, meaning in described():
        typer.echo(f"| `{name}` | {default} | {meaning} |")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check the installation, the settings and the index."""
    from assistant.doctor import State, diagnose

    findings = diagnose()
    healthy = all(finding.state is not State.BROKEN for finding in findings)
    if as_json:
        rows = [asdict(finding) for finding in findings]
        _echo_json({"version": __version__, "healthy": healthy, "findings": rows})
    else:
        for finding in findings:
            typer.echo(f"{finding.state:<7} {finding.part:<12} {finding.detail}")
    if not healthy:
        raise typer.Exit(1)


@knowledge.command("check")
def knowledge_check(folder: Folder = None) -> None:
    """Check every knowledge file: format, sources, figures, translations, sentences."""
    from assistant.curation import check_knowledge

    root = folder or Settings().knowledge_dir
    problems = check_knowledge(root)
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise AssistantError(f"{len(problems)} problems in {root}; mend them, then check again")
    typer.echo(f"{root}: all well")


@knowledge.command("list")
def knowledge_list(folder: Folder = None, as_json: AsJson = False) -> None:
    """Print what the knowledge covers, and which sources grow old."""
    from datetime import UTC, datetime

    from assistant.curation import coverage_table, stale_sources
    from assistant.sources import load_sources

    root = folder or Settings().knowledge_dir
    table = coverage_table(root)
    old = stale_sources(load_sources(root).values(), datetime.now(UTC).date())
    if as_json:
        stale = [{"id": record.id, "published": record.published} for record in old]
        _echo_json({**{name: dict(counts) for name, counts in table.items()}, "stale": stale})
        return
    for name, counts in table.items():
        typer.echo(f"\n{name}")
        for value, count in counts.most_common():
            typer.echo(f"  {count:5}  {value}")
    typer.echo(f"\nsources to look for a newer one of: {len(old)}")
    for record in old:
        typer.echo(f"  {record.published:10}  {record.id}")


@knowledge.command("vectors")
def knowledge_vectors() -> None:
    """Write the vectors that travel with the knowledge, so that a first index takes seconds."""
    from assistant.builder import ship_vectors

    settings = Settings()
    settings.ensure_data_dir()
    with progress_bars() as progress:
        count = ship_vectors(settings, progress)
    typer.echo(f"wrote {count} vectors into {settings.knowledge_dir}")


@app.command()
def backends(
    test: Annotated[bool, typer.Option("--test", help="Ask each configured one now.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what can write answers; --test tells whether what is configured works, and how fast."""
    from assistant.models import make_backend
    from assistant.presets import PRESETS, parse_backends
    from assistant.terminal import backends_listed, trial_line
    from assistant.trials import try_backend

    settings = Settings()
    names = parse_backends(settings.backend)[:-1]
    configured = [make_backend(name, settings) for name in names]
    # A file has no address.
    addresses = [settings.address_of(name) if name.kind in PRESETS else None for name in names]
    if not test:
        if as_json:
            listed = [
                {"name": backend.name, "address": address, "local": backend.local}
                for backend, address in zip(configured, addresses, strict=True)
            ]
            presets = [
                {"name": preset.name, "address": preset.base_url, "model": preset.model}
                for preset in PRESETS.values()
            ]
            _echo_json({"configured": listed, "presets": presets})
        else:
            typer.echo(backends_listed(configured))
        return
    trials = [try_backend(backend) for backend in configured]
    if as_json:
        tried = zip(trials, addresses, strict=True)
        _echo_json([{**asdict(trial), "address": address} for trial, address in tried])
    else:
        for trial in trials:
            typer.echo(trial_line(trial))
        typer.echo("embedded: works; it quotes the sources, offline")
    if any(trial.problem for trial in trials):
        raise typer.Exit(1)


def _open_assistant(settings: Settings) -> Assistant:
    from assistant.assistant import Assistant

    if not settings.data_dir.is_dir():
        # Says which variable to set; deeper down only the path would be known.
        settings.ensure_data_dir()
    with progress_bars() as progress:
        return Assistant.from_settings(settings, progress=progress)


def _filters(
    country: str | None,
    kinds: list[Kind] | None,
    year_from: int | None,
    languages: list[Language] | None,
) -> Filters:
    return Filters(
        kinds=tuple(kinds or ()),
        languages=tuple(languages or ()),
        geography=country,
        year_from=year_from,
    )


def _announce(address: str) -> None:
    typer.echo(f"FirstPilot is ready: {address}  (Ctrl-C stops it)")
    sys.stdout.flush()


def _echo_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _complain(message: str) -> None:
    typer.echo(f"firstpilot: {' '.join(message.split())}", err=True)
