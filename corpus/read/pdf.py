"""PDF: the text layer of every page, as paragraphs."""

from collections.abc import Iterator
from typing import Any

from corpus.errors import EvidenceError
from corpus.passage import Draft, SetAside
from corpus.read.options import File, Options
from corpus.read.pages import Line, Page, blocks

MAX_PAGES = 5_000
_PASSWORD = 4  # the library's code for a document that needs one
_HYPHENS = frozenset("\x02\ufffe\xad")  # how the library marks a hyphen at the end of a line
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_UNREADABLE = 0.2  # share of letters without a meaning from which on a text is noise
_BROKEN = "is broken: it cannot be opened as a PDF; get another copy, or print it to PDF again"
_PICTURE = "no text on this page, only a picture: run text recognition on it"
_LOST = "this page is broken: get another copy, or print it to PDF again"
_NOTHING = {
    None: "has no text on any page",
    _PICTURE: "holds pictures of pages and no text: run text recognition (OCR) on it, and add the result",
    _LOST: _BROKEN,
}


def read(file: File, options: Options) -> Iterator[Draft | SetAside]:
    """One draft; pages that hold a picture and no text are set aside.

    Raises EvidenceError for a file that is broken, needs a password, or holds no text at all.
    """
    pages: list[Page] = []
    missing: dict[int, str] = {}
    with _opened(file.data) as pdf:
        if len(pdf) > MAX_PAGES:
            raise EvidenceError(f"has more than {MAX_PAGES:,} pages: split it into several files")
        for number in range(1, len(pdf) + 1):
            lines, fault = _page(pdf, number)
            pages.append(lines)
            if fault:
                missing[number] = fault
    if not any(pages):
        raise EvidenceError(_NOTHING[next(iter(missing.values()), None)])
    _check_letters(pages)
    found, notes = blocks(pages)
    yield Draft(file.name, found, notes=notes)
    for number, fault in missing.items():
        yield SetAside(file.name, f"page {number}", fault)


def _opened(data: bytes) -> Any:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise EvidenceError("needs a password: save it without one") from error
        raise EvidenceError(_BROKEN) from error


def _page(pdf: Any, number: int) -> tuple[Page, str | None]:
    """The lines of a page, and why a page without any holds none, None for one that is simply empty."""
    import pypdfium2

    try:
        page = pdf[number - 1]
        lines = list(_lines(page, number))
        fault = None if lines or not any(True for _ in page.get_objects(max_depth=2)) else _PICTURE
        page.close()
    except pypdfium2.PdfiumError:
        return [], _LOST
    return lines, fault


def _lines(page: Any, number: int) -> Iterator[Line]:
    """The lines on the visible part of a page, in the order in which they were written."""
    import pypdfium2.raw as pdfium

    area = page.get_cropbox()
    letters = page.get_textpage()
    start = 0
    count = letters.count_chars()
    text = [chr(pdfium.FPDFText_GetUnicode(letters, index)) for index in range(count)]
    for index in range(count + 1):
        if index < count and text[index] not in "\r\n" and text[index] not in _HYPHENS:
            continue
        hyphen = index < count and text[index] in _HYPHENS
        line = _line(letters, text, range(start, index), number, hyphen)
        start = index + 1
        if (
            line
            and area[0] <= (line.left + line.right) / 2 <= area[2]
            and area[1] <= (line.bottom + line.top) / 2 <= area[3]
        ):
            yield line
    letters.close()


def _line(letters: Any, text: list[str], span: range, number: int, hyphen: bool) -> Line | None:
    inked = [index for index in span if not text[index].isspace()]
    if not inked:
        return None
    first, last = letters.get_charbox(inked[0], loose=True), letters.get_charbox(inked[-1], loose=True)
    words = " ".join(_plain("".join(text[index] for index in span)).split())
    return Line(
        words + "-" * hyphen,
        number,
        left=min(first[0], last[0]),
        right=max(first[2], last[2]),
        bottom=min(first[1], last[1]),
        top=max(first[3], last[3]),
        hyphen=hyphen or words.endswith("-"),
    )


def _plain(text: str) -> str:
    """Surrogate pairs joined, ligatures as letters, control characters as spaces."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(" " if ord(letter) < 32 else letter for letter in whole.translate(_LIGATURES))


def _check_letters(pages: list[Page]) -> None:
    text = "".join(line.text for page in pages for line in page)
    noise = sum(letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" or letter == "\x00" for letter in text)
    if noise > _UNREADABLE * len(text):
        raise EvidenceError(
            "holds letters without a meaning (its fonts are not named): run text recognition (OCR) on it"
        )
