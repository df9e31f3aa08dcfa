"""Web pages: html."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft, SetAside
from corpus.read import cells, sniff
from corpus.read.options import File, Options
from corpus.read.word import MAX_LABEL

_SKIPPED = frozenset("script style nav head noscript template svg iframe object button select canvas".split())
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu ol optgroup option p pre section summary table"
    " tbody td textarea tfoot th thead tr ul".split()
)
_BOLD = ("b", "strong")
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_CELLS = ("td", "th")
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_XML = re.compile(r"\s*<\?xml[^>]*\?>")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_INSTEAD = "save what the browser shows as .txt or .pdf"


def read(file: File, options: Options) -> Iterator[Draft | SetAside]:
    """The page's text: a block for each paragraph, list item and table row."""
    text, note = _decoded(file.data)
    root, lost = _parsed(text)
    page = _Page()
    page.walk(root)
    if lost:
        yield SetAside(file.name, lost, f"the page is nested too deeply to read on: {_INSTEAD}")
    elif not page.blocks:
        raise EvidenceError(f"is a web page without text: {_INSTEAD}")
    if page.blocks:
        yield Draft(file.name, tuple(page.blocks), notes=(note,) if note else ())


def _decoded(data: bytes) -> tuple[str, str | None]:
    """The page as text; the encoding it declares is believed where it fits."""
    declared = _CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return sniff.decode(data.decode(declared[1].decode("ascii")).encode("utf-8"))
        except (UnicodeError, LookupError):
            pass
    return sniff.decode(data)


def _parsed(text: str) -> tuple[Any, str | None]:
    """The root element, and where the parser gave up, None where it did not."""
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, default_doctype=False
    )
    try:
        root = html.document_fromstring(_XML.sub("", text, count=1).encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise EvidenceError(
            "is not a web page that can be read: save what the browser shows as .txt or .pdf"
        ) from error
    fatal = next((entry for entry in parser.error_log if entry.level_name == "FATAL"), None)
    return root, fatal and f"after line {fatal.line}"


@dataclass
class _Page:
    """The blocks of a page, gathered while walking through it.

    parts: of the paragraph that is open, each with whether it is bold. bold, preformatted: how many such are open.
    tables: those that are open, as rows of cells of blocks. lists: those that are open, each with its last number.
    """

    blocks: list[Block] = field(default_factory=list)
    parts: list[tuple[str, bool]] = field(default_factory=list)
    bold: int = 0
    preformatted: int = 0
    tables: list[list[list[list[Block]]]] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)
    bullet: str = ""

    def walk(self, root: Any) -> None:
        """Go through all elements without recursion, which a hostile page could exhaust."""
        from lxml import etree

        skipped = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            tag = element.tag if isinstance(element.tag, str) else ""
            if event == "start":
                skipped += tag in _SKIPPED
                if not skipped:
                    self.start(tag, _is_bold(element))
                    self.text(element.text)
                continue
            if not skipped:
                self.end(tag, _is_bold(element))
            skipped -= tag in _SKIPPED
            if not skipped:
                self.text(element.tail)
        self.flush()

    def text(self, text: str | None) -> None:
        """Characters of the paragraph that is open."""
        if text:
            self.parts.append((text if self.preformatted else _SPACE.sub(" ", text), self.bold > 0))

    def start(self, tag: str, bold: bool) -> None:
        """An element opens."""
        if tag == "br":
            self.parts.append(("\n", self.bold > 0))
        elif tag in _BLOCKS:
            self.flush()
        self.bold += bold
        self.preformatted += tag == "pre"
        if tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.bullet = self._next_bullet()
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in _CELLS and self.tables and self.tables[-1]:
            self.tables[-1][-1].append([])

    def end(self, tag: str, bold: bool) -> None:
        """An element closes."""
        if tag in _BLOCKS:
            self.flush()
        self.bold -= bold
        self.preformatted -= tag == "pre"
        if tag in ("ul", "ol"):
            self.lists.pop()
        elif tag == "li":
            self.bullet = ""
        elif tag == "table":
            self.put(cells.blocks(self.tables.pop()))

    def flush(self) -> None:
        """End the paragraph that is open."""
        block = _block(self.parts, self.bullet)
        self.parts = []
        if block:
            self.bullet = ""
            self.put([block])

    def put(self, blocks: Sequence[Block]) -> None:
        """Add blocks to the cell that is open, or to the page."""
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1].extend(blocks)
        else:
            self.blocks.extend(blocks)

    def _next_bullet(self) -> str:
        if not self.lists or self.lists[-1] is None:
            return "• "
        self.lists[-1] += 1
        return f"{self.lists[-1]}. "


def _is_bold(element: Any) -> bool:
    return element.tag in _BOLD or bool(_BOLD_STYLE.search(element.get("style") or ""))


def _block(parts: Sequence[tuple[str, bool]], bullet: str) -> Block | None:
    """One paragraph: spaces as a browser shows them, and how much of its beginning is bold."""
    text, label, open_label = "", 0, True
    for part, bold in parts:
        if not text or text.endswith((" ", "\n")):
            part = part.lstrip(" ") if "\n" not in part.strip(" ") else part
        text += part
        open_label = open_label and (bold or not part.strip())
        if open_label and bold:
            label = len(text.rstrip())
    lines = text.strip()
    if not lines:
        return None
    label = max(0, label - (len(text) - len(text.lstrip())))
    label = min(label, len(lines))
    return Block(bullet + lines, label=0 if bullet or label > MAX_LABEL else label)
