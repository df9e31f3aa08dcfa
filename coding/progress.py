"""How far the reading is, as one coder may know it: who read what, what was found, what an audit says is missing."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from coding import draws, ledger, suggestions
from coding.codebook import nested
from coding.draws import Draw
from coding.ledger import DECISIONS, HELD, OWN
from coding.study import Study
from corpus.database import Connection, func, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

FEWEST = 30  # passages of an audit to be read before it says anything


@dataclass(frozen=True, slots=True)
class Missed:
    """Passages with a code that nobody has found: an estimate from random audits, with its 95 % bounds.

    positives: of the `read` passages of the audits, how many have it.
    """

    low: int
    about: int
    high: int
    positives: float
    read: int


@dataclass(frozen=True, slots=True)
class CodeProgress:
    """Passages that people say yes to, no to, and differ on.

    missed: None where no audit was read to the end, or the asker is still to read passages blind.
    """

    code: str
    name: str
    colour: str
    depth: int
    yes: int
    no: int
    differ: int
    missed: Missed | None


@dataclass(frozen=True, slots=True)
class CoderProgress:
    """passages: that hold a decision of this coder's; today: decided in today (UTC). an_hour: None until timed."""

    coder: str
    passages: int
    today: int
    an_hour: int | None


@dataclass(frozen=True, slots=True)
class DrawProgress:
    """A draw, and how many of its passages were read as it asks."""

    draw: Draw
    read: int
    total: int


@dataclass(frozen=True, slots=True)
class Progress:
    """read: passages that somebody decided on, of `total`. hidden: left out, as the asker is to read them blind.

    suggested: passages that the last run suggests a code for and nobody has read; None before the first run.
    """

    read: int
    total: int
    documents: int
    hidden: int
    suggested: int | None
    codes: tuple[CodeProgress, ...]
    coders: tuple[CoderProgress, ...]
    draws: tuple[DrawProgress, ...]


def progress(study: Study, coder: str) -> Progress:
    """Where the study stands, without what this coder is still to read blind."""
    with study.store.database.reading() as connection:
        documents, total = study.store.size(connection)
        hidden = draws.sealed(connection, coder)
        agreed = {key: values for key, values in ledger.agreed(connection, study.codebook) if key not in hidden}
        found = [DrawProgress(draw, *draws.progress(connection, draw)) for draw in draws.draws(connection)]
        tally = Counter((code, value) for values in agreed.values() for code, value in values.items())
        missed = {} if hidden else _missed(study, connection, tally)
        run = suggestions.newest(connection)
        left = suggestions.marked(connection, run, without=agreed.keys() | hidden) if run else None
        coders = tuple(readers(connection, hidden))
    codes = tuple(
        CodeProgress(
            code=code.id,
            name=code.name,
            colour=study.codebook.colour(code.id),
            depth=depth,
            yes=tally[code.id, 1.0],
            no=tally[code.id, 0.0],
            differ=tally[code.id, 0.5],
            missed=missed.get(code.id),
        )
        for depth, code in nested(study.codebook)
    )
    return Progress(len(agreed), total, documents, len(hidden), left, codes, coders, tuple(found))


def _missed(study: Study, connection: Connection, found: Counter[tuple[str, float]]) -> dict[str, Missed]:
    """By code that an audit was read for, how many there are beyond the yeses found."""
    from coding.auditing import Counting

    counting, estimated = Counting(study, connection), {}
    for code in study.codebook.by_id:
        one = counting.estimated(code, "", counting.corpus.everything)
        if one.layers and one.value is not None and one.low is not None and one.high is not None:
            low, about, high = (max(0, round(number - found[code, 1.0])) for number in (one.low, one.value, one.high))
            shares = [part.share for layer in one.layers for part in layer]
            positives, read = sum(share.positives for share in shares), sum(share.n for share in shares)
            estimated[code] = Missed(low, about, high, positives, read)
    return estimated


def readers(connection: Connection, hidden: Collection[int] = ()) -> Iterable[CoderProgress]:
    """Everybody who decided something, by name; hidden: passages that are left out."""
    live = select(PASSAGES.c.id).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
    own = select(HELD.c.coder, HELD.c.passage, func.max(HELD.c.decision)).where(
        HELD.c.lane == OWN, HELD.c.value.is_not(None), HELD.c.passage.in_(live)
    )
    newest: dict[str, list[int]] = {}
    for coder, passage, decision in connection.execute(own.group_by(HELD.c.coder, HELD.c.passage)):
        if passage not in hidden:
            newest.setdefault(coder, []).append(decision)
    today = datetime.now(UTC).date().isoformat()
    for coder in sorted(newest, key=str.casefold):
        lately = sorted(newest[coder])[-500:]
        query = select(DECISIONS.c.seconds, DECISIONS.c.time).where(DECISIONS.c.id.in_(lately))
        rows = connection.execute(query).all()
        times = sorted(row.seconds for row in rows if row.seconds)
        an_hour = round(3600 / max(times[len(times) // 2], 0.5)) if len(times) >= 10 else None
        yield CoderProgress(coder, len(newest[coder]), sum(row.time.startswith(today) for row in rows), an_hour)
