"""What the shell says of draws and of reviewing."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from coding.telling import Telling
from coding.units import several

if TYPE_CHECKING:
    from coding.draws import Draw


def of_draw(draw: "Draw", new: Sequence[str] = ()) -> Telling:
    """What was drawn, from what, and how it is read. new: names of coders that nobody here had until now."""
    told = [_drawn(draw)]
    if draw.size == draw.population:
        told.append("These are all there are.")
    if draw.kind == "double":
        told.append(f"{' and '.join(draw.coders)} each read all of them, blind; nobody sees what the other said.")
    else:
        told.append(f"Each is read once, blind, by {' or '.join(draw.coders) or 'whoever comes'}.")
    told += of_strangers(draw.id, new)
    page = "Audit" if draw.kind == "audit" else "Double coding"
    after = [f"Next: themis review, and there {page}; or themis export review FILE.xlsx --draw {draw.id} --coder NAME"]
    return Telling(before=told, after=after)


def _drawn(draw: "Draw") -> str:
    """How many of how many, by which chance; of whole units how many passages that makes."""
    if draw.units is not None and draw.of_units is not None:
        share, many = draw.units / draw.of_units, several(draw.unit)
        return (
            f"Draw {draw.id}: {draw.units:,} of the {draw.of_units:,} {many} with passages that nobody has read to the "
            f"end, at random, each with probability {share:.4g} (seed {draw.seed}). They have {draw.size:,} such "
            f"passages to read, of {draw.population:,}."
        )
    if draw.unit == "rank":
        return (
            f"Draw {draw.id}: {draw.size:,} of the {draw.population:,} passages that nobody has read to the end, at "
            f"random, more of those that rank high for {draw.code} (seed {draw.seed}). It counts for {draw.code} alone."
        )
    unread = "nobody has read to the end" if draw.kind == "audit" else "none of them has read and no open draw has"
    return (
        f"Draw {draw.id}: {draw.size:,} of the {draw.population:,} passages that {unread}, at random, each with "
        f"probability {draw.size / draw.population:.4g} (seed {draw.seed})."
    )


def of_strangers(draw: int, new: Sequence[str]) -> list[str]:
    """That coders whom a draw names are new to the study."""
    if not new:
        return []
    return [
        f"New here: {', '.join(new)}. If that is a slip: `themis audit --close {draw}`, and draw again; if not, "
        f"`themis reviewers add {shlex.quote(new[0])}` makes a link."
    ]


def of_draws(found: "list[tuple[Draw, int, int]]") -> Telling:
    """Every draw with how far it was read."""
    columns = ("Draw", "Kind", "Coders", "Read", "Of", "Drawn from", "When")
    rows = [
        (
            str(d.id),
            _kind(d),
            ", ".join(d.coders) or "anybody",
            f"{read:,}",
            f"{total:,}",
            f"{d.population:,}",
            d.made[:10] + (", closed" if d.closed else ""),
        )
        for d, read, total in found
    ]
    if not rows:
        return Telling(before=["Nothing was drawn yet: themis audit, or themis double --coders anna,ben"])
    after = [
        f"Draw {d.id} decides what is accepted unread for {d.code}, which those who read it need not know. When it was "
        f"read, or the code has come to mean another thing: themis accept {d.code}"
        for d, _, _ in found
        if d.code and d.unit == "passage" and not d.closed
    ]
    return Telling((), "Draws", columns, rows, frozenset({"Read", "Of", "Drawn from"}), after)


def _kind(draw: "Draw") -> str:
    if draw.code:
        return f"audit {'of what is suggested ' * (draw.unit == 'passage')}for {draw.code}"
    return draw.kind if draw.unit == "passage" else f"audit by {draw.unit} ({draw.units} of {draw.of_units})"
