"""What a command shows: tables, sentences and progress bars."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from coding import telling
from coding.telling import Telling

if TYPE_CHECKING:
    from rich.console import Console


def say(told: Telling) -> None:
    """Print a table and the sentences around it, as wide as the terminal, or in full where there is none."""
    for line in told.before:
        click.echo(telling.harmless(line))
    if told.columns:
        from rich.table import Table
        from rich.text import Text

        table = Table(title=told.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for name in told.columns:
            right = name in told.numbers
            table.add_column(
                name, justify="right" if right else "left", no_wrap=right or name == "Code", overflow="fold"
            )
        for row in told.rows:
            table.add_row(*(Text(telling.harmless(cell)) for cell in row))
        console().print(table)
    for line in told.after:
        click.echo(telling.harmless(line))


@contextmanager
def bars() -> "Iterator[Callable[[str, int, int], None]]":
    """A progress bar for each stage, with rate and time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed or 0:,.0f}/s")

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total or None)
            progress.update(tasks[stage], completed=done)

        yield show


def console() -> "Console":
    """Where tables and bars go."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)
