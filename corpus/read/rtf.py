"""Rich text: rtf. Which words are bold cannot be seen; speakers are found by their labels."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft
from corpus.read import cells, sniff
from corpus.read.options import File, Options

# What striprtf raises for control words with numbers that cannot be.
_MALFORMED = (ValueError, TypeError, LookupError, OverflowError)


def read(file: File, options: Options) -> Iterator[Draft]:
    """The document's text: a block for each paragraph and table row."""
    from striprtf.striprtf import rtf_to_text

    # The break keeps striprtf from writing every link's address into the text; rtf itself ignores it.
    source = file.data.decode("cp1252", "replace").replace("\\fldinst{", "\\fldinst\n{")
    if not source.lstrip().startswith("{\\rtf"):
        raise EvidenceError("is not rich text, as its suffix says: open it in Word and save it as .docx")
    try:
        text: str = rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]
    except _MALFORMED as error:
        raise EvidenceError("is broken rich text: open it in Word and save it as .docx") from error
    text, notes = _mended(text)
    blocks = tuple(_blocks([line.strip() for line in text.split("\n")]))
    if not blocks:
        raise EvidenceError("holds no text: if it holds pictures of text, make a searchable .pdf of it")
    yield Draft(file.name, blocks, notes=notes)


def _mended(text: str) -> tuple[str, tuple[str, ...]]:
    """Letters written as two halves made whole, line ends made one kind; a note on what could not be decoded."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lost = text.count("\ufffd")
    return sniff.lines(text), ((f"{lost} characters could not be decoded",) if lost else ())


def _blocks(lines: Sequence[str]) -> Iterator[Block]:
    """Paragraphs, and tables, whose rows stand together."""
    for is_row, group in groupby(lines, lambda line: line.endswith("|")):
        if is_row:
            yield from cells.blocks([_cells(row) for row in group])
        else:
            yield from (Block(line) for line in group if line)


def _cells(line: str) -> list[list[Block]]:
    """The cells of a table row: striprtf ends each with a bar."""
    texts = [cell.strip() for cell in line[:-1].split("|")]
    return [[Block(text)] if text else [] for text in texts]
