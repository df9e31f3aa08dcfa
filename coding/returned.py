"""A reviewer's workbook that came back, into the ledger: what can be placed is recorded, the rest is told by row."""

import hashlib
from dataclasses import replace

from coding import draws, ledger, memos, reviewers
from coding.codebook import Codebook
from coding.draws import Draw
from coding.entering import Book, Imported, Places, value_of
from coding.export.workbook import Terms
from coding.filled import Filled, Line
from coding.ledger import DECISIONS, Decision, new_act
from coding.memos import MEMOS
from coding.study import Study
from corpus.database import Connection, select
from corpus.errors import EvidenceError
from corpus.passage import SetAside

HALF = 16  # letters at the head of an act that say which workbook it came in


def take(study: Study, name: str, filled: Filled, coder: str | None = None) -> Imported:
    """Record what a workbook says in one transaction; what holds already, or was taken from it before, is not repeated.

    name: the file's. coder: whose it is, where the workbook does not say.
    EvidenceError where nothing says whose it is, the workbook says otherwise, or it is of another study.
    """
    terms = filled.terms
    who = _coder(name, terms.coder, coder)
    with study.store.database.writing() as connection:
        codebook = _codebook(connection, name, filled)
        entry = _Entry(connection, name, terms, codebook, _draw(connection, name, terms, who), who)
        places = Places(study, connection)
        for line in filled.lines:
            try:
                if line.damage:
                    raise EvidenceError(line.damage)
                entry.enter(line, places.same(line.id, line.text))
            except EvidenceError as error:
                entry.set_aside(line.place, error)
        account = entry.close(filled.untouched)
    if codebook.version != study.codebook.version:
        account.notes.append(
            f"Made under an earlier codebook, and recorded under that one: `themis codebook diff "
            f"{codebook.version[:12]}` shows what changed since."
        )
    account.notes += filled.remarks
    return account


class _Entry:
    """One workbook on its way into the ledger."""

    def __init__(
        self, connection: Connection, name: str, terms: Terms, codebook: Codebook, draw: Draw | None, coder: str
    ) -> None:
        self._connection, self._name, self._names = connection, name, {c.id: c.name for c in codebook.codes}
        self._draw = draw
        self._probability = dict(draws.drawn(connection, draw.id)) if draw else {}
        known = reviewers.spellings(connection)
        self._inside = Book(ledger.in_draw(connection, draw.id) if draw else (), known)
        self._outside = Book(ledger.current(connection), known)
        self._mark = _hash(terms.id)
        self._before = _before(connection, self._mark)
        self._account = Imported()
        self._rows = self._read = self._empty = self._noted = self._moved = 0
        self._decision = Decision(
            coder=coder,
            passage=0,
            code="",
            value=None,
            codebook=codebook.version,
            why="import",
            suggestions_visible=terms.visible,
            time=ledger.now(),
        )

    def enter(self, line: Line, passage: int) -> None:
        """Take what one row says of this passage."""
        act = self._mark + new_act()[HALF:]  # one for each passage, as on the page: undoing takes back one
        book, decision = self._outside, replace(self._decision, passage=passage, act=act)
        if self._draw and passage in self._probability:
            why, probability = draws.WHY[self._draw.kind], self._probability[passage]
            book, decision = self._inside, replace(decision, why=why, draw=self._draw.id, probability=probability)
        elif self._draw:
            self._moved += 1
        typed = {code: text for code, text in line.answers.items() if text}
        self._rows += 1
        self._read += bool(typed)
        self._empty += len(line.answers) - len(typed) if typed else 0
        self._account.read += len(line.answers)
        self._account.blank += len(line.answers) - len(typed)
        for code, text in typed.items():
            try:
                new = self._answer(book, line.place, replace(decision, code=code, value=value_of(text)))
            except EvidenceError as error:
                self._account.set_aside.append(SetAside(self._name, f"{line.place}, {self._names[code]}", str(error)))
            else:
                self._account.recorded += new
                self._account.already += not new
        if line.note:
            self._note(line, passage)

    def set_aside(self, place: str, error: EvidenceError) -> None:
        """Count one thing that could not be taken, and say why."""
        self._account.read += 1
        self._account.set_aside.append(SetAside(self._name, place, str(error)))

    def close(self, untouched: int) -> Imported:
        """Write what is new; what became of it all. untouched: rows that had nothing in them."""
        ledger.record(self._connection, [*self._inside.new, *self._outside.new])
        self._account.changed = self._inside.changed + self._outside.changed
        self._account.read += untouched * len(self._names)
        self._account.blank += untouched * len(self._names)
        if self._empty:
            self._account.notes.append(f"{self._empty:,} cells beside answers were left empty: those codes stay open.")
        if unread := untouched + self._rows - self._read:
            self._account.notes.append(f"{unread:,} passages have no answer: they stay unread.")
        if self._moved:
            self._account.notes.append(
                f"{self._moved:,} passages left the draw when their documents were replaced: recorded outside it."
            )
        if self._noted:
            self._account.notes.append(f"{self._noted:,} notes became memos on their passages.")
        return self._account

    def _answer(self, book: Book, place: str, decision: Decision) -> bool:
        def overtaken(held: Decision) -> str:
            """A cell that came in before, as it is, does not overrule what was decided elsewhere since."""
            earlier = self._before.get((decision.passage, decision.code), "")
            return "clear the cell" if earlier == decision.value else ""

        return book.enter(place, decision, overtaken)

    def _note(self, line: Line, passage: int) -> None:
        """A note is one memo; changed words take the place of those that the same workbook brought before."""
        try:
            if line.note.startswith("="):
                raise EvidenceError(f"'{line.note}' is a formula: type it as words")
            mine = [
                memo
                for memo in memos.on_passages(self._connection, [passage]).get(passage, ())
                if memo.act.startswith(self._mark)
            ]
            act = self._mark + _hash(line.id, line.note, *(memo.act for memo in mine))
            known = select(MEMOS.c.id).where(MEMOS.c.act == act)
            if line.note in (memo.text for memo in mine) or self._connection.execute(known).first():
                return
            replaces = mine[-1].act if mine else None
            memos.add(
                self._connection,
                self._outside.called(self._decision.coder),
                line.note,
                passage=passage,
                act=act,
                replaces=replaces,
            )
            self._noted += 1
        except EvidenceError as error:
            self.set_aside(f"{line.place}, Notes", error)


