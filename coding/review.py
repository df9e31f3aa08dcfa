"""The story of a reviewer: what to read next, its card, what was decided, and taking it back."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from coding import acts, draws, ledger, memos, queue, suggestions
from coding.acts import Reading
from coding.cards import AUDIT, DOUBLE, REVIEW, Card, Mine, Sitting, make_card, mine_of, own_of
from coding.codebook import Codebook
from coding.draws import Draw
from coding.ledger import new_act
from coding.offer import offered
from coding.queue import Queue, Queued
from coding.reads import Reads
from coding.recent import Recent, recent
from coding.study import Study
from coding.suggestions import Run
from corpus.context import context, live_context
from corpus.database import Connection
from corpus.errors import EvidenceError

PICKS = ("certain", "uncertain", "diverse", "manual")
KINDS = {REVIEW: PICKS, **{kind: (why,) for kind, why in draws.WHY.items()}}  # what is saved, and undone, in each mode


@dataclass(frozen=True, slots=True)
class Saved:
    """rows: how many were added, 0 where nothing is new."""

    act: str
    passage: int
    rows: int


@dataclass(frozen=True, slots=True)
class Undone:
    """The act that was taken back or brought back, and the passage it is about.

    was: by code, what the coder had said of the passage until then.
    """

    act: str
    undid: str
    passage: int
    was: dict[str, Mine] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """Work there is for a coder. read of total; None = not counted. draw: None for the review queue."""

    mode: str
    draw: int | None
    read: int
    total: int
    coders: tuple[str, ...] = ()


class Desk:
    """One study as its reviewers work on it; safe to use from several threads."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._runs: dict[int, Run] = {}
        self._shown: dict[str, Codebook] = {}
        self._reads = Reads()

    @property
    def study(self) -> Study:
        """The study as codebook.yml has it now; as it was while the file has a fault, for nobody's reading waits."""
        with suppress(EvidenceError):
            self._study = self._study.latest()
        self._shown[self._study.codebook.version] = self._study.codebook
        return self._study

    def tasks(self, coder: str, mode: str | None = None) -> list[Task]:
        """The queue, and every draw that asks this coder; of one mode where it is named."""
        with self.study.store.database.reading() as connection:
            found = [Task(REVIEW, None, *self._reads.count(connection))] if mode in (None, REVIEW) else []
            for draw in draws.draws(connection) if mode != REVIEW else ():
                if mode in (None, draw.kind) and draws.asks(draw, coder):
                    found.append(Task(draw.kind, draw.id, *draws.progress(connection, draw, coder), draw.coders))
        return found

    def sitting(self, coder: str, mode: str = REVIEW, draw: int | None = None) -> Sitting:
        """A coder at work; EvidenceError for a mode that there is not, or a draw that does not ask this coder."""
        if mode == REVIEW:
            return Sitting(coder)
        with self.study.store.database.reading() as connection:
            known = [d for d in draws.draws(connection) if d.kind == mode and draws.asks(d, coder)]
            if draw is None:
                progress = ((d, *draws.progress(connection, d, coder)) for d in known)
                draw = next((d.id for d, read, total in progress if read < total), known[-1].id if known else None)
        if mode not in KINDS or draw not in {d.id for d in known}:
            raise EvidenceError(
                f"there is no {mode} draw {draw or ''} for {coder}: `themis audit`, `themis double` or `themis doubts` "
                "makes one"
            )
        return Sitting(coder, mode, draw)

    def following(self, sitting: Sitting, but: int | None = None) -> Card | None:
        """The card of what this coder reads next, kept for them for a while; None where nothing is left.

        but: a passage not to take if there is another, the one just skipped.
        """
        with self.study.store.database.writing(lasting=False) as connection:  # only who has what open
            if sitting.draw is not None:
                draw = draws.find(connection, sitting.draw)
                found = draws.following(connection, draw, sitting.coder, but)
                pick = Queued(found[0], draw.kind, None, ()) if found else None
            else:
                pick = offered(connection, sitting.coder, but)
            if pick is None:
                return None
            draws.claim(connection, sitting.draw or 0, pick.passage, sitting.coder)
        with self.study.store.database.reading() as connection:
            run = self._run(connection)
            shown = pick.suggestions or None
            return make_card(self.study, connection, sitting, pick.passage, pick.why, pick.code, run, shown)

    def card(self, sitting: Sitting, passage: int) -> Card:
        """The card of any passage, to read or to change what was said of it.

        EvidenceError where it is to be read blind elsewhere, or is not in the draw of this sitting.
        """
        with self.study.store.database.reading() as connection:
            if sitting.draw is not None:
                self._probability(connection, sitting, passage)
                return make_card(self.study, connection, sitting, passage, sitting.mode)
            self._check_open(connection, sitting.coder, passage)
            pick = queue.of_passage(connection, passage)
            why, wanted, shown = (pick.why, pick.code, pick.suggestions) if pick else ("manual", None, None)
            return make_card(self.study, connection, sitting, passage, why, wanted, self._run(connection), shown)

    def save(
        self, sitting: Sitting, reading: Reading, version: str | None = None, seen: Mapping[str, bool] | None = None
    ) -> Saved:
        """Put a reading in the ledger; on return it is on disk. Saved again under the same act, nothing is added.

        version: of the codebook that the coder saw. seen: by code, what they had said of the passage as it was shown to
        them; EvidenceError where they have said something else since, in another window. How it was shown is told by
        the sitting, not by the reading.
        """
        with self.study.store.database.writing() as connection:
            if ledger.acted(connection, reading.act):
                return Saved(reading.act, reading.passage, 0)
            if seen is not None:
                _check_seen(own_of(connection, sitting, reading.passage), seen)
            codebook = self._codebook(connection, version)
            place = live_context(connection, reading.passage)
            probability = None
            if sitting.draw is not None:
                probability = self._probability(connection, sitting, reading.passage)
            why = draws.WHY[sitting.mode] if sitting.blind else reading.why if reading.why in PICKS else "manual"
            shown = Reading(
                act=reading.act,
                passage=reading.passage,
                yes=reading.yes,
                why=why,
                quotes=reading.quotes,
                draw=sitting.draw,
                probability=probability,
                suggestions_visible=not sitting.blind,
                seconds=reading.seconds,
            )
            rows = acts.save(connection, sitting.coder, shown, codebook, place.text)
        return Saved(reading.act, reading.passage, rows)

    def skip(self, sitting: Sitting, passage: int) -> None:
        """Put a passage off: it comes again, last. EvidenceError for one that is not there."""
        with self.study.store.database.writing() as connection:
            if sitting.draw is not None:
                self._probability(connection, sitting, passage)
            context(connection, passage)
            draws.claim(connection, sitting.draw or 0, passage, sitting.coder, skipped=True)

    def undo(self, sitting: Sitting, new: str | None = None) -> Undone | None:
        """Take back the coder's last act in this mode; None where there is none."""
        with self.study.store.database.writing() as connection:
            new, kinds = new or new_act(), KINDS[sitting.mode]
            act = _undid(connection, new) or acts.undoable(connection, sitting.coder, kinds, sitting.draw)
            return self._take_back(connection, sitting, act, new)

    def redo(self, sitting: Sitting, new: str | None = None) -> Undone | None:
        """Bring back what the last undo in this mode took; None where nothing was undone last."""
        with self.study.store.database.writing() as connection:
            new = new or new_act()
            act = _undid(connection, new) or acts.redoable(connection, sitting.coder, KINDS[sitting.mode])
            if act and ledger.acted(connection, act)[0].draw != sitting.draw:
                return None
            return self._take_back(connection, sitting, act, new)

    def progress(self, sitting: Sitting) -> tuple[int, int]:
        """(read, to read in all) in this mode: of the whole study where it is the review queue."""
        with self.study.store.database.reading() as connection:
            if sitting.draw is not None:
                return draws.progress(connection, draws.find(connection, sitting.draw), sitting.coder)
            return self._reads.count(connection)

    def learned(self) -> Queue | None:
        """The queue that was learned last, with what changed then; None before the first."""
        with self.study.store.database.reading() as connection:
            return queue.latest(connection)

    def unlearned(self) -> bool:
        """Whether there are suggestions, and no queue was made of them yet."""
        with self.study.store.database.reading() as connection:
            return queue.latest(connection) is None and suggestions.newest(connection) is not None

    def recent(self, sitting: Sitting, most: int = 10) -> list[Recent]:
        """The passages that the coder read last in this mode and that still hold, newest first."""
        study = self.study
        with study.store.database.reading() as connection:
            return recent(connection, sitting, KINDS[sitting.mode], most, most * 2 * len(study.codebook.codes))

    def memo(self, coder: str, text: str, passage: int, act: str | None = None, replaces: str | None = None) -> str:
        """Keep a memo on a passage, in place of an earlier one of the same author's if it `replaces` one; its act."""
        with self.study.store.database.writing() as connection:
            context(connection, passage)
            if replaces is not None and memos.author(connection, replaces) != coder:
                raise EvidenceError("only its author changes a memo: add one of your own")
            return memos.add(connection, coder, text, passage=passage, act=act, replaces=replaces)

    def flag(self, coder: str, passage: int, note: str, raised: bool = True, act: str | None = None) -> str:
        """Raise or take down the coder's flag on a passage; its act."""
        with self.study.store.database.writing() as connection:
            context(connection, passage)
            return memos.flag(connection, coder, passage, note, raised=raised, act=act)

    def _take_back(self, connection: Connection, sitting: Sitting, act: str | None, new: str) -> Undone | None:
        if act is None:
            return None
        acts.undo(connection, sitting.coder, act, new)
        gone = ledger.acted(connection, act)
        was = own_of(connection, sitting, gone[0].passage) | mine_of(gone)
        return Undone(new, act, gone[0].passage, was)

    def _run(self, connection: Connection) -> Run | None:
        """The newest run; its reasons are long, so it is read once."""
        newest = suggestions.newest(connection)
        if newest is None:
            return None
        if newest not in self._runs and (run := suggestions.latest(connection)):
            self._runs = {run.id: run}
        return self._runs.get(newest)

    def _codebook(self, connection: Connection, version: str | None) -> Codebook:
        """Today's codebook, kept; or the earlier version that the coder had before them."""
        today = self.study.codebook
        ledger.keep(connection, today)
        if version in (None, today.version):
            return today
        for codebook in (*self._shown.values(), *(known for _, known in ledger.codebooks(connection))):
            if codebook.version == version:
                ledger.keep(connection, codebook)
                return codebook
        raise EvidenceError("the codebook changed while this passage was open: reload the page and decide again")

    def _probability(self, connection: Connection, sitting: Sitting, passage: int) -> float:
        found = draws.probability(connection, sitting.draw or 0, passage)
        if found is None:
            raise EvidenceError(f"passage {passage} is not in draw {sitting.draw}, or its document was replaced")
        return found

    def _check_open(self, connection: Connection, coder: str, passage: int) -> None:
        if draws.sealed(connection, coder, [passage]):
            raise EvidenceError("this passage was drawn to be read blind: read it in its draw first")


def _check_seen(own: Mapping[str, Mine], seen: Mapping[str, bool]) -> None:
    if {code: mine.value for code, mine in own.items()} != dict(seen):
        said = ", ".join(code for code, mine in own.items() if mine.value) or "no code"
        raise EvidenceError(
            f"you decided on this passage in another window meanwhile ({said if own else 'and took it back'}): reload, "
            "and open it under your last decisions to change it"
        )


def _undid(connection: Connection, act: str) -> str | None:
    """What this act took back, if it was done before: a request that is sent again."""
    return next((row.undoes for row in ledger.acted(connection, act)), None)


__all__ = ["AUDIT", "DOUBLE", "REVIEW", "Card", "Desk", "Draw", "Reading", "Saved", "Sitting", "Task", "Undone"]
