"""What speaks for a code in a passage and against it: what it was learned from, and is asked of the model again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING

from coding import draws, ledger
from coding.changes import tally
from coding.codebook import Codebook
from coding.run import known, learn, suggested
from coding.study import Study
from coding.suggestions import Suggestion
from corpus.database import Connection
from corpus.passage import Passage

if TYPE_CHECKING:
    from coding.evidence import Item
    from models.evidence import Evidence, Integers
    from models.learn import Model
    from models.why import Parts

NEAREST = 3  # decided passages of either kind that are named
TEXTS = 2  # of the codebook, for and against
TERMS = 8  # words, for and against
FIRST = 90  # characters of a passage that is named


@dataclass(frozen=True, slots=True)
class Like:
    """A passage that people decided: its key and id, its document's key, who spoke, and the first words."""

    key: int
    passage: str
    document: int
    speaker: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """A text of the codebook. kind: "name", "definition", "include", "example"; or "exclude", "near miss"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why one code has the score it has in a passage.

    kind: "likeness" or "score". above: the code above it that keeps it from being suggested, None for none. yes, no:
    how many passages people decided so. sentence: (start, end) of the one that carried the code, None for none.
    like_yes, like_no: decided passages; like_for, like_against: texts of the codebook; the nearest first. parts: what
    adds to the score, by name: "start", "meaning", "include", "exclude", "adapted", "words". whole: the score that they
    make. held: that is not `score`, which is of a model that had not learned from this passage. words_for,
    words_against: words with what each adds, the most first.
    """

    code: str
    name: str
    kind: str
    score: float
    threshold: float
    suggested: bool
    above: str | None
    yes: int
    no: int
    sentence: tuple[int, int] | None
    like_yes: tuple[Like, ...]
    like_no: tuple[Like, ...]
    like_for: tuple[Line, ...]
    like_against: tuple[Line, ...]
    parts: tuple[tuple[str, float], ...]
    whole: float
    held: bool
    words_for: tuple[tuple[str, float], ...]
    words_against: tuple[tuple[str, float], ...]


class Lesson:
    """A model, with the passages that people decided and it learned from.

    state: what it was made of, with `read`, all that was decided, and `apart`, of those what it did not learn from.
    """

    def __init__(self, study: Study, state: tuple[object, ...], upto: int) -> None:
        from models.features import centred

        self.study, self.state = study, state
        with study.store.database.reading() as connection:
            self.read = frozenset(key for key, _ in ledger.agreed(connection, study.codebook, upto))
            self.apart = self.read & draws.awaited(connection)
            self.decided = known(connection, study.codebook, upto)
            self.tally = tally(self.decided.values(), study.codebook)
            self.places = _places(study, connection, self.decided)
        self.model: Model = learn(study, upto)[0]
        vectors = study.vectors.get([place.text for _, _, place in self.places])
        self.vectors = centred(vectors, self.model.likeness.centre)

    def explain(self, item: "Item", place: Passage, codes: Collection[str] | None) -> tuple[Reasons, ...]:
        """The reasons of these codes, or of the suggested ones."""
        from coding.evidence import evidence, texts

        self.study.vectors.embed(texts([item]))  # it may have been added, or the cache deleted, meanwhile
        block = evidence([item], self.study.vectors)
        found = suggested(self.study.codebook, self.model, block)
        marked = {one.code for one in found if one.suggested}
        chosen = (one for one in found if one.code in (marked if codes is None else codes))
        return tuple(self._reasons(one, block, place, marked) for one in chosen)

    def _reasons(self, one: Suggestion, block: "Evidence", place: Passage, marked: set[str]) -> Reasons:
        from models.why import contributions, nearest

        column, codebook, centre = self.model.codes.index(one.code), self.study.codebook, self.model.likeness.centre
        threshold = float(self.model.thresholds[column])
        above = (id for id in codebook.above(one.code) if id not in marked)
        parts = contributions(self.model, block, column)
        like_yes, like_no = self._decided(nearest(block, one.sentence, self.vectors, centre), one)
        return Reasons(
            code=one.code,
            name=codebook.by_id[one.code].name,
            kind=self.model.kind[column],
            score=one.score,
            threshold=threshold,
            suggested=one.suggested,
            above=next(above, None) if one.score >= threshold else None,
            yes=self.tally[one.code][0],
            no=self.tally[one.code][1],
            sentence=place.sentences[one.sentence] if one.sentence >= 0 else None,
            like_yes=like_yes,
            like_no=like_no,
            like_for=self._lines(_inclusive(codebook, one.code), block, one.sentence),
            like_against=self._lines(_exclusive(codebook, one.code), block, one.sentence),
            parts=_named(parts),
            whole=parts.score,
            held=parts.held,
            words_for=_terms(parts, 1),
            words_against=_terms(parts, -1),
        )

    def _decided(self, order: "Integers", one: Suggestion) -> tuple[tuple[Like, ...], tuple[Like, ...]]:
        """The nearest that people said yes to, and no: never the passage itself, and of copies the first."""
        found: dict[float | None, dict[str, Like]] = {1: {}, 0: {}}
        for row in order.tolist():
            key, document, place = self.places[row]
            kind = found.get(self.decided[key].get(one.code))
            if kind is not None and len(kind) < NEAREST and key != one.passage:
                words = shorten(place.text, FIRST, placeholder=" ...")
                kind.setdefault(place.text, Like(key, place.id, document, place.speaker, words))
        return tuple(found[1].values()), tuple(found[0].values())

    def _lines(self, lines: Sequence[Line], block: "Evidence", sentence: int) -> tuple[Line, ...]:
        """The nearest of these texts of the codebook."""
        from models.features import centred
        from models.why import nearest

        centre = self.model.likeness.centre
        texts = [line.text for line in lines]
        self.study.vectors.embed(texts)
        vectors = centred(self.study.vectors.get(texts), centre)
        return tuple(lines[row] for row in nearest(block, sentence, vectors, centre)[:TEXTS].tolist())


def _inclusive(codebook: Codebook, id: str) -> list[Line]:
    """What speaks for a code; the examples of a nested code are examples of those above it, as the machine has it."""
    code = codebook.by_id[id]
    examples = [text for one in (id, *codebook.below(id)) for text in codebook.by_id[one].examples]
    own = [("name", code.name), ("definition", code.definition), *(("include", text) for text in code.include)]
    return [Line(*line) for line in (*own, *(("example", text) for text in dict.fromkeys(examples)))]


def _exclusive(codebook: Codebook, id: str) -> list[Line]:
    code = codebook.by_id[id]
    return [Line("exclude", text) for text in code.exclude] + [Line("near miss", text) for text in code.near_misses]


def _named(parts: "Parts") -> tuple[tuple[str, float], ...]:
    names = ("start", "meaning", "include", "exclude", "adapted")
    return (*((name, getattr(parts, name)) for name in names), ("words", float(parts.words.sum())))


def _terms(parts: "Parts", sign: int) -> tuple[tuple[str, float], ...]:
    """The words that add most, or take most away."""
    ranked = sorted(zip(parts.terms, parts.words.tolist(), strict=True), key=lambda term: -sign * term[1])
    return tuple((term, adds) for term, adds in ranked[:TERMS] if sign * adds > 0)


def _places(study: Study, connection: Connection, keys: Collection[int]) -> list[tuple[int, int, Passage]]:
    """(key, its document's key, place) of these passages, in the order of the corpus."""
    documents = study.store.kept(connection, study.store.holding(connection, list(keys)))
    return [(key, kept.key, place) for kept in documents for key, place in kept.passages if key in keys]
