"""Plain text and Markdown: a block for each paragraph."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from corpus.passage import Block, Draft, SetAside
from corpus.read.options import File, Options
from corpus.read.sniff import decode
from corpus.speakers import chosen

_NARROW, _WIDE = 45, 120  # columns between which lines may have been cut by a program rather than by their writer
_MOST = 0.85  # of the lines that another follows end where the next word would not have fitted
_STARTS_ANEW = re.compile(r"\s*(?:[-*+•·–]\s|\d{1,3}[.)]\s|\(?[a-zA-Z][.)]\s|[#>|]|```|---|===|\*\*\*|\[\d)|\s{4,}")
_RULE = re.compile(r"\s*(?:[-=_*] ?){3,}\s*$")


def read(file: File, options: Options) -> Iterator[Draft | SetAside]:
    """One draft: every line that is not blank is a block, lines that were cut to a width are joined again."""
    text, note = decode(file.data)
    notes = [note] if note else []
    lines = text.split("\n")
    paragraphs = [line.strip() for line in lines if line.strip()]
    width = cut_to(lines)
    if width:
        joined = _joined(lines, width)
        notes.append(f"lines cut at {width} columns joined: {len(paragraphs) - len(joined)}")
        paragraphs = joined
    if paragraphs:
        yield Draft(file.name, tuple(Block(paragraph) for paragraph in paragraphs), notes=tuple(notes))


def cut_to(lines: Sequence[str]) -> int:
    """The column at which a program cut the lines, 0 where nearly each line is a whole paragraph.

    Lines were cut when they end where the first word of the next one would not have fitted.
    """
    pairs = [(one.rstrip(), two) for one, two in pairwise(lines) if one.strip() and two.strip()]
    lengths = sorted(len(one) for one, _ in pairs)
    if len(pairs) < 3:
        return 0
    width = lengths[-1 - len(lengths) // 100]
    if not _NARROW <= width <= _WIDE:
        return 0
    flowing = [(one, two) for one, two in pairs if not _STARTS_ANEW.match(two)]
    full = sum(_fills(one, two, width) for one, two in flowing)
    return width if full >= 3 and full >= _MOST * len(flowing) else 0


def _fills(line: str, after: str, width: int) -> bool:
    return len(line) + 1 + len(after.split(maxsplit=1)[0]) > width


def _joined(lines: Sequence[str], width: int) -> list[str]:
    """Paragraphs out of cut lines: a blank line, a short line, a list item or a speaker's label starts a new one."""
    full = [line for line in lines if line.strip()]
    labelled = chosen(full)
    paragraphs: list[str] = []
    open_to: str | None = None
    number = -1
    for line in lines:
        if not line.strip():
            open_to = None
            continue
        number += 1
        starts = number in labelled or _STARTS_ANEW.match(line) or _RULE.match(line)
        if open_to is None or starts or not _fills(open_to, line, width):
            paragraphs.append(line.strip())
        else:
            paragraphs[-1] += " " + line.strip()
        open_to = line.rstrip()
    return paragraphs
