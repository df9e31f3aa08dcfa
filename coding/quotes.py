"""Verbatim quotes of a code, with where they stand, each checked against its source."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coding import accepted, draws, ledger, suggestions
from coding.study import Study
from coding.suggestions import Run, Suggestion
from corpus.database import Connection, select
from corpus.errors import EvidenceError
from corpus.passage import Document, Passage
from corpus.store import Kept
from corpus.tables import DOCUMENTS

CHUNK = 500  # passages asked for at once
_VALUES = {"yes": 1.0, "differ": 0.5}  # agreed, and not


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a document: `document.text[start:end] == text`, narrower than the passage where all who said yes were.

    yes, no: the coders who decided so. settled: what an adjudication made of it, None without one. time: seconds into
    the recording, None where the transcript does not say. score: the machine's, None where it does not suggest the
    code. because: what that rests on, "example: ..." or "decided: ..."; "" without one.
    """

    passage: str
    document: str
    speaker: str | None
    turn: int
    time: float | None
    start: int
    end: int
    text: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    score: float | None
    because: str
    settled: bool | None = None


def quotes(study: Study, code: str, which: str = "yes") -> list[Quote]:
    """Quotes of a code (its id or name), in the order of the corpus.

    which: "yes", what people agree on or settled so; "differ", what one coder says yes to and another no; "suggested",
    what the machine suggests and nobody has decided, the likeliest first; "accepted", what was accepted unread; both
    without what is drawn to be read blind.
    EvidenceError for a code that the codebook has not, suggestions before the first run, and a quote that does not
    stand in its source.
    """
    id = study.codebook.find(code)
    with study.store.database.reading() as connection:
        run = suggestions.shown(connection) if which == "suggested" else suggestions.latest(connection)
        marked = {s.passage: s for s in suggestions.suggested(connection, run.id) if s.code == id} if run else {}
        said = {p: values[id] for p, values in ledger.by_coder(connection, study.codebook) if id in values}
        state = {p: values[id] for p, values in ledger.agreed(connection, study.codebook) if id in values}
        wanted = {p for p, value in state.items() if value == _VALUES.get(which)}
        if which == "suggested":
            wanted = marked.keys() - state.keys() - draws.awaited(connection)
        if which == "accepted":
            wanted = accepted.unread(connection, id).get(id, set()) - state.keys() - draws.awaited(connection)
        narrowed = _narrowed(connection, id, sorted(wanted), said)
        verdicts = ledger.settled(connection, study.codebook)
        settled = {passage: bool(values[id]) for passage, values in verdicts.items() if id in values}
        found = [
            replace(
                _quote(kept.document, passage, said.get(key, {}), marked.get(key), run, narrowed.get(key)),
                settled=settled.get(key),
            )
            for kept in checked(study, connection, study.store.holding(connection, sorted(wanted)))
            for key, passage in kept.passages
            if key in wanted
        ]
    return sorted(found, key=lambda quote: -(quote.score or 0)) if which == "suggested" else found


def checked(study: Study, connection: Connection, keys: set[int] | None = None) -> Iterator[Kept]:
    """Documents whose text is the one that was added, so that every offset stands; EvidenceError for any other."""
    hashes = dict(connection.execute(select(DOCUMENTS.c.id, DOCUMENTS.c.sha256)).all())
    for kept in study.store.kept(connection, keys):
        if hashlib.sha256(kept.document.text.encode()).hexdigest() != hashes[kept.key]:
            raise EvidenceError(
                f"the text of {kept.document.name} is not the one that was added, so no quote from it can be trusted: "
                f"restore a copy of study.db, or put the file in again with `themis add --replace`"
            )
        for _, passage in kept.passages:
            spans = passage.sentences
            if not spans or (spans[0][0], spans[-1][1]) != (0, passage.end - passage.start):
                raise EvidenceError(
                    f"the place of {passage.id} is not the one that was added: restore a copy of study.db"
                )
        yield kept


def _narrowed(
    connection: Connection, code: str, passages: list[int], said: dict[int, dict[str, bool]]
) -> dict[int, tuple[int, int]]:
    """The words within each passage that all who said yes narrowed the code to: from the first to the last of them."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for start in range(0, len(passages), CHUNK):
        for row in ledger.of_passages(connection, passages[start : start + CHUNK]):
            if row.code == code and row.value and row.quote:
                spans.setdefault(row.passage, []).append(row.quote)
    return {
        passage: (min(start for start, _ in found), max(end for _, end in found))
        for passage, found in spans.items()
        if len(found) == sum(said.get(passage, {}).values())
    }


def _quote(
    document: Document,
    passage: Passage,
    said: dict[str, bool],
    suggestion: Suggestion | None,
    run: Run | None,
    narrowed: tuple[int, int] | None,
) -> Quote:
    first, last = narrowed or (0, len(passage.text))
    because = run.reasons[suggestion.because] if run and suggestion and suggestion.because >= 0 else None
    return Quote(
        passage=passage.id,
        document=document.name,
        speaker=passage.speaker,
        turn=passage.turn,
        time=next((turn.time for turn in document.turns if turn.number == passage.turn), None),
        start=passage.start + first,
        end=passage.start + last,
        text=passage.text[first:last],
        yes=tuple(sorted(coder for coder, yes in said.items() if yes)),
        no=tuple(sorted(coder for coder, yes in said.items() if not yes)),
        score=suggestion.score if suggestion else None,
        because=f"{because[0]}: {because[2]}" if because else "",
    )
