"""Bringing the work of another copy of a study into this one: nothing is lost, and nothing is there twice.

Identity is place: a row of the other copy belongs to the passage at the same place of the same text.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from coding import accepted, frames, ledger
from coding.codebook import Codebook, diff
from coding.codebook_file import load
from coding.copies import opened
from coding.draws import DRAWN, DRAWS, is_sound
from coding.joining import Lane, Rules, another, join
from coding.ledger import CODEBOOKS, COLUMNS, DECISIONS, WHY, Decision
from coding.memos import FLAGS, MEMOS, Flag
from coding.places import SPOILT, Places
from coding.reviewers import REVIEWERS
from coding.study import Study
from corpus.database import Connection, Table, added_key, func, insert, select
from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.tables import DOCUMENTS, PASSAGES

T = TypeVar("T")
CHUNK = 500  # passages whose decisions are in memory at a time


@dataclass(frozen=True, slots=True)
class Both:
    """What one coder (or two, settling) decided differently in the two copies; theirs: whether the other's holds."""

    coder: str
    passage: str
    code: str
    theirs: bool


@dataclass
class Merged:
    """What became of the other copy's rows: `read == added + already + set aside` of the decisions.

    again: decisions of this copy that are said once more, so that they hold. both: where neither copy knew the other's
    decision and they say different things. memos, flags, draws: how many were added. accepted: what was proposed,
    accepted or taken back unread, likewise; unaccepted: proposals left there. reviewers: names that are new.
    unknown: of the decisions added, those on codes that the codebook here has not, by code. missing: documents that are
    only there. lines: of difference between the codebooks, None where theirs cannot be read.
    """

    other: Path
    read: int = 0
    added: int = 0
    again: int = 0
    already: int = 0
    memos: int = 0
    flags: int = 0
    draws: int = 0
    accepted: int = 0
    unaccepted: int = 0
    versions: int = 0
    reviewers: list[str] = field(default_factory=list)
    both: list[Both] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    lines: int | None = None


def merge(study: Study, other: Path | str) -> Merged:
    """Add what was decided, noted and drawn in another copy of the study, in one transaction; twice adds nothing.

    Where a coder decided in both copies the later decision holds. Suggestions, queues and what is open in a browser
    are each copy's own, and codebook.yml stays as it is here.
    EvidenceError where `other` is no other study's folder, or cannot be read.
    """
    account = Merged(Path(other))
    with opened(account.other, study) as store:
        account.lines = _lines(study, account.other)
        with store.database.reading() as there, study.store.database.writing() as here:
            merging = _Merging(here, there, Places(here, there), account)
            merging.codebooks()
            merging.reviewers()
            draws = merging.draws()
            merging.memos()
            merging.flags()
            merging.decisions(draws, set(study.codebook.by_id))
            account.accepted, account.unaccepted = accepted.adopt(here, there, draws)
    account.missing, account.set_aside = merging.places.only_there, [*merging.left, *merging.places.set_aside]
    return account


