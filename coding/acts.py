"""One act of a coder: saving what was read in a passage, taking it back, taking that back; each a transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from coding.codebook import Codebook
from coding.ledger import COLUMNS, DECISIONS, OWN, Decision, acted, new_act, now, of_passages, record
from corpus.database import Connection, and_, select
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

LONGEST = 3_600.0  # seconds that one reading is taken to have lasted at most
NEAR = 200  # rows of a coder that undo looks at first
LOOK_BACK = 4_000  # rows of a coder that undo and the list of the last decisions look at


@dataclass(frozen=True, slots=True)
class Reading:
    """What a coder says of a whole passage: the codes that hold; no to every other.

    act: a name for this saving, new_act() of the caller; saved twice, it is there once. quotes: by code, the words it
    is narrowed to, (start, end) within the passage. why, draw, probability, suggestions_visible: how it was shown.
    seconds: from shown to saved.
    """

    act: str
    passage: int
    yes: frozenset[str]
    why: str
    quotes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    draw: int | None = None
    probability: float | None = None
    suggestions_visible: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One of a coder's last acts. undone: taken back since."""

    act: str
    why: str
    draw: int | None
    undone: bool


def save(connection: Connection, coder: str, reading: Reading, codebook: Codebook, text: str) -> int:
    """Add a reading's rows, one for every code whose answer is new; how many. 0 where the act was saved before.

    A nested code that holds makes the codes above it hold. EvidenceError for codes that exclude each other, that the
    codebook has not, and for a quote outside the passage's text.
    """
    if acted(connection, reading.act):
        return 0
    yes = _with_above(reading.yes, codebook)
    _check(reading, yes, codebook, text)
    before = {
        row.code: row for row in of_passages(connection, [reading.passage], reading.draw or OWN) if row.coder == coder
    }
    rows = []
    for code in codebook.by_id:
        start, end = reading.quotes.get(code, (None, None)) if code in yes else (None, None)
        row = Decision(
            coder=coder,
            passage=reading.passage,
            code=code,
            value=code in yes,
            codebook=codebook.version,
            why=reading.why,
            quote_start=start,
            quote_end=end,
            draw=reading.draw,
            probability=reading.probability,
            suggestions_visible=reading.suggestions_visible,
            seconds=lasted(reading.seconds),
            time=now(),
            act=reading.act,
        )
        if code not in before or _said(before[code]) != _said(row):
            rows.append(row)
    record(connection, rows)
    return len(rows)


def lasted(seconds: float | None) -> float | None:
    """How long a reading is taken to have lasted; None where nobody says."""
    return None if seconds is None else min(max(seconds, 0.0), LONGEST)


def undo(connection: Connection, coder: str, act: str, new: str | None = None) -> list[Decision]:
    """Take a coder's act back, by rows that repeat what held before it; those rows.

    Where something was said since, that stays. Undoing an undo is redoing. EvidenceError where it is not theirs, or
    nothing of it holds.
    """
    rows = acted(connection, act)
    if not rows or rows[0].coder != coder:
        raise EvidenceError("there is no such act of yours to undo")
    new = new or new_act()
    if again := acted(connection, new):
        return again
    first = {row.passage: row for row in reversed(rows)}.values()
    back = [
        replace(said, seconds=None, time=now(), act=new, undoes=act) for row in first for said in _back(connection, row)
    ]
    if not back:
        raise EvidenceError("nothing of this holds any more: it was changed or undone since")
    record(connection, back)
    return back


def undoable(connection: Connection, coder: str, why: Iterable[str], draw: int | None = None) -> str | None:
    """The act that undo takes back: the newest of these kinds, in this draw or in none, that holds; None for none."""
    kinds = frozenset(why)
    for rows in (NEAR, LOOK_BACK):
        acts, _ = _acts(connection, coder, rows)
        if found := next((act.act for act in acts if act.why in kinds and act.draw == draw and not act.undone), None):
            return found
    return None


def redoable(connection: Connection, coder: str, why: Iterable[str]) -> str | None:
    """The undo that redo takes back: the newest act of these kinds, if it is an undo that holds; else None."""
    kinds = frozenset(why)
    _, undos = _acts(connection, coder)
    return next((act for act, kind, holds in undos if kind in kinds and holds), None)


