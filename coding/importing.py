"""Decisions out of a spreadsheet, one a row or one a code column; what cannot be placed is reported by row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path

from coding import ledger
from coding.codebook import Codebook
from coding.export.tables import plain
from coding.ledger import Decision
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.read.options import File
from corpus.read.sheets import tables
from corpus.read.table import Table
from corpus.store import Kept

YES = frozenset("yes y 1 1.0 true x ✓ ✔ ja oui sí ie".split())
NO = frozenset("no n 0 0.0 false nein non na".split())
WITHDRAWN = frozenset("withdrawn withdraw undo".split())
COLUMNS = {
    "document": ("document", "file", "filename", "file name"),
    "passage": ("passage", "passage id"),
    "quote": ("quote", "text"),
    "code": ("code", "theme"),
    "value": ("value", "decision", "yes/no"),
    "coder": ("coder", "reviewer"),
    "time": ("time",),
}


@dataclass
class Imported:
    """What became of the cells: `read == recorded + already + blank + len(set_aside)`.

    changed: those of the recorded that change what the same coder said before.
    """

    read: int = 0
    recorded: int = 0
    changed: int = 0
    already: int = 0
    blank: int = 0
    set_aside: list[SetAside] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Cell:
    """One decision as the spreadsheet has it, all text."""

    place: str
    document: str
    passage: str
    quote: str
    code: str
    value: str
    coder: str
    time: str


def import_decisions(study: Study, path: Path, coder: str | None = None) -> Imported:
    """Record the decisions of a csv or xlsx file in one transaction; what holds already is not recorded again.

    Columns: document, passage or quote, and either code and value, or one column for each code (id or name) with yes,
    no or nothing in it. coder: whose they are where there is no coder column.
    EvidenceError where the file cannot be read as such a table, or nothing says whose decisions they are.
    """
    cells = list(_cells(path, study.codebook, coder))
    if not any(cell.coder for cell in cells):
        raise EvidenceError(
            f"{path.name} does not say whose decisions these are: fill in a coder column, or --coder NAME"
        )
    account = Imported(read=len(cells))
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        places = _Places(study, connection)
        book = _Book(ledger.current(connection))
        for cell in cells:
            if not cell.value:
                account.blank += 1
                continue
            try:
                new = book.enter(cell, _decision(cell, study.codebook, places))
            except EvidenceError as error:
                account.set_aside.append(SetAside(path.name, cell.place, str(error)))
            else:
                account.recorded += new
                account.already += not new
        ledger.record(connection, book.new)
        account.changed = book.changed
    return account


class _Book:
    """What holds already, and what a file adds to it."""

    def __init__(self, held: Iterable[Decision]) -> None:
        self._held: dict[tuple[str, int, str], Decision] = {}
        self._coders: dict[str, str] = {}
        self._rows: dict[tuple[str, int, str], tuple[str, bool | None]] = {}
        self.new: list[Decision] = []
        self.changed = 0
        for decision in held:
            self._coders.setdefault(decision.coder.casefold(), decision.coder)
            self._held[decision.coder, decision.passage, decision.code] = decision

    def enter(self, cell: _Cell, decision: Decision) -> bool:
        """Whether it is new; EvidenceError where an earlier row of the file says the contrary."""
        coder = self._coders.setdefault(decision.coder.casefold(), decision.coder)  # Anna is anna
        key = (coder, decision.passage, decision.code)
        place, value = self._rows.setdefault(key, (cell.place, decision.value))
        if value != decision.value:
            raise EvidenceError(f"{place} says the contrary of this passage and code: keep one of the two")
        held = self._held.get(key)
        if (held.value if held else None) == decision.value:
            return False
        if held and cell.time and decision.time < held.time:
            raise EvidenceError(
                f"{coder} decided otherwise since, on {held.time[:10]}: clear its time to record it all the same"
            )
        self.changed += held is not None
        self._held[key] = replace(decision, coder=coder)
        self.new.append(self._held[key])
        return True


def _cells(path: Path, codebook: Codebook, coder: str | None) -> Iterator[_Cell]:
    try:
        file = File(path.name, path.read_bytes(), path)
    except OSError as error:
        raise EvidenceError(f"{path} could not be read: {error.strerror}") from error
    for table in _tables(file):
        headings = [plain(heading).casefold().strip() for heading in table.headings]
        found = {name: _column(headings, names) for name, names in COLUMNS.items()}
        wide = [(n, code) for n, heading in enumerate(headings) if (code := _code(heading, codebook))]
        long = found["code"] is not None and found["value"] is not None
        if (found["passage"] is None and found["document"] is None) or not (long or wide):
            continue
        for row in table.rows:
            own = {name: plain(row.cells[n]).strip() if n is not None else "" for name, n in found.items()}
            own["coder"] = own["coder"] or coder or ""
            if long:
                yield _Cell(place=row.place, **own)
            else:
                own.pop("code"), own.pop("value")
                yield from (_Cell(place=row.place, code=code, value=row.cells[n].strip(), **own) for n, code in wide)
        return
    raise EvidenceError(
        f"{path.name} has no table of decisions: give it columns document, passage (or quote), code, value and coder, "
        f"or one column for each code"
    )


def _tables(file: File) -> list[Table]:
    try:
        return [table for _, table, _ in tables(file)]
    except EvidenceError as error:
        raise EvidenceError(f"{file.name} is no spreadsheet of decisions: it {error}") from error


def _column(headings: list[str], names: Iterable[str]) -> int | None:
    return next((headings.index(name) for name in names if name in headings), None)


def _code(name: str, codebook: Codebook) -> str | None:
    """The code that a heading names, None for any other heading."""
    wanted = name.casefold().strip()
    return next((code.id for code in codebook.codes if wanted in (code.id, code.name.casefold())), None)


def _decision(cell: _Cell, codebook: Codebook, places: "_Places") -> Decision:
    code = codebook.find(cell.code)
    if not cell.coder:
        raise EvidenceError("no coder: fill in a coder column, or give --coder NAME")
    if (value := cell.value.casefold()) not in YES | NO | WITHDRAWN:
        raise EvidenceError(f"'{cell.value}' is neither yes nor no (nor 'withdrawn')")
    passage, quote = places.find(cell)
    return Decision(
        coder=cell.coder,
        passage=passage,
        code=code,
        value=None if value in WITHDRAWN else value in YES,
        codebook=codebook.version,
        why="import",
        quote_start=quote[0] if quote else None,
        quote_end=quote[1] if quote else None,
        time=_time(cell.time),
    )


def _time(text: str) -> str:
    """The time given, in UTC as the ledger writes it; this moment where it is none."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        return ledger.now()


