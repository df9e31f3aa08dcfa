"""What a command is given: the study it works on, names of codes and coders, NAME=VALUE words."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.study import Study

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


def in_study(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the study that it works on, as its first argument."""

    @click.option("--study", "-s", type=click.Path(path_type=Path), help="The study's folder; this one otherwise.")
    @click.pass_context
    def opened(context: click.Context, /, study: Path | None, **options: Any) -> Any:
        from coding.study import open_study

        return context.invoke(command, open_study(study), **options)

    opened.__name__, opened.__doc__ = command.__name__, command.__doc__
    vars(opened)["__click_params__"] += vars(command).get("__click_params__", [])
    return opened


def pairs(texts: Any) -> dict[str, str]:
    """NAME=VALUE words as a dict; EvidenceError for one without '='."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise EvidenceError(f"'{text}' is not NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def name_of(study: "Study", code: str) -> str:
    """A code's name, or its id where the codebook no longer has it."""
    return study.codebook.by_id[code].name if code in study.codebook.by_id else code


def coders_of(study: "Study", text: str | None) -> tuple[list[str], list[str]]:
    """Names with commas between them, and those of them that are new to the study."""
    from coding.reviewers import strangers

    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    with study.store.database.reading() as connection:
        return names, strangers(connection, names)


def login() -> str:
    """The name that the user is logged in with; EvidenceError where there is none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise EvidenceError("nobody is logged in here by name: say who you are with --coder NAME") from error
