"""Word documents: paragraphs and tables in order, as the page shows them.

The XML is walked as it stands, because the library's own paragraphs leave out insertions, content controls and boxes.
Inserted text is kept and deleted text left out; comments, headers and footers are not part of what was said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import archive, cells
from corpus.read.options import File, Options

MAX_LABEL = 60  # a longer bold beginning is emphasis, not a name
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "softHyphen": ""}
_LEFT_OUT = frozenset({"del", "moveFrom", "Fallback", "rt", "pPr", "rPr", "instrText", "delText", "sectPr"})
_NOTES = ("footnote", "endnote")
_BROKEN = "is broken: it cannot be opened as a Word document; get another copy, or save it again as .docx"


def read(file: File, options: Options) -> Iterator[Draft | SetAside]:
    """One draft; a bold beginning of a paragraph is marked as a label, footnotes come last.

    Raises EvidenceError for a file that is broken or no Word document.
    """
    archive.check(file.data, file.name)
    story = _opened(file.data)
    blocks = [*story.blocks(story.body), *story.notes()]
    notes = tuple(f"{what}: {count}" for what, count in story.counts.items() if count)
    if any(block.text.strip() for block in blocks):
        yield Draft(file.name, tuple(blocks), notes=notes)


def _opened(data: bytes) -> "_Story":
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.exceptions import OpcError
    from docx.oxml import parse_xml
    from docx.package import Package

    try:
        part = Package.open(BytesIO(data)).main_document_part
        related = {one.reltype: one.target_part for one in part.rels.values() if not one.is_external}
        kinds = {"footnote": RELATIONSHIP_TYPE.FOOTNOTES, "endnote": RELATIONSHIP_TYPE.ENDNOTES}
        notes = {kind: parse_xml(related[where].blob) for kind, where in kinds.items() if where in related}
        styles = related.get(RELATIONSHIP_TYPE.STYLES)
        body = next(one for one in parse_xml(part.blob) if _name(one) == "body")
        return _Story(body, _bold_styles(parse_xml(styles.blob)) if styles else {}, notes)
    # The library meets a part that is well-formed XML of another kind with AttributeError.
    except (OpcError, KeyError, ValueError, SyntaxError, StopIteration, AttributeError) as error:
        raise EvidenceError(_BROKEN) from error


def _name(element: Any) -> str:
    """The element's name without its namespace, "" for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _value(element: Any, name: str = "val") -> str | None:
    """An attribute in the element's own namespace."""
    value = element.get(f"{element.tag.rpartition('}')[0]}}}{name}")
    return None if value is None else str(value)


def _child(element: Any, *names: str) -> Any:
    """The element that a path of names leads to, None where it ends."""
    for name in names:
        element = next((one for one in element if _name(one) == name), None) if element is not None else None
    return element


def _switch(properties: Any, name: str) -> bool | None:
    """Whether a property is on, None where it is not said."""
    found = _child(properties, name) if properties is not None else None
    return None if found is None else _value(found) not in {"0", "false", "off", "none"}


def _bold_styles(styles: Any) -> dict[str, bool]:
    """The styles that make text bold, by themselves or through the style they are based on."""
    found = {_value(one, "styleId") or "": one for one in styles if _name(one) == "style"}
    bold: dict[str, bool] = {}
    for key in found:
        at, seen = key, set()
        while at in found and at not in seen:
            seen.add(at)
            said = _switch(_child(found[at], "rPr"), "b")
            if said is not None:
                bold[key] = said
                break
            based = _child(found[at], "basedOn")
            at = _value(based) or "" if based is not None else ""
    return bold


@dataclass(slots=True)
class _Paragraph:
    """A paragraph on the way: letters so far, how many of the first are bold, the text boxes that hang on it."""

    text: str = ""
    label: int = 0
    open: bool = True
    boxes: list[Any] = field(default_factory=list)

    def add(self, text: str, bold: bool) -> None:
        self.text += text
        if self.open and (bold or not text.strip()):
            self.label = len(self.text) if bold else self.label
        else:
            self.open = False


class _Story:
    """The main text of one document, with its styles and notes."""

    def __init__(self, body: Any, styles: dict[str, bool], notes: dict[str, Any]) -> None:
        self.body = body
        self.styles = styles
        self._notes = notes
        self.counts = {"deleted passages left out (tracked changes)": 0, "footnotes at the end of the text": 0}

    def blocks(self, element: Any, place: str = "") -> Iterator[Block]:
        """The blocks of a body, a cell, a text box or a note."""
        for one in element:
            name = _name(one)
            if name == "p":
                yield from self._paragraph(one, place)
            elif name == "tbl":
                yield from cells.blocks([self._row(row, place) for row in one.iter() if self._is_row(row, one)])
            elif name not in _LEFT_OUT:
                yield from self.blocks(one, place)

    def notes(self) -> Iterator[Block]:
        """Footnotes and endnotes, in order, each with its number as its place."""
        for kind, root in self._notes.items():
            found = [one for one in root if _name(one) == kind and _value(one, "type") in {None, "normal"}]
            for number, note in enumerate(found, 1):
                self.counts["footnotes at the end of the text"] += 1
                yield from self.blocks(note, f"{kind} {number}")

    def _is_row(self, row: Any, table: Any) -> bool:
        """A row of this table, not of one inside a cell, and not deleted."""
        if _name(row) != "tr" or _child(row, "trPr", "del") is not None:
            return False
        above = row.getparent()
        while _name(above) != "tbl":
            above = above.getparent()
        return above is table

    def _row(self, row: Any, place: str) -> list[list[Block]]:
        found = (one if _name(one) == "tc" else _child(one, "sdtContent", "tc") for one in row)
        return [list(self.blocks(cell, place)) for cell in found if cell is not None]

    def _paragraph(self, element: Any, place: str) -> Iterator[Block]:
        found = _Paragraph()
        style = _child(element, "pPr", "pStyle")
        self._collect(element, found, self.styles.get(_value(style) or "", False) if style is not None else False)
        text = found.text.strip("\n")
        lost = len(found.text) - len(found.text.lstrip("\n"))
        label = max(0, min(found.label - lost, len(text)))
        if text.strip():
            yield Block(text, label=label if label <= MAX_LABEL else 0, place=place)
        for box in found.boxes:
            yield from self.blocks(box, place or "text box")

    def _collect(self, element: Any, into: _Paragraph, bold: bool) -> None:
        """The letters of a paragraph or a part of it, in order."""
        for one in element:
            name = _name(one)
            if name == "r":
                self._run(one, into, bold)
            elif name == "txbxContent":
                into.boxes.append(one)
            elif name == "t":
                into.add(one.text or "", bold)
            elif name in _BREAKS:
                into.add(_BREAKS[name] if _value(one, "type") != "page" else "", bold)
            elif name not in _LEFT_OUT:
                self._collect(one, into, bold)
            elif name == "del":
                self.counts["deleted passages left out (tracked changes)"] += 1

    def _run(self, run: Any, into: _Paragraph, bold: bool) -> None:
        properties = _child(run, "rPr")
        if _switch(properties, "vanish"):
            return
        style = _child(properties, "rStyle") if properties is not None else None
        styled = self.styles.get(_value(style) or "", bold) if style is not None else bold
        said = _switch(properties, "b")
        self._collect(run, into, styled if said is None else said)
