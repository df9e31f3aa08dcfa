"""What stands after a run, code by code, for the person who decides what to read next."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from coding import ledger, suggestions
from coding.codebook import nested
from coding.study import Study
from coding.suggestions import Run

FIRST = 0.2  # the highest fifth of what is suggested and unread


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code: numbers of passages. first: suggested, unread, and among the highest fifth of those.

    kind: "likeness" until there are 4 yes and 4 no, then "score". depth: 0 for a code that is nested in none.
    """

    code: str
    name: str
    depth: int
    kind: str
    suggested: int
    first: int
    yes: int
    no: int
    differ: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The study after a run.

    read: passages that somebody has decided at least one code of. orphans: decisions on codes that are gone, by code.
    retired: the codes of the codebook that are used no more, and may be among those.
    """

    run: Run
    documents: int
    passages: int
    read: int
    lines: tuple[CodeLine, ...]
    orphans: dict[str, int]
    retired: frozenset[str] = frozenset()


def summarise(study: Study, run: Run) -> Summary:
    """What the run suggests beside what people have decided."""
    decided: dict[str, Counter[float]] = {}
    seen: dict[str, set[int]] = {}
    read = 0
    with study.store.database.reading() as connection:
        documents, passages = study.store.size(connection)
        orphans = dict(ledger.orphans(connection, study.codebook))
        for passage, values in ledger.agreed(connection, study.codebook):
            read += 1
            for id, value in values.items():
                decided.setdefault(id, Counter())[value] += 1
                seen.setdefault(id, set()).add(passage)
        scores: dict[str, list[float]] = {}
        total: Counter[str] = Counter()
        for s in suggestions.suggested(connection, run.id):
            total[s.code] += 1
            if s.passage not in seen.get(s.code, ()):
                scores.setdefault(s.code, []).append(s.score)
    lines = []
    for depth, code in nested(study.codebook):
        said = decided.get(code.id, Counter())
        kind = run.kinds.get(code.id, "likeness")
        tops = highest(scores.get(code.id, []))
        counted = (total[code.id], len(tops), said[1.0], said[0.0], said[0.5])
        lines.append(CodeLine(code.id, code.name, depth, kind, *counted))
    return Summary(run, documents, passages, read, tuple(lines), orphans, frozenset(study.codebook.retired_by_id))


@dataclass(frozen=True, slots=True)
class Cautions:
    """What whoever reads the counts must know of them.

    stale: what the suggestions do not know of, "" for nothing. orphans: decisions on codes that are gone, by code.
    kinds: what the suggestions rest on, "likeness" or "score". outside: decisions on passages that do not count now.
    retired: the codes of the codebook that are used no more.
    """

    stale: str
    orphans: dict[str, int]
    kinds: frozenset[str]
    outside: int
    retired: frozenset[str] = frozenset()


def cautions(study: Study, sealed: Collection[int] = ()) -> Cautions:
    """The cautions that hold for this study now. sealed: passages of which nothing is counted."""
    with study.store.database.reading() as connection:
        run = suggestions.latest(connection)
        return Cautions(
            stale=suggestions.stale(connection, run, study.codebook),
            orphans=dict(ledger.orphans(connection, study.codebook, sealed)),
            kinds=frozenset(run.kinds.values() if run else ()),
            outside=ledger.outside(connection),
            retired=frozenset(study.codebook.retired_by_id),
        )


def highest(scores: Iterable[float]) -> list[float]:
    """The highest fifth, rounded up, highest first."""
    ordered = sorted(scores, reverse=True)
    return ordered[: -int(-FIRST * len(ordered) // 1)]
