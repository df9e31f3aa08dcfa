"""The story of units that mention a code: how many documents, speakers or organisations have a passage with it.

A unit mentions a code if any of its passages does, so that passages drawn here and there say nothing of how many units
do: whole units must have been drawn, or larger ones in which each of them lies whole. A unit in which people had found
the code before the draw is known, and for the others in the frame those that were drawn stand.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from coding import audits, units, versions
from coding.agreement import Undefined
from coding.auditing import MOST, Corpus, corpus, groups
from coding.audits import Audit, Flags
from coding.estimate import LEVEL, Sample, Share, audited
from coding.estimate_designs import GROUPS, Documents, clusters
from coding.estimate_groups import by_design, whole
from coding.frames import Floats, Integers
from coding.layers import Estimated, Part, beyond, certainly, total
from coding.study import Study
from coding.units import Unit, several
from corpus.database import Connection

NOWHERE = -1  # the unit of a passage that is in none


@dataclass(frozen=True)
class Cells:
    """What is counted: c units, each once in every group that has passages of it.

    unit: (n,) of each live passage, NOWHERE for none. rows: (m,) the passages that are in some. of: (m,) the cell of
    each. group: (c,) of each cell, its place among the groups.
    """

    unit: Integers
    rows: Integers
    of: Integers
    group: Integers

    def some(self, passages: Flags) -> Flags:
        """Cells with such a passage."""
        return np.bincount(self.of, passages[self.rows], len(self.group)) > 0

    def every(self, passages: Flags) -> Flags:
        """Cells of such passages only."""
        return ~self.some(~passages)


@dataclass(frozen=True)
class Seen:
    """An audit by cells. inside, known: (n,) passages of its frame, and those that were read before.

    lies: (c,) the drawn unit that each cell of the frame lies in. drawn: (c,) those that were drawn and read. alone: no
    drawn unit has two of what is counted, so that these were drawn themselves.
    """

    audit: Audit
    inside: Flags
    known: Flags
    lies: Integers
    drawn: Flags
    alone: bool


@dataclass(frozen=True)
class Speaking:
    """What an audit says of one code, by cells (c,).

    there: those it speaks of. yes, open: of these, where people had agreed on the code before, or differed on it and
    agreed nowhere. rest: those that it drew from and nothing else is known of. y, f: what was said of those drawn, and
    the score that one of the unread passages holds the code.
    """

    seen: Seen
    there: Flags
    yes: Flags
    open: Flags
    rest: Flags
    y: Floats
    f: Floats


def mentions(study: Study, connection: Connection, unit: str, by: str | None = None) -> Iterator[Estimated]:
    """Of every code in every group, how many units mention it; of passages, how many hold it, by draws of whole units.

    unit: one of `units.UNITS`, or the name of an attribute. A unit with passages in several groups is in each of them,
    with those. EvidenceError for what is no unit.
    """
    units.check(connection, unit)
    counting = Mentions(study, connection, unit, by)
    for code in study.codebook.by_id:
        speaking = counting.speaking(code)
        for group in counting.groups:
            yield counting.estimated(code, group, speaking)


class Mentions:
    """All that an estimate of units rests on, read once."""

    def __init__(self, study: Study, connection: Connection, unit: str, by: str | None = None) -> None:
        self.unit, self.corpus = unit, corpus(connection, study.codebook)
        self.groups: dict[str, int] = {}
        group = np.zeros(len(self.corpus.keys), np.int64)
        for number, (name, inside) in enumerate(groups(connection, self.corpus, by).items()):
            self.groups[name] = number
            group[inside] = number
        place = {unit: units.places(connection, unit)}
        self.cells = cells(self.corpus, place[unit], group)
        self.earlier = {code: one.decisions for code, one in versions.stale(connection, study.codebook).items()}
        self.seen: list[Seen] = []
        self.refused: list[str] = []
        every = audits.audits(connection, study.codebook, self.corpus.keys)
        for audit in (one for one in every if not one.draw.code):
            if (kind := audit.draw.unit) not in place:
                place[kind] = units.places(connection, kind)
            found = seen(self.corpus, self.cells, audit, unit, place[kind])
            self.refused += [found] if isinstance(found, str) else []
            self.seen += [found] if isinstance(found, Seen) else []

    def speaking(self, code: str) -> list[Speaking]:
        """What the audits that support it say of a code, of one kind, oldest first.

        Those of the code's meaning today, if there are any; of these the ones that drew what is counted, or else those
        that drew the same as the newest.
        """
        found = [one for one in self.seen if not (one.audit.lacks(code) or one.audit.stopped)]
        found = [one for one in found if code not in one.audit.old] or found
        found = [one for one in found if one.alone] or [
            one for one in found if one.audit.draw.unit == found[-1].audit.draw.unit
        ]
        return [spoken(self.corpus, self.cells, one, code) for one in found[-MOST:]]

    def estimated(self, code: str, group: str, speaking: Sequence[Speaking], level: float = LEVEL) -> Estimated:
        """How many units of a group mention a code, by what the audits say of it; with an interval of this level."""
        here, agreed = self.cells.group == self.groups[group], self.corpus.agreed[code]
        yes, no = here & self.cells.some(agreed == 1), here & self.cells.every(agreed == 0)
        there = np.zeros(len(here), np.int64)
        for bit, one in enumerate(speaking):
            there |= one.there.astype(np.int64) << bit
        certain = here & (there == 0) & (self.cells.every(~np.isnan(agreed)) | self.cells.some(agreed == 1))
        cover, layers, few = certain.copy(), [], False
        for layer in (here & (there == signature) for signature in np.unique(there[here]) if signature):
            found = parts(layer, speaking, level)
            few |= isinstance(found, Undefined)
            if isinstance(found, tuple) and found:
                layers.append(found)
                cover |= layer
        covered, uncovered = float(cover.sum()), float((here & ~cover).sum())
        if not layers and uncovered:
            why = self.missing(code, speaking, few, bool((here & (there > 0)).any()))
            return Estimated(code, group, None, None, None, covered, uncovered, (), why)
        count = whole(total(layers, float((certain & yes).sum()), float((certain & ~yes & ~no).sum()), level))
        least, most = float((cover & yes).sum()), covered - float((cover & no).sum())
        low, value, high = certainly(count, least, most)
        stale = self.stale(code, uncovered, layers, beyond(count, least, most))
        return Estimated(code, group, value, low, high, covered, uncovered, tuple(layers), "", stale)

    @cached_property
    def command(self) -> str:
        """What draws from these units."""
        return "`themis audit`" if self.unit == "passage" else f"`themis audit --unit {shlex.quote(self.unit)}`"

    def missing(self, code: str, speaking: Sequence[Speaking], few: bool, there: bool) -> str:
        """Why no audit says anything of a code, and the command that gets one which does.

        few: whole units were drawn, and too few. there: the newest audit speaks of some, and drew none of them.
        """
        many = several(self.unit)
        if speaking:
            draw = speaking[-1].seen.audit.draw
            if few:
                lacking = f"fewer than {GROUPS} whole {several(draw.unit)} were read here in one audit"
                return f"{lacking}: draw {GROUPS} or more, or {many}: {self.command}"
            if there:
                return f"none of the {many} that audit {draw.id} drew lies here: {self.command} draws more"
            return f"all {many} here are new or have changed since audit {draw.id}: {self.command}"
        if self.seen:
            newest = ([one for one in self.seen if one.alone] or self.seen)[-1].audit
            reading = newest.read < newest.asked and not newest.draw.closed
            if newest.stopped:
                given_up = f"audit {newest.draw.id} was given up after {newest.read:,} of {newest.asked:,} passages"
                return f"{given_up}, perhaps for what they showed: {self.command}"
            return f"{newest.lacks(code)}: {'read it with `themis review`' if reading else self.command}"
        return f"{self.refused[-1] if self.refused else f'there is no random audit of whole {many}'}: {self.command}"

    def stale(self, code: str, uncovered: float, layers: Sequence[Sequence[Part]], beyond: str) -> tuple[str, ...]:
        """What an estimate does not know of, and what would refresh it."""
        used = {part.draw for layer in layers for part in layer}
        seen = [one.audit for one in self.seen]
        said = audits.overlooked(seen, code, used) + [beyond] * bool(beyond)
        if given_up := [one.audit.draw.id for one in self.seen if one.audit.stopped]:
            said.append(
                f"Audit {given_up[-1]} was given up half read: if for what it showed, the others are no sample."
            )
        if old := [one.audit.draw.id for one in self.seen if code in one.audit.old and one.audit.draw.id in used]:
            said.append(
                f"The code's meaning has changed since audit {old[-1]} was read: {self.command} draws a new one."
            )
        elif number := self.earlier.get(code):
            said.append(f"{number:,} decisions were made under another meaning of the code: look at them again.")
        if uncovered:
            said.append(
                f"{uncovered:,.0f} {several(self.unit)} are not covered, such as those that came or changed since the "
                f"last audit: {self.command} draws from them too."
            )
        return tuple(said)


def cells(corpus: Corpus, place: Mapping[int, Unit], group: Integers) -> Cells:
    """Units, each once in every group; place: the unit of each live passage that is in one. group: (n,) of each."""
    unit = numbered(corpus, place)
    rows = np.flatnonzero(unit != NOWHERE)
    width = int(group.max(initial=0)) + 1
    found, of = np.unique(unit[rows] * width + group[rows], return_inverse=True)
    return Cells(unit, rows, of.astype(np.int64), found % width)


def numbered(corpus: Corpus, place: Mapping[int, Unit]) -> Integers:
    """(n,) the number of the unit that each live passage is in, NOWHERE for none."""
    numbers = {one: number for number, one in enumerate(dict.fromkeys(place.values()))}
    return np.array([numbers[place[key]] if key in place else NOWHERE for key in corpus.keys.tolist()], np.int64)


def seen(corpus: Corpus, cells: Cells, audit: Audit, unit: str, place: Mapping[int, Unit]) -> Seen | str:
    """An audit by cells; or why it says nothing of these units, in a clause.

    place: the unit of each live passage, of those that the audit drew.
    """
    drawn = numbered(corpus, place)
    inside, sample = corpus.flags(audit.frame.passages), corpus.flags(audit.frame.passages[audit.sample])
    if _divided_anew(audit, drawn, inside, sample):
        return f"the {several(audit.draw.unit)} of audit {audit.draw.id} are others now"
    touched = np.isin(cells.unit, np.unique(cells.unit[inside & (cells.unit != NOWHERE)])) & (cells.unit != NOWHERE)
    pairs = np.unique(np.stack([cells.unit[touched], drawn[touched]]), axis=1)
    if len(np.unique(pairs[0])) < pairs.shape[1]:
        nothing = f"a draw of {several(audit.draw.unit)} says nothing of how many {several(unit)} mention a code"
        apart = "" if audit.draw.unit == "passage" else f", since some lie in several {several(audit.draw.unit)}"
        return nothing + apart
    lies = np.full(len(cells.group), NOWHERE)
    lies[cells.of] = drawn[cells.rows]
    alone = len(np.unique(pairs[1])) == pairs.shape[1]
    return Seen(audit, inside, corpus.flags(audit.frame.known), lies, cells.some(sample), alone)


def _divided_anew(audit: Audit, drawn: Integers, inside: Flags, sample: Flags) -> bool:
    """Whether what was drawn whole is not whole any more, as where an attribute's values were put right since."""
    if audit.draw.units is None or audit.draw.of_units is None:
        return False
    chosen, of = np.unique(drawn[sample]), np.unique(drawn[inside])
    halves = np.isin(drawn[inside & ~sample], chosen).any() or NOWHERE in of
    fewer = len(of) < audit.draw.of_units and len(audit.frame.passages) == audit.draw.population
    return bool(halves or fewer or len(chosen) > audit.draw.units or len(of) > audit.draw.of_units)


