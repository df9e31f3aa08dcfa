"""Plain text and Markdown: a block for each paragraph."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from corpus.passage import Block, Draft, SetAside
from corpus.read.options import File, Options
from corpus.read.sniff import decode
from corpus.speakers import chosen

_NARROW, _WIDE = 45, 120  # columns between which lines may have been cut by a program rather than by their writer
_MOST = 0.75  # of the lines that another follows must end where its first word would not have fitted
_STARTS_ANEW = re.compile(r"\s*(?:[-*+•·–]\s|\d{1,3}[.)]\s|\(?[a-zA-Z][.)]\s|[#>|]|```|---|===|\*\*\*|\[\d|\s{4})")
_RULE = re.compile(r"\s*(?:[-=_*] ?){3,}\s*$")


def read(file: File, options: Options) -> Iterator[Draft | SetAside]:
    """One draft: every line that is not blank is a block, lines that were cut to a width are joined again."""
    text, note = decode(file.data)
    notes = [note] if note else []
    lines = text.split("\n")
    paragraphs = [line.strip() for line in lines if line.strip()]
    joined, width = unwrapped(lines)
    if width:
        notes.append(f"lines cut at {width} columns joined: {len(paragraphs) - len(joined)}")
        paragraphs = joined
    if paragraphs:
        yield Draft(file.name, tuple(Block(paragraph) for paragraph in paragraphs), notes=tuple(notes))


def unwrapped(lines: Sequence[str]) -> tuple[list[str], int]:
    """Paragraphs out of lines that a program cut, and the column it cut at; ([], 0) where nobody cut them.

    Lines were cut when they end where the first word of the next one would not have fitted. A blank line, a short
    line, a list item or a speaker's label starts a new paragraph.
    """
    full = [number for number, line in enumerate(lines) if line.strip()]
    followed = sorted(len(lines[one].rstrip()) for one, two in pairwise(full) if two == one + 1)
    width = followed[-1 - len(followed) // 100] if len(followed) >= 3 else 0
    if not _NARROW <= width <= _WIDE:
        return [], 0
    labelled = chosen([lines[number] for number in full])
    starts = {number for at, number in enumerate(full) if at in labelled or _STARTS_ANEW.match(lines[number])}
    goes_on = {
        two: _fills(lines[one], lines[two], width)
        for one, two in pairwise(full)
        if two == one + 1 and two not in starts and not _RULE.match(lines[one])
    }
    if sum(goes_on.values()) < max(3, _MOST * len(goes_on)):
        return [], 0
    paragraphs: list[str] = []
    for number in full:
        line = lines[number].strip()
        if goes_on.get(number):
            paragraphs[-1] += " " + line
        else:
            paragraphs.append(line)
    return paragraphs, width


def _fills(line: str, after: str, width: int) -> bool:
    return len(line.rstrip()) + 1 + len(after.split(maxsplit=1)[0]) > width
