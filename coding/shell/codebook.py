"""Commands of the codebook: its faults, what changed in it, and what it has no code for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coding import telling
from coding.shell.given import in_study, login
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


@click.command()
@click.option("--most", type=click.IntRange(0), default=15, show_default=True, help="How many to print; 0 for all.")
@click.option("--show", type=click.IntRange(1), metavar="N", help="Print all passages of theme N.")
@click.option("--make", type=click.IntRange(1), metavar="N", help="Make theme N a code of the codebook.")
@click.option("--name", help="With --make: what the code is called.")
@click.option("--definition", default="", help="With --make: what it means; the theme's words otherwise.")
@click.option("--under", metavar="CODE", help="With --make: the code that it is nested in.")
@click.option("--coder", help="With --make: who makes it; the one you are logged in with otherwise.")
@in_study
def discover(study: "Study", most: int, show: int | None, make: int | None, coder: str | None, **code: str) -> None:
    """Find themes that the codebook has no code for.

    Among the passages that fit no code it finds those that say nearly the same, in 5 passages and 3 documents
    at least, and that are found again when the passages are drawn again.
    """
    from coding import discovering, telling_discover

    if bool(make) != bool(code["name"]) or (make and show):
        raise click.UsageError("--make and --name go together, without --show.")
    if not make and (coder or code["definition"] or code["under"]):
        raise click.UsageError("--definition, --under and --coder go with --make.")
    if make:
        return made(study, make, coder or login(), **code)

    if show:
        say(telling_discover.of_theme(discovering.described(study, discovering.numbered(study, show), whole=True)))
    else:
        found = discovering.discover(study)
        themes = [discovering.described(study, theme) for theme in found.themes[: most or None]]
        say(telling_discover.of_discovered(found, themes))
    return None


def made(study: "Study", number: int, coder: str, name: str, definition: str, under: str | None) -> None:
    """Make a theme a code."""
    from coding import discovering, telling_discover

    theme = discovering.numbered(study, number)
    parent = study.codebook.find(under) if under else None
    done = discovering.make(study, coder, theme, name, definition, parent)
    say(telling_discover.of_made(done, len(theme.shown)))
