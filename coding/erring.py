"""Whether the machine errs alike in all groups; where it does not, a table of its suggestions shows its errors.

It is tested on the audits' passages, of which it is known what the machine suggested before anybody read them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from coding.agreement import Undefined
from coding.auditing import MOST, Counting
from coding.audits import Audit, Flags
from coding.codebook import Codebook
from coding.estimate import Floats, wilson
from coding.estimate_groups import ROUNDS, Difference, error_differs, holm
from coding.frames import READ, Frame, Integers
from models.evidence import LIKENESS

FEWEST = 20  # passages of a group in audits, without which nothing is said of the machine's error in it
FIRST = 1999, 0.02  # rounds, and the p below which it is told again with ROUNDS


@dataclass(frozen=True, slots=True)
class Erring:
    """Whether the machine errs alike in all groups, by passages of audits that it had seen before anybody read them.

    suggested: by group, the share of passages that it suggested when the newest audit was drawn, of those it was drawn
    from. errors: by group, how much more people said yes, of those in which FEWEST passages were read. p: that chance
    alone makes the errors of suggestions so different; corrected: the same among all codes (Holm). of_scores,
    scores_corrected: the same of its scores, which are no probabilities.
    """

    suggested: Mapping[str, float]
    errors: Mapping[str, Difference]
    p: float
    of_scores: float
    corrected: float = 1.0
    scores_corrected: float = 1.0


def errors(counting: Counting, named: Mapping[str, Flags]) -> dict[str, Erring | Undefined]:
    """By code, whether the machine errs alike in all groups."""
    found = {code: _erring(counting, code, named) for code in counting.study.codebook.by_id}
    tests = {code: one for code, one in found.items() if isinstance(one, Erring)}
    marks, scores = holm([one.p for one in tests.values()]), holm([one.of_scores for one in tests.values()])
    for (code, one), mark, score in zip(tests.items(), marks, scores, strict=True):
        found[code] = replace(one, corrected=mark, scores_corrected=score)
    return found


def _erring(counting: Counting, code: str, named: Mapping[str, Flags]) -> Erring | Undefined:
    """Of one code, before the correction; each passage counts once, in the newest audit that read it."""
    codebook = counting.study.codebook
    usable = [one for one in counting.usable(code)[-MOST:] if marked(codebook, one.frame, code) is not None]
    if not usable:
        return Undefined("no audit was drawn when there were suggestions for it and read to the end")
    if usable[-1].frame.scores[code].kind == LIKENESS:
        return Undefined("it was suggested by likeness, which is a fixed share of all and counts nothing")
    which = np.full(len(counting.corpus.keys), -1)
    for number, flags in enumerate(named.values()):
        which[flags] = number
    sample = _Pooled(counting, code, usable)
    group = which[sample.rows]
    enough = [number for number in range(len(named)) if (group == number).sum() >= FEWEST]
    if len(enough) < 2:
        return Undefined(f"fewer than two groups have {FEWEST} passages in audits")
    kept, names, seed = np.isin(group, enough), list(named), int(counting.study.settings["seed"])
    each = {names[number]: _error(sample.said[group == number], sample.marks[group == number]) for number in enough}
    p, of_scores = (sample.differs(sample.said - by, group, kept, seed) for by in (sample.marks, sample.scores))
    newest = usable[-1]
    marks, where = marked(codebook, newest.frame, code), which[counting.corpus.rows(newest.frame.passages)]
    assert marks is not None
    there = {name: where == number for number, name in enumerate(names)}
    suggested = {name: float(marks[here].mean()) for name, here in there.items() if here.any()}
    return Erring(suggested, each, p, of_scores)


def marked(codebook: Codebook, frame: Frame, code: str) -> Floats | None:
    """(n,) 1 where the machine suggested a code when a draw was made, else 0; what people had decided, where they had.

    None where no run had it. A nested code was suggested only where the codes above it were.
    """
    if code not in frame.scores or frame.scores[code].kind == READ:
        return None
    found = np.ones(len(frame.passages), bool)
    for one in (frame.scores.get(id) for id in (code, *codebook.above(code))):
        if one and one.kind != READ:
            found &= one.values >= np.float32(one.threshold)  # scores are stored as such
    return found.astype(np.float64)


class _Pooled:
    """Passages of several audits, each once. rows: of the corpus; said, marks, scores: (n,); audit: whose each is."""

    def __init__(self, counting: Counting, code: str, usable: Sequence[Audit]) -> None:
        rows, said, marks, scores, whose = [], [], [], [], []
        for number, audit in enumerate(reversed(usable)):
            suggested = marked(counting.study.codebook, audit.frame, code)
            assert suggested is not None
            rows.append(counting.corpus.rows(audit.frame.passages[audit.sample]))
            said.append(audit.said[code])
            marks.append(suggested[audit.sample])
            scores.append(audit.frame.scores[code].values[audit.sample])
            whose.append(np.full(len(audit.sample), number))
        self.rows, newest = np.unique(np.concatenate(rows), return_index=True)
        self.said, self.marks, self.scores = (np.concatenate(each)[newest] for each in (said, marks, scores))
        self.audit = np.concatenate(whose)[newest]

    def differs(self, errors: Floats, group: Integers, kept: Flags, seed: int) -> float:
        """p that errors have one mean in all groups; each audit's own mean apart, since each had its own run."""
        audit, errors = self.audit[kept], errors[kept]
        means = np.bincount(audit, errors) / np.maximum(np.bincount(audit), 1)
        numbers = np.unique(group[kept], return_inverse=True)[1]
        apart, (rounds, close) = errors - means[audit], FIRST
        p = error_differs(apart, numbers, seed, rounds)
        return p if p >= close else error_differs(apart, numbers, seed + 1, ROUNDS)


def _error(said: Floats, marks: Floats) -> Difference:
    """The share that people say yes to, less the share suggested, of the same passages.

    Made of the shares missed and wrongly suggested, of which more of one leaves room for less of the other.
    Source: Zou and Donner, Stat. Med. 27 (2008) 1693-1702.
    """
    n = len(said)
    missed, wrong = float((said > marks).mean()), float((said < marks).mean())
    (a, b), (c, d) = wilson(missed, n), wilson(wrong, n)
    spread = sqrt(missed * (1 - missed) * wrong * (1 - wrong))
    alike = -missed * wrong / spread if spread else 0.0
    low, high = (
        sqrt(max(0.0, x * x + y * y - 2 * alike * x * y)) for x, y in ((missed - a, d - wrong), (b - missed, wrong - c))
    )
    return Difference(missed - wrong, missed - wrong - low, missed - wrong + high)
