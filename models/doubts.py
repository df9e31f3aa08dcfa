"""What looks odd: decisions that the machine would not have made, and examples that are nearer to another code.

A decision is judged by a score from a model that did not see its document, against its code's cut: better than by the
score alone, which takes all that is rare for a slip (docs/review.md has both). An example is judged by how near it is
to each code, itself left out.
"""

from dataclasses import dataclass

import numpy as np

from models.evidence import Flags, Floats, Integers
from models.features import centred

LEAST = 1e-6  # of a score, so that its log-odds are finite


def oddness(scores: Floats, cuts: Floats, said: Floats) -> Floats:
    """(n, c) how far the scores lie on the other side of a code's cut from what was said, in log-odds.

    scores: (n, c) from 0 to 1, out of fold. cuts: (c,). said: (n, c) 1 yes, 0 no, else nothing, which gives nan.
    Above 0 are a yes that would not be suggested, and a no that would. Only their order means something.
    """
    beyond = _log_odds(scores) - _log_odds(cuts)
    return np.where(said == 1, -beyond, np.where(said == 0, beyond, np.nan))


def _log_odds(shares: Floats) -> Floats:
    held = np.clip(np.asarray(shares, float), LEAST, 1 - LEAST)
    return np.asarray(np.log(held / (1 - held)))


@dataclass(frozen=True)
class Book:
    """The codebook's examples, e of them, under c codes; all vectors are centred, of length 1 or zero.

    examples: (e, d). code: (e,) column of each. definitions: (c, d) the mean of a code's own words. yes: (c, d) the
    mean of the passages that people decided are a yes. kin: (c, c) codes above and below, and the code itself.
    """

    examples: Floats
    code: Integers
    definitions: Floats
    yes: Floats
    kin: Flags


def leanings(book: Book) -> tuple[Floats, Integers]:
    """(e,) how much nearer each example is to another code than to its own, and (e,) the column of that code.

    By a code's words, its other examples and its yeses, which weigh alike. Codes above and below are no other code:
    where there is none left, nan and -1. Near-misses are not judged: nothing tells one that is a yes from a good one.
    """
    near = np.zeros((len(book.code), len(book.definitions)))
    nowhere = np.zeros(book.examples.shape[1])
    for column in range(near.shape[1]):
        own = book.code == column
        others = book.examples[own].sum(axis=0) - np.where(own[:, None], book.examples, 0)
        side = book.definitions[column] + centred(others, nowhere) + centred(book.yes[column][None], nowhere)
        near[:, column] = (book.examples * centred(side, nowhere)).sum(axis=1)
    rows, kin = np.arange(len(near)), book.kin[book.code]
    other = np.where(kin, -np.inf, near).argmax(axis=1)
    odd = near[rows, other] - near[rows, book.code]
    alone = kin.all(axis=1)
    return np.where(alone, np.nan, odd), np.where(alone, -1, other)
