"""What can be exported, as tidy rows: a table of columns and an iterator of rows for each kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from coding import accepted, adjudicating, draws, ledger, memos, suggestions
from coding.adjudicating import Agreed
from coding.agree import Comparison, compare
from coding.agreement import Undefined
from coding.intervals import MEASURES, Estimate
from coding.memos import Flag, Memo
from coding.quotes import checked
from coding.study import Study
from coding.suggestions import Run, Suggestion
from corpus.context import context
from corpus.database import Connection
from corpus.errors import EvidenceError
from corpus.passage import Passage, questions
from corpus.store import Kept

Row = dict[str, Any]
PLACE = {
    **dict.fromkeys(("document", "passage"), str),
    "turn": int,
    **dict.fromkeys(("speaker", "role"), str),
    **dict.fromkeys(("start", "end"), int),
    "text": str,
}
SUGGESTED = {"code": str, "score": float, "suggested": bool, "sentence": str}
WORK = {
    **dict.fromkeys(("document", "passage", "speaker", "question", "text", "code", "name", "value", "coder"), str),
    "score": float,
    **dict.fromkeys(("by", "sentence", "nearest"), str),
}
DECIDED = {
    **dict.fromkeys(("document", "passage", "code", "value", "coder", "time", "why", "quote"), str),
    **{"draw": int, "probability": float, "suggestions_visible": bool, "seconds": float, "codebook": str},
}
NOTED = ("kind", "document", "passage", "code", "author", "text", "time")
SETTLED = dict.fromkeys(
    ("document", "passage", "speaker", "text", "code", "value", "source", "coders", "reason", "quote"), str
)
ACCEPTED = {
    **dict.fromkeys(("document", "passage", "speaker", "text", "code"), str),
    **{"precision": float, "confidence": float, "draw": int, "when": str, "stale": bool},
}
AGREED = {
    **dict.fromkeys(("code", "between", "measure"), str),
    **dict.fromkeys(("value", "low", "high"), float),
    **dict.fromkeys(("passages", "documents", "differ"), int),
    "yes": float,
    "blind": bool,
    "why": str,
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns in their order with their types, and rows that have every one of them; None is an empty cell."""

    columns: dict[str, type]
    rows: Iterator[Row]


def passages(study: Study, connection: Connection) -> Rows:
    """One row for each passage, in the order of the corpus."""
    names = study.store.attribute_names(connection)
    rows = (
        {**_place(passage), **_attributes(kept, names)}
        for kept in checked(study, connection)
        for _, passage in kept.passages
    )
    return Rows({**PLACE, **_columns(names)}, rows)


def suggested(study: Study, connection: Connection) -> Rows:
    """One row for each passage and code, suggested or not; `sentence` is the one that carried the score.

    EvidenceError where the suggestions are not of today's study.
    """
    names = study.store.attribute_names(connection)
    run = fresh(study, connection)

    def rows() -> Iterator[Row]:
        for kept in checked(study, connection):
            found = suggestions.of_documents(connection, run.id, [kept.key])
            for key, passage in kept.passages:
                place, attributes = _place(passage), _attributes(kept, names)
                for s in found.get(key, ()):
                    sentence = _sentence(passage, s.sentence)
                    said = {"code": s.code, "score": s.score, "suggested": s.suggested, "sentence": sentence}
                    yield {**place, **said, **attributes}

    return Rows({**PLACE, **SUGGESTED, **_columns(names)}, rows())


def worklist(study: Study, connection: Connection, coder: str | None = None) -> Rows:
    """What is suggested and undecided, code by code, the likeliest first, with room for `value` and `coder`.

    What is drawn to be read blind, and was not yet, is left out. coder: what this one has not decided, with the name
    filled in; None = what nobody has. Filled in, it is what `themis import` takes. EvidenceError where the suggestions
    are not of today's study.
    """
    run = fresh(study, connection)
    decided = {
        (passage, code)
        for passage, values in ledger.by_coder(connection, study.codebook)
        for code, said in values.items()
        if coder is None or coder.casefold() in map(str.casefold, said)
    }
    apart = draws.awaited(connection)
    found = [
        s
        for s in suggestions.suggested(connection, run.id)
        if (s.passage, s.code) not in decided and s.passage not in apart
    ]
    places = {
        key: (passage, asked[passage.turn])
        for kept in checked(study, connection, study.store.holding(connection, [s.passage for s in found]))
        for asked in [questions(kept.document)]
        for key, passage in kept.passages
    }
    order = {code: number for number, code in enumerate(study.codebook.by_id)}
    found = sorted(found, key=lambda s: (order[s.code], -s.score))
    return Rows(WORK, ({**_work(study, run, s, *places[s.passage]), "coder": coder} for s in found))


