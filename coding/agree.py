"""The story of agreement: how far people agree with each other, and the machine with them, on the same passages.

What counts are blind readings of a random draw. Where nobody has double-coded yet, it is every passage that two coders
have read, however it was chosen; the result says which of the two it is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from coding import draws, ledger, readings, suggestions
from coding.agreement import MISSING, Undefined, pairs
from coding.codebook import nested
from coding.intervals import Agreement, Estimate, Sample, agreement, mean_alpha, resampled, set_alpha
from coding.quotes import checked
from coding.readings import Chosen, Readings
from coding.study import Study
from coding.suggestions import Run
from corpus.database import Connection

MACHINE = "the machine"
MOST_CODERS = 20  # of more, pairs are not told one by one


@dataclass(frozen=True, slots=True)
class Compared:
    """One code between certain readers. yes: share of yes, the machine's own where it is one of them.

    differ: keys of the passages in which they differ.
    """

    agreement: Agreement
    yes: float | Undefined
    differ: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code. people: between coders. machine: between each coder and the machine, on the same passages.

    audit: between coders and the machine on the random passages of an audit. None where there is no such thing.
    kind: what the machine's suggestions rest on, "likeness" or "score", "" without any. depth: 0 at the top.
    earlier: how many of people's decisions were made under another meaning of the code than it has now. meanings: under
    how many different ones all of them were made.
    """

    code: str
    name: str
    depth: int
    kind: str
    people: Compared
    machine: Compared | None
    audit: Compared | None
    decisions: int
    earlier: int
    meanings: int


@dataclass(frozen=True, slots=True)
class Over:
    """All codes together. mean: of alpha over `codes` codes. sets: alpha of whole sets of codes, with MASI distance."""

    mean: Estimate
    codes: int
    sets: Estimate
    passages: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readers, the second perhaps MACHINE. alpha: its mean over the codes for which they have one."""

    one: str
    other: str
    passages: int
    codes: int
    alpha: float | Undefined


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far people agree, and the machine with them, on the same passages.

    blind: whether these are blind readings of a random draw, else of whatever two coders have read. waiting: passages
    drawn for double coding that are not read by all yet. stale: what the suggestions do not know of, "" for nothing.
    over_machine, over_audit: None where there is no such thing. pairs: none of more than MOST_CODERS coders.
    """

    blind: bool
    waiting: int
    coders: tuple[str, ...]
    lines: tuple[CodeLine, ...]
    over_people: Over
    over_machine: Over | None
    over_audit: Over | None
    pairs: tuple[Pair, ...]
    stale: str


@dataclass(frozen=True, slots=True)
class Differing:
    """A passage in which readers differ. people: whether two coders do, else only the machine from all of them.

    machine: what it says, None where it says nothing. settled: what an adjudication says, None without one.
    """

    key: int
    passage: str
    speaker: str | None
    text: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    machine: bool | None
    settled: bool | None

    @property
    def people(self) -> bool:
        """Whether two coders differ."""
        return bool(self.yes and self.no)


def compare(study: Study, connection: Connection, coders: Sequence[str] = ()) -> Comparison:
    """Agreement of people, and of the machine with them, on the same passages.

    coders: of these only, two or more; () = of everybody. EvidenceError for a name that has decided nothing.
    """
    book, run = study.codebook, suggestions.latest(connection)
    blind, people = _people(study, connection, run, coders)
    audit = readings.drawn("audit")
    heard = readings.readings(connection, book, audit, readings.named(connection, coders))
    audited = _Basis(study, connection, run, audit, heard)
    meanings = readings.meanings(connection, book, people.said)
    lines = tuple(
        CodeLine(
            code.id,
            code.name,
            depth,
            run.kinds.get(code.id, "") if run else "",
            people.between(code.id),
            people.beside(code.id),
            audited.beside(code.id),
            *meanings[code.id],
        )
        for depth, code in nested(book)
    )
    known = [line.code for line in lines if not isinstance(line.people.agreement.alpha.value, Undefined)]
    return Comparison(
        blind=blind,
        waiting=_waiting(connection),
        coders=people.coders,
        lines=lines,
        over_people=people.over(known, beside=False),
        over_machine=people.over(known, beside=True) if people.machine else None,
        over_audit=audited.over(list(book.by_id), beside=True) if audited.machine else None,
        pairs=tuple(people.pairs(known)),
        stale=suggestions.stale(connection, run, book) if run else "",
    )


def differing(
    study: Study, connection: Connection, code: str, coders: Sequence[str] = ()
) -> tuple[list[Differing], int]:
    """Passages in which the readers of a code (its id or name) differ, where people do first; each in corpus order.

    The number is of those left out because somebody has still to read them blind. EvidenceError as `compare`, and for
    a code that the codebook has not.
    """
    id = study.codebook.find(code)
    _, basis = _people(study, connection, suggestions.latest(connection), coders)
    between, beside = basis.between(id), basis.beside(id)
    keys = {*between.differ, *(beside.differ if beside else ())}
    sealed = keys & draws.awaited(connection)
    settled = {row.passage: row.value for row in ledger.adjudicated(connection) if row.code == id}
    found = []
    for kept in checked(study, connection, study.store.holding(connection, sorted(keys - sealed))):
        for key, passage in kept.passages:
            if key in keys - sealed:
                said, label = basis.said.values[id][key], basis.label(id, key)
                yes, no = (tuple(sorted(who for who in said if said[who] is value)) for value in (True, False))
                heard = None if label == MISSING else bool(label)
                place = (key, passage.id, passage.speaker, passage.text)
                found.append(Differing(*place, yes, no, heard, settled.get(key)))
    return sorted(found, key=lambda passage: not passage.people), len(sealed)


