"""Making random draws: from what, how many, by which seed; what they were drawn from is kept with them."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from coding import draws, ledger, reviewers, suggestions, units
from coding.draws import DRAWN, DRAWS, Draw, awaited
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
        population = _population(study, connection, _read_to_the_end(study))
        if size is None and precision is not None:
            size = size_for(precision, _commonest(study, connection), len(population))
        if size is None:
            size = max(FEWEST, min(MOST, ceil(10 / float(study.settings["expected"]))))
        made = Made("audit", reviewers.spelled(connection, coders), note=note)
        _check(study, connection, made, size, population)
        sample = _random(study, connection, made, population, size)
        return keep(study, connection, made, sample, (population, scored))


def draw_units(study: Study, unit: str, size: int | None = None, coders: Sequence[str] = (), note: str = "") -> Draw:
    """Draw whole units at random, all their passages that nobody has read to the end to be read once, blind.

    unit: "document", "speaker", or the name of an attribute, such as Organisation. size: how many units, 30 otherwise;
    all of them where there are fewer. EvidenceError where nothing is left to draw, or another draw has some of it open.
    """
    scored = _scored(study)
    with study.store.database.writing() as connection:
        units.check(connection, unit)
        if open_ := sorted(draw.id for draw in draws.draws(connection) if draws.left(connection, draw)):
            raise EvidenceError(
                f"draw {open_[0]} is not read to the end, and whole {unit}s cannot be drawn around its passages: read "
                f"it, or give it up with `themis audit --close {open_[0]}`"
            )
        population = _population(study, connection, _read_to_the_end(study))
        place = units.places(connection, unit, population)
        population = [key for key in population if key in place]
        found: dict[Unit, list[int]] = {}
        for key in population:
            found.setdefault(place[key], []).append(key)
        made = Made("audit", reviewers.spelled(connection, coders), note=note, unit=unit)
        _check(study, connection, made, size := size or WHOLE, population)
        chosen = _random(study, connection, made, list(found), size)
        sample = [key for one in chosen for key in found[one]]
        return keep(study, connection, made, sample, (population, scored), (len(chosen), len(found)))


def draw_double(study: Study, size: int, coders: Sequence[str], note: str = "") -> Draw:
    """Draw passages that none of these coders has read, each to be read blind by all of them.

    EvidenceError for fewer than two coders, or where nothing is left to draw.
    """
    with study.store.database.writing() as connection:
        names = reviewers.spelled(connection, coders)
        if len(names) < 2:
            raise EvidenceError("double coding needs two coders or more: --coders anna,ben")
        theirs = and_(HELD.c.lane == OWN, HELD.c.value.is_not(None), HELD.c.coder.in_(names))
        population = _population(study, connection, select(HELD.c.passage).where(theirs))
        made = Made("double", names, every=True, note=note)
        _check(study, connection, made, size, population)
        return keep(study, connection, made, _random(study, connection, made, population, size), (population, None))


def draw_suggested(study: Study, code: str, ranked: Sequence[int], size: int, coders: Sequence[str] = ()) -> Draw:
    """Draw of the passages that are suggested for a code, each to be read once, blind.

    ranked: keys, the likeliest first; the frame keeps this order.
    """
    with study.store.database.writing() as connection:
        gone = set(connection.execute(_decided(code)).scalars()) | awaited(connection)
        population = [key for key in ranked if key not in gone]
        made = Made("audit", reviewers.spelled(connection, coders), code=code)
        _check(study, connection, made, size, population)
        return keep(study, connection, made, _random(study, connection, made, population, size), (population, None))


def size_for(precision: float, share: float, population: int) -> int:
    """How many to draw so that a 95 % interval of a code with this share is at most +- precision.

    Source: Cochran, Sampling Techniques, 3rd ed., section 4.4, with the finite population correction.
    """
    if not 0 < precision < 0.5:
        raise EvidenceError(f"a precision is a share between 0 and 0.5, like 0.03; this is {precision:g}")
    first = Z * Z * share * (1 - share) / precision**2
    return min(population, ceil(first / (1 + (first - 1) / population))) if population else 0


def keep(
    study: Study,
    connection: Connection,
    made: Made,
    sample: Sequence[int],
    drawn_from: "tuple[Sequence[int], Frame | None]",
    whole: tuple[int | None, int | None] = (None, None),
) -> Draw:
    """Write down a draw, in the order in which it will be read.

    drawn_from: the population, and what the machine said of it, if anything. whole: of how many units how many.
    """
    from coding import frames

    population, scored = drawn_from
    ledger.keep(connection, study.codebook)
    row = {"key": new_act(), "kind": made.kind, "coders": json.dumps(made.coders), "every": made.every}
    row |= {"size": len(sample), "population": len(population), "seed": _seed(study, connection, made.kind)}
    row |= {"codebook": study.codebook.version, "note": made.note, "unit": made.unit, "code": made.code}
    row |= {"decisions": ledger.last(connection), "made": now(), "units": whole[0], "of_units": whole[1]}
    connection.execute(insert(DRAWS).values(**row))
    draw = draws.draws(connection)[-1]
    probability = whole[0] / whole[1] if whole[0] and whole[1] else len(sample) / len(population)
    rows = [
        {"draw": draw.id, "position": position, "passage": key, "probability": probability}
        for position, key in enumerate(sample)
    ]
    connection.execute(insert(DRAWN), rows)
    frames.keep(connection, draw.id, frames.taken(scored or frames.NONE, population))
    return draw


def _seed(study: Study, connection: Connection, kind: str) -> str:
    number = connection.execute(select(func.count()).select_from(DRAWS)).scalar_one()
    return f"{study.settings['seed']}:{kind}:{number}"


def _random(study: Study, connection: Connection, made: Made, population: Sequence[Any], size: int) -> list[Any]:
    return random.Random(_seed(study, connection, made.kind)).sample(population, min(size, len(population)))


def _check(study: Study, connection: Connection, made: Made, size: int, population: Sequence[int]) -> None:
    if size < 1:
        raise EvidenceError(f"a draw has at least one passage; this one was to have {size}")
    if not study.store.size(connection)[1]:
        raise EvidenceError("the study has no passages yet: add transcripts with `themis add FILES`")
    if not population:
        who = " or ".join(made.coders) if made.kind == "double" else "somebody"
        raise EvidenceError(f"nothing is left to draw: {who} has read every passage that is not in an open draw")


def _scored(study: Study) -> "Frame":
    """What the newest run says of every passage. Read before the lock is taken: a million rows take their time."""
    from coding import frames

    with study.store.database.reading() as connection:
        return frames.of_run(connection, suggestions.latest(connection), list(study.codebook.by_id))


def _population(study: Study, connection: Connection, read: Select[Any]) -> list[int]:
    """Live passages in the order of their places, without those that were read and those of a draw not read yet."""
    done = set(connection.execute(read).scalars()) | awaited(connection)
    return [key for key, _, _ in study.store.places_in_order(connection) if key not in done]


def _decided(code: str) -> Select[Any]:
    return select(HELD.c.passage).where(HELD.c.code == code, HELD.c.value.is_not(None))


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