def _work(study: Study, run: Run, s: Suggestion, passage: Passage, question: str) -> Row:
    kind, _, text = run.reasons[s.because] if s.because >= 0 else ("", "", "")
    return {
        "document": passage.document,
        "passage": passage.id,
        "speaker": passage.speaker,
        "question": question,
        "text": passage.text,
        "code": s.code,
        "name": study.codebook.by_id[s.code].name,
        "value": None,
        "score": s.score,
        "by": run.kinds[s.code],
        "sentence": _sentence(passage, s.sentence),
        "nearest": f"{kind}: {text}" if kind else None,
    }


def fresh(study: Study, connection: Connection) -> Run:
    """The run that is shown; EvidenceError where it is not of today's codebook and passages."""
    run = suggestions.shown(connection)
    if old := suggestions.stale(connection, run, study.codebook):
        raise EvidenceError(f"{old[0].lower()}{old[1:-1]} first, then export")
    return run


def decisions(study: Study, connection: Connection) -> Rows:
    """One row for each decision that holds now: the latest of each coder on each passage and code, and how it was made.

    quote: the words that the code was narrowed to, None for all of the passage. draw, probability: of the random sample
    that it is part of.
    """
    names = study.store.attribute_names(connection)
    held: dict[int, list[ledger.Decision]] = {}
    for decision in ledger.current(connection):
        held.setdefault(decision.passage, []).append(decision)

    def rows() -> Iterator[Row]:
        for kept in checked(study, connection):
            for key, passage in kept.passages:
                for d in held.get(key, ()):
                    quote = None if d.quote_start is None else passage.text[d.quote_start : d.quote_end]
                    place = {"document": passage.document, "passage": passage.id}
                    said = {"code": d.code, "value": "yes" if d.value else "no", "coder": d.coder, "time": d.time}
                    how = {name: getattr(d, name) for name in list(DECIDED)[8:]}
                    yield {**place, **said, "why": d.why, "quote": quote, **how, **_attributes(kept, names)}

    return Rows({**DECIDED, **_columns(names)}, rows())


def agreement(study: Study, connection: Connection) -> Rows:
    """One row for each code, comparison and measure, and two for all codes of each: the mean of alpha, and sets."""
    found = compare(study, connection)

    def rows() -> Iterator[Row]:
        for between in ("people", "machine", "audit"):
            for line in found.lines:
                one = getattr(line, between)
                for measure in MEASURES if one and one.passages else ():
                    numbers = {"passages": one.passages, "documents": one.documents, "differ": len(one.differ)}
                    numbers["yes"] = one.prevalence
                    yield _agreed(found, line.code, between, measure, getattr(one, measure)) | numbers
            over = getattr(found, f"over_{between}")
            for measure in ("mean", "sets") if over and over.passages else ():
                numbers = {"passages": over.passages, "documents": None, "differ": None, "yes": None}
                yield _agreed(found, None, between, f"alpha_{measure}", getattr(over, measure)) | numbers

    return Rows(AGREED, rows())


def _agreed(found: Comparison, code: str | None, between: str, measure: str, estimate: Estimate) -> Row:
    value, bounds = estimate.value, estimate.interval
    low, high = (None, None) if isinstance(bounds, Undefined) else bounds
    why = next((one.why for one in (value, bounds) if isinstance(one, Undefined)), None)
    row = {"code": code, "between": between, "measure": measure, "low": low, "high": high, "why": why}
    return row | {"value": None if isinstance(value, Undefined) else value, "blind": between == "audit" or found.blind}


