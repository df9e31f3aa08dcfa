"""What the shell says of themes that the codebook has no code for."""

from collections.abc import Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from coding.telling import Telling

if TYPE_CHECKING:
    from coding.discovering import Described, Discovered, Theme
    from coding.edited import Edited
    from corpus.context import Context

LONGEST = 240  # characters of a passage
EXPLORATORY = (
    "A code that is made after looking is exploratory: what is suggested for it is no count. For one, draw a new audit "
    "with `themis audit`, and have that read blind."
)


def of_discovered(found: "Discovered", themes: Sequence["Described"]) -> Telling:
    """The themes, each with the name of its nearest code and the passages that stand for it."""
    lines = [*summary(found), ""]
    for number, one in enumerate(themes, start=1):
        lines += [f"{number}. {title(one.theme)}", f"    {size(one.theme)}. {nearest(one)}"]
        for at in one.passages:
            lines += [f"    “{shorten(at.text, LONGEST, placeholder=' ...')}”", f"        {_place(at)}"]
        lines.append("")
    if rest := len(found.themes) - len(themes):
        lines.append(f"{rest:,} more, of fewer passages or less alike: --most 0 prints all.")
    if found.themes:
        lines.append("All of a theme: themis discover --show N. Make it a code: themis discover --make N --name NAME")
    return Telling(before=lines)


def of_theme(one: "Described") -> Telling:
    """All passages of one theme."""
    lines = [title(one.theme), f"{size(one.theme)}. {nearest(one)}", ""]
    for at in one.passages:
        lines += [f"“{at.text}”", f"    {_place(at)}", ""]
    return Telling(before=lines)


def of_made(made: "Edited", examples: int) -> Telling:
    """What became of a theme that was made a code."""
    name = made.codebook.by_id[made.code].name
    lines = [
        f"Made the code “{name}” ({made.code}) in codebook.yml, with {examples} passages as its examples: "
        "put its definition into your own words there.",
        EXPLORATORY,
    ]
    return Telling(before=lines, after=["Next: themis code"])


def summary(found: "Discovered") -> list[str]:
    """What was looked at and what came of it, in sentences."""
    lines = [found.stale] * bool(found.stale)
    brief = f", {found.brief:,} of them too short to tell" if found.brief else ""
    lines.append(f"{found.fitting_none:,} of {found.passages:,} passages fit no code{brief}.")
    if not found.learned:
        lines.append(
            "Nobody has decided enough yet, so this is by likeness to the codebook's words alone: among the themes "
            "will be some that you have codes for."
        )
    if found.compared < found.texts:
        lines.append(f"They say {found.texts:,} different things, of which {found.compared:,} were compared by chance.")
    return [*lines, _came(found)]


def size(theme: "Theme") -> str:
    """How many passages and documents a theme has, and how well it holds."""
    held = f"{100 * theme.held:.0f} % of the reruns"
    return f"{len(theme.passages):,} passages in {theme.documents:,} documents, found again in {held}"


def title(theme: "Theme") -> str:
    """The words that tell a theme from the others."""
    return ", ".join(theme.words) or "no words of its own"


def nearest(one: "Described") -> str:
    """The code that it may be a part of."""
    if not one.code:
        return "The run knows none of today's codes."
    reached = 100 * max(0, one.theme.near)
    return f"Could it be “{one.code}”? It has {reached:.0f} % of the score from which that is suggested."


def _came(found: "Discovered") -> str:
    if found.themes:
        count, passages = len(found.themes), sum(len(theme.passages) for theme in found.themes)
        return f"{count:,} theme{'s' * (count != 1)} in what they say, {passages:,} passages in all."
    if found.texts < 5:
        return "That is too little to find a theme in: it takes 5 passages that say nearly the same, from 3 documents."
    return "No 5 of them, from 3 documents, say nearly the same: nothing new was found."


def _place(at: "Context") -> str:
    return f"{at.speaker} · {at.id}" if at.speaker else at.id
