"""What an audit certifies of what was missed: at most so many, whatever the chance of the draw, with a confidence."""

from dataclasses import dataclass

from coding import certify
from coding.auditing import Counting

CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Recall:
    """A code's certificate, with `confidence` over all audits together.

    missed: at most so many passages hold the code and nobody has said so. recall: at least this share of all is found.
    draw: the audit that shows it. attempt: its number among the audits that were read, of which each has its part of
    the doubt.
    """

    missed: int
    recall: float
    confidence: float
    draw: int
    attempt: int


def recall(counting: Counting, code: str, confidence: float = CONFIDENCE) -> Recall | None:
    """The best certificate that the audits give; None where none says anything of the code in its meaning of today."""
    agreed = counting.corpus.agreed[code]
    attempts = [audit.draw.id for audit in counting.audits if audit.read]
    found = []
    for audit in counting.usable(code):
        inside = counting.inside[audit.draw.id]
        yes, attempt = int(audit.said[code].sum()), attempts.index(audit.draw.id) + 1
        most = certify.missed(int(inside.sum()), len(audit.sample), yes, certify.of_attempt(confidence, attempt))
        known, outside = (int((agreed[where] == 1).sum()) for where in (inside, ~inside))
        share = certify.recall(known, outside, most)
        found.append(Recall(max(0, most - known), share, confidence, audit.draw.id, attempt))
    return max(found, key=lambda one: one.recall, default=None)
