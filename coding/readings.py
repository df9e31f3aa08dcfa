"""Which readings are compared: blind ones of random draws, or what two coders have read; and what the machine says."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from coding import ledger
from coding.agreement import MISSING
from coding.codebook import Codebook
from coding.draws import DRAWN, DRAWS, REREAD
from coding.ledger import DECISIONS, HELD, OWN
from coding.suggestions import SUGGESTIONS, Run
from coding.versions import meaning
from corpus.database import ColumnElement, Connection, Select, and_, func, or_, select
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

Said = dict[str, bool]  # by coder


@dataclass(frozen=True, slots=True)
class Readings:
    """What coders said. values: by code and passage. documents: of each passage its document's key.

    versions: by code and version of the codebook, the passage of each decision that was made under it.
    """

    values: dict[str, dict[int, Said]]
    documents: dict[int, int]
    versions: dict[str, dict[str, list[int]]]

    def shared(self) -> "Readings":
        """Only what was said of a code in passages of which two coders said something."""
        values = {
            code: {key: said for key, said in passages.items() if len(said) > 1}
            for code, passages in self.values.items()
        }
        documents = {key: self.documents[key] for passages in values.values() for key in passages}
        return Readings(values, documents, self.versions)

    def without(self, passages: AbstractSet[int]) -> "Readings":
        """The same but for these passages."""
        if not passages:
            return self
        values = {
            code: {key: said for key, said in by.items() if key not in passages} for code, by in self.values.items()
        }
        documents = {key: document for key, document in self.documents.items() if key not in passages}
        return Readings(values, documents, self.versions)

    def coders(self) -> tuple[str, ...]:
        """Everybody who said something, in alphabetical order."""
        return tuple(sorted({who for by in self.values.values() for said in by.values() for who in said}))


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run says. codes: those it knows. scored: passages. suggested: of those, by code."""

    codes: frozenset[str]
    scored: frozenset[int]
    suggested: dict[str, set[int]]

    def label(self, code: str, passage: int) -> int:
        """1 where it suggests the code, 0 where it does not, MISSING where it says nothing."""
        if code not in self.codes or passage not in self.scored:
            return MISSING
        return int(passage in self.suggested[code])


@dataclass(frozen=True, slots=True)
class Chosen:
    """Readings to look for. where: of `held` and `decisions`. passages: a query for those they may be of."""

    where: ColumnElement[bool]
    passages: Select[Any]


def drawn(kind: str) -> Chosen:
    """Blind readings of every draw of a kind, "double" or "audit": what each coder said last within it.

    Without audits of what is suggested for one code, which are no sample of the whole.
    """
    lanes = select(DRAWS.c.id).where(DRAWS.c.kind == kind, DRAWS.c.code.is_(None))
    blind = and_(HELD.c.lane.in_(lanes), ~DECISIONS.c.suggestions_visible)
    return Chosen(blind, select(DRAWN.c.passage).where(DRAWN.c.draw.in_(lanes)))


def read_by_two() -> Chosen:
    """Whatever holds in the passages that two coders have read, but for what they said in reading again."""
    own = and_(HELD.c.lane == OWN, HELD.c.value.is_not(None))
    twice = select(HELD.c.passage).where(own).group_by(HELD.c.passage).having(func.count(HELD.c.coder.distinct()) > 1)
    return Chosen(and_(own, HELD.c.passage.in_(twice)), twice)