class _Merging:
    """One merge, in the transaction of both studies' connections."""

    def __init__(self, here: Connection, there: Connection, places: Places, account: Merged) -> None:
        self.here, self.there, self.places, self.account = here, there, places, account
        self.left: list[SetAside] = []
        self._versions: set[str] = set()
        names = (DECISIONS.c.coder, MEMOS.c.author, FLAGS.c.coder, REVIEWERS.c.name)
        used = [name for column in names for name in here.execute(select(column).distinct()).scalars()]
        self._names = {name.casefold(): name for name in used}

    def codebooks(self) -> None:
        """Every version that was used there."""
        self._versions.update(self.here.execute(select(CODEBOOKS.c.version)).scalars())
        for row in self.there.execute(select(CODEBOOKS)):
            if row.version not in self._versions and _is_codebook(row.content):
                self._versions.add(row.version)
                self._keep(CODEBOOKS, row._asdict())
                self.account.versions += 1

    def reviewers(self) -> None:
        """Names only: a link, and who leads, are each copy's own; and who was removed here stays so."""
        known = set(self.here.execute(select(REVIEWERS.c.name_key)).scalars())
        for row in self.there.execute(select(REVIEWERS).order_by(REVIEWERS.c.id)).all():
            if row.name_key not in known and row.removed is None:
                known.add(row.name_key)
                name = self._spelled(row.name)
                self._keep(REVIEWERS, {"name": name, "name_key": row.name_key, "lead": False, "added": ledger.now()})
                self.account.reviewers.append(name)

    def draws(self) -> dict[int, int]:
        """Their draws, and the passages of them that are here; the number here of each of their numbers."""
        known = dict(self.here.execute(select(DRAWS.c.key, DRAWS.c.id)).all())
        numbers: dict[int, int] = {}
        for row in self.there.execute(select(DRAWS).order_by(DRAWS.c.id)).all():
            if row.key not in known and not (is_sound(row) and row.codebook in self._versions):
                self.left.append(SetAside("study.db", f"draw {row.id}", SPOILT))
                continue
            if row.key not in known:
                coders = json.dumps([self._spelled(name) for name in json.loads(row.coders)])
                fresh = {"id": None, "coders": coders, "decisions": ledger.last(self.here)}
                known[row.key] = added_key(self._keep(DRAWS, {**row._asdict(), **fresh}))
                self.account.draws += 1
                if found := frames.frame(self.there, row.id, self._here):
                    frames.keep(self.here, known[row.key], found)
            numbers[row.id] = known[row.key]
        taken = {
            (row.draw, place) for row in self.here.execute(select(DRAWN)) for place in (row.position, f"p{row.passage}")
        }
        sizes = dict(self.here.execute(select(DRAWS.c.id, DRAWS.c.size)).all())
        for row in self.there.execute(select(DRAWN)).all():
            draw, passage = numbers.get(row.draw, 0), self.places.passage(row.passage, "drawn passages")
            sound = row.position in range(sizes.get(draw, 0)) and isinstance(row.probability, float)
            if sound and passage is not None and not {(draw, row.position), (draw, f"p{passage}")} & taken:
                self._keep(DRAWN, {**row._asdict(), "draw": draw, "passage": passage})
        return numbers

    def _here(self, keys: "frames.Integers") -> "frames.Integers":
        """Keys of their passages as they are here, -1 for one that is not."""
        return frames.keys(self.places.known(key) for key in keys.tolist())

    def memos(self) -> None:
        """Memos, in the order in which they were written."""
        known = set(self.here.execute(select(MEMOS.c.act)).scalars())
        for row in self.there.execute(select(MEMOS).order_by(MEMOS.c.id)).all():
            values = {**row._asdict(), "id": None, "author": self._spelled(row.author)}
            if row.document is not None:
                values["document"] = self.places.document(row.document, "memos")
            if row.passage is not None:
                values["passage"] = self.places.passage(row.passage, "memos")
            lost = (values["document"], values["passage"]).count(None) > (row.document, row.passage).count(None)
            if row.act not in known and not lost:
                self._keep(MEMOS, values)
                self.account.memos += 1

    def flags(self) -> None:
        """Flags; where one was raised and taken down in different copies, the later holds."""
        columns = [FLAGS.c[name] for name in Flag.__slots__]
        ours = [Flag(*row) for row in self.here.execute(select(*columns).order_by(FLAGS.c.id))]
        acts, known, theirs = {flag.act for flag in ours}, set(ours), []
        for row in self.there.execute(select(*columns).order_by(FLAGS.c.id)).all():
            passage = self.places.passage(row.passage, "flags")
            if passage is not None:
                flag = Flag(**{**row._asdict(), "passage": passage, "coder": self._spelled(row.coder)})
                theirs += [flag] * (flag in known or flag.act not in acts)

        def again(flag: Flag) -> Flag:
            act = another(flag.act)
            while act in acts:
                act = another(act)
            acts.add(act)
            return replace(flag, act=act)

        rules = Rules[Flag](lambda f: [(1, f.coder, f.passage, f.code or "")], lambda f: (f.time, f.act), again)
        joined = join(ours, theirs, rules)
        for flag in (*(theirs[number] for number in joined.new), *joined.again):
            self._keep(FLAGS, {name: getattr(flag, name) for name in Flag.__slots__})
        self.account.flags = len(joined.new)

    def decisions(self, draws: dict[int, int], codes: set[str]) -> None:
        """Decisions in their order, and after them those of ours that hold although they stand before."""
        number = select(DECISIONS.c.passage, func.count()).group_by(DECISIONS.c.passage)
        found: dict[int, list[int]] = {}
        for key, count in self.there.execute(number).all():
            self.account.read += count
            if (passage := self.places.passage(key, "decisions", count)) is not None:
                found.setdefault(passage, []).append(key)
        new: list[tuple[int, Decision]] = []
        again: list[Decision] = []
        both: list[tuple[Decision, Decision, Decision]] = []
        for chunk in _chunks(sorted(found)):
            ours = self._ours(chunk)
            for passage, theirs in self._theirs({key: own for own in chunk for key in found[own]}, draws).items():
                joined = join(ours.get(passage, []), [row for _, row in theirs], RULES)
                self.account.already += len(theirs) - len(joined.new)
                new += [theirs[position] for position in joined.new]
                again += joined.again
                both += [three for three in joined.both if three[0].value != three[1].value]
        ledger.record(self.here, [row for _, row in sorted(new, key=lambda numbered: numbered[0])])
        ledger.record(self.here, again)
        self.account.added, self.account.again = len(new), len(again)
        self.account.unknown.update(row.code for _, row in new if row.code not in codes)
        self._tell(both)

    def _ours(self, chunk: Sequence[int]) -> dict[int, list[Decision]]:
        query = select(*COLUMNS).where(DECISIONS.c.passage.in_(chunk)).order_by(DECISIONS.c.id)
        found: dict[int, list[Decision]] = {}
        for row in self.here.execute(query):
            found.setdefault(row.passage, []).append(Decision(*row))
        return found

    def _theirs(self, keys: dict[int, int], draws: dict[int, int]) -> dict[int, list[tuple[int, Decision]]]:
        """Their rows as they are here, with their numbers there, by passage here. keys: of passages, theirs to ours."""
        query = select(DECISIONS.c.id, *COLUMNS).where(DECISIONS.c.passage.in_(keys)).order_by(DECISIONS.c.id)
        found: dict[int, list[tuple[int, Decision]]] = {}
        for number, *values in self.there.execute(query):
            row = Decision(*values)
            if row.codebook not in self._versions or not _is_sound(row, self.places.length(row.passage)):
                self.places.spoilt(row.passage, "decisions")
                continue
            own = replace(row, passage=keys[row.passage], coder=self._spelled(row.coder), draw=draws.get(row.draw or 0))
            found.setdefault(own.passage, []).append((number, own))
        return found

    def _tell(self, both: Sequence[tuple[Decision, Decision, Decision]]) -> None:
        for chunk in _chunks(both):
            query = select(PASSAGES.c.id, DOCUMENTS.c.name, PASSAGES.c.start, PASSAGES.c.end)
            query = query.select_from(PASSAGES.join(DOCUMENTS))
            rows = self.here.execute(query.where(PASSAGES.c.id.in_([ours.passage for ours, _, _ in chunk])))
            ids = {row.id: f"{row.name}:{row.start}-{row.end}" for row in rows}
            self.account.both += [
                Both(theirs.coder, ids[ours.passage], ours.code, holds == theirs) for ours, theirs, holds in chunk
            ]

    def _spelled(self, name: str) -> str:
        """A coder's name as this copy writes it: Anna is anna."""
        return str(self._names.setdefault(name.casefold(), name))

    def _keep(self, table: Table, values: dict[str, Any]) -> Any:
        return self.here.execute(insert(table).values(**values))