def _coder(name: str, inside: str, given: str | None) -> str:
    if inside and given and inside.casefold() != given.casefold():
        raise EvidenceError(
            f"{name} was made for {inside}, not for {given}: leave --coder out, or export one for {given}"
        )
    if not (inside or given):
        raise EvidenceError(f"{name} does not say whose decisions these are: give --coder NAME")
    return inside or str(given)


def _codebook(connection: Connection, name: str, filled: Filled) -> Codebook:
    """The version that the workbook was made under."""
    kept = {book.version: book for _, book in ledger.codebooks(connection)}
    found = kept.get(filled.terms.codebook)
    if found is None:
        raise EvidenceError(
            f"{name} was made under a codebook that this study never had: import it where it was exported from"
        )
    if any(line.answers.keys() - found.by_id.keys() for line in filled.lines):
        raise EvidenceError(f"{name} has codes on its hidden sheet that its codebook has not: answer in a new export")
    return found


def _draw(connection: Connection, name: str, terms: Terms, coder: str) -> Draw | None:
    if not terms.draw:
        return None
    found = [draw for draw in draws.draws(connection) if draw.key == terms.draw]
    if not found:
        raise EvidenceError(f"{name} is of a draw that this study has not: import it where it was exported from")
    if terms.visible or not draws.asks(found[0], coder):
        raise EvidenceError(f"{name} is of draw {found[0].id}, which {coder} does not read so: answer in a new export")
    return found[0]


def _before(connection: Connection, mark: str) -> dict[tuple[int, str], bool | None]:
    """What the same workbook brought in before: its newest value by passage and code."""
    columns = (DECISIONS.c.passage, DECISIONS.c.code, DECISIONS.c.value)
    rows = connection.execute(select(*columns).where(DECISIONS.c.act.startswith(mark)).order_by(DECISIONS.c.id))
    return {(row.passage, row.code): row.value for row in rows}


def _hash(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:HALF]
