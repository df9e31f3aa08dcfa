"""Settling what coders differ on: what each of them said, the outcome with its reason, and taking it back.

An outcome is a row of its own lane in the ledger. What the coders said stays as they said it, and so does how far they
agree; the outcome decides what is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from coding import acts, ledger, memos
from coding.codebook import Codebook
from coding.differences import BY_ADJUDICATION, ONE, UNANIMOUS, UNRESOLVED
from coding.hearing import WHY, Hearing, hear
from coding.ledger import ADJUDICATED, Decision, new_act, now
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError

REASONS = {
    "ambiguous": "Ambiguous text",
    "gap": "Gap in the codebook",
    "slip": "Slip",
    "edge": "Edge case",
    "honest": "Honest difference",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What holds of a code in a passage, and why its coders differed (a key of REASONS).

    note: kept as a memo on the passage and the code. flag: whether the code's definition is to be looked at.
    """

    code: str
    value: bool
    reason: str
    note: str = ""
    flag: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is settled of one passage at once. act: new_act() of the caller; saved twice, it is there once.

    codebook: version that the person saw. seconds: from shown to settled.
    """

    act: str
    passage: int
    outcomes: tuple[Outcome, ...]
    codebook: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """The value that counts of a code in a passage, None where coders differ still. source: one of SOURCES.

    coders: who said something of it. reason: of an adjudication. quotes: spans of those whose value it is.
    """

    passage: int
    code: str
    value: bool | None
    source: str
    coders: tuple[str, ...]
    reason: str | None = None
    quotes: tuple[tuple[int, int], ...] = field(default=())


def settle(study: Study, coder: str, what: Settlement) -> int:
    """Put outcomes in the ledger, as one act; how many rows. Sent again under the same act, nothing is added.

    EvidenceError for a reason or a code that there is not, where nobody differs, and for outcomes that cannot hold of
    one passage: codes that exclude each other, or a yes for a code nested in one that was settled as no.
    """
    with study.store.database.writing() as connection:
        if ledger.acted(connection, what.act):
            return 0
        codebook = study.codebook
        heard = hear(study, connection, what.passage)
        _check(what, codebook, heard, ledger.of_passages(connection, [what.passage], ADJUDICATED))
        ledger.keep(connection, codebook)
        rows = [
            Decision(
                coder=coder,
                passage=what.passage,
                code=one.code,
                value=one.value,
                codebook=codebook.version,
                why=WHY,
                seconds=acts.lasted(what.seconds),
                time=now(),
                act=what.act,
                reason=one.reason,
            )
            for one in what.outcomes
        ]
        ledger.record(connection, rows)
        for one in what.outcomes:
            if one.note.strip():
                memo = _beside(what.act, "memo", one.code)
                memos.add(connection, coder, one.note, passage=what.passage, code=one.code, act=memo)
            if one.flag:
                up = _beside(what.act, "flag", one.code)
                memos.flag(connection, coder, what.passage, one.note, code=one.code, act=up)
    return len(rows)


def take_back(study: Study, coder: str, act: str | None = None, new: str | None = None) -> Settlement | None:
    """Undo this settlement of the coder, or the last one; what it had said, None where there is none.

    Its notes and flags go with it. EvidenceError where it is not theirs, or nothing of it holds any more.
    """
    with study.store.database.writing() as connection:
        new = new or new_act()
        if again := ledger.acted(connection, new):
            act = again[0].undoes
        act = act or acts.undoable(connection, coder, (WHY,))
        if act is None:
            return None
        rows = ledger.acted(connection, act)
        if any(row.why != WHY or row.undoes for row in rows):
            raise EvidenceError("this was no settlement of a disagreement: undo it where it was decided")
        acts.undo(connection, coder, act, new)
        outcomes = tuple(_withdrawn(connection, row) for row in rows)
        return Settlement(act, rows[0].passage, outcomes)


def agreed(connection: Connection, codebook: Codebook) -> Iterator[Agreed]:
    """The value that counts of every passage and code that somebody read, and where it comes from; by passage."""
    verdicts = {(row.passage, row.code): row for row in ledger.adjudicated(connection)}
    quotes: dict[tuple[int, str, bool], list[tuple[int, int]]] = {}
    for row in ledger.current(connection):
        if row.quote:
            quotes.setdefault((row.passage, row.code, bool(row.value)), []).append(row.quote)
    by_coder = dict(ledger.by_coder(connection, codebook))
    for passage, values in ledger.agreed(connection, codebook):
        for code, value in values.items():
            said = by_coder.get(passage, {}).get(code, {})
            below = [verdicts.get((passage, one)) for one in (code, *codebook.below(code))]
            verdict = next((row for row in below if row and (row.code == code or row.value)), None)
            yield Agreed(
                passage=passage,
                code=code,
                value=None if value == 0.5 else bool(value),
                source=_source(verdict, set(said.values()), len(said)),
                coders=tuple(sorted(said)),
                reason=verdict.reason if verdict else None,
                quotes=tuple(quotes.get((passage, code, bool(value)), ())),
            )


def _source(verdict: Decision | None, values: set[bool], coders: int) -> str:
    if verdict:
        return BY_ADJUDICATION
    return UNRESOLVED if len(values) > 1 else UNANIMOUS if coders > 1 else ONE


def _check(what: Settlement, codebook: Codebook, heard: Hearing, before: Sequence[Decision]) -> None:
    if what.codebook not in (None, codebook.version):
        raise EvidenceError("the codebook changed while this was open: reload the page and settle it again")
    if not what.outcomes or len({one.code for one in what.outcomes}) < len(what.outcomes):
        raise EvidenceError("settling needs one outcome for each code: say yes or no once")
    known = {dispute.code for dispute in heard.disputes}
    for one in what.outcomes:
        name = codebook.by_id[one.code].name if one.code in codebook.by_id else one.code
        if one.reason not in REASONS:
            raise EvidenceError(f"'{one.reason}' is no reason: there are {', '.join(REASONS)}")
        if one.code not in known:
            raise EvidenceError(f"the coders do not differ on '{name}' in this passage: there is nothing to settle")
    after = {row.code: bool(row.value) for row in before if row.code in codebook.by_id}
    _check_together(after | {one.code: one.value for one in what.outcomes}, codebook)


def _check_together(after: dict[str, bool], codebook: Codebook) -> None:
    """EvidenceError where not all of these can hold of one passage."""
    for code in (code for code, value in after.items() if value):
        own = codebook.by_id[code]
        for above in codebook.above(code):
            if after.get(above) is False:
                raise EvidenceError(
                    f"'{own.name}' is a part of '{codebook.by_id[above].name}', which is settled as no: "
                    "settle both as yes, or this one as no"
                )
        for other in own.never_with:
            if after.get(other):
                raise EvidenceError(f"'{own.name}' and '{codebook.by_id[other].name}' exclude each other: keep one")


def _beside(act: str, kind: str, code: str) -> str:
    """The act of the memo or flag that goes with an outcome, so that it can be found again."""
    return uuid5(UUID(int=0), f"{act} {kind} {code}").hex


def _withdrawn(connection: Connection, row: Decision) -> Outcome:
    """An outcome as it was, its memo and flag taken away."""
    act, note = str(row.act), ""
    memo, up = _beside(act, "memo", row.code), _beside(act, "flag", row.code)
    for standing in memos.on_passages(connection, [row.passage]).get(row.passage, []):
        if standing.act == memo:
            note = standing.text
            memos.add(connection, row.coder, "", passage=row.passage, code=row.code, replaces=memo)
    raised = [flag for flag in memos.raised(connection, [row.passage]) if flag.act == up]
    if raised:
        memos.flag(connection, row.coder, row.passage, code=row.code, raised=False)
    return Outcome(row.code, bool(row.value), str(row.reason), note or "".join(f.note for f in raised), bool(raised))
