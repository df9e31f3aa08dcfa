"""Making random draws: from what, how many, by which seed; what they were drawn from is kept with them."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any

from coding import draws, ledger, reviewers, suggestions, units
from coding.draws import DRAWN, DRAWS, RANK, Draw, awaited
from coding.ledger import HELD, OWN, new_act, now
from coding.study import Study
from coding.units import Unit
from corpus.database import Connection, Select, and_, func, insert, select
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.frames import Frame

FEWEST, MOST = 200, 400  # passages in an audit when nothing is said
WHOLE = 30  # whole documents, or other units, when nothing is said
Z = 1.959964  # of a 95 % interval


@dataclass(frozen=True)
class Source:
    """What is drawn from. known: passages left out as read to the end. scored: what the machine said of it by then.

    drawn, units: of whole units, how many of how many; None for passages. probability: of each passage of the sample,
    where they are not all alike. seed: what the chance was made of, where it is not made of this.
    """

    population: Sequence[int]
    known: Sequence[int] = ()
    scored: "Frame | None" = None
    drawn: int | None = None
    units: int | None = None
    probability: Mapping[int, float] | None = None
    seed: str = ""

    @cached_property
    def frame(self) -> "Frame":
        """All this, as it is kept with the draw."""
        from coding import frames

        found = self.scored or frames.NONE
        return found if found.strata is not None else frames.taken(found, self.population, self.known)


@dataclass(frozen=True)
class Made:
    """What is asked of a draw, but for the passages; the fields are those of `Draw`."""

    kind: str
    coders: tuple[str, ...] = ()
    every: bool = False
    note: str = ""
    unit: str = "passage"
    code: str | None = None


def draw_audit(
    study: Study, size: int | None = None, precision: float | None = None, coders: Sequence[str] = (), note: str = ""
) -> Draw:
    """Draw passages that nobody has read to the end, each to be read once, blind.

    size: how many; or precision: half the width of a 95 % interval for the commonest code, as a share (0.03); 200 to
    400 by the study's setting `expected` without either. All of them where there are fewer.
    EvidenceError where nothing is left to draw.
    """
    scored = _scored(study)
    with study.store.database.writing() as connection:
        population, known = unread(study, connection)
        if size is None and precision is not None:
            size = size_for(precision, _commonest(study, connection), len(population))
        if size is None:
            size = max(FEWEST, min(MOST, ceil(10 / float(study.settings["expected"]))))
        made = Made("audit", reviewers.spelled(connection, coders), note=note)
        _check(study, connection, made, size, population)
        source = Source(population, known, scored)
        return keep(study, connection, made, _random(study, connection, made, source, population, size), source)


def draw_units(study: Study, unit: str, size: int | None = None, coders: Sequence[str] = (), note: str = "") -> Draw:
    """Draw whole units at random, all their passages that nobody has read to the end to be read once, blind.

    unit: "document", "speaker", or the name of an attribute, such as Organisation. size: how many units, 30 otherwise;
    all of them where there are fewer. EvidenceError where nothing is left to draw.
    """
    scored = _scored(study)
    with study.store.database.writing() as connection:
        units.check(connection, unit)
        population, known = unread(study, connection)
        place = units.places(connection, unit, population)
        population = [key for key in population if key in place]
        found: dict[Unit, list[int]] = {}
        for key in population:
            found.setdefault(place[key], []).append(key)
        made = Made("audit", reviewers.spelled(connection, coders), note=note, unit=unit)
        _check(study, connection, made, size := size or WHOLE, population)
        source = Source(population, known, scored)
        chosen = _random(study, connection, made, source, list(found), size)
        sample = [key for one in chosen for key in found[one]]
        return keep(study, connection, made, sample, replace(source, drawn=len(chosen), units=len(found)))


def draw_ranked(study: Study, code: str, size: int | None = None, coders: Sequence[str] = (), note: str = "") -> Draw:
    """Draw for one code: of the passages that nobody has read to the end, those that rank high for it more often.

    In strata by rank, not by score: a machine that is too sure of itself cannot hide what it missed. size: how many
    passages, 200 otherwise. EvidenceError where nothing is left to draw, or nothing was suggested for the code yet.
    """
    from coding import frames
    from coding.estimate_designs import ALLOCATION, shared

    scored = _scored(study)
    with study.store.database.writing() as connection:
        population, known = unread(study, connection)
        made = Made("audit", reviewers.spelled(connection, coders), note=note, unit=RANK, code=code)
        _check(study, connection, made, size := size or FEWEST, population)
        frame = frames.by_rank(frames.taken(scored, population, known), code)
        source = Source(population, known, frame)
        seed = seed_of(study, connection, "audit", source)
        strata = [frame.passages[frame.strata == number].tolist() for number in range(len(ALLOCATION))]
        probability: dict[int, float] = {}
        for number, (keys, n) in enumerate(zip(strata, shared(size, list(map(len, strata))), strict=True)):
            drawn = random.Random(f"{seed}:{number}").sample(keys, n)
            probability |= dict.fromkeys(drawn, n / max(len(keys), 1))
        order = random.Random(seed).sample(list(probability), len(probability))
        return keep(study, connection, made, order, replace(source, probability=probability))


def draw_double(study: Study, size: int, coders: Sequence[str], note: str = "") -> Draw:
    """Draw passages that none of these coders has read, each to be read blind by all of them.

    EvidenceError for fewer than two coders, or where nothing is left to draw.
    """
    with study.store.database.writing() as connection:
        names = reviewers.spelled(connection, coders)
        if len(names) < 2:
            raise EvidenceError("double coding needs two coders or more: --coders anna,ben")
        theirs = and_(HELD.c.lane == OWN, HELD.c.value.is_not(None), HELD.c.coder.in_(names))
        done = set(connection.execute(select(HELD.c.passage).where(theirs)).scalars()) | awaited(connection)
        population = [key for key in _places(study, connection) if key not in done]
        made = Made("double", names, every=True, note=note)
        _check(study, connection, made, size, population)
        source = Source(population)
        return keep(study, connection, made, _random(study, connection, made, source, population, size), source)


def draw_suggested(
    study: Study, connection: Connection, code: str, source: Source, size: int, coders: Sequence[str] = ()
) -> Draw:
    """Draw of the passages that are suggested for a code, each to be read once, blind; in the caller's transaction.

    source: of the likeliest first; the frame keeps this order.
    """
    made = Made("audit", reviewers.spelled(connection, coders), code=code)
    return keep(study, connection, made, _random(study, connection, made, source, source.population, size), source)


def size_for(precision: float, share: float, population: int) -> int:
    """How many to draw so that a 95 % interval of a code with this share is at most +- precision.

    Source: Cochran, Sampling Techniques, 3rd ed., section 4.4, with the finite population correction.
    """
    if not 0 < precision < 0.5:
        raise EvidenceError(f"a precision is a share between 0 and 0.5, like 0.03; this is {precision:g}")
    first = Z * Z * share * (1 - share) / precision**2
    return min(population, ceil(first / (1 + (first - 1) / population))) if population else 0


def keep(study: Study, connection: Connection, made: Made, sample: Sequence[int], source: Source) -> Draw:
    """Write down a draw, its passages in the order in which they will be read."""
    from coding import frames

    ledger.keep(connection, study.codebook)
    row = {"key": new_act(), "kind": made.kind, "coders": json.dumps(made.coders), "every": made.every}
    row |= {"size": len(sample), "population": len(source.population)}
    row |= {"seed": seed_of(study, connection, made.kind, source)}
    row |= {"codebook": study.codebook.version, "note": made.note, "unit": made.unit, "code": made.code}
    row |= {"decisions": ledger.last(connection), "made": now(), "units": source.drawn, "of_units": source.units}
    connection.execute(insert(DRAWS).values(**row))
    draw = draws.draws(connection)[-1]
    whole = source.drawn and source.units and source.drawn / source.units
    probability = source.probability or dict.fromkeys(sample, whole or len(sample) / len(source.population))
    rows = [
        {"draw": draw.id, "position": position, "passage": key, "probability": probability[key]}
        for position, key in enumerate(sample)
    ]
    connection.execute(insert(DRAWN), rows)
    frames.keep(connection, draw.id, source.frame)
    return draw


def seed_of(study: Study, connection: Connection, kind: str, source: Source) -> str:
    """What the chance is made of: the setting, which draw this is, and all that it is drawn from.

    Whoever could know what is drawn before the scores are fixed could let them learn from that.
    """
    from coding import frames

    if source.seed:
        return source.seed
    number = connection.execute(select(func.count()).select_from(DRAWS)).scalar_one()
    return f"{study.settings['seed']}:{kind}:{number}:{frames.digest(source.frame)}"


def _random(
    study: Study, connection: Connection, made: Made, source: Source, among: Sequence[Any], size: int
) -> list[Any]:
    return random.Random(seed_of(study, connection, made.kind, source)).sample(among, min(size, len(among)))


def _check(study: Study, connection: Connection, made: Made, size: int, population: Sequence[int]) -> None:
    if size < 1:
        raise EvidenceError(f"a draw has at least one passage; this one was to have {size}")
    if not study.store.size(connection)[1]:
        raise EvidenceError("the study has no passages yet: add transcripts with `themis add FILES`")
    if not set(population) - awaited(connection):
        who = " or ".join(made.coders) if made.kind == "double" else "somebody"
        raise EvidenceError(f"nothing is left to draw: {who} has read every passage that is not in an open draw")


def _scored(study: Study) -> "Frame":
    """What people and the newest run say of every passage; read before the lock is taken, since it takes its time."""
    from coding import frames

    with study.store.database.reading() as connection:
        run = frames.of_run(connection, suggestions.latest(connection), list(study.codebook.by_id))
        return frames.with_read(run, ledger.agreed(connection, study.codebook))


def unread(study: Study, connection: Connection) -> tuple[list[int], list[int]]:
    """Live passages in the order of their places: those that nobody has read to the end, and those that somebody has.

    What waits in an open draw is among the unread: it may be drawn again, so that each audit speaks of all that is not
    known, and not of what other draws left.
    """
    read = set(connection.execute(_read_to_the_end(study)).scalars())
    keys = _places(study, connection)
    return [key for key in keys if key not in read], [key for key in keys if key in read]


def _places(study: Study, connection: Connection) -> list[int]:
    return [key for key, _, _ in study.store.places_in_order(connection)]


def _read_to_the_end(study: Study) -> Select[Any]:
    """A query for the passages of which every code was decided by somebody."""
    codes = list(study.codebook.by_id)
    held = and_(HELD.c.lane == OWN, HELD.c.value.is_not(None), HELD.c.code.in_(codes))
    number = func.count(HELD.c.code.distinct())
    return select(HELD.c.passage).where(held).group_by(HELD.c.passage).having(number == len(codes))


def _commonest(study: Study, connection: Connection) -> float:
    """The largest share that a code is known or thought to have, between 5 and 50 %; 20 % where nothing is known."""
    read = [values for _, values in ledger.agreed(connection, study.codebook)]
    yes = [sum(values.get(code, 0) for values in read) / len(read) for code in study.codebook.by_id] if read else []
    shares = [*yes, *_suggested(study, connection)] or [0.2]
    return min(0.5, max(0.05, *shares))


def _suggested(study: Study, connection: Connection) -> Iterable[float]:
    """By code, the share of passages that the last run suggests it for."""
    run = suggestions.latest(connection)
    if run is None:
        return ()
    _, total = study.store.size(connection)
    found: dict[str, int] = {}
    for suggestion in suggestions.suggested(connection, run.id):
        found[suggestion.code] = found.get(suggestion.code, 0) + 1
    return [number / total for number in found.values()]
