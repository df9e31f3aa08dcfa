"""Rich text: rtf. Which words are bold cannot be seen; speakers are found by their labels."""

from collections.abc import Iterator, Sequence

from corpus.errors import EvidenceError
from corpus.passage import Block, Draft
from corpus.read import sniff
from corpus.read.options import File, Options

_NAME_WORDS = 5
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
        text = rtf_to_text(source, errors="replace")
    except _MALFORMED as error:
        raise EvidenceError("is broken rich text: open it in Word and save it as .docx") from error
    text, notes = _mended(text)
    blocks = _blocks([line.strip() for line in text.split("\n")])
    if not blocks:
        raise EvidenceError("holds no text: if it holds pictures of text, make a searchable .pdf of it")
    yield Draft(file.name, tuple(blocks), notes=notes)


def _mended(text: str) -> tuple[str, tuple[str, ...]]:
    """Letters written as two halves made whole, line ends made one kind; a note on what could not be decoded."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lost = text.count("\ufffd")
    return sniff.lines(text), ((f"{lost} characters could not be decoded",) if lost else ())


def _blocks(lines: Sequence[str]) -> list[Block]:
    rows = [_cells(line) for line in lines]
    names = [row[0] for row in rows if len(row) == 2]
    said = sum(len(row[1]) for row in rows if len(row) == 2)
    spoken = len(set(names)) < len(names) and all(map(_is_name, names)) and said > 2 * sum(map(len, names))
    blocks = []
    for line, row in zip(lines, rows, strict=True):
        if len(row) == 2 and spoken:
            blocks.append(Block(row[1], speaker=row[0].rstrip(": ")))
        elif text := " | ".join(cell for cell in row if cell) or line.strip("| "):
            blocks.append(Block(text))
    return blocks


def _cells(line: str) -> list[str]:
    """The cells of a table row, which striprtf ends with a bar each; none for a paragraph."""
    return [cell.strip() for cell in line[:-1].split("|")] if line.endswith("|") else []


def _is_name(text: str) -> bool:
    return 0 < len(text.split()) <= _NAME_WORDS and not text[0].isdigit()
