"""Decisions that look like slips, and examples that may mislead: told to be looked at, and never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from coding import draws, ledger
from coding.draws import DRAWS, REREAD
from coding.ledger import DECISIONS, HELD, OWN
from coding.run import known, learn
from coding.study import Study
from corpus.database import Connection, or_, select
from corpus.errors import EvidenceError
from corpus.passage import Passage
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

if TYPE_CHECKING:
    from models.doubts import Book
    from models.evidence import Floats
    from models.learn import Model

NEAR = 10  # decided passages that a decision is compared with
NAMED = 2  # of those that were decided otherwise, how many are named


@dataclass(frozen=True, slots=True)
class Like:
    """A decided passage: its id, who spoke, its words, and what was decided of the code in question."""

    passage: str
    speaker: str | None
    text: str
    value: bool


@dataclass(frozen=True, slots=True)
class Slip:
    """A decision that looks like a slip; odd: by how much, only the order means something.

    otherwise: of the `near` decided passages that are most like it, how many were decided the other way. like: the
    most alike of these.
    """

    code: str
    key: int
    passage: str
    speaker: str | None
    text: str
    coders: tuple[str, ...]
    value: bool
    odd: float
    otherwise: int
    near: int
    like: tuple[Like, ...]


@dataclass(frozen=True, slots=True)
class Doubts:
    """The oddest decisions, as `Decided.rank` has them; found: how many look like slips in all.

    judged: decisions that could be judged. young: codes with too few decisions for that. apart: passages left out, as
    they are in a draw that is not read to the end.
    """

    slips: tuple[Slip, ...]
    found: int
    judged: int
    young: tuple[str, ...]
    apart: int


@dataclass(frozen=True, slots=True)
class Misleading:
    """An example that is nearer to another code than to its own; odd: by how much, only the order means something.

    yes: of the `near` decided passages that are most like it, how many are a yes of its own code. like: the most alike
    of those that are a no.
    """

    code: str
    text: str
    odd: float
    other: str
    yes: int
    near: int
    like: tuple[Like, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """The oddest first of the `found` examples that are nearer to another code, out of `looked` in all."""

    told: tuple[Misleading, ...]
    found: int
    looked: int


def doubts(study: Study, code: str | None = None, most: int = 20, judge: "Judge | None" = None) -> Doubts:
    """The decisions that look like slips; code: of this one only, by id. most: how many are told, 0 = all.

    What somebody is still to read blind, what is in a draw that is not read to the end, what coders differ on or
    settled, and what its coder has read again already is left out.
    """
    judge = judge or Judge(study)
    judged = [one for one in judge.decisions() if code in (None, one.code)]
    odd = sorted((one for one in judged if one.odd > 0), key=Decided.rank)
    told = odd[: most or None]
    around = [judge.around(judge.vector(one.key), one.code, not one.value, one.key) for one in told]
    places = judge.places([key for one, near in zip(told, around, strict=True) for key in (one.key, *near.keys)])
    slips = []
    for one, near in zip(told, around, strict=True):
        own, like = places[one.key], tuple(_like(places[key], not one.value) for key in near.keys)
        place = own.id, own.speaker, own.text
        slips.append(Slip(one.code, one.key, *place, one.coders, one.value, one.odd, near.found, near.near, like))
    young = tuple(id for id in study.codebook.by_id if id not in judge.codes and code in (None, id))
    return Doubts(tuple(slips), len(odd), len(judged), young, len(judge.apart))


def misleading(study: Study, code: str | None = None, most: int = 20, judge: "Judge | None" = None) -> Examples:
    """The examples that may mislead; code: those of this one only, by id. most: how many are told, 0 = all.

    Nothing is told by passages that somebody is still to read blind, or that are in a draw not read to the end.
    """
    from models.doubts import leanings

    judge, ids = judge or Judge(study), list(study.codebook.by_id)
    lines = [(one.id, text) for one in study.codebook.codes for text in one.examples]
    looked = [row for row, (id, _) in enumerate(lines) if code in (None, id)]
    if not looked:
        return Examples((), 0, 0)
    book = judge.book(lines)
    odd, other = leanings(book)
    found = sorted((row for row in looked if odd[row] > 0), key=lambda row: -odd[row])
    told = found[: most or None]
    around = {row: judge.around(book.examples[row], lines[row][0], value=False) for row in told}
    places = judge.places([key for near in around.values() for key in near.keys])
    shown = []
    for row in told:
        near = around[row]
        like = tuple(_like(places[key], value=False) for key in near.keys)
        id, text = lines[row]
        yes = near.near - near.found
        shown.append(Misleading(id, text, float(odd[row]), ids[other[row]], yes, near.near, like))
    return Examples(tuple(shown), len(found), len(looked))


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that can be judged: who made it, all alike, and how odd it looks, above 0 like a slip."""

    code: str
    key: int
    coders: tuple[str, ...]
    value: bool
    odd: float

    def rank(self) -> tuple[bool, float, str, int]:
        """The oddest first; after all of one coder what several said alike, as they will hardly have slipped alike."""
        return len(self.coders) > 1, -self.odd, self.code, self.key


@dataclass(frozen=True, slots=True)
class Around:
    """Of the `near` decided passages that are nearest, `found` have the value looked for; keys: of the nearest ones."""

    found: int
    near: int
    keys: tuple[int, ...]


