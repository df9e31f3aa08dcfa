"""What a reader is given and what it gives back."""

from dataclasses import dataclass, field
from pathlib import Path

from corpus.passage import Draft, SetAside


@dataclass(frozen=True, slots=True)
class File:
    """One file's bytes. name: what its document will be called, with posix slashes; path: None inside a zip."""

    name: str
    data: bytes
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said about the files.

    text, id, attributes: columns of a spreadsheet, by heading, letter or beginning of a heading; empty or None = guess.
    fixed: attributes that every document gets. sheet: name of the sheet to read, None = the one with most answers.
    per_answer: False makes one document of a row, with a block for each text column; True one for each text column.
    side_table: a spreadsheet of attributes by file name; None = `attributes.csv` or `.xlsx` beside the files.
    max_megabytes: larger files, and zip members, are set aside.
    """

    text: tuple[str, ...] = ()
    id: str | None = None
    attributes: tuple[str, ...] = ()
    fixed: dict[str, str] = field(default_factory=dict)
    sheet: str | None = None
    per_answer: bool = False
    side_table: Path | None = None
    max_megabytes: int = 100


@dataclass(frozen=True, slots=True)
class Source:
    """What one file gave: its documents, what was set aside with the reason, and what was guessed, as sentences.

    sha256: of the file's bytes, "" where they were not read.
    """

    name: str
    sha256: str
    drafts: tuple[Draft, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    guesses: tuple[str, ...] = ()
