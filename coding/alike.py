"""Which texts are copies of one another: word for word, or nearly. Words in, families out.

Near copies share at least 80 % of their shingles (four words that follow one another), by the exact Jaccard index.
Which pairs are looked at is decided by MinHash, with 32 bands of 4 values: a pair that shares 80 % is missed with a
chance of 5 in 100 million. Everything is worked out from the texts alone, so their order makes no difference.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from unicodedata import category

import numpy as np
import numpy.typing as npt

from corpus.terms import folded

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

LEAST = 8  # words of a text that can be a copy: shorter answers ("No.") are alike by chance
NEARLY = 20  # words of one that can be a near copy: of a shorter one, each word that differs makes another answer
LETTERS = 2  # of a word at least, on average: so a text of which each letter counts as a word must be twice as long
LONGEST = 20  # letters of a word on average; where they have more, there are no spaces between words
SHINGLE = 4
ALIKE = (4, 5)  # shared shingles of all: 80 %, in whole numbers so that it is exact
BANDS, ROWS = 32, 4
LEADERS = 16  # of a bucket: all others in it are compared with these, so that time is in line with its size
CHUNK = 1 << 20  # words or shingles in work at a time

_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)


def words(text: str) -> list[str]:
    """The words by which texts are compared: letters and digits only, capitals, accents and apostrophes apart.

    Of scripts that put no spaces between words it is each character, and so of a text of any script without spaces.
    """
    found = text.translate(_PLAIN).split()
    letters = sum(map(len, found))
    return list("".join(found)) if letters > LONGEST * len(found) else found


def enough(found: Sequence[str], least: int) -> bool:
    """Whether these words are at least so many (LEAST for a copy, NEARLY for a near one)."""
    return len(found) >= least and sum(map(len, found)) >= LETTERS * least


def digest(found: Sequence[str]) -> bytes:
    """16 bytes that only the same words have."""
    return blake2b(" ".join(found).encode(), digest_size=16).digest()


def numbers(found: Sequence[str]) -> Hashes:
    """A number for each word, the same wherever it stands."""
    return np.fromiter(map(_NUMBERS.__getitem__, found), np.uint64, len(found))


def shingles(texts: Iterable[Hashes]) -> Iterator[Hashes]:
    """For each text, given as the numbers of its words (SHINGLE at least), its set of shingles, as numbers."""
    for part in _parts(texts):
        flat = np.concatenate(part)
        last = len(flat) - SHINGLE + 1
        made = np.zeros(last, dtype=np.uint64)
        for place in range(SHINGLE):
            made = _mixed(made * _STEP + flat[place : place + last])
        start = 0
        for text in part:
            yield _set(made[start : start + len(text) - SHINGLE + 1])
            start += len(text)


def weighed(parts: Iterable[tuple[bytes, int]]) -> Hashes:
    """A set in which each part, given as its digest and weight, has as many members as it weighs."""
    made = [
        _mixed(np.arange(weight, dtype=np.uint64) * _STEP + np.frombuffer(name, np.uint64)[0]) for name, weight in parts
    ]
    return _set(np.concatenate(made))


def families(sets: Sequence[Hashes]) -> Places:
    """For each set of shingles the index of the first of its family: sets that are near, or linked by such as are.

    sets: not empty, ascending, without repeats; those that should lead (the most copied) first, in an order that does
    not hang on where they were found, since of a bucket of more than LEADERS not every pair is compared.
    """
    family = np.arange(len(sets), dtype=np.int64)
    chosen = _promising(sets)
    if len(chosen) > 1:
        labels = _linked(_Sets([sets[i] for i in chosen]))
        family[chosen] = chosen[labels]
    return family


class _Plain(dict[int, str]):
    """What each character becomes: what a search makes of it, without pictures; "don't" is one word."""

    def __missing__(self, code: int) -> str:
        plain = "".join(" " if category(char) == "So" else char for char in folded(chr(code)))
        self[code] = "" if chr(code) in "'’ʼ＇" else plain
        return self[code]


class _Numbers(dict[str, int]):
    """A number of 64 bits for each word, the same in every process; forgets when it has very many."""

    def __missing__(self, word: str) -> int:
        if len(self) > 1 << 20:
            self.clear()
        self[word] = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
        return self[word]


_PLAIN, _NUMBERS = _Plain(), _Numbers()


class _Sets:
    """Sets of shingles, one after the other in one array: `flat`, and where each begins and how large it is."""

    def __init__(self, sets: Sequence[Hashes]) -> None:
        self.flat = np.concatenate(sets)
        self.sizes = np.array([len(one) for one in sets], dtype=np.int64)
        self.starts = np.cumsum(self.sizes) - self.sizes
        known, dense = np.unique(self.flat, return_inverse=True)
        self.known = np.int64(len(known))
        self.keys = dense + np.repeat(np.arange(len(sets)), self.sizes) * self.known  # ascending: set, then shingle
        self.dense = dense

    def shared(self, left: Places, right: Places) -> Places:
        """How many shingles the sets of each pair have in common."""
        sizes = self.sizes[right]
        ends = np.cumsum(sizes)
        at = np.arange(ends[-1]) - np.repeat(ends - sizes - self.starts[right], sizes)
        wanted = self.dense[at] + np.repeat(left, sizes) * self.known
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.add.reduceat((self.keys[place] == wanted).astype(np.int64), ends - sizes)

    def near(self, left: Places, right: Places) -> npt.NDArray[np.bool_]:
        """Whether the sets of each pair share enough of what they have."""
        small, large = np.sort([self.sizes[left], self.sizes[right]], axis=0)
        possible = np.flatnonzero(small * ALIKE[1] >= large * ALIKE[0])
        found = np.zeros(len(left), dtype=np.bool_)
        step = np.cumsum(self.sizes[right[possible]]) // CHUNK
        for part in np.split(possible, np.flatnonzero(np.diff(step)) + 1) if len(possible) else ():
            both = self.shared(left[part], right[part])
            union = self.sizes[left[part]] + self.sizes[right[part]] - both
            found[part] = both * ALIKE[1] >= union * ALIKE[0]
        return found

    def band(self, number: int) -> Hashes:
        """For each set a number that equal sets share, and sets that share much of what they have often do."""
        made = np.zeros(len(self.sizes), dtype=np.uint64)
        for row in range(ROWS):
            seed = _mixed(np.full(1, number * ROWS + row + 1, dtype=np.uint64) * _STEP)
            made = _mixed(made * _STEP + np.minimum.reduceat(self.flat * (seed | np.uint64(1)) + seed, self.starts))
        return made


def _parts(texts: Iterable[Hashes]) -> Iterator[list[Hashes]]:
    """The texts in order, of CHUNK words together or little more."""
    part: list[Hashes] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= CHUNK:
            yield part
            part, size = [], 0
    if part:
        yield part


def _promising(sets: Sequence[Hashes]) -> Places:
    """Indices of the sets of which enough is in some other set too: no others can be near one."""
    if not sets:
        return np.zeros(0, dtype=np.int64)
    flat = np.concatenate(sets)
    ordered = np.sort(flat)
    twice = np.zeros(1 << 24, dtype=np.bool_)  # by the last bits: says yes too often at worst
    bits = np.uint64(len(twice) - 1)
    twice[ordered[1:][ordered[1:] == ordered[:-1]] & bits] = True
    sizes = np.array([len(one) for one in sets], dtype=np.int64)
    common = np.add.reduceat(twice[flat & bits].astype(np.int64), np.cumsum(sizes) - sizes)
    return np.flatnonzero(common * ALIKE[1] >= sizes * ALIKE[0])


def _linked(sets: _Sets) -> Places:
    """For each set the least index of those it is linked with."""
    root = np.arange(len(sets.sizes), dtype=np.int64)
    failed = np.full(1, -1, dtype=np.int64)  # pairs that were looked at, each as one number
    for number in range(BANDS):
        for left, right in _pairs(sets.band(number), root):
            name = left * len(root) + right
            new = failed[np.minimum(np.searchsorted(failed, name), len(failed) - 1)] != name
            left, right, name = left[new], right[new], name[new]
            near = sets.near(left, right)
            failed = np.sort(np.concatenate([failed, name[~near]]))
            _unite(root, left[near], right[near])
    return root


def _pairs(band: Hashes, root: Places) -> Iterator[tuple[Places, Places]]:
    """Pairs (left < right) of one bucket that are not linked yet: with each bucket's first set, then its second ..."""
    order = np.argsort(band, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], band[order][1:] != band[order][:-1]]))
    sizes = np.diff(np.append(starts, len(order)))
    for leader in range(LEADERS):
        starts, sizes = starts[sizes > leader + 1], sizes[sizes > leader + 1]
        if not len(starts):
            return
        after = sizes - leader - 1
        ends = np.cumsum(after)
        right = order[np.arange(ends[-1]) + np.repeat(starts + leader + 1 - ends + after, after)]
        left = np.repeat(order[starts + leader], after)
        apart = root[left] != root[right]
        if apart.any():
            yield left[apart], right[apart]


def _unite(root: Places, left: Places, right: Places) -> None:
    """Give all that these pairs link the least index among them."""
    while len(left):
        one, other = root[left], root[right]
        np.minimum.at(root, np.maximum(one, other), np.minimum(one, other))
        while (root[root] != root).any():
            root[:] = root[root]
        apart = root[left] != root[right]
        left, right = left[apart], right[apart]


def _set(numbers: Hashes) -> Hashes:
    """The numbers ascending, each once: of so few, np.unique takes several times as long."""
    ordered = np.sort(numbers)
    once: Hashes = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
    return once


def _mixed(numbers: Hashes) -> Hashes:
    """The numbers with every bit made to hang on every other (the end of SplitMix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _MIX[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _MIX[1]
    return numbers ^ (numbers >> np.uint64(31))
