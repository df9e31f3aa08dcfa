"""Theme counts: how many passages, documents or speakers, by what people decided and what the machine suggests."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coding import accepted, ledger, suggestions, units
from coding.repeated import known
from coding.study import Study
from coding.suggestions import SUGGESTIONS
from coding.units import NO_VALUE, Unit
from corpus.database import Connection, func, listed, select
from corpus.errors import EvidenceError
from corpus.tables import ATTRIBUTES, LIVE, PASSAGES

if TYPE_CHECKING:
    from coding.certified import Recall
    from coding.layers import Estimated

Said = dict[tuple[Unit, str], dict[int, float]]  # what people decided on a code in a unit, by passage
Tally = Counter[tuple[int, str, str]]  # by document and code, of how many units something is true


@dataclass(frozen=True, slots=True)
class Count:
    """One code in one group of documents, in the unit named.

    suggested: units with at least one passage that the machine suggests: not corrected, no interval holds for it.
    decided_yes: units with a passage that people agree on. decided_no: units read to the end without one. read: units
    with a passage somebody decided, those where coders differ too. total: all units of the group.
    unread: those of the suggested in which nobody has decided on the code. accepted: passages that hold it unread, by a
    certificate. depth: of the code, 0 for one that is nested in none.
    attribute, group: "" where all documents are counted together; group "(none)": documents without the attribute.
    estimate: how many there are, by random audits; None for whoever is still to read passages blind. recall: what is
    certified of how many were found, of all documents together; None without an audit.
    """

    code: str
    unit: str
    attribute: str
    group: str
    suggested: int
    decided_yes: int
    decided_no: int
    read: int
    total: int
    unread: int = 0
    depth: int = 0
    accepted: int = 0
    estimate: "Estimated | None" = None
    recall: "Recall | None" = None


def counts(
    study: Study,
    by: str | None = None,
    unit: str = "passage",
    sealed: Collection[int] = frozenset(),
    once: bool = False,
) -> list[Count]:
    """Counts of every code in the order of the codebook, by group in alphabetical order.

    sealed: passages that count as neither read nor suggested, for whoever is still to read them blind. once: estimates
    count repeated texts once, each of so many copies as a part of one.
    EvidenceError for a unit or attribute that there is not.
    """
    with study.store.database.reading() as connection:
        units.check(connection, unit)
        if by is not None and by not in (known := study.store.attribute_names(connection)):
            names = ", ".join(known) or "none"
            raise EvidenceError(f"no document has an attribute '{by}': there are {names}")
        decided = {key: values for key, values in ledger.agreed(connection, study.codebook) if key not in sealed}
        sizes, group = units.sizes(connection, unit), _group(connection, by)
        said = _said(decided, units.places(connection, unit, decided))
        tally = _read(said, {} if unit == "passage" else sizes) + _suggested(connection, unit, said, sealed)
        tally += _accepted(connection, unit, sealed)
        estimated = {} if sealed else _estimated(study, connection, by, unit, once)
    totals: Counter[str] = Counter()
    for (document, _), size in sizes.items():
        totals[group(document)] += size if unit == "passage" else 1
    summed: Counter[tuple[str, str, str]] = Counter()
    for (document, code, what), number in tally.items():
        summed[group(document), code, what] += number
    return [
        Count(
            code=code,
            unit=unit,
            attribute=by or "",
            group=name,
            suggested=summed[name, code, "suggested"],
            decided_yes=summed[name, code, "yes"],
            decided_no=summed[name, code, "no"],
            read=summed[name, code, "read"],
            total=totals[name],
            unread=summed[name, code, "unread"],
            depth=len(study.codebook.above(code)),
            accepted=summed[name, code, "accepted"],
            estimate=estimated.get((code, name), (None, None))[0],
            recall=estimated.get((code, name), (None, None))[1],
        )
        for code in study.codebook.by_id
        for name in sorted(totals)
    ]


def _estimated(
    study: Study, connection: Connection, by: str | None, unit: str, once: bool
) -> "dict[tuple[str, str], tuple[Estimated, Recall | None]]":
    """By code and group, how many there are, and what is certified."""
    from coding.auditing import Counting
    from coding.certified import recall

    if unit != "passage":
        from coding.mentions import mentions

        if once:
            raise EvidenceError(f"repeated texts are counted once as passages, not as {unit}s: leave --unit out")
        return {(one.code, one.group): (one, None) for one in mentions(study, connection, unit, by)}
    counting = Counting(study, connection, known(study, connection).weights if once else None)
    certified = {code: recall(counting, code) for code in study.codebook.by_id} if by is None and not once else {}
    return {(one.code, one.group): (one, certified.get(one.code)) for one in counting.estimates(connection, by)}


def _accepted(connection: Connection, unit: str, sealed: Collection[int]) -> Tally:
    """Units with a passage that holds a code unread."""
    tally: Tally = Counter()
    for code, keys in accepted.unread(connection).items():
        places = units.places(connection, unit, keys - set(sealed))
        for document, _ in set(places.values()):
            tally[document, code, "accepted"] += 1
    return tally


def _group(connection: Connection, by: str | None) -> Callable[[int], str]:
    """The group that a document is in, by its key."""
    if by is None:
        return lambda document: ""
    rows = connection.execute(select(ATTRIBUTES.c.document, ATTRIBUTES.c.value).where(ATTRIBUTES.c.name == by))
    known = dict(rows.all())
    return lambda document: str(known.get(document, NO_VALUE))


def _said(decided: dict[int, dict[str, float]], places: dict[int, Unit]) -> Said:
    found: Said = {}
    for key in decided.keys() & places.keys():
        for code, value in decided[key].items():
            found.setdefault((places[key], code), {})[key] = value
    return found


def _read(said: Said, sizes: dict[Unit, int]) -> Tally:
    """Units that people read, with a yes, and read to the end without one; a unit without a size is a passage."""
    tally: Tally = Counter()
    for (unit, code), values in said.items():
        tally[unit[0], code, "read"] += 1
        if 1.0 in values.values():
            tally[unit[0], code, "yes"] += 1
        elif len(values) == sizes.get(unit, 1) and not any(values.values()):
            tally[unit[0], code, "no"] += 1
    return tally


def _suggested(connection: Connection, unit: str, said: Said, sealed: Collection[int]) -> Tally:
    """Units that the last run suggests a code for, and those of them where nobody has decided on it.

    The database counts, since a row for each suggestion would keep whoever saves waiting; only those of passages that
    people decided on, or that are sealed, are looked at one by one.
    """
    columns, tables = units.columns(unit)
    tables = tables.join(SUGGESTIONS, SUGGESTIONS.c.passage == PASSAGES.c.id)
    marked = LIVE, SUGGESTIONS.c.run == suggestions.newest(connection), SUGGESTIONS.c.suggested
    by = *columns, SUGGESTIONS.c.code
    rows = connection.execute(select(*by, func.count()).select_from(tables).where(*marked).group_by(*by))
    found = {((document, part), code): number for document, part, code, number in rows}
    touched = SUGGESTIONS.c.passage.in_(listed({*sealed, *(key for values in said.values() for key in values)}))
    read: Counter[tuple[Unit, str]] = Counter()
    each = select(*by, SUGGESTIONS.c.passage).select_from(tables).where(*marked, touched)
    for document, part, code, key in connection.execute(each):
        found[(document, part), code] -= key in sealed
        read[(document, part), code] += key in said.get(((document, key), code), ())
    tally: Tally = Counter()
    for (place, code), number in found.items():
        passages = unit == "passage"
        tally[place[0], code, "suggested"] += number if passages else number > 0
        tally[place[0], code, "unread"] += (
            number - read[place, code] if passages else number > 0 and (place, code) not in said
        )
    return tally