def spoken(corpus: Corpus, cells: Cells, seen: Seen, code: str) -> Speaking:
    """What an audit says of one code, by cells."""
    agreed, frame = corpus.agreed[code], corpus.rows(seen.audit.frame.passages)
    before = seen.known & ~np.isnan(agreed) & (code in seen.audit.codes)
    there = cells.every(seen.inside | before)
    yes = there & cells.some(before & (agreed == 1))
    open_ = there & ~yes & cells.some(before & (agreed == 0.5))
    said, unlike = ~corpus.everything, np.ones(len(agreed))
    said[frame[seen.audit.sample]] = seen.audit.said[code] == 1
    if scored := seen.audit.frame.scores.get(code):
        unlike[frame] = 1 - scored.values
    none = np.ones(len(cells.group))
    np.multiply.at(none, cells.of, unlike[cells.rows])
    rest = there & cells.some(seen.inside) & ~yes & ~open_
    return Speaking(seen, there, yes, open_, rest, cells.some(said).astype(np.float64), 1 - none)


def parts(layer: Flags, speaking: Sequence[Speaking], level: float = LEVEL) -> tuple[Part, ...] | Undefined:
    """What each audit says of a layer, of which it speaks wholly or not at all; Undefined where all drew too few."""
    found, drawn = [], []
    few = None
    for one in (one for one in speaking if (layer & one.there).any()):
        rest, draw = layer & one.rest, one.seen.audit.draw
        mean = float(one.f[rest].mean()) if rest.any() else 0.0
        share = _share(one, rest, mean, level)
        if isinstance(share, Undefined):
            few = share
        elif share.n or not rest.any():
            yes, open_ = float((layer & one.yes).sum()), float((layer & one.open).sum())
            known, covered = int((layer & ~rest).sum()), float(layer.sum())
            found.append(Part(draw.id, draw.seed, known, yes, open_, share, mean, covered))
            lies = one.seen.lies
            drawn.append((len(np.unique(lies[rest & one.seen.drawn])), len(np.unique(lies[rest]))))
    weights = by_design(drawn)
    together = tuple(replace(part, weight=weight) for part, weight in zip(found, weights, strict=True))
    return together or few or ()


def _share(one: Speaking, rest: Flags, mean: float, level: float) -> Share | Undefined:
    """The share of these cells, none of them known, that mention a code."""
    chosen = rest & one.seen.drawn
    if one.seen.alone or not rest.any():
        return audited(Sample(one.y[chosen], one.f[chosen], mean, int(rest.sum())), level)
    _, number = np.unique(one.seen.lies[chosen], return_inverse=True)
    each = (one.y, one.f, np.ones(len(rest)))
    said, scores, sizes = (np.bincount(number, of_cells[chosen]).astype(np.float64) for of_cells in each)
    documents = len(np.unique(one.seen.lies[rest]))
    return clusters(Documents(said, scores, sizes, mean, documents, int(rest.sum())), level)
