"""When a document is replaced: the decisions that its new text can repeat, because it has the same words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from coding import memos
from coding.ledger import Decision, adjudicated, current, record
from corpus.database import Connection
from corpus.passage import questions
from corpus.store import Kept, Store


@dataclass(frozen=True, slots=True)
class Carried:
    """Decisions on earlier texts of a document: how many the new one repeats, and those left, with their words."""

    repeated: int
    left: list[tuple[Decision, str]]


def carry(store: Store, connection: Connection, old: Sequence[int], new: int) -> Carried:
    """Repeat the decisions on a document's retired texts, newest first, where the new one says the same words in order.

    Memos and flags go with them. What was decided on a newer text is not overruled by an older one. What stays in the
    ledger on words that are gone counts no more; it is repeated when a later text has them again.
    """
    after = store.of_key(connection, new)
    done: set[tuple[str, int, str, bool]] = set()
    repeated: list[Decision] = []
    left: list[tuple[Decision, str]] = []
    for number, key in enumerate(old):
        before = store.of_key(connection, key)
        matcher = SequenceMatcher(None, _words(before), _words(after), autojunk=False)
        same = {before.passages[i][0]: after.passages[j][0] for i, j in _pairs(matcher)}
        memos.repeat(connection, (key, new), same)
        for held in [*current(connection, key), *adjudicated(connection, key)]:
            if held.passage not in same:
                left += [(held, store.words(connection, held.passage))] * (number == 0)
                continue
            settled = held.why == "adjudication"
            place = ("" if settled else held.coder, same[held.passage], held.code, settled)
            if place not in done:
                done.add(place)
                fresh = replace(held, passage=same[held.passage], draw=None, probability=None)
                repeated.append(replace(fresh, act=None, undoes=None))  # no act of the coder's, to be undone
    record(connection, repeated)
    return Carried(len(repeated), left)


def _words(kept: Kept) -> list[tuple[str, str | None, str]]:
    """Of each passage what it answers, who says it, and what."""
    asked = questions(kept.document)
    return [(asked[passage.turn], passage.speaker, passage.text) for _, passage in kept.passages]


def _pairs(matcher: "SequenceMatcher[tuple[str, str | None, str]]") -> Iterator[tuple[int, int]]:
    for block in matcher.get_matching_blocks():
        yield from ((block.a + i, block.b + i) for i in range(block.size))