def agreed(study: Study, connection: Connection) -> Rows:
    """One row for each passage and code that somebody read: the value that counts, and where it comes from.

    value: None where coders differ and nobody has settled it. quote: the words that those with this value marked.
    And one for each that is accepted unread: yes, by nobody.
    """
    names = study.store.attribute_names(connection)
    held: dict[int, list[Agreed]] = {}
    for one in adjudicating.agreed(connection, study.codebook):
        held.setdefault(one.passage, []).append(one)
    old = accepted.stale(connection, study.codebook)
    for key, marks in accepted.marks(connection, study.codebook).items():
        known = {one.code for one in held.get(key, ())}
        for code in (code for code in marks if code not in known):
            source = accepted.SOURCE + ", stale" * (marks[code].draw in old)
            held.setdefault(key, []).append(Agreed(key, code, True, source, ()))

    def rows() -> Iterator[Row]:
        for kept in checked(study, connection):
            for key, passage in kept.passages:
                for one in held.get(key, ()):
                    place = {"document": passage.document, "passage": passage.id, "speaker": passage.speaker}
                    value = None if one.value is None else "yes" if one.value else "no"
                    said = {"text": passage.text, "code": one.code, "value": value, "source": one.source}
                    quote = " … ".join(passage.text[start:end] for start, end in one.quotes) or None
                    why = {"coders": "; ".join(one.coders), "reason": one.reason, "quote": quote}
                    yield {**place, **said, **why, **_attributes(kept, names)}

    return Rows({**SETTLED, **_columns(names)}, rows())


def accepted_unread(study: Study, connection: Connection) -> Rows:
    """One row for each passage and code that is accepted unread, with what is promised of all of them together.

    draw, when: the audit that shows it, and when it was accepted. stale: the code means another thing now.
    """
    names = study.store.attribute_names(connection)
    held = accepted.marks(connection, study.codebook)
    old = accepted.stale(connection, study.codebook)

    def rows() -> Iterator[Row]:
        for kept in checked(study, connection):
            for key, passage in kept.passages:
                for code, one in held.get(key, {}).items():
                    place = {"document": passage.document, "passage": passage.id, "speaker": passage.speaker}
                    shown = {"precision": one.precision, "confidence": one.confidence, "draw": one.draw}
                    said = {"text": passage.text, "code": code, **shown, "when": one.accepted, "stale": one.draw in old}
                    yield {**place, **said, **_attributes(kept, names)}

    return Rows({**ACCEPTED, **_columns(names)}, rows())


def noted(study: Study, connection: Connection) -> Rows:
    """One row for each memo that stands and each flag that is up, with what it is on."""
    names = {key: name for name, key in study.store.names(connection).items()}

    def row(kind: str, one: Memo | Flag, who: str, text: str) -> Row:
        place = context(connection, one.passage) if one.passage else None
        document = place.name if place else names.get(getattr(one, "document", None) or 0)
        where = {"document": document, "passage": place.id if place else None, "code": one.code}
        return {"kind": kind, **where, "author": who, "text": text, "time": one.time}

    memos_ = [row("memo", memo, memo.author, memo.text) for memo in memos.standing(connection)]
    flags = [row("flag", flag, flag.coder, flag.note) for flag in reversed(memos.raised(connection))]
    return Rows(dict.fromkeys(NOTED, str), iter([*memos_, *flags]))


KINDS: dict[str, Callable[[Study, Connection], Rows]] = {
    "passages": passages,
    "suggestions": suggested,
    "decisions": decisions,
    "agreed": agreed,
    "accepted": accepted_unread,
    "agreement": agreement,
    "memos": noted,
}


def _place(passage: Passage) -> Row:
    return {
        "document": passage.document,
        "passage": passage.id,
        "turn": passage.turn,
        "speaker": passage.speaker,
        "role": passage.role,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }


def _columns(names: Sequence[str]) -> dict[str, type]:
    return {f"attr_{name}": str for name in names}


def _attributes(kept: Kept, names: Sequence[str]) -> Row:
    return {f"attr_{name}": kept.document.attributes.get(name) for name in names}


def _sentence(passage: Passage, number: int) -> str | None:
    if not 0 <= number < len(passage.sentences):
        return None
    start, end = passage.sentences[number]
    return passage.text[start:end]