def _lanes(row: Decision) -> list[Lane]:
    if row.why == "adjudication":
        return [(2, row.code)]
    own = [(1, row.coder, row.code)]
    return own if row.draw is None else [*own, (0, row.draw, row.coder, row.code)]


def _age(row: Decision) -> tuple[str, ...]:
    return row.time, row.act or "", repr(replace(row, passage=0, draw=None))


def _again(row: Decision) -> Decision:
    return row if row.act else replace(row, act=another(repr(row)))


RULES = Rules[Decision](_lanes, _age, _again)


def _is_codebook(content: str) -> bool:
    try:
        return bool(Codebook.from_json(content).version)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


def _is_sound(row: Decision, length: int) -> bool:
    """Whether a row is one that Themis writes, on a passage of this length."""
    quote = (row.quote_start, row.quote_end)
    try:
        utc = datetime.fromisoformat(row.time).utcoffset() == timedelta(0)
        within = quote == (None, None) or 0 <= int(quote[0] or 0) < int(quote[1] or 0) <= length
    except (TypeError, ValueError):
        return False
    return bool(row.coder and row.code and row.why in WHY and utc and within)


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _lines(study: Study, other: Path) -> int | None:
    try:
        theirs = load(other / "codebook.yml")
    except EvidenceError:
        return None
    return len(diff(study.codebook, theirs))
