"""Verbatim quotes of a code, with where they stand, each checked against its source."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from coding import ledger, suggestions
from coding.study import Study
from corpus.database import Connection, select
from corpus.errors import EvidenceError
from corpus.passage import Document, Passage
from corpus.store import DOCUMENTS, Kept


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a document: `document.text[start:end] == text`.

    by: who decided that the code holds, "" for a suggestion nobody has decided. time: seconds into the recording, None
    where the transcript does not say. score: the machine's, None where it has none.
    """

    passage: str
    document: str
    speaker: str | None
    turn: int
    time: float | None
    start: int
    end: int
    text: str
    by: str
    score: float | None


def quotes(study: Study, code: str, suggested: bool = False) -> list[Quote]:
    """Quotes that people agree on, in the order of the corpus; with `suggested`, unread suggestions too, best first.

    EvidenceError for a code that the codebook has not, and where a quote does not stand in its source.
    """
    if code not in study.codebook.by_id:
        raise EvidenceError(f"the codebook has no code '{code}': it has {', '.join(study.codebook.by_id)}")
    with study.store.database.reading() as connection:
        run = suggestions.latest(connection)
        scores = {p: s for p, c, s in suggestions.suggested(connection, run.id) if c == code} if run else {}
        values = {p: by_code[code] for p, by_code in ledger.agreed(connection, study.codebook) if code in by_code}
        yes = {passage for passage, value in values.items() if value == 1.0}
        coders = _coders(connection, {code, *study.codebook.below(code)})
        unread = {passage for passage in scores if passage not in values} if suggested else set()
        keys = sorted(yes | unread)
        found = [
            (key, _quote(kept.document, passage, ", ".join(sorted(coders.get(key, ()))), scores.get(key)))
            for kept in checked(study, connection, study.store.holding(connection, keys))
            for key, passage in kept.passages
            if key in yes or key in unread
        ]
    decided = [quote for key, quote in found if key in yes]
    rest = [quote for key, quote in found if key not in yes]
    return decided + sorted(rest, key=lambda quote: -(quote.score or 0))


def checked(study: Study, connection: Connection, keys: set[int] | None = None) -> Iterator[Kept]:
    """Documents whose text is the one that was added, so that every offset stands; EvidenceError for any other."""
    hashes = dict(connection.execute(select(DOCUMENTS.c.id, DOCUMENTS.c.sha256)).all())
    for kept in study.store.kept(connection, keys):
        if hashlib.sha256(kept.document.text.encode()).hexdigest() != hashes[kept.key]:
            raise EvidenceError(
                f"the text of {kept.document.name} is not the one that was added, so no quote from it can be trusted: "
                f"restore a copy of study.db, or put the file in again with `themis add --replace`"
            )
        yield kept


def _quote(document: Document, passage: Passage, by: str, score: float | None) -> Quote:
    if document.text[passage.start : passage.end] != passage.text:
        raise EvidenceError(f"the quote {passage.id} does not stand in its source: nothing was exported")
    times = [turn.time for turn in document.turns if turn.number == passage.turn]
    place = (passage.speaker, passage.turn, times[0] if times else None, passage.start, passage.end)
    return Quote(passage.id, document.name, *place, passage.text, by, score)


def _coders(connection: Connection, codes: set[str]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for decision in ledger.current(connection):
        if decision.code in codes and decision.value:
            found.setdefault(decision.passage, set()).add(decision.coder)
    return found
