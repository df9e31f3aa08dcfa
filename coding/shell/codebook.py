"""Commands of the codebook: its faults, and what changed in it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coding import telling
from coding.shell.given import in_study
from coding.shell.shown import say
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.study import Study


@click.group()
def codebook() -> None:
    """Check the codebook, and see what changed in it."""


@codebook.command(name="check")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check_codebook(file: Path | None) -> None:
    """Name file, line and column of every fault in FILE, or in the study's codebook.yml."""
    from coding.codebook_file import check, load

    here = Path.cwd()
    places = [place / "codebook.yml" for place in (here, *here.parents) if (place / "codebook.yml").exists()]
    if not (file or places):
        raise EvidenceError("there is no codebook.yml here: give its path")
    path = file or places[0]
    faults = check(path)
    for fault in faults:
        click.echo(f"{path}:{fault.line}:{fault.column}: {fault.message}")
    if faults:
        sys.exit(1)
    book = load(path)
    click.echo(f"{path}: {len(book.codes)} codes, no faults, version {book.version[:12]}.")


@codebook.command(name="diff")
@click.argument("version", required=False)
@in_study
def diff_codebook(study: "Study", version: str | None) -> None:
    """Show what changed since VERSION (its first letters), or since the last decision or run."""
    from coding.codebook import diff
    from coding.ledger import codebooks
    from coding.versions import last_used

    with study.store.database.reading() as connection:
        kept = [book for _, book in codebooks(connection)]
        used = last_used(connection)
    chosen = [book for book in kept if book.version.startswith(version)] if version else [used] if used else []
    if version and len(chosen) != 1:
        raise EvidenceError(f"version '{version}' is {'more than one' if chosen else 'none'} of those the study used")
    for line in diff(chosen[0], study.codebook) if chosen else ():
        click.echo(line)
    click.echo(
        f"Version now: {study.codebook.version[:12]}; used before: {', '.join(b.version[:12] for b in kept) or '-'}"
    )


@codebook.command(name="log")
@in_study
def log_codebook(study: "Study") -> None:
    """Show every version of the codebook that was used, with what changed from one to the next."""
    from coding.versions import history

    with study.store.database.reading() as connection:
        say(telling.of_history(history(connection), study.codebook.version))
