"""OpenDocument text: odt, as LibreOffice saves it.

Deleted text of tracked changes, comments, tables of contents, headers and footers are not part of what was said.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft
from corpus.read import archive, cells
from corpus.read.options import File, Options
from corpus.read.word import MAX_LABEL

_LEFT_OUT = frozenset(
    "text:tracked-changes text:table-of-content text:alphabetical-index text:illustration-index text:table-index"
    " text:user-index text:bibliography office:annotation office:forms text:sequence-decls text:variable-decls"
    " text:user-field-decls text:note-citation text:ruby-text svg:title svg:desc draw:object".split()
)
_PARAGRAPHS = ("text:p", "text:h")
_BREAKS = {"text:tab": "\t", "text:line-break": "\n"}
_SPACES = re.compile(r"[ \t\r\n]+")
_FAMILIES = ("text", "paragraph")
_ANCESTORS = 20
_BOLD = ("bold", "600", "700", "800", "900")
_BROKEN = "is broken: it cannot be opened as an OpenDocument text; get another copy, or save it again as .odt"

_Style = tuple[str, str]  # family and name


def read(file: File, options: Options) -> Iterator[Draft]:
    """One draft; a bold beginning of a paragraph is marked as a label, footnotes come last.

    Raises EvidenceError for a file that is broken, or protected by a password.
    """
    archive.check(file.data, file.name)
    story = _opened(file.data)
    blocks = (*story.blocks(story.body), *story.footnotes())
    if not blocks:
        raise EvidenceError("holds no text: if it holds pictures of text, make a searchable .pdf of it")
    yield Draft(file.name, blocks)


def _opened(data: bytes) -> "_Story":
    from odfdo import Document
    from odfdo.security import SecurityError

    try:
        document = Document(BytesIO(data))
        manifest: Any = document.get_part("manifest")
        if manifest.get_elements("//manifest:encryption-data"):
            raise EvidenceError("is protected by a password: save it without one")
        return _Story(
            document.body, {name: style for family in _FAMILIES for name, style in _weights(document, family)}
        )
    except (KeyError, ValueError, TypeError, AttributeError, SyntaxError, OSError, SecurityError) as error:
        raise EvidenceError(_BROKEN) from error


def _weights(document: Any, family: str) -> Iterator[tuple[_Style, tuple[str | None, str | None]]]:
    """The font weight that each style of the family sets itself, and the style that it is made from."""
    for style in document.get_styles(family):
        weight = (style.get_properties(area="text") or {}).get("fo:font-weight")
        yield (family, str(style.get_attribute("style:name"))), (weight, style.get_attribute("style:parent-style-name"))


@dataclass
class _Paragraph:
    """A paragraph on the way: its letters, how many of the first are bold, the text boxes that hang on it."""

    text: str = ""
    label: int = 0
    open: bool = True
    boxes: list[Any] = field(default_factory=list)

    def add(self, text: str | None, bold: bool) -> None:
        self.text += text or ""
        if text and self.open and (bold or not text.strip()):
            self.label = len(self.text.rstrip()) if bold else self.label
        elif text:
            self.open = False


class _Story:
    """The main text of one document, and its styles."""

    def __init__(self, body: Any, weights: dict[_Style, tuple[str | None, str | None]]) -> None:
        self.body = body
        self._weights = weights
        self._notes: list[Any] = []

    def blocks(self, element: Any, place: str = "", bullet: str = "") -> Iterator[Block]:
        """The blocks of a body, a cell, a list or a text box, in order."""
        for one in element.children:
            if one.tag in _PARAGRAPHS:
                yield from self._paragraph(one, place, bullet)
                bullet = ""
            elif one.tag == "table:table":
                yield from cells.blocks([self._row(row, place) for row in _rows(one)])
            elif one.tag == "text:list":
                for item in one.children:
                    yield from self.blocks(item, place, "• ")
            elif one.tag not in _LEFT_OUT:
                yield from self.blocks(one, place)

    def footnotes(self) -> Iterator[Block]:
        """Footnotes and endnotes, each with its number as its place."""
        for number, note in enumerate(self._notes, 1):
            yield from self.blocks(note, f"footnote {number}")

    def _row(self, row: Any, place: str) -> list[list[Block]]:
        return [list(self.blocks(cell, place)) for cell in row.children if cell.tag == "table:table-cell"]

    def _paragraph(self, element: Any, place: str, bullet: str) -> Iterator[Block]:
        found = _Paragraph()
        self._collect(element, found, self._is_bold("paragraph", element, False))
        text = found.text.strip("\n ")
        label = min(max(0, found.label - (len(found.text) - len(found.text.lstrip("\n ")))), len(text))
        if text:
            yield Block(bullet + text, label=0 if bullet or label > MAX_LABEL else label, place=place)
        for box in found.boxes:
            yield from self.blocks(box, place or "text box")

    def _collect(self, element: Any, into: _Paragraph, bold: bool) -> None:
        """The letters of a paragraph or a part of it, in order."""
        into.add(_space(element.text), bold)
        for one in element.children:
            if one.tag == "text:s":
                into.add(" " * _count(one.get_attribute("text:c")), bold)
            elif one.tag in _BREAKS:
                into.add(_BREAKS[one.tag], bold)
            elif one.tag == "draw:text-box":
                into.boxes.append(one)
            elif one.tag == "text:note":
                self._notes += [part for part in one.children if part.tag == "text:note-body"]
            elif one.tag not in _LEFT_OUT:
                self._collect(one, into, self._is_bold("text", one, bold) if one.tag == "text:span" else bold)
            into.add(_space(one.tail), bold)

    def _is_bold(self, family: str, element: Any, otherwise: bool) -> bool:
        """Whether the element's style, or one it is made from, says bold; `otherwise` where none says anything."""
        name = element.get_attribute("text:style-name")
        for _ in range(_ANCESTORS):
            weight, name = self._weights.get((family, name or ""), (None, None))
            if weight:
                return weight in _BOLD
        return otherwise


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table, also those in its header and in groups, but not of tables in its cells."""
    for one in table.children:
        if one.tag == "table:table-row":
            yield one
        elif one.tag in ("table:table-header-rows", "table:table-rows", "table:table-row-group"):
            yield from _rows(one)


def _count(spaces: Any) -> int:
    return min(int(spaces), MAX_LABEL) if str(spaces).isdecimal() else 1


def _space(text: str | None) -> str:
    """Line ends and runs of spaces in the file are single spaces on the page."""
    return _SPACES.sub(" ", text or "")
