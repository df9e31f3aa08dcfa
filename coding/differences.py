"""Where coders differ: found in what the database keeps as holding now, lowest agreement first."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations, groupby
from typing import Any

from coding import draws
from coding.cards import DOUBLE
from coding.codebook import Codebook
from coding.draws import DRAWN, DRAWS
from coding.ledger import ADJUDICATED, HELD, OWN
from corpus.context import first_words
from corpus.database import ColumnElement, Connection, Integer, Select, func, listed, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

OPEN, SETTLED, ALL = "open", "settled", "all"
ONE, UNANIMOUS, BY_ADJUDICATION, UNRESOLVED = SOURCES = ("one", "unanimous", "adjudicated", "unresolved")
ANY_DOUBLE = 0  # in place of a draw: all for double coding
WORDS = 160  # characters of a passage that a list shows


@dataclass(frozen=True, slots=True)
class Only:
    """Which differences are asked for. coders: between these two alone, () = all. state: OPEN, SETTLED or ALL.

    draw: in its passages; ANY_DOUBLE = in those of all draws for double coding.
    """

    code: str | None = None
    coders: tuple[str, ...] = ()
    draw: int | None = None
    state: str = OPEN


@dataclass(frozen=True, slots=True)
class Differing:
    """One code on which the coders of a passage differ. settled: the outcome, None while there is none."""

    code: str
    settled: bool | None


@dataclass(frozen=True, slots=True)
class Case:
    """A passage whose coders differ. same of compared: codes that two coders read, and say the same of.

    codes: those asked for, in the order of the codebook. words: how it begins, "" before they are read.
    """

    passage: int
    document: str
    same: int
    compared: int
    codes: tuple[Differing, ...]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The first cases, how many there are, and how many differences are open and settled, whichever state was asked."""

    cases: tuple[Case, ...]
    total: int
    open: int
    settled: int


def find(connection: Connection, codebook: Codebook, only: Only = Only(), most: int = 200) -> Found:
    """The differences, passages of the lowest agreement first, among these those with the rarest code.

    What was settled otherwise than all coders say by now is among those that are settled. A passage of a draw that is
    not read yet as the draw asks is not among them.
    """
    state = _state(connection, codebook, only).subquery()
    compared = select(
        state,
        func.count().over(partition_by=state.c.passage).label("compared"),
        func.sum(state.c.low == state.c.high, type_=Integer).over(partition_by=state.c.passage).label("same"),
    )
    each = compared.where(state.c.first < state.c.last).subquery()
    against = each.c.outcome != each.c.high  # settled, and since then all who read it say the contrary
    differing = select(each, DOCUMENTS.c.name).where((each.c.low < each.c.high) | against, LIVE)
    differing = differing.join_from(each, PASSAGES, PASSAGES.c.id == each.c.passage).join(DOCUMENTS)
    rows = connection.execute(differing.order_by(DOCUMENTS.c.name, PASSAGES.c.start)).all()
    rows = [row for row in rows if only.code in (None, row.code)]
    rare = _rarity(connection, codebook)
    cases = [_case(list(of), only.state, rare) for _, of in groupby(rows, lambda row: row.passage)]
    cases = [case for case in cases if case.codes]
    cases.sort(key=lambda case: (case.same / case.compared, min(rare[one.code] for one in case.codes)))
    settled = sum(row.outcome is not None for row in rows)
    return Found(tuple(_with_words(connection, cases[:most])), len(cases), len(rows) - settled, settled)


def totals(connection: Connection, codebook: Codebook) -> dict[str, Counter[str]]:
    """By code, in how many passages its agreed value comes from where (SOURCES)."""
    state = _state(connection, codebook, None).subquery()
    live = select(state).join_from(state, PASSAGES, PASSAGES.c.id == state.c.passage).join(DOCUMENTS).where(LIVE)
    each = live.subquery()
    kind = (each.c.code, each.c.outcome.is_not(None), each.c.low < each.c.high, each.c.first < each.c.last)
    found: dict[str, Counter[str]] = {code: Counter() for code in codebook.by_id}
    for code, settled, differ, several, number in connection.execute(select(*kind, func.count()).group_by(*kind)):
        source = BY_ADJUDICATION if settled else UNRESOLVED if differ else UNANIMOUS if several else ONE
        found[code][source] += number
    return found


