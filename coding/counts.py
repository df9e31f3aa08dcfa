"""Theme counts: how many passages, documents or speakers, by what people decided and what the machine suggests."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from coding import ledger, suggestions
from coding.study import Study
from corpus.errors import EvidenceError
from corpus.passage import Passage
from corpus.store import Kept

UNITS = ("passage", "document", "speaker")
NO_VALUE = "(none)"


@dataclass(frozen=True, slots=True)
class Count:
    """One code in one group of documents, in the unit named.

    suggested: units with at least one passage that the machine suggests: not corrected, no interval holds for it.
    decided_yes: units with a passage that people agree on. decided_no: units read to the end without one. read: units
    with a passage somebody decided, those where coders differ too. total: all units of the group.
    unread: those of the suggested in which nobody has decided on the code. depth: of the code, 0 for one that is nested
    in none.
    attribute, group: "" where all documents are counted together; group "(none)": documents without the attribute.
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


def counts(
    study: Study, by: str | None = None, unit: str = "passage", sealed: Collection[int] = frozenset()
) -> list[Count]:
    """Counts of every code in the order of the codebook, by group in alphabetical order.

    sealed: passages that count as neither read nor suggested, for whoever is still to read them blind.
    EvidenceError for a unit or attribute that there is not.
    """
    if unit not in UNITS:
        raise EvidenceError(f"'{unit}' is no counting unit: choose {', '.join(UNITS)}")
    codes = list(study.codebook.by_id)
    tally: Counter[tuple[str, str, str]] = Counter()
    totals: Counter[str] = Counter()
    with study.store.database.reading() as connection:
        if by is not None and by not in (known := study.store.attribute_names(connection)):
            names = ", ".join(known) or "none"
            raise EvidenceError(f"no document has an attribute '{by}': there are {names}")
        decided = {key: values for key, values in ledger.agreed(connection, study.codebook) if key not in sealed}
        run = suggestions.latest(connection)
        suggested: dict[int, set[str]] = {}
        for suggestion in suggestions.suggested(connection, run.id) if run else ():
            if suggestion.passage not in sealed:
                suggested.setdefault(suggestion.passage, set()).add(suggestion.code)
        for kept in study.store.kept(connection):
            group = "" if by is None else kept.document.attributes.get(by, NO_VALUE)
            for members in filter(None, units(kept, unit)):
                totals[group] += 1
                tally.update((group, code, what) for code, what in _facts(members, codes, decided, suggested))
    return [
        Count(
            code=code,
            unit=unit,
            attribute=by or "",
            group=group,
            suggested=tally[group, code, "suggested"],
            decided_yes=tally[group, code, "yes"],
            decided_no=tally[group, code, "no"],
            read=tally[group, code, "read"],
            total=totals[group],
            unread=tally[group, code, "unread"],
            depth=len(study.codebook.above(code)),
        )
        for code in codes
        for group in sorted(totals)
    ]


def units(kept: Kept, unit: str) -> Iterator[list[int]]:
    """Keys of the passages that make one unit each: a passage, a document, or one speaker within a document.

    A person who speaks in two documents is two speakers, since a name ("Participant 1") is not an identity; a document
    without speakers is one.
    """
    if unit == "passage":
        yield from ([key] for key, _ in kept.passages)
    elif unit == "document":
        yield [key for key, _ in kept.passages]
    else:
        yield from _by_speaker(kept.passages).values()


def _by_speaker(passages: Iterable[tuple[int, Passage]]) -> dict[str | None, list[int]]:
    speakers: dict[str | None, list[int]] = {}
    for key, passage in passages:
        speakers.setdefault(passage.speaker, []).append(key)
    return speakers


def _facts(
    members: list[int], codes: list[str], decided: dict[int, dict[str, float]], suggested: dict[int, set[str]]
) -> Iterator[tuple[str, str]]:
    """(code, what is true of it) for one unit."""
    marked = set().union(*(suggested.get(key, set()) for key in members))
    for code in codes:
        values = [decided[key][code] for key in members if code in decided.get(key, {})]
        if code in marked:
            yield code, "suggested"
        if code in marked and not values:
            yield code, "unread"
        if values:
            yield code, "read"
        if 1.0 in values:
            yield code, "yes"
        elif len(values) == len(members) and not any(values):
            yield code, "no"
