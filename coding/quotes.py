"""Verbatim quotes of a code, with where they stand, each checked against its source."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from coding import ledger, suggestions
from coding.study import Study
from coding.suggestions import Suggestion
from corpus.database import Connection, select
from corpus.errors import EvidenceError
from corpus.passage import Document, Passage
from corpus.store import Kept
from corpus.tables import DOCUMENTS


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a document: `document.text[start:end] == text`.

    by: who decided that the code holds, "" for a suggestion nobody has decided. time: seconds into the recording, None
    where the transcript does not say. score: the machine's, None where it does not suggest the code. because: what that
    rests on, "example: ..." or "decided: interview.txt:76-174", "" without one.
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
    because: str


def quotes(study: Study, code: str, suggested: bool = False) -> list[Quote]:
    """Quotes that people agree on, in the order of the corpus; with `suggested`, unread suggestions too, best first.

    EvidenceError for a code that the codebook has not, and where a quote does not stand in its source.
    """
    if code not in study.codebook.by_id:
        raise EvidenceError(f"the codebook has no code '{code}': it has {', '.join(study.codebook.by_id)}")
    with study.store.database.reading() as connection:
        run = suggestions.latest(connection)
        marked = {s.passage: s for s in suggestions.suggested(connection, run.id) if s.code == code} if run else {}
        reasons = run.reasons if run else ()
        values = {p: by_code[code] for p, by_code in ledger.agreed(connection, study.codebook) if code in by_code}
        yes = {passage for passage, value in values.items() if value == 1.0}
        coders = _coders(connection, {code, *study.codebook.below(code)})
        unread = {passage for passage in marked if passage not in values} if suggested else set()
        keys = sorted(yes | unread)
        found = [
            (key, _quote(kept.document, passage, coders.get(key, set()), marked.get(key), reasons))
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


def _quote(
    document: Document,
    passage: Passage,
    coders: set[str],
    suggestion: Suggestion | None,
    reasons: tuple[tuple[str, str, str], ...],
) -> Quote:
    if document.text[passage.start : passage.end] != passage.text:
        raise EvidenceError(f"the quote {passage.id} does not stand in its source: nothing was exported")
    because = reasons[suggestion.because] if suggestion and suggestion.because >= 0 else None
    return Quote(
        passage=passage.id,
        document=document.name,
        speaker=passage.speaker,
        turn=passage.turn,
        time=next((turn.time for turn in document.turns if turn.number == passage.turn), None),
        start=passage.start,
        end=passage.end,
        text=passage.text,
        by=", ".join(sorted(coders)),
        score=suggestion.score if suggestion else None,
        because=f"{because[0]}: {because[2]}" if because else "",
    )


def _coders(connection: Connection, codes: set[str]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for decision in ledger.current(connection):
        if decision.code in codes and decision.value:
            found.setdefault(decision.passage, set()).add(decision.coder)
    return found
