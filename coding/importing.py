"""Decisions out of a spreadsheet, one a row or one a code column; what cannot be placed is reported by row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
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
from corpus.store import Kept

YES = frozenset("yes y 1 1.0 true x ✓ ✔ ja oui sí ie".split())
NO = frozenset("no n 0 0.0 false nein non na".split())
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
    """What became of the cells: `read == recorded + already + blank + len(set_aside)`."""

    read: int = 0
    recorded: int = 0
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
    EvidenceError where the file cannot be read as such a table.
    """
    cells = list(_cells(path, study.codebook, coder))
    account = Imported(read=len(cells))
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        places = _Places(study, connection)
        held = {(d.coder, d.passage, d.code): d.value for d in ledger.current(connection)}
        decisions = []
        for cell in cells:
            if not cell.value:
                account.blank += 1
                continue
            try:
                decision = _decision(cell, study.codebook, places)
            except EvidenceError as error:
                account.set_aside.append(SetAside(path.name, cell.place, str(error)))
                continue
            key = (decision.coder, decision.passage, decision.code)
            if held.get(key) == decision.value:
                account.already += 1
            else:
                held[key] = decision.value
                decisions.append(decision)
        ledger.record(connection, decisions)
        account.recorded = len(decisions)
    return account


def _cells(path: Path, codebook: Codebook, coder: str | None) -> Iterator[_Cell]:
    try:
        file = File(path.name, path.read_bytes(), path)
    except OSError as error:
        raise EvidenceError(f"{path} could not be read: {error.strerror}") from error
    for _, table, _ in tables(file):
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


def _column(headings: list[str], names: Iterable[str]) -> int | None:
    return next((headings.index(name) for name in names if name in headings), None)


def _code(name: str, codebook: Codebook) -> str | None:
    plain_name = name.casefold().strip()
    return next((code.id for code in codebook.codes if plain_name in (code.id, code.name.casefold())), None)


def _decision(cell: _Cell, codebook: Codebook, places: "_Places") -> Decision:
    code = _code(cell.code, codebook)
    if code is None:
        raise EvidenceError(f"the codebook has no code '{cell.code}'")
    if not cell.coder:
        raise EvidenceError("no coder: fill in a coder column, or give --coder NAME")
    if (value := cell.value.casefold()) not in YES | NO:
        raise EvidenceError(f"'{cell.value}' is neither yes nor no")
    passage, quote = places.find(cell)
    return Decision(
        coder=cell.coder,
        passage=passage,
        code=code,
        value=value in YES,
        codebook=codebook.version,
        why="import",
        quote_start=quote[0] if quote else None,
        quote_end=quote[1] if quote else None,
        time=_time(cell.time),
    )


def _time(text: str) -> str:
    """The time given, in UTC as the ledger writes it; this moment where it is none."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return ledger.now()
    return given.astimezone(UTC).isoformat(timespec="seconds")


class _Places:
    """Finds the passage that a row means."""

    def __init__(self, study: Study, connection: Connection) -> None:
        self._names = study.store.names(connection)
        self._loose: dict[str, list[str]] = {}
        for name in self._names:
            for loose in {name.casefold(), Path(name).stem.casefold()}:
                self._loose.setdefault(loose, []).append(name)

        @lru_cache(maxsize=64)
        def kept(name: str) -> Kept:
            return study.store.document(connection, name)

        self._kept = kept

    def find(self, cell: _Cell) -> tuple[int, tuple[int, int] | None]:
        """Key of the passage, and the span within it that the quote narrows it to."""
        if cell.passage:
            name = cell.passage.rpartition(":")[0] or cell.document
            kept = self._kept(self._name(name))
            for key, passage in kept.passages:
                if passage.id == cell.passage or f"{passage.start}-{passage.end}" == cell.passage:
                    return key, _narrower(cell.quote, passage.text)
            if cell.quote:
                return self._by_quote(kept, cell.quote)
            raise EvidenceError(f"no passage '{cell.passage}' in the study: `themis export passages` lists them")
        if not cell.quote:
            raise EvidenceError("neither a passage nor a quote says which passage is meant")
        return self._by_quote(self._kept(self._name(cell.document)), cell.quote)

    def _name(self, name: str) -> str:
        if name in self._names:
            return name
        found = self._loose.get(name.casefold(), [])
        if len(found) != 1:
            raise EvidenceError(f"{'several documents match' if found else 'no document'} '{name}'")
        return found[0]

    def _by_quote(self, kept: Kept, quote: str) -> tuple[int, tuple[int, int] | None]:
        words = " ".join(quote.split())
        found = [(key, p.text) for key, p in kept.passages if words in " ".join(p.text.split())]
        whole = [(key, text) for key, text in found if words == " ".join(text.split())]
        if len(whole or found) != 1:
            where = f"in {len(found)} passages of" if found else "in no passage of"
            raise EvidenceError(f"the quote stands {where} {kept.document.name}: give the passage's id")
        key, text = (whole or found)[0]
        return key, _narrower(quote, text)


def _narrower(quote: str, text: str) -> tuple[int, int] | None:
    start = text.find(quote) if quote and len(quote) < len(text) else -1
    return (start, start + len(quote)) if start >= 0 else None