class Judge:
    """What people decided, as far as it can be judged. codes: those that were learned. apart: what is left out."""

    def __init__(self, study: Study) -> None:
        self.study = study
        with study.store.database.reading() as connection:
            if not study.store.size(connection)[1]:
                raise EvidenceError("the study has no passages yet: add transcripts with `themis add FILES`")
            upto = ledger.last(connection)
            self.apart = draws.unfinished(connection)
            decided = known(connection, study.codebook, upto)
            self._rows = _plain(connection)
            self._settled = ledger.settled(connection, study.codebook, upto)
        self.decided = {key: said for key, said in decided.items() if key not in self.apart}
        self.model: Model = learn(study, upto)[0]
        columns = self.model.trained.columns.tolist() if self.model.trained else []
        self.codes = tuple(self.model.codes[column] for column in columns)

    def decisions(self) -> list[Decided]:
        """Those of codes that were learned, on which coders agree and which nobody settled, by code and key."""
        import numpy as np

        from models.doubts import oddness

        trained = self.model.trained
        if trained is None:
            return []
        said = np.full(trained.held.shape, np.nan)
        for row, key in enumerate(trained.keys.tolist()):
            said[row] = [self.decided.get(key, {}).get(id, np.nan) for id in self.codes]
        odd = oddness(trained.held, self.model.thresholds[trained.columns], said)
        place = {key: row for row, key in enumerate(trained.keys.tolist())}
        found = []
        for (id, key), coders in sorted(self._by_decision().items()):
            value = odd[place[key], self.codes.index(id)] if key in place else np.nan
            if not np.isnan(value):
                found.append(Decided(id, key, coders, self.decided[key][id] == 1, float(value)))
        return found

    def _by_decision(self) -> dict[tuple[str, int], tuple[str, ...]]:
        found: dict[tuple[str, int], tuple[str, ...]] = {}
        for key, id, coder in self._rows:
            if id in self.codes and key in self.decided and id not in self._settled.get(key, ()):
                found[id, key] = (*found.get((id, key), ()), coder)
        return found

    def around(self, vector: "Floats", code: str, value: bool, but: int | None = None) -> Around:
        """Of the decided passages that are nearest to a centred vector, those with this value of a code."""
        alike = self._vectors @ vector
        nearest = (key for row in (-alike).argsort(kind="stable").tolist() if (key := self._keys[row]) != but)
        said = [(key, self.decided[key][code]) for key in nearest if self.decided[key].get(code) in (0, 1)]
        found = [key for key, one in said if one == value]
        return Around(sum(one == value for _, one in said[:NEAR]), min(NEAR, len(said)), tuple(found[:NAMED]))

    def vector(self, key: int) -> "Floats":
        """The centred vector of a decided passage."""
        found: Floats = self._vectors[self._keys.index(key)]
        return found

    def book(self, examples: Sequence[tuple[str, str]]) -> "Book":
        """How examples, (code, text) each, lie between the codes."""
        import numpy as np

        from models.doubts import Book

        codebook = self.study.codebook
        ids = list(codebook.by_id)
        kin = [[one in (id, *codebook.above(id), *codebook.below(id)) for one in ids] for id in ids]
        words = [self._centred([one.name, one.definition, *one.include]).mean(axis=0) for one in codebook.codes]
        return Book(
            examples=self._centred([text for _, text in examples]),
            code=np.array([ids.index(id) for id, _ in examples], np.int64),
            definitions=np.stack(words),
            yes=np.stack([self._yes(id) for id in ids]),
            kin=np.array(kin),
        )

    def _yes(self, code: str) -> "Floats":
        rows = [row for row, key in enumerate(self._keys) if self.decided[key].get(code) == 1]
        return self._vectors[rows].mean(axis=0) if rows else self.model.likeness.centre * 0

    def places(self, keys: Iterable[int]) -> dict[int, Passage]:
        """Where these passages are, and their words."""
        wanted = set(keys)
        with self.study.store.database.reading() as connection:
            documents = self.study.store.kept(connection, self.study.store.holding(connection, sorted(wanted)))
            return {key: passage for kept in documents for key, passage in kept.passages if key in wanted}

    @cached_property
    def _keys(self) -> list[int]:
        return sorted(self.decided)

    @cached_property
    def _vectors(self) -> "Floats":
        places = self.places(self._keys)
        return self._centred([places[key].text for key in self._keys])

    def _centred(self, texts: Sequence[str]) -> "Floats":
        from models.features import centred

        centre = self.model.likeness.centre
        return centred(self.study.vectors.get(texts) if texts else centre[None][:0], centre)


def _plain(connection: Connection) -> list[tuple[int, str, str]]:
    """(passage, code, coder) of each coder's own decisions that hold, but for what was said in reading again."""
    again = select(DRAWS.c.id).where(DRAWS.c.kind == REREAD)
    query = select(HELD.c.passage, HELD.c.code, HELD.c.coder).where(HELD.c.lane == OWN, HELD.c.value.is_not(None), LIVE)
    query = query.where(or_(DECISIONS.c.draw.is_(None), DECISIONS.c.draw.not_in(again)))
    places = HELD.join(DECISIONS, DECISIONS.c.id == HELD.c.decision).join(PASSAGES, PASSAGES.c.id == HELD.c.passage)
    rows = connection.execute(query.select_from(places.join(DOCUMENTS)).order_by(HELD.c.coder))
    return [(row.passage, row.code, row.coder) for row in rows]


def _like(place: Passage, value: bool) -> Like:
    return Like(place.id, place.speaker, place.text, value)
