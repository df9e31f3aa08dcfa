"""The story of agreement: how far people agree with each other, and the machine with them, on the same passages.

What counts are blind readings of a random draw. Until FEWEST passages were double-coded, it is every passage that two
coders have read, however it was chosen, if these are more; the result says which of the two it is.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from coding import draws, ledger, readings, suggestions
from coding.agreement import MISSING, Undefined
from coding.codebook import nested
from coding.intervals import Agreement, Estimate, Sample, agreement, mean_alpha, pairs, resampled, set_alpha
from coding.quotes import checked
from coding.readings import Chosen, Readings
from coding.study import Study
from coding.suggestions import Run
from corpus.database import Connection

MACHINE = "the machine"
FEWEST = 5  # passages double-coded before agreement rests on them alone
MOST_CODERS = 20  # of more, pairs are not told one by one


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
    people: Agreement
    machine: Agreement | None
    audit: Agreement | None
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


def compare(
    study: Study, connection: Connection, coders: Sequence[str] = (), without: AbstractSet[int] = frozenset()
) -> Comparison:
    """Agreement of people, and of the machine with them, on the same passages.

    coders: of these only, two or more; () = of everybody. without: passages that are left out.
    EvidenceError for a name that has decided nothing.
    """
    book, run = study.codebook, suggestions.latest(connection)
    blind, people, audited = _bases(study, connection, run, coders, without)
    meanings = readings.meanings(connection, book, people.said)
    lines = tuple(
        CodeLine(
            code.id,
            code.name,
            depth,
            run.kinds.get(code.id, "") if run else "",
            people.compared(code.id),
            people.compared(code.id, beside=True) if people.machine else None,
            audited.compared(code.id, beside=True) if audited.machine else None,
            *meanings[code.id],
        )
        for depth, code in nested(book)
    )
    known = [line.code for line in lines if not isinstance(line.people.alpha.value, Undefined)]
    return Comparison(
        blind=blind,
        waiting=_waiting(connection),
        coders=people.coders,
        lines=lines,
        over_people=people.over(known),
        over_machine=people.over(known, beside=True) if people.machine else None,
        over_audit=audited.over(list(book.by_id), beside=True) if audited.machine else None,
        pairs=people.pairs(known),
        stale=suggestions.stale(connection, run, book) if run else "",
    )


def differing(
    study: Study, connection: Connection, code: str, coders: Sequence[str] = ()
) -> tuple[list[Differing], int]:
    """Passages in which the readers of a code (its id or name) differ, where people do first; each in corpus order.

    In the passages that people are compared on, and in those of an audit. The number is of those left out because
    somebody has still to read them blind, whether readers differ in them or not, for that would tell how many do.
    EvidenceError as `compare`, and for a code that the codebook has not.
    """
    id = study.codebook.find(code)
    sealed = draws.awaited(connection)
    verdicts = ledger.settled(connection, study.codebook)
    settled = {passage: bool(values[id]) for passage, values in verdicts.items() if id in values}
    where: dict[int, _Basis] = {}
    left_out: set[int] = set()
    for basis in _bases(study, connection, suggestions.latest(connection), coders)[1:]:
        left_out |= basis.said.documents.keys() & sealed
        for beside in (False, True):
            where = dict.fromkeys(basis.compared(id, beside).differ, basis) | where
    found = []
    for kept in checked(study, connection, study.store.holding(connection, sorted(where.keys() - sealed))):
        for key, passage in kept.passages:
            if key in where and key not in sealed:
                said, label = where[key].said.values[id][key], where[key].label(id, key)
                yes, no = (tuple(sorted(who for who in said if said[who] is value)) for value in (True, False))
                heard = None if label == MISSING else bool(label)
                place = (key, passage.id, passage.speaker, passage.text)
                found.append(Differing(*place, yes, no, heard, settled.get(key)))
    return sorted(found, key=lambda passage: not passage.people), len(left_out)


def _bases(
    study: Study,
    connection: Connection,
    run: Run | None,
    coders: Sequence[str],
    without: AbstractSet[int] = frozenset(),
) -> "tuple[bool, _Basis, _Basis]":
    """What two coders have read of double draws, or else at all, and whether that is blind; and audits."""
    names = readings.named(connection, coders)

    def heard(chosen: Chosen) -> Readings:
        return readings.readings(connection, study.codebook, chosen, names).without(without)

    audit, chosen = readings.drawn("audit"), readings.drawn("double")
    said = heard(chosen).shared()
    blind = bool(said.documents)
    if len(said.documents) < FEWEST:
        anyhow = heard(readings.read_by_two()).shared()
        if len(anyhow.documents) > len(said.documents):
            blind, chosen, said = False, readings.read_by_two(), anyhow
    audited = _Basis(study, connection, run, audit, heard(audit))
    return blind, _Basis(study, connection, run, chosen, said), audited


class _Basis:
    """Readings, what the machine says of the same passages (None where there is nothing), and draws of documents."""

    def __init__(self, study: Study, connection: Connection, run: Run | None, chosen: Chosen, said: Readings) -> None:
        self.said = said
        self.coders = said.coders()
        self.machine = readings.machine(connection, run, chosen) if run and said.documents else None
        self.drawn = resampled(len({*said.documents.values()}), int(study.settings["seed"]))
        self._samples: dict[str, Sample] = {}
        self._column = {document: number for number, document in enumerate(sorted({*said.documents.values()}))}

    def label(self, code: str, passage: int) -> int:
        """What the machine says."""
        return self.machine.label(code, passage) if self.machine else MISSING

    def compared(self, code: str, beside: bool = False) -> Agreement:
        """One code: people with each other, or each of them beside the machine."""
        return agreement(self.sample(code), self.drawn, beside)

    def over(self, codes: Sequence[str], beside: bool = False) -> Over:
        """These codes together; the sets are of all codes."""
        mean, number = mean_alpha([self.sample(code) for code in codes], self.drawn, beside)
        return Over(mean, number, *set_alpha([self.sample(code) for code in self.said.values], self.drawn, beside))

    def pairs(self, codes: Sequence[str]) -> tuple[Pair, ...]:
        """Every two of the coders, and each with the machine."""
        if len(self.coders) > MOST_CODERS:
            return ()
        names = (*self.coders, MACHINE)
        found = pairs([self.sample(code) for code in codes])
        return tuple(Pair(names[one], names[other], *rest) for (one, other), rest in found.items() if rest[0])

    def sample(self, code: str) -> Sample:
        """Labels of a code, of people and of the machine."""
        if code not in self._samples:
            said = self.said.values.get(code, {})
            self._samples[code] = Sample(
                [[int(by[who]) if who in by else MISSING for by in said.values()] for who in self.coders],
                [self._column[self.said.documents[key]] for key in said],
                list(said),
                [self.label(code, key) for key in said],
            )
        return self._samples[code]


def _waiting(connection: Connection) -> int:
    """Passages drawn for double coding that are not read by all of their coders."""
    progress = (
        draws.progress(connection, draw)
        for draw in draws.draws(connection)
        if draw.kind == "double" and not draw.closed
    )
    return sum(total - read for read, total in progress)