def _people(study: Study, connection: Connection, run: Run | None, coders: Sequence[str]) -> "tuple[bool, _Basis]":
    """Blind readings of two coders, or else all that two have read; and whether they are blind."""
    names, book = readings.named(connection, coders), study.codebook
    chosen = readings.drawn("double")
    said = readings.readings(connection, book, chosen, names).shared()
    if blind := bool(said.documents):
        return blind, _Basis(study, connection, run, chosen, said)
    chosen = readings.read_by_two()
    said = readings.readings(connection, book, chosen, names).shared()
    return blind, _Basis(study, connection, run, chosen, said)


class _Basis:
    """Readings, what the machine says of the same passages (None where there is nothing), and draws of documents."""

    def __init__(self, study: Study, connection: Connection, run: Run | None, chosen: Chosen, said: Readings) -> None:
        self.said = said
        self.coders = said.coders()
        self.machine = readings.machine(connection, run, chosen) if run and said.documents else None
        self.drawn = resampled(len({*said.documents.values()}), int(study.settings["seed"]))
        self._column = {document: number for number, document in enumerate(sorted({*said.documents.values()}))}

    def label(self, code: str, passage: int) -> int:
        """What the machine says."""
        return self.machine.label(code, passage) if self.machine else MISSING

    def between(self, code: str) -> Compared:
        """People with each other."""
        found = agreement(sample := self._columns(code), self.drawn)
        return Compared(found, found.prevalence, _differ(sample))

    def beside(self, code: str) -> Compared | None:
        """People with the machine; None where it says nothing."""
        if self.machine is None:
            return None
        found = agreement(sample := self._rows(code), self.drawn)
        own = [row[1] for row in sample.labels if row[1] != MISSING]
        return Compared(found, sum(own) / len(own) if own else found.prevalence, _differ(sample))

    def over(self, codes: Sequence[str], beside: bool) -> Over:
        """All codes together, people with each other or with the machine."""
        mean, number = mean_alpha([self._rows(code) if beside else self._columns(code) for code in codes], self.drawn)
        found = list(self._sets(beside))
        keys = [key for key, _ in found]
        sets = set_alpha([row for _, row in found], self._places(keys), self.drawn, keys)
        return Over(mean, number, sets, len({*keys}))

    def pairs(self, codes: Sequence[str]) -> Iterator[Pair]:
        """Every two of the coders, and each with the machine."""
        if len(self.coders) > MOST_CODERS:
            return
        names = (*self.coders, *([MACHINE] if self.machine else ()))
        alphas: dict[tuple[int, int], list[float]] = {}
        both: Counter[tuple[int, int]] = Counter()
        for code in codes:
            sample = self._columns(code)
            rows = [[*row, self.label(code, key)] for row, key in zip(sample.labels, sample.passages, strict=True)]
            for one, other, passages, alpha in pairs([row[: len(names)] for row in rows]):
                both[one, other] = max(both[one, other], passages)
                alphas.setdefault((one, other), []).extend([] if isinstance(alpha, Undefined) else [alpha])
        for (one, other), found in alphas.items():
            if both[one, other]:
                mean = sum(found) / len(found) if found else Undefined("alpha is defined for none of the codes")
                yield Pair(names[one], names[other], both[one, other], len(found), mean)

    def _places(self, passages: Iterable[int]) -> list[int]:
        """Of each passage its document's column in the draws."""
        return [self._column[self.said.documents[key]] for key in passages]

    def _columns(self, code: str) -> Sample:
        """A row a passage, and a column a coder."""
        passages = self.said.values.get(code, {})
        labels = [[int(said.get(who, MISSING)) for who in self.coders] for said in passages.values()]
        return Sample(labels, self._places(passages), list(passages))

    def _rows(self, code: str) -> Sample:
        """A row a reading: the coder's label, and the machine's."""
        passages = self.said.values.get(code, {})
        keys = [key for key, said in passages.items() for _ in said]
        labels = [[int(yes), self.label(code, key)] for key, said in passages.items() for yes in said.values()]
        return Sample(labels, self._places(keys), keys)

    def _sets(self, beside: bool) -> Iterator[tuple[int, list[frozenset[str]]]]:
        """Rows of sets, of the codes that all coders of a passage have decided: a passage's, or a reading's beside."""
        for key, by_coder in self.said.passages().items():
            codes = frozenset[str].intersection(*(frozenset(said) for said in by_coder.values()))
            if beside:
                codes = frozenset(code for code in codes if self.label(code, key) != MISSING)
            if codes:
                sets = [frozenset(code for code in codes if said[code]) for said in by_coder.values()]
                own = frozenset(code for code in codes if self.label(code, key) == 1)
                yield from ((key, [one, own]) for one in sets) if beside else [(key, sets)]


def _differ(sample: Sample) -> tuple[int, ...]:
    rows = zip(sample.passages, sample.labels, strict=True)
    return tuple(dict.fromkeys(key for key, row in rows if len({*row} - {MISSING}) > 1))


def _waiting(connection: Connection) -> int:
    """Passages drawn for double coding that are not read by all of their coders."""
    progress = (draws.progress(connection, draw) for draw in draws.draws(connection) if draw.kind == "double")
    return sum(total - read for read, total in progress)
