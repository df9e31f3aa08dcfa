"""From the lines of printed pages to paragraphs: without page numbers, running heads and margin numbers.

Sizes and places are in points from the lower left corner of the page, as in PDF.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mode

from corpus.passage import Block
from corpus.speakers import chosen

_PAGE_NUMBER = re.compile(
    r"[\W_]*(?P<word>page|pg|p|seite|tudalen)?[\W_]*(?P<number>\d{1,4})\s*(?P<of>(?:/|of|von|o|de|sur)\s*\d{1,4})?[\W_]*",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(\d{1,3})(?:\s+|$)")
_ITEM = re.compile(r"(?:[•●▪◦‣–*·-]|\d{1,3}[.)]|\(?[a-z][.)])\s")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_PREFIXES = frozenset("non self well ex half cross multi one two three four long short high low full part".split())
_EDGE = 4  # lines at the head or the foot of a page that may be furniture
_APART = 1.3  # times the usual distance from line to line, from which on a new paragraph begins
_COLUMN = 200.0  # points that a column of text is wide at least
_NEAR = 4.0  # points within which two lines stand at the same height


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. hyphen: its last letter is a hyphen that may only be there because the line ends."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    top: float
    hyphen: bool = False

    @property
    def height(self) -> float:
        """Of the letters, in points."""
        return self.top - self.bottom


Page = list[Line]


def blocks(pages: Sequence[Page]) -> tuple[tuple[Block, ...], tuple[str, ...]]:
    """The paragraphs of all pages, each with the page it begins on, and what was removed, one phrase each."""
    notes: list[str] = []
    kept = _without_margin(pages, notes)
    kept = _without_furniture(kept, notes)
    lines = _read_once(kept, notes)
    return tuple(_paragraphs(lines)), tuple(notes)


def _without_margin(pages: Sequence[Page], notes: list[str]) -> list[Page]:
    """Without numbers that stand in the margin or in front of every line."""
    body = [line for page in pages for line in page if not line.text.isdigit()]
    left, right = min((line.left for line in body), default=0), max((line.right for line in body), default=0)
    outside = {line for page in pages for line in page if line.text.isdigit() and not left <= line.left <= right}
    if len(outside) <= 2 * len(pages):
        outside = set()
    inside = [[line for line in page if line not in outside] for page in pages]
    kept = [_without_line_numbers(page) for page in inside]
    removed = len(outside) + sum(len(one) for one, two in zip(inside, kept, strict=True) if one is not two)
    if removed:
        notes.append(f"numbers in the margin removed: {removed}")
    return kept


def _without_line_numbers(page: Page) -> Page:
    found = [_NUMBERED.match(line.text) for line in page]
    numbers = [int(one[1]) for one in found if one]
    steps = sum(two - one == 1 for one, two in pairwise(numbers))
    if len(numbers) < 5 or len(numbers) < 0.8 * len(page) or steps < 0.9 * (len(numbers) - 1):
        return page
    return [
        Line(line.text[one.end() :] if one else line.text, *_place(line))
        for line, one in zip(page, found, strict=True)
        if not one or line.text[one.end() :]
    ]


def _place(line: Line) -> tuple[int, float, float, float, float, bool]:
    return line.page, line.left, line.right, line.bottom, line.top, line.hyphen


def _without_furniture(pages: Sequence[Page], notes: list[str]) -> list[Page]:
    """Without page numbers and the lines that stand at the head or the foot of many pages, digits apart."""
    shown = [sorted(page, key=lambda line: -line.top) for page in pages]
    heads, feet = _repeated([page[:_EDGE] for page in shown]), _repeated([page[: -_EDGE - 1 : -1] for page in shown])
    offsets = _offsets(shown)
    numbers: list[Line] = []
    others: list[Line] = []
    for page in shown:
        for edge, repeated in ((page[:_EDGE], heads), (page[: -_EDGE - 1 : -1], feet)):
            for line in edge:
                if _is_page_number(line, offsets):
                    numbers.append(line)
                elif _likeness(line) in repeated:
                    others.append(line)
                else:
                    break
    if numbers:
        notes.append(f"page numbers removed: {len(set(numbers))}")
    for text, count in Counter(re.sub(r"\d+", "#", line.text) for line in dict.fromkeys(others)).items():
        notes.append(f'"{text[:60]}" removed from {count} pages')
    gone = {id(line) for line in (*numbers, *others)}
    return [[line for line in page if id(line) not in gone] for page in pages]


def _likeness(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text.casefold()), round(line.bottom / (2 * _NEAR))


def _repeated(edges: Sequence[Sequence[Line]]) -> set[tuple[str, int]]:
    """What stands at one height on at least three pages and two fifths of them; on both of two only if set apart."""
    counts = Counter(like for edge in edges for like in {_likeness(line) for line in edge})
    least = max(3, 0.4 * len(edges))
    found = {like for like, count in counts.items() if count >= least}
    if len(edges) == 2:
        apart = [{_likeness(edge[0])} for edge in edges if len(edge) > 1 and _set_apart(edge[0], edge[1])]
        found |= apart[0] & apart[1] if len(apart) == 2 else set()
    return found


def _set_apart(outer: Line, inner: Line) -> bool:
    return max(outer.bottom - inner.top, inner.bottom - outer.top) > 1.2 * inner.height


def _offsets(shown: Sequence[Page]) -> set[int]:
    """Differences between printed and real page numbers that the numbers at the edges agree on."""
    found: Counter[int] = Counter()
    for page in shown:
        edges = [(line, _PAGE_NUMBER.fullmatch(line.text)) for line in {*page[:_EDGE], *page[-_EDGE:]}]
        found.update({int(number["number"]) - line.page for line, number in edges if number})
    return {offset for offset, count in found.items() if offset == 0 or (count >= 3 and count >= 0.5 * len(shown))}


def _is_page_number(line: Line, offsets: set[int]) -> bool:
    found = _PAGE_NUMBER.fullmatch(line.text)
    if not found:
        return False
    return bool(found["of"] or found["word"]) or int(found["number"]) - line.page in offsets


def _read_once(pages: Sequence[Page], notes: list[str]) -> list[Line]:
    """All lines in order; those at the foot of a page that are printed again at the head of the next, once."""
    lines: list[Line] = []
    twice = 0
    for page in pages:
        before = [line.text for line in lines[-3:] if line.page == page[0].page - 1] if page else []
        again = next((n for n in (3, 2, 1) if before[-n:] == [line.text for line in page[:n]] and len(before) >= n), 0)
        again = again if sum(len(line.text) for line in page[:again]) >= 20 else 0
        twice += again
        lines.extend(page[again:])
    if twice:
        notes.append(f"lines printed on two pages and read once: {twice}")
    return lines


def _paragraphs(lines: Sequence[Line]) -> Iterator[Block]:
    """Join the lines that go on, and mend the words that a line end cut in two."""
    if not lines:
        return
    labelled = chosen([line.text for line in lines])
    layout = _Layout.of(lines)
    words = _whole_words(lines)
    text, place = lines[0].text, lines[0].page
    for number, (one, two) in enumerate(pairwise(lines), 1):
        if number in labelled or layout.ends(one, two):
            yield Block(text, place=f"page {place}")
            text, place = two.text, two.page
        else:
            text = _joined(text, two.text, words) if text.endswith("-") else f"{text} {two.text}"
    yield Block(text, place=f"page {place}")


def _whole_words(lines: Sequence[Line]) -> Counter[str]:
    """How often each word occurs, without the halves at line ends that a hyphen cut."""
    words: Counter[str] = Counter()
    cut = False
    for line in lines:
        found = [word.casefold() for word in _WORD.findall(line.text)]
        ends = line.text.endswith("-")
        words.update(found[cut : len(found) - ends])
        cut = ends
    return words


def _joined(one: str, two: str, words: Counter[str]) -> str:
    """Two lines of which the first ends in a hyphen: "one-" and "way" stay "one-way", "evi-" and "dence" mend.

    The rest of the document tells which: the word as a whole, with or without its hyphen, else its halves.
    """
    first, second = re.search(r"[^\W\d_]+-$", one), re.match(r"[^\W\d_]+", two)
    if not first or not second:
        return f"{one} {two}" if one.endswith(" -") else one + two
    left, right = first[0][:-1].casefold(), second[0].casefold()
    whole, kept = words[left + right], words[f"{left}-{right}"]
    halves = left in _PREFIXES or (words[left] and words[right])
    mend = whole > kept or (whole == kept and not halves and second[0].islower())
    return one[:-1] + two if mend else one + two


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a document is set: its usual left edge, its right edge, the distance from line to line.

    spaced: paragraphs are set apart by more than a line's distance, so a line that is a little short ends none.
    """

    left: float
    right: float
    pitch: float
    spaced: bool

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "_Layout":
        gaps = sorted(one.bottom - two.bottom for one, two in pairwise(lines) if one.bottom - two.bottom > 1)
        rights = sorted(line.right for line in lines)
        left = mode(round(line.left) for line in lines)
        pitch = gaps[len(gaps) // 5] if gaps else 0
        return cls(
            left=left,
            right=max(rights[-1 - len(rights) // 50], left + _COLUMN),
            pitch=pitch,
            spaced=sum(gap > _APART * pitch for gap in gaps) >= 0.1 * len(gaps) > 0,
        )

    def ends(self, one: Line, two: Line) -> bool:
        """Whether the paragraph of `one` ends before `two`."""
        if _ITEM.match(two.text) or abs(one.height - two.height) > 0.15 * max(one.height, two.height):
            return True
        if one.page == two.page and one.bottom - two.bottom > _APART * self.pitch:
            return True
        if two.left < self.left - 6 or (two.left > self.left + 6 and one.left < self.left + 3):
            return True
        letter = (two.right - two.left) / len(two.text)
        room = self.right - one.right - (len(two.text.split(maxsplit=1)[0]) + 2) * letter
        return not one.hyphen and room > (0.35 * (self.right - self.left) if self.spaced else 0)
