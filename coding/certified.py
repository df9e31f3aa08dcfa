"""What an audit certifies of what was missed: at most so many, whatever the chance of the draw, with a confidence."""

from dataclasses import dataclass

import numpy as np

from coding import certify
from coding.auditing import Counting

CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Recall:
    """A code's certificate, with `confidence` over all audits together.

    missed: at most so many passages hold the code and people do not agree on it yet. recall: at least this share of all
    is found. draw: the audit that shows it. attempt: its number among the audits that were read, of which each has its
    part of the sure.
    """

    missed: int
    recall: float
    confidence: float
    draw: int
    attempt: int


def recall(counting: Counting, code: str, confidence: float = CONFIDENCE) -> Recall | None:
    """The best certificate that the audits give; None where none says anything of the code in its meaning of today.

    What was drawn and not read, in an audit that was closed, counts as yes: who stops when the numbers please has no
    sample, and this bound holds whenever one stops. So do passages that it was not drawn from and nobody has settled.
    """
    agreed = counting.corpus.agreed[code]
    attempts = [audit.draw.id for audit in counting.audits if audit.read]
    found = []
    for audit in counting.usable(code):
        inside = counting.inside[audit.draw.id]
        yes = int(audit.said[code].sum()) + audit.asked - len(audit.sample)
        attempt = attempts.index(audit.draw.id) + 1
        sure = certify.of_attempt(confidence, attempt)
        most = certify.missed(int(inside.sum()), audit.asked, yes, sure)
        gone = audit.taken(code)  # put back, in case they went for what was found in them
        back, taken = len(gone), int(gone.sum())
        there = certify.missed(int(inside.sum()) + back, audit.asked + back, yes + taken, sure)
        most = max(most, there - taken)
        first = counting.first(code, audit)  # what was answered otherwise since is neither bounded nor found by it
        known, outside = (int((first[where] == 1).sum()) for where in (inside, ~inside))
        most = max(most, known) + int((~inside & ~np.isin(agreed, (0, 1))).sum())
        share = certify.recall(known, outside, most)
        found.append(Recall(most - known, share, confidence, audit.draw.id, attempt))
    return max(found, key=lambda one: one.recall, default=None)
