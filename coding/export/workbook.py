"""A reviewer's workbook: passages in their context, with a yes/no list for each code; `coding/filled.py` reads it back.

What it was made under stands on a hidden sheet. The first row of the sheet Review is hidden, too, and says what each
column is, so that columns may be moved; each row has a hidden id, and a check of the id, the words and the workbook, so
that rows may be sorted, and damage to one is seen.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from coding.codebook import Code, Codebook
from coding.export.tables import XLSX_CELL, letters, workbook

FORMAT = "1"
HIDDEN = "Themis"  # title of the sheet by which a workbook is known
MARK = "themis:"
CODE = "code:"
HEADINGS = {
    **{"id": "Id", "check": "Check", "text": "Passage", "before": "Before it", "after": "After it"},
    **{"speaker": "Speaker", "document": "Document", "suggested": "Suggested", "notes": "Notes"},
}
WIDTHS = {"text": 60, "before": 38, "after": 30, "speaker": 14, "document": 18, "suggested": 34, "notes": 34}
CODEBOOK = {
    **{"Code": 22, "Part of": 18, "Definition": 48, "Include": 36},
    **{"Exclude": 36, "Examples": 48, "Near misses": 48},
}
HOW_TO = (
    "Read each passage, with what stands before and after it, and choose yes or no for each code.",
    "yes: the passage says what the code's definition asks for. no: you looked, and it does not.",
    "Leave a cell empty where you have not decided. A passage without any yes or no counts as not read.",
    "To fill many cells at once: select them, type no, and press Ctrl and Enter together.",
    "What each code means is on the sheet Codebook, and appears when you point at its heading.",
    "Notes are for what you want to say about a passage; they come back with your answers.",
    "Only answers and notes can be changed. To sort, unprotect the sheet (there is no password); sort whole rows.",
    "Save the file as .xlsx and send it back: it knows where every answer belongs.",
)
ADVICE = "Choose yes or no, or leave the cell empty. Y, n, 1, 0, true and false are understood. Keep what you typed?"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a workbook was made under: its own id, the codebook's version, whose it is and the key of a draw ("" none).

    visible: whether it shows what is suggested. rows: how many passages it has. made: ISO 8601, UTC.
    """

    id: str
    codebook: str
    coder: str
    draw: str
    visible: bool
    rows: int
    made: str


@dataclass(frozen=True, slots=True)
class Card:
    """A passage to read, by its id, in its context. suggested: by code id, the sentence that speaks for it."""

    id: str
    text: str
    before: str
    after: str
    speaker: str
    document: str
    suggested: Mapping[str, str] = field(default_factory=dict)


def fits(card: Card) -> bool:
    """Whether a cell can hold the passage."""
    return len(card.text.encode("utf-16-le")) // 2 <= XLSX_CELL


def write(path: Path, codebook: Codebook, terms: Terms, cards: Sequence[Card]) -> None:
    """Write a workbook with these passages in this order; nothing is answered in it."""
    with workbook(path) as book:
        head = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
        plain = {"text_wrap": True, "valign": "top"}
        answer = plain | {"locked": False, "border": 4, "num_format": "@"}  # as text: what is typed is no formula
        styles = {
            "head": book.add_format(head),
            "plain": book.add_format(plain | {"quote_prefix": True}),
            "open": book.add_format(answer),
            "marked": book.add_format(answer | {"bg_color": "#FFF2CC"}),
        }
        _write_review(book.add_worksheet("Review"), styles, codebook, terms, cards)
        _write_codebook(book.add_worksheet("Codebook"), styles, codebook)
        how = book.add_worksheet("How to")
        how.set_column(0, 0, 100, styles["plain"])
        _fill(how, [[line] for line in HOW_TO], styles["plain"])
        how.protect()
        hidden = book.add_worksheet(HIDDEN)
        _fill(hidden, _hidden(codebook, terms), None)
        hidden.protect()
        hidden.hide()