def _acts(connection: Connection, coder: str, most: int = LOOK_BACK) -> tuple[list[Act], list[tuple[str, str, bool]]]:
    """A coder's last acts, newest first; and the undos since the newest plain act, with kind and whether they hold.

    In passages that count: what was said of a text that was replaced since is not what the coder means to undo.
    most: rows that are looked at; an act that goes on beyond them is left out.
    """
    query = select(*COLUMNS).select_from(DECISIONS.join(PASSAGES).join(DOCUMENTS))
    query = query.where(DECISIONS.c.coder == coder, DECISIONS.c.act.is_not(None), LIVE)
    newest = connection.execute(query.order_by(DECISIONS.c.id.desc()).limit(most)).all()
    by_act: dict[str, list[Decision]] = {}
    for row in newest:
        decision = Decision(*row)
        by_act.setdefault(str(decision.act), []).append(decision)
    if len(newest) == most and len(by_act) > 1:
        by_act.popitem()
    taken_back: set[str] = set()
    acts: list[Act] = []
    undos: list[tuple[str, str, bool]] = []
    for name, rows in by_act.items():
        first = rows[-1]
        holds = name not in taken_back
        if first.undoes is None:
            acts.append(Act(name, first.why, first.draw, not holds))
        else:
            if holds:
                taken_back.add(first.undoes)
            if not acts:
                undos.append((name, first.undoes, holds))
    why = {act.act: act.why for act in acts}
    return acts, [(name, why[undid], holds) for name, undid, holds in undos if undid in why]


def _back(connection: Connection, row: Decision) -> Iterator[Decision]:
    """What to say of a passage so that there holds what would without the act that this is the first row of.

    An act may have been overtaken in some codes only, so what was undone is told from all rows of the passage.
    """
    settled = DECISIONS.c.why == "adjudication"
    whose = settled if row.why == "adjudication" else and_(~settled, DECISIONS.c.coder == row.coder)
    query = select(*COLUMNS).where(DECISIONS.c.passage == row.passage, whose).order_by(DECISIONS.c.id)
    rows = [Decision(*values) for values in connection.execute(query)]
    stands, wanted = _standing(rows), _standing(rows, without=row.act)
    for code in dict.fromkeys(one.code for one in rows):
        yield from _again(row, stands.get(code, []), wanted.get(code, []))


def _again(row: Decision, stands: Sequence[Decision], wanted: Sequence[Decision]) -> list[Decision]:
    """Rows on one code that bring it from what stands to what is wanted: in the draw of the act, and at large.

    The first of them is in the act's own draw and in its coder's name: that is how undoing it again is found.
    """
    held, before = _newest(stands), _newest(wanted)
    inside, then = (_newest(rows, row.draw) if row.draw else None for rows in (stands, wanted))
    back: list[Decision] = []
    if inside is not then:
        back += [then] if then else [_nothing(inside)] if inside else []
    elif held and held is not before and (before is None or (before.draw, before.coder) != (row.draw, row.coder)):
        back.append(_nothing(held))
    if before and before not in back and (back or held is not before):
        back.append(before)
    return back


def _newest(rows: Sequence[Decision], draw: int | None = None) -> Decision | None:
    return next((row for row in reversed(rows) if draw in (None, row.draw)), None)


def _nothing(row: Decision) -> Decision:
    return replace(row, value=None, quote_start=None, quote_end=None, reason=None)


def _standing(rows: Sequence[Decision], without: str | None = None) -> dict[str, list[Decision]]:
    """The rows that were not undone, by code, oldest first; `without` an act, as if that were undone."""
    taken_back = {without}
    for row in reversed(rows):
        if row.undoes and row.act not in taken_back:
            taken_back.add(row.undoes)
    found: dict[str, list[Decision]] = {}
    for row in rows:
        if row.undoes is None and (row.act is None or row.act not in taken_back):
            found.setdefault(row.code, []).append(row)
    return found


def _with_above(codes: Iterable[str], codebook: Codebook) -> set[str]:
    return {over for code in codes for over in (code, *(codebook.above(code) if code in codebook.by_id else ()))}


def _check(reading: Reading, yes: set[str], codebook: Codebook, text: str) -> None:
    if unknown := sorted(yes - codebook.by_id.keys()):
        raise EvidenceError(f"the codebook of this passage has no code '{unknown[0]}': reload the page")
    for code in sorted(yes):
        for other in codebook.by_id[code].never_with:
            if other in yes:
                names = f"'{codebook.by_id[code].name}' and '{codebook.by_id[other].name}'"
                raise EvidenceError(f"{names} exclude each other in the codebook: keep one of them")
    for code, (start, end) in reading.quotes.items():
        if code in yes and not 0 <= start < end <= len(text):
            raise EvidenceError(f"the quote of '{code}' lies outside the passage: mark the words again")


def _said(row: Decision) -> Sequence[object]:
    return (row.value, row.quote_start, row.quote_end, row.codebook, row.draw)