def pairs(connection: Connection) -> list[tuple[str, str]]:
    """Coders who have read a passage in common, two by two."""
    holds = HELD.c.lane == OWN, HELD.c.value.is_not(None), _told(connection)
    read = select(HELD.c.passage, HELD.c.coder).where(*holds).distinct().subquery()
    together = select(func.json_group_array(read.c.coder)).group_by(read.c.passage).subquery()
    groups = connection.execute(select(*together.c).distinct()).scalars()
    return sorted({pair for group in groups for pair in combinations(sorted(json.loads(group)), 2)})


def _state(connection: Connection, codebook: Codebook, only: Only | None) -> Select[Any]:
    """Of each passage and code: first and last coder, lowest and highest value, and the outcome of an adjudication.

    only: passages that two coders have read; None = all passages that nobody is still to read blind.
    """
    parts: list[Any] = [HELD.c.value.is_not(None)]
    parts.append(_told(connection))
    parts.append(HELD.c.code.in_(listed(codebook.by_id)))
    if only is not None:
        several = select(HELD.c.passage).where(HELD.c.lane == OWN, HELD.c.value.is_not(None)).group_by(HELD.c.passage)
        parts.append(HELD.c.passage.in_(several.having(func.min(HELD.c.coder) < func.max(HELD.c.coder))))
        if only.coders:
            parts.append((HELD.c.lane == ADJUDICATED) | HELD.c.coder.in_(only.coders))
        if only.draw is not None:
            parts.append(HELD.c.passage.in_(_drawn(only.draw)))
    said = _said(codebook, parts).subquery()
    own, settled = said.c.lane == OWN, said.c.lane == ADJUDICATED
    return select(
        said.c.passage,
        said.c.code,
        func.min(said.c.coder).filter(own).label("first"),
        func.max(said.c.coder).filter(own).label("last"),
        func.min(said.c.value).filter(own).label("low"),
        func.max(said.c.value).filter(own).label("high"),
        func.max(said.c.value).filter(settled).label("outcome"),
    ).group_by(said.c.passage, said.c.code)


def _drawn(draw: int) -> Select[Any]:
    chosen = DRAWS.c.kind == DOUBLE if draw == ANY_DOUBLE else DRAWS.c.id == draw
    return select(DRAWN.c.passage).where(DRAWN.c.draw.in_(select(DRAWS.c.id).where(chosen)))


def _said(codebook: Codebook, parts: Iterable[Any]) -> Any:
    """What coders and adjudications say, a yes for a nested code also for those above that nothing was said of."""
    lanes = HELD.c.lane.in_((OWN, ADJUDICATED))
    plain = select(HELD.c.passage, HELD.c.lane, HELD.c.coder, HELD.c.code, HELD.c.value).where(lanes, *parts)
    above = [[code, over] for code in codebook.by_id for over in codebook.above(code)]
    if not above:
        return plain
    pair = func.json_each(json.dumps(above)).table_valued("value")
    below, over = (func.json_extract(pair.c.value, f"$[{place}]") for place in (0, 1))
    there = HELD.alias()
    same = [there.c[name] == HELD.c[name] for name in ("passage", "lane", "coder")]
    spoken = select(there.c.code).where(*same, there.c.code == over, there.c.value.is_not(None)).exists()
    lent = select(HELD.c.passage, HELD.c.lane, HELD.c.coder, over, HELD.c.value).join_from(
        HELD, pair, below == HELD.c.code
    )
    return plain.union_all(lent.where(lanes, *parts, HELD.c.value, ~spoken))


def _told(connection: Connection) -> ColumnElement[bool]:
    """What is of passages that nobody is still to read blind."""
    return HELD.c.passage.not_in(listed(sorted(draws.awaited(connection))))


def _rarity(connection: Connection, codebook: Codebook) -> dict[str, tuple[int, int]]:
    """How many yeses each code has, then its place in the codebook."""
    own = select(HELD.c.code, func.count()).where(HELD.c.lane == OWN, HELD.c.value, _told(connection))
    yes: dict[str, int] = dict(connection.execute(own.group_by(HELD.c.code)).all())
    return {code: (yes.get(code, 0), place) for place, code in enumerate(codebook.by_id)}


def _case(rows: list[Any], state: str, rare: dict[str, tuple[int, int]]) -> Case:
    asked = [row for row in rows if state == ALL or (row.outcome is None) == (state == OPEN)]
    codes = tuple(Differing(row.code, row.outcome) for row in sorted(asked, key=lambda row: rare[row.code][1]))
    return Case(rows[0].passage, rows[0].name, rows[0].same, rows[0].compared, codes)


def _with_words(connection: Connection, cases: list[Case]) -> list[Case]:
    words = first_words(connection, [case.passage for case in cases], WORDS)
    return [replace(case, words=words[case.passage][1]) for case in cases]