def _write_review(
    sheet: Any, styles: Mapping[str, Any], codebook: Codebook, terms: Terms, cards: Sequence[Card]
) -> None:
    fixed = [name for name in HEADINGS if name != "notes" and (terms.visible or name != "suggested")]
    names = [*fixed, *(CODE + code.id for code in codebook.codes), "notes"]
    for number, name in enumerate(names):
        sheet.set_column(number, number, WIDTHS.get(name, 12), None, {"hidden": name in ("id", "check")})
        sheet.write_string(0, number, MARK + name)
    sheet.set_row(0, None, None, {"hidden": True})
    headings = [HEADINGS.get(name) or codebook.by_id[name.removeprefix(CODE)].name for name in names]
    _row(sheet, 1, headings, styles["head"])
    for number, code in enumerate(codebook.codes, start=len(fixed)):
        sheet.write_comment(1, number, _said(code), {"width": 360, "height": 200})
    for number, card in enumerate(cards, start=2):
        cells = asdict(card) | {"check": check(terms, card.id, card.text), "suggested": _suggested(card, codebook)}
        _row(sheet, number, [cells[name] for name in fixed], styles["plain"])
        for column, code in enumerate(codebook.codes, start=len(fixed)):
            sheet.write_blank(number, column, None, styles["marked" if code.id in card.suggested else "open"])
        sheet.write_blank(number, len(names) - 1, None, styles["open"])
    last = len(cards) + 1
    error = {"error_type": "warning", "error_title": "Neither yes nor no", "error_message": ADVICE}
    choice = {"validate": "list", "source": ["yes", "no"], "ignore_blank": True, **error}
    sheet.data_validation(2, len(fixed), last, len(names) - 2, choice)
    sheet.autofilter(1, 0, last, len(names) - 1)
    sheet.freeze_panes(2, fixed.index("text") + 1)
    sheet.protect("", dict.fromkeys(("autofilter", "sort", "format_columns", "format_rows"), True))


def _write_codebook(sheet: Any, styles: Mapping[str, Any], codebook: Codebook) -> None:
    _row(sheet, 0, list(CODEBOOK), styles["head"])
    for number, width in enumerate(CODEBOOK.values()):
        sheet.set_column(number, number, width, styles["plain"])
    rows = (
        [
            code.name,
            codebook.by_id[code.parent].name if code.parent else "",
            code.definition,
            *("\n".join(items) for items in (code.include, code.exclude, code.examples, code.near_misses)),
        ]
        for code in codebook.codes
    )
    _fill(sheet, rows, styles["plain"], first=1)
    sheet.freeze_panes(1, 1)
    sheet.protect("", dict.fromkeys(("format_columns", "format_rows"), True))


def _hidden(codebook: Codebook, terms: Terms) -> Iterator[list[str]]:
    yield ["themis", FORMAT]
    said = asdict(terms) | {"visible": "yes" if terms.visible else "no", "rows": str(terms.rows)}
    yield from ([name, value] for name, value in said.items())
    yield from ([CODE, code.id, code.name] for code in codebook.codes)


def _fill(sheet: Any, rows: Iterable[Sequence[str]], style: Any, first: int = 0) -> None:
    for number, row in enumerate(rows, start=first):
        _row(sheet, number, row, style)


def _row(sheet: Any, number: int, cells: Sequence[str], style: Any) -> None:
    """As text and nothing else: no cell becomes a formula, a number or a link."""
    for column, text in enumerate(cells):
        if text:
            sheet.write_string(number, column, text[:XLSX_CELL], style)
        else:
            sheet.write_blank(number, column, None, style)


def _said(code: Code) -> str:
    parts = [code.definition, *(f"Include: {text}" for text in code.include)]
    return "\n".join([*parts, *(f"Exclude: {text}" for text in code.exclude)])[:2000]


def _suggested(card: Card, codebook: Codebook) -> str:
    named = ((codebook.by_id[code].name, sentence) for code, sentence in card.suggested.items())
    return "\n".join(f"{name}: “{sentence}”" if sentence else name for name, sentence in named)


def check(terms: Terms, id: str, text: str) -> str:
    """What stands beside a passage to show that id and words belong together, and to this workbook."""
    said = "\n".join([*map(str, astuple(terms)), id, letters(text)])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]
