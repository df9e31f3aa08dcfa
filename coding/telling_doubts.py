"""What the shell says of decisions that look like slips, of examples that may mislead, and of reading again."""

import shlex
from collections.abc import Iterator, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from coding.telling import Telling

if TYPE_CHECKING:
    from coding.codebook import Codebook
    from coding.doubts import Doubts, Examples, Like, Misleading, Slip
    from coding.draws import Draw
    from coding.rereading import Outcome, Part

LONG, SHORT = 300, 100  # characters of a passage, and of one beside it


def of_doubts(found: "Doubts", codebook: "Codebook", rereadings: "Sequence[Outcome]" = ()) -> Telling:
    """The decisions that look like slips, by code, and what became of those that were read again."""
    told = list(of_outcomes(rereadings))
    if not found.judged:
        return Telling(before=[*told, "No decision can be judged yet: each code needs a few yeses and noes first."])
    told.append(
        f"{found.found:,} of {found.judged:,} decisions look like slips: a machine that had not seen their documents "
        "would have said otherwise. It may be the machine that is wrong, so nothing is changed."
    )
    for code in codebook.codes:
        own = [slip for slip in found.slips if slip.code == code.id]
        told += ["", f"{code.name} ({code.id})"] * bool(own)
        for slip in own:
            told += _slip(slip)
    told += [""] * bool(found.slips)
    if more := found.found - len(found.slips):
        told.append(f"{more:,} more that look less odd: --most 0 prints all.")
    if found.apart:
        told.append(f"Not looked at: {_passages(found.apart)} in draws that are not read to the end.")
    if found.young:
        told.append(f"Too few decisions to judge: {', '.join(found.young)}.")
    after = [
        "Next: themis doubts --reread 20 --coder NAME has the oddest of theirs read again, blind, with as many others."
    ]
    return Telling(before=told, after=after * bool(found.found))


def _slip(slip: "Slip") -> list[str]:
    said, other = ("yes", "no") if slip.value else ("no", "yes")
    lines = [
        f"  “{_cut(slip.text, LONG)}”",
        f"      {_place(slip.speaker, slip.passage)} [{said}: {', '.join(slip.coders)}]",
    ]
    around = f"      Of the {slip.near} decided passages most like it {slip.otherwise} are a {other}"
    return [*lines, f"{around}{':' if slip.like else '.'}", *map(_like, slip.like)]


def of_misleading(found: "Examples", codebook: "Codebook") -> Telling:
    """The examples that may mislead, by code."""
    if not found.looked:
        return Telling(before=["There are no examples to look at: the codebook has none."])
    told = [
        f"{found.found:,} of {found.looked:,} examples are nearer to another code than to their own, by the codes' "
        "words, their other examples and what was decided. A good example can be, so nothing is changed."
    ]
    for code in codebook.codes:
        own = [one for one in found.told if one.code == code.id]
        told += ["", f"{code.name} ({code.id})"] * bool(own)
        for one in own:
            told += _misleading(one, codebook)
    if more := found.found - len(found.told):
        told += ["", f"{more:,} more that look less odd: --most 0 prints all."]
    return Telling(before=told)


def _misleading(one: "Misleading", codebook: "Codebook") -> list[str]:
    lines = [f"  “{_cut(one.text, LONG)}”", f"      nearer to {codebook.by_id[one.other].name} ({one.other})"]
    if one.near:
        around = f"      Of the {one.near} decided passages most like it {one.yes} are a yes"
        lines.append(f"{around}{'; the nearest that are a no:' if one.like else '.'}")
    return [*lines, *map(_like, one.like)]


def of_reread(draw: "Draw") -> Telling:
    """What was drawn to be read again, and how."""
    (coder,) = draw.coders
    told = [
        f"Draw {draw.id}: {_passages(draw.size)} that {coder} has read before (seed {draw.seed}). Half of them have a "
        "decision that looks like a slip; the others, drawn at random, have the same codes and answers, and none.",
        f"{coder} reads them again, blind, not knowing which is which. What is said then holds; it enters no audit and "
        "no agreement.",
    ]
    workbook = f"themis export review FILE.xlsx --draw {draw.id} --coder {shlex.quote(coder)}"
    after = [f"Next: themis review, and there Read again; or {workbook}", "Then themis doubts tells what was changed."]
    return Telling(before=told, after=after)


def of_outcomes(found: "Sequence[Outcome]") -> Iterator[str]:
    """What became of each re-reading."""
    for one in found:
        name = f"Re-reading {one.draw.id} ({', '.join(one.draw.coders)}, {one.draw.made[:10]})"
        if one.suspected is None or one.others is None:
            yield f"{name}: {one.read:,} of {_passages(one.total)} read."
            continue
        closed = f", given up after {one.read:,} of {one.total:,}" if one.read < one.total else ""
        yield f"{name}{closed}: of the suspected {_part(one.suspected)}; of the others {_part(one.others)}."
        yield f"    {_better(one)}"
        yield f"    {_left(one)}"
    if found:
        yield ""


def _part(part: "Part") -> str:
    if not part.read:
        return "none was read"
    return f"{part.changed:,} of {part.read:,} were changed ({_percent(part.low)} to {_percent(part.high)})"


def _better(one: "Outcome") -> str:
    if one.better is None:
        return "Too little was read to compare the two."
    low, high = one.better
    if low > 0:
        return f"The list finds slips: {_percent(low)} to {_percent(high)} more of what it suspects. Read more of it."
    if high < 0:
        return "What it suspects is changed less often than the rest: the list finds no slips here."
    return "Whether the list finds more than chance does cannot be told yet: this takes more re-reading."


def _left(one: "Outcome") -> str:
    if one.left is None:
        return "How many slips are left among what is not suspected cannot be told from so few."
    size, about, low, high = (
        one.left.size,
        *(round(one.left.size * share) for share in (one.left.value, one.left.low, one.left.high)),
    )
    return (
        f"Of {size:,} decisions with the same codes and answers that look like no slip, about {about:,} ({low:,} to "
        f"{high:,}) would be changed."
    )


def _like(like: "Like") -> str:
    return (
        f"          {'yes' if like.value else 'no'}: “{_cut(like.text, SHORT)}” ({_place(like.speaker, like.passage)})"
    )


def _place(speaker: str | None, passage: str) -> str:
    return f"{speaker} · {passage}" if speaker else passage


def _cut(text: str, most: int) -> str:
    return shorten(text, most, placeholder=" ...")


def _passages(number: int) -> str:
    return f"{number:,} passage{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
