"""How far the reading is, as one coder may know it: who read what, what was found, what an audit says is missing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt

from coding import draws, ledger, suggestions
from coding.codebook import nested
from coding.drawing import Z
from coding.draws import DRAWN, Draw
from coding.ledger import DECISIONS, HELD, OWN
from coding.study import Study
from corpus.database import Connection, func, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES, SOURCES

FEWEST = 30  # passages of an audit to be read before it says anything


@dataclass(frozen=True, slots=True)
class Missed:
    """Passages with a code that nobody has found: an estimate from an audit, with its 95 % bounds.

    positives: of the `read` passages of the audit that were read, how many have it.
    """

    low: int
    about: int
    high: int
    positives: float
    read: int

    def at_most(self, left: int) -> "Missed":
        """The same, where so many passages are left without a decision: no more than these can be missed."""
        return Missed(min(self.low, left), min(self.about, left), min(self.high, left), self.positives, self.read)


@dataclass(frozen=True, slots=True)
class CodeProgress:
    """Passages that people say yes to, no to, and differ on.

    missed: None where no audit was read far enough, or the asker is still to read passages blind.
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
        missed = {} if hidden else _missed(study, connection, agreed, found)
        run = suggestions.newest(connection)
        left = suggestions.marked(connection, run, without=agreed.keys() | hidden) if run else None
        coders = tuple(_coders(connection, hidden))
    tally = Counter((code, value) for values in agreed.values() for code, value in values.items())
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


def missing(found: int, positives: float, read: int, population: int) -> Missed:
    """How many of a population carry a code beyond the `found`, by a simple random sample of which `read` were read.

    Wilson's interval with the finite population correction in its effective size; an audit that was read whole leaves
    no doubt. Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212; Cochran, Sampling Techniques, 3rd ed., ch. 3.
    """
    share = positives / read
    low, high = share, share
    if read < population:
        size = read / (1 - read / population)
        middle = (share + Z * Z / (2 * size)) / (1 + Z * Z / size)
        half = Z / (1 + Z * Z / size) * sqrt(share * (1 - share) / size + Z * Z / (4 * size * size))
        low, high = middle - half, middle + half
    bounds = [max(0, round(population * part - found)) for part in (low, share, high)]
    return Missed(bounds[0], bounds[1], bounds[2], positives, read)


def _missed(
    study: Study, connection: Connection, agreed: dict[int, dict[str, float]], found: Iterable[DrawProgress]
) -> dict[str, Missed]:
    """By code, from the newest audit that was read far enough."""
    audits = [one.draw for one in found if one.draw.kind == "audit" and one.read >= FEWEST]
    if not audits:
        return {}
    audit = audits[-1]
    beyond = _beyond(connection, audit)
    read = draws.readers(connection, audit.id)
    sample = [agreed.get(key, {}) for key, _ in draws.drawn(connection, audit.id) if key in read]
    within = [values for key, values in agreed.items() if key not in beyond]
    population = study.store.size(connection)[1] - len(beyond)
    estimated = {}
    for code in study.codebook.by_id:
        said = [values[code] for values in sample if code in values]
        if len(said) >= FEWEST:
            known = sum(values.get(code) == 1.0 for values in within)
            left = population - sum(code in values for values in within)
            estimated[code] = missing(known, sum(said), len(said), population).at_most(left)
    return estimated


def _beyond(connection: Connection, audit: Draw) -> set[int]:
    """The live passages that an audit was not drawn from: read to the end or in an open draw by then, or added since.

    A document is taken to have been added since if its file was, and if it is newer than every document drawn from.
    """
    then = next(book for _, book in ledger.codebooks(connection) if book.version == audit.codebook)
    read = ledger.by_coder(connection, then, upto=audit.decisions)
    found = {passage for passage, values in read if then.by_id.keys() <= values.keys()}
    for draw in draws.draws(connection):
        if draw.id < audit.id:
            found |= _open_then(connection, draw, audit.decisions)
    place = PASSAGES.join(DOCUMENTS)
    drawn = select(DRAWN.c.passage).where(DRAWN.c.draw == audit.id)
    newest = select(func.max(PASSAGES.c.document)).where(PASSAGES.c.id.in_(drawn)).scalar_subquery()
    since = select(PASSAGES.c.id).select_from(place.join(SOURCES, SOURCES.c.id == DOCUMENTS.c.source))
    since = since.where(LIVE, SOURCES.c.added > audit.made, DOCUMENTS.c.id > newest)
    found.update(connection.execute(since).scalars())
    return found - {key for key, _ in draws.drawn(connection, audit.id)}  # it may have come here from another copy


def _open_then(connection: Connection, draw: Draw, upto: int) -> set[int]:
    """The live passages of a draw that were not read as it asks when the ledger had so many rows."""
    places = [key for key, _ in draws.drawn(connection, draw.id)]
    inside = DECISIONS.c.passage.in_(select(DRAWN.c.passage).where(DRAWN.c.draw == draw.id))
    rows = select(DECISIONS.c.passage, DECISIONS.c.coder).where(inside, DECISIONS.c.draw == draw.id)
    read = set(connection.execute(rows.where(DECISIONS.c.id <= upto, DECISIONS.c.value.is_not(None))).all())
    if draw.every:
        return {key for key in places if not all((key, coder) in read for coder in draw.coders)}
    return set(places) - {passage for passage, _ in read}


def _coders(connection: Connection, hidden: set[int]) -> Iterable[CoderProgress]:
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
