"""What a terminal shows: an answer as it comes, a search result, progress; and what is typed.

Knows: terminals. Does not know: commands, arguments, exit codes. Invariant: text from a model or a
file reaches the terminal without control characters, so it cannot move the cursor or hide words.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import typer

from assistant.errors import AssistantError
from assistant.rendering import clean
from assistant.schema import Answer, Answered, Filters, Message, Passage, Restarted, Verified

if TYPE_CHECKING:
    from rich.progress import TaskID

    from assistant.assistant import Assistant
    from assistant.backends import Backend
    from assistant.trials import Trial

Progress = Callable[[int, int, str], None]
"""Told ``(done, total, stage)`` while something long runs."""

_SNIPPET = 160
"""Characters of a passage that a search result shows."""


def stream_answer(
    assistant: Assistant,
    question: str,
    history: Sequence[Message],
    filters: Filters | None = None,
) -> Answer:
    """Print sentences as they are verified, then the sources; return the finished answer."""
    from assistant.rendering import to_text

    finished: Answer | None = None
    shown = ""
    for event in assistant.stream(question, history=history, filters=filters):
        if isinstance(event, Verified):
            piece = clean(event.piece)
            shown += piece
            typer.echo(piece, nl=False)
            sys.stdout.flush()
        elif isinstance(event, Restarted):
            typer.echo("\n---")
            shown = ""
        elif isinstance(event, Answered):
            finished = event.answer
    if finished is None:
        raise AssistantError("the answer was cut off; ask again, or run: firstpilot doctor")
    # Cleaned alike, the text begins with what was shown and is not printed again.
    typer.echo(clean(to_text(finished)).removeprefix(shown.rstrip()))
    return finished


def backends_listed(configured: Sequence[Backend]) -> str:
    """Return what is configured, and what could be, a line each."""
    from assistant.gguf import INSTALL
    from assistant.presets import PRESETS

    lines = ["Configured; the first that works answers:"]
    for backend in configured:
        where = "on this machine" if backend.local else "text leaves this machine"
        price = backend.price
        cost = f", {price.input:g} in and {price.output:g} out a million tokens" if price else ""
        lines.append(f"  {backend.name}: {where}{cost}")
    lines += ["  embedded: quotes the sources; no key, no network", ""]
    lines.append("Set FIRSTPILOT_BACKEND to a name, name:model, or several with commas:")
    for preset in PRESETS.values():
        key = f"{'key' if preset.needs_key else 'key, if it wants one,'} in {preset.key_variable}"
        lines.append(f"  {preset.name}: {preset.base_url}, {preset.model} unless named, {key}")
    lines.append(f"  gguf:<file or folder>: a model file; needs: {INSTALL}")
    return clean("\n".join(lines))


def trial_line(trial: Trial) -> str:
    """Return how a backend did in one line."""
    if trial.problem:
        return clean(f"{trial.name}: {trial.problem}")
    parts = [f"first word after {trial.first_token_seconds:.2f} s"]
    if trial.tokens_per_second:
        parts.append(f"{trial.tokens_per_second:.0f} tokens/s")
    if trial.cost is not None:
        parts.append(f"about {trial.cost:.5f} for an answer")
    if trial.present is False:
        parts.append("though the server does not list this model")
    return clean(f"{trial.name}: works; {', '.join(parts)}")


def typed_lines() -> Iterator[str]:
    """Yield what the user types, without empty lines, until the input ends."""
    with suppress(ImportError):  # Windows has none
        import readline  # noqa: F401 - gives input() line editing and its own history
    prompt = "\n> " if sys.stdin.isatty() else ""
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if line:
            yield line


def search_result(passage: Passage) -> str:
    """Return a passage as three lines: rank, score and title; heading; beginning of the text."""
    text = " ".join(passage.chunk.text.split())
    snippet = text if len(text) <= _SNIPPET else f"{text[: _SNIPPET - 1]}…"
    heading = " › ".join(passage.chunk.heading_path)
    where = f"{passage.document.title} [{passage.document.id}]"
    return clean(f"{passage.rank:>2}. {passage.score:.4f}  {where}\n    {heading}\n    {snippet}")


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Give a callback that shows one bar a stage on stderr, and nothing if it is never called."""
    with ExitStack() as stack:
        bars: list[Any] = []
        tasks: dict[str, TaskID] = {}

        def report(done: int, total: int, stage: str) -> None:
            if not bars:
                from rich.console import Console
                from rich.progress import Progress as Bars

                bars.append(stack.enter_context(Bars(console=Console(stderr=True))))
            if stage not in tasks:
                tasks[stage] = bars[0].add_task(stage, total=total)
            bars[0].update(tasks[stage], completed=done, total=total)

        yield report