class _Places:
    """Finds the passage that a row means; the places of a document are looked up once."""

    def __init__(self, study: Study, connection: Connection) -> None:
        self._keys = study.store.names(connection)
        self._loose: dict[str, list[str]] = {}
        for name in self._keys:
            for loose in {name.casefold(), Path(name).stem.casefold()}:
                self._loose.setdefault(loose, []).append(name)
        self._places = cache(lambda name: study.store.places(connection, self._keys[name]))
        self._kept = lru_cache(maxsize=64)(lambda name: study.store.of_key(connection, self._keys[name]))

    def find(self, cell: _Cell) -> tuple[int, tuple[int, int] | None]:
        """Key of the passage, and the span within it that the quote narrows it to."""
        if not cell.passage and not cell.quote:
            raise EvidenceError("neither a passage nor a quote says which passage is meant")
        if not cell.passage:
            return self._by_quote(self._kept(self._name(cell.document)), cell.quote)
        name, _, place = cell.passage.rpartition(":")
        name = self._name(name or cell.document)
        span = tuple(int(number) for number in place.split("-") if number.isdecimal())
        key = self._places(name).get(span)
        if key is None and cell.quote:
            return self._by_quote(self._kept(name), cell.quote)
        if key is None:
            raise EvidenceError(f"no passage '{cell.passage}' in the study: `themis export passages` lists them")
        if not 0 < len(cell.quote) < span[1] - span[0]:
            return key, None
        return key, _narrower(cell.quote, dict(self._kept(name).passages)[key].text)

    def _name(self, name: str) -> str:
        if name in self._keys:
            return name
        found = self._loose.get(name.casefold(), [])
        if len(found) != 1:
            raise EvidenceError(f"{'several documents match' if found else 'no document'} '{name}'")
        return found[0]

    def _by_quote(self, kept: Kept, quote: str) -> tuple[int, tuple[int, int] | None]:
        words = " ".join(quote.split()).strip('“”„«»"')
        found = [(key, p.text) for key, p in kept.passages if words in " ".join(p.text.split())]
        whole = [(key, text) for key, text in found if words == " ".join(text.split())]
        if len(whole or found) != 1:
            where = f"in {len(found)} passages of" if found else "in no coded passage of"
            raise EvidenceError(f"the quote stands {where} {kept.document.name}: give the passage's id")
        key, text = (whole or found)[0]
        return key, _narrower(quote, text)


def _narrower(quote: str, text: str) -> tuple[int, int] | None:
    start = text.find(quote) if quote and len(quote) < len(text) else -1
    return (start, start + len(quote)) if start >= 0 else None
