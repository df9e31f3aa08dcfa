"""The story of estimating: what people read, random audits and their scores in; how many there are, with interval, out.

What was read to the end before an audit was drawn is known; for all else that there was by then, the audit stands.
Passages are taken by which audits they were there for: within each such layer the audits are put together by their
design, and the layers are added up. What was added after the last audit is known if it was read, and else not covered:
no number speaks of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from coding import audits, ledger, versions
from coding.audits import Audit, Flags
from coding.codebook import Codebook
from coding.estimate import LEVEL, Sample, Share, audited, bereft, human, stopped
from coding.estimate_designs import stratified
from coding.estimate_groups import by_design, whole
from coding.frames import Floats, Integers
from coding.layers import Estimated, Part, beyond, certainly, total
from coding.study import Study
from coding.units import NO_VALUE
from corpus.database import Connection, select
from corpus.tables import ATTRIBUTES, DOCUMENTS, LIVE, PASSAGES

Weights = Callable[[Sequence[int]], Sequence[float]]
MOST = 60  # audits that are put together, the newest


@dataclass(frozen=True)
class Corpus:
    """The n live passages: keys rising, the document of each, and by code what people agree on (nan: undecided)."""

    keys: Integers
    documents: Integers
    agreed: dict[str, Floats]

    @cached_property
    def everything(self) -> Flags:
        """All of them."""
        return np.ones(len(self.keys), bool)

    def rows(self, keys: Integers) -> Integers:
        """Where these passages are; all of them are live."""
        return np.searchsorted(self.keys, keys)

    def flags(self, keys: Integers) -> Flags:
        """Which these are."""
        found = ~self.everything
        found[self.rows(keys)] = True
        return found


def corpus(connection: Connection, codebook: Codebook) -> Corpus:
    """The live passages and what people agree on of them."""
    query = select(PASSAGES.c.id, PASSAGES.c.document).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
    found = connection.execute(query.order_by(PASSAGES.c.id))
    rows = np.fromiter((number for row in found for number in row), np.int64).reshape(-1, 2)
    place = {key: row for row, key in enumerate(rows[:, 0].tolist())}
    agreed = {code: np.full(len(rows), np.nan) for code in codebook.by_id}
    for key, values in ledger.agreed(connection, codebook):
        for code, value in values.items():
            agreed[code][place[key]] = value
    return Corpus(rows[:, 0], rows[:, 1], agreed)


def groups(connection: Connection, corpus: Corpus, by: str | None) -> dict[str, Flags]:
    """Which passages are in each value of an attribute, in alphabetical order; all of them under "" without one."""
    if by is None:
        return {"": corpus.everything}
    values = select(ATTRIBUTES.c.document, ATTRIBUTES.c.value).where(ATTRIBUTES.c.name == by)
    known = {document: str(value) for document, value in connection.execute(values)}
    named = np.array([known.get(document, NO_VALUE) for document in corpus.documents.tolist()], object)
    return {name: named == name for name in sorted(set(named.tolist()))}


class Counting:
    """All that an estimate of passages rests on, read once."""

    def __init__(self, study: Study, connection: Connection, weights: Weights | None = None) -> None:
        """weights: what these passages count, in the order given; 1 each without them, 1/w for one of w copies."""
        self.study, self.corpus = study, corpus(connection, study.codebook)
        sizes = weights(self.corpus.keys.tolist()) if weights else 1.0
        self.weights = np.ones(len(self.corpus.keys)) * sizes
        self.parted = weights is not None
        found = audits.audits(connection, study.codebook, self.corpus.keys)
        self.audits = [one for one in found if one.draw.unit == "passage"]
        self.ranked = [one for one in found if one.draw.code]
        self.forgotten = audits.forgotten(connection)
        self.inside = {one.draw.id: self.corpus.flags(one.frame.passages) for one in found}
        self.known = {one.draw.id: self.corpus.flags(one.frame.known) for one in found}
        self.earlier = {code: one.decisions for code, one in versions.stale(connection, study.codebook).items()}

    def estimates(self, connection: Connection, by: str | None = None) -> Iterator[Estimated]:
        """Of every code in every group of an attribute, how many passages hold it."""
        among = groups(connection, self.corpus, by)
        found = [self.estimated(code, *named) for code in self.study.codebook.by_id for named in among.items()]
        instead = self.by_whole_units(connection, by) if any(one.value is None for one in found) else {}
        yield from (one if one.value is not None else instead.get((one.code, one.group), one) for one in found)

    def by_whole_units(self, connection: Connection, by: str | None = None) -> dict[tuple[str, str], Estimated]:
        """The same by audits of whole units, for where none of passages says anything; by code and group."""
        from coding.mentions import mentions

        if len(self.inside) == len(self.audits) + len(self.ranked) or self.parted:
            return {}
        found = mentions(self.study, connection, "passage", by)
        return {(one.code, one.group): one for one in found if one.value is not None or not self.audits}

    def estimated(self, code: str, name: str, group: Flags, level: float = LEVEL) -> Estimated:
        """How many passages of a group hold a code, with an interval of this level."""
        agreed, sizes, usable = self.corpus.agreed[code], self.weights, self.speaking(code)
        decided = ~np.isnan(agreed)
        there = self.there(code, usable)
        certain = group & decided & (there == 0)
        cover, layers = certain.copy(), []
        signatures = [signature for signature in np.unique(there[group]) if signature]
        if self.stopped(code):
            level = 1 - (1 - level) / max(len(signatures), 1)
        for layer in (group & (there == signature) for signature in signatures):
            if parts := self.parts(code, layer, usable, level):
                layers.append(parts)
                cover |= layer
        covered, uncovered = float(sizes[cover].sum()), float(sizes[group & ~cover].sum())
        if not layers and (group & ~cover).any():
            return Estimated(code, name, None, None, None, covered, uncovered, (), self.missing(code, usable))
        sure, open_ = (float(sizes[certain & (agreed == value)].sum()) for value in (1, 0.5))
        count = total(layers, sure, open_, level)
        said = agreed.copy()
        for audit in usable:
            said = self.first(code, audit, said)
        yes, no = (float(sizes[cover & (said == value)].sum()) for value in (1, 0))
        count = count if self.parted else whole(count)
        low, value, high = certainly(count, yes, covered - no)
        stale = self.stale(code, uncovered, layers, beyond(count, yes, covered - no))
        return Estimated(code, name, value, low, high, covered, uncovered, tuple(layers), "", stale)

    def usable(self, code: str) -> list[Audit]:
        """Simple random audits that say something of a code; those of its meaning today, if there is one."""
        found = [one for one in self.audits if not one.lacks(code)]
        return [one for one in found if code not in one.old] or found

    def speaking(self, code: str) -> list[Audit]:
        """The same, with those that were drawn for this code alone, in the order of the draws."""
        every = sorted([*self.audits, *self.ranked], key=lambda one: one.draw.id)
        if self.stopped(code):
            every = [] if self.parted else self.audits
        found = [one for one in every if not one.lacks(code)]
        return [one for one in found if code not in one.old] or found

    def stopped(self, code: str) -> bool:
        """Whether an audit that asked for a code was given up half read; then all are reckoned as if for its answers.

        Who gives one up that displeases, and draws another, would otherwise have chosen among samples.
        """
        return any(one.stopped and one.draw.code in (None, code) for one in [*self.audits, *self.ranked])

    def there(self, code: str, usable: Sequence[Audit]) -> Integers:
        """For each passage, by bits, which of these audits speak of it: it was drawn from, or read before."""
        found = np.zeros(len(self.corpus.keys), np.int64)
        for bit, audit in enumerate(usable[-MOST:]):
            found |= (self.inside[audit.draw.id] | self.before(code, audit)).astype(np.int64) << bit
        return found

    def before(self, code: str, audit: Audit) -> Flags:
        """Passages that had been read with a code when an audit was drawn; none for a code that came later.

        What of them was decided on since was chosen, or drawn by a later audit, which alone speaks of all of them.
        """
        decided = ~np.isnan(self.corpus.agreed[code])
        return self.known[audit.draw.id] & decided if code in audit.codes else ~self.corpus.everything

    def first(self, code: str, audit: Audit, agreed: Floats | None = None) -> Floats:
        """What people agree on, but of an audit's passages what was said first, which its estimate rests on."""
        said = (self.corpus.agreed[code] if agreed is None else agreed).copy()
        said[self.corpus.rows(audit.frame.passages[audit.sample])] = audit.said[code]
        return said

    def parts(self, code: str, layer: Flags, usable: Sequence[Audit], level: float = LEVEL) -> tuple[Part, ...]:
        """What each audit says of a layer, all of which was there when it was drawn, or none."""
        agreed, covered, found = self.corpus.agreed[code], float(self.weights[layer].sum()), []
        for audit in usable[-MOST:]:
            rest = layer & self.inside[audit.draw.id]
            known = layer & self.before(code, audit) & ~rest
            if not (rest | known).any():
                continue
            doubt = (1 - level) / 2 ** (1 + self.audits.index(audit)) if self.stopped(code) else 1 - level
            share, mean = self.share(code, audit, rest, 1 - doubt)
            if share.n or not rest.any():
                yes, open_ = (float(self.weights[known & (agreed == value)].sum()) for value in (1, 0.5))
                read = int(known.sum())
                found.append(Part(audit.draw.id, audit.draw.seed, read, yes, open_, share, mean, covered))
        weights = by_design([(part.share.n, part.share.size) for part in found])
        return tuple(replace(part, weight=weight) for part, weight in zip(found, weights, strict=True))

    def share(self, code: str, audit: Audit, rest: Flags, level: float = LEVEL) -> tuple[Share, float]:
        """What share of these passages of its frame hold a code, and the mean of their scores."""
        rows = self.corpus.rows(audit.frame.passages)
        here, sizes = rest[rows], self.weights[rows]
        scored = audit.frame.scores.get(code)
        f = scored.values * sizes if scored else np.zeros(len(rows))
        mean = float(f[here].mean()) if here.any() else 0.0
        chosen = here[audit.sample]
        sample = audit.sample[chosen]
        said = audit.said[code][chosen] * sizes[sample]
        if audit.frame.strata is not None:
            strata = audit.frame.strata
            return stratified(said, strata[sample], np.bincount(strata[here], minlength=3).astype(float), level), mean
        drawn, gone = Sample(said, f[sample], mean, int(here.sum())), audit.taken(code)
        found = stopped(drawn, level) if self.stopped(code) else audited(drawn, level)
        if len(gone) and found.n:
            found = bereft(found, said, gone, stopped if self.stopped(code) else human, level)
        return found, mean

    def missing(self, code: str, usable: Sequence[Audit]) -> str:
        """Why no audit says anything of a code, and the command that gets one which does."""
        if usable:
            return f"no passage of audit {usable[-1].draw.id} lies here: `themis audit` draws more"
        if not self.audits:
            old = f"audit {self.forgotten[-1]} was drawn by an earlier version" if self.forgotten else ""
            return f"{old or 'there is no random audit'}: `themis audit`"
        newest = self.audits[-1]
        remedy = "`themis audit`"
        if newest.read < newest.asked and not newest.draw.closed:
            remedy = "read it with `themis review`"
        elif len(newest.sample) and not np.isnan(newest.said[code]).all():
            remedy = "fill in the empty cells of its workbook and import it again, or `themis audit`"
        return f"{newest.lacks(code)}: {remedy}"

    def stale(self, code: str, uncovered: float, layers: Sequence[Sequence[Part]], beyond: str) -> tuple[str, ...]:
        """What an estimate does not know of, and what would refresh it."""
        used = {part.draw for layer in layers for part in layer}
        said = audits.overlooked([*self.audits, *self.ranked], code, used) + [beyond] * bool(beyond)
        if old := [one.draw.id for one in [*self.audits, *self.ranked] if code in one.old and one.draw.id in used]:
            said.append(
                f"The code's meaning has changed since audit {old[-1]} was read: `themis audit` draws a new one."
            )
        elif number := self.earlier.get(code):
            said.append(f"{number:,} decisions were made under another meaning of the code: look at them again.")
        if uncovered:
            said.append(
                f"{uncovered:,.0f} passages were added since the last audit and are not covered: `themis audit` draws "
                "from them too."
            )
        return tuple(said)