def readings(connection: Connection, codebook: Codebook, chosen: Chosen, coders: Sequence[str] = ()) -> Readings:
    """What was said of the codes of this codebook in live passages; coders: by these only.

    A coder's yes for a nested code is a yes for the codes above it that this coder said nothing of.
    """
    joined = HELD.join(DECISIONS, HELD.c.decision == DECISIONS.c.id).join(PASSAGES, HELD.c.passage == PASSAGES.c.id)
    decision = (DECISIONS.c.value, DECISIONS.c.codebook, DECISIONS.c.draw)
    columns = (HELD.c.passage, PASSAGES.c.document, HELD.c.code, HELD.c.coder, *decision)
    query = select(*columns).select_from(joined.join(DOCUMENTS)).where(chosen.where, LIVE, HELD.c.value.is_not(None))
    if coders:
        query = query.where(HELD.c.coder.in_(coders))
    found = Readings(defaultdict(dict), {}, defaultdict(dict))
    rereadings = set(connection.execute(select(DRAWS.c.id).where(DRAWS.c.kind == REREAD)).scalars())
    before = _before(connection, rereadings) if rereadings else {}
    for key, document, code, coder, value, version, draw in connection.execute(query.order_by(HELD.c.decision)).all():
        if draw in rereadings:  # it was chosen for what the machine says of it
            value, version = before.get((key, code, coder), (None, version))
        if code in codebook.by_id and value is not None:
            found.values[code].setdefault(key, {})[coder] = value
            found.documents[key] = document
            found.versions[code].setdefault(version, []).append(key)
    _lend(codebook, found)
    return found


def _lend(codebook: Codebook, found: Readings) -> None:
    for code in codebook.by_id:
        for above in codebook.above(code):
            for key, said in list(found.values[code].items()):
                for coder in (coder for coder, value in said.items() if value):
                    found.values[above].setdefault(key, {}).setdefault(coder, True)


def _before(connection: Connection, rereadings: Collection[int]) -> dict[tuple[int, str, str], tuple[bool | None, str]]:
    """By passage, code and coder, what was said last, and under which codebook, but for these draws of re-readings."""
    columns = (DECISIONS.c.passage, DECISIONS.c.code, DECISIONS.c.coder, DECISIONS.c.value, DECISIONS.c.codebook)
    drawn = DECISIONS.c.passage.in_(select(DRAWN.c.passage).where(DRAWN.c.draw.in_(rereadings)))
    own = DECISIONS.c.why != "adjudication", or_(DECISIONS.c.draw.is_(None), DECISIONS.c.draw.not_in(rereadings))
    rows = connection.execute(select(*columns).where(drawn, *own).order_by(DECISIONS.c.id))
    return {(key, code, coder): (value, version) for key, code, coder, value, version in rows}


def machine(connection: Connection, run: Run, chosen: Chosen) -> Machine:
    """What a run says of the passages that were chosen."""
    mine = and_(SUGGESTIONS.c.run == run.id, SUGGESTIONS.c.passage.in_(chosen.passages))
    scored = connection.execute(select(SUGGESTIONS.c.passage).where(mine).distinct()).scalars()
    suggested: dict[str, set[int]] = defaultdict(set)
    rows = connection.execute(select(SUGGESTIONS.c.code, SUGGESTIONS.c.passage).where(mine, SUGGESTIONS.c.suggested))
    for code, passage in rows:
        suggested[code].add(passage)
    return Machine(frozenset(run.kinds), frozenset(scored), suggested)


def named(connection: Connection, coders: Sequence[str]) -> tuple[str, ...]:
    """These coders as the ledger spells them; EvidenceError for one who has decided nothing, or for one alone."""
    known = sorted(connection.execute(select(HELD.c.coder).where(HELD.c.lane == OWN).distinct()).scalars())
    folded = {name.casefold(): name for name in known}
    for name in coders:
        if name.casefold() not in folded:
            raise EvidenceError(
                f"there are no decisions of '{name}': there are those of {', '.join(known) or 'nobody'}"
            )
    chosen = tuple(dict.fromkeys(folded[name.casefold()] for name in coders))
    if len(chosen) == 1:
        raise EvidenceError(f"'{chosen[0]}' alone agrees with nobody: name two coders or more, or none for everybody")
    return chosen


def meanings(connection: Connection, codebook: Codebook, said: Readings) -> dict[str, tuple[int, int, int]]:
    """By code: its decisions, how many of them under another meaning than today's, and under how many meanings."""
    books = {version.version: version.by_id for _, version in ledger.codebooks(connection)}
    found = {}
    for code, now in codebook.by_id.items():
        compared = said.values.get(code, {})
        under: Counter[object] = Counter()
        for version, passages in said.versions.get(code, {}).items():
            then = books[version].get(code)
            under[then and meaning(then)] += sum(key in compared for key in passages)
        found[code] = (under.total(), under.total() - under[meaning(now)], len(+under))
    return found
