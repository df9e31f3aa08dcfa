"""The story of learning after every batch: what people said since, the model, what to read next, and what changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from textwrap import shorten
from typing import TYPE_CHECKING

from coding import ledger, queue, suggestions
from coding.changes import Tally, tally, told
from coding.codebook import Codebook
from coding.deep import name
from coding.queue import READ, SET_APART, Queued, Shown
from coding.run import known, learned, sample, suggested
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.evidence import Item
    from models.evidence import Evidence, Flags, Floats, Integers
    from models.learn import Model
    from models.memory import Memory
    from models.picks import Pick

BLOCK = 4096  # passages scored at a time
WHOLE = 20_000  # passages up to which all are scored; of more, those that vectors alone find worth it
FEWEST_WORDS = 3  # a passage of fewer is an "Okay." or a heading


@dataclass(frozen=True, slots=True)
class Learned:
    """What learning gave. decisions: newest row of the ledger it knows of. changes: sentences. waiting: passages."""

    queue: int
    decisions: int
    changes: tuple[str, ...]
    waiting: int


@dataclass(frozen=True)
class Corpus:
    """The live passages in memory. state: what they are made of; when it is another, so are they.

    names: n ids. order: (n,) place in the order of places. documents: (n,) numbers, in the order of names. brief: (n,).
    """

    state: tuple[object, ...]
    memory: "Memory"
    names: list[str]
    order: "Integers"
    documents: "Integers"
    brief: "Flags"

    @cached_property
    def row(self) -> dict[int, int]:
        """Row of each passage by its key."""
        return {key: row for row, key in enumerate(self.memory.keys.tolist())}

    def rows(self, keys: Iterable[int]) -> "Integers":
        """Rows of those of these passages that are live, in the order of places."""
        import numpy as np

        rows = np.array([self.row[key] for key in keys if key in self.row], np.int64)
        return rows[np.argsort(self.order[rows])]

    def quoted(self, key: int) -> str:
        """A passage as a reason names it: the first words and the id."""
        row = self.row[key]
        return f"“{shorten(self.memory.texts[row], 90, placeholder=' ...')}” ({self.names[row]})"


@dataclass(frozen=True, slots=True)
class Standing:
    """What people have said so far. decided: what is learned from. read, apart: passages that are not to be queued."""

    decisions: int
    decided: dict[int, dict[str, float]]
    read: set[int]
    apart: set[int]

    def tally(self, codebook: Codebook) -> Tally:
        """How many said yes and no, code by code."""
        return tally(self.decided.values(), codebook)


def relearn(study: Study) -> Learned:
    """Learn from what people decided until now, and write the queue. EvidenceError where the study has no passages."""
    return Pupil(study).learn()


class Pupil:
    """Learns again and again; what does not change in between stays in its memory."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._corpus: Corpus | None = None
        self._last: tuple[tuple[object, ...], Learned, Tally] | None = None

    def learn(self) -> Learned:
        """Learn from what people decided until now, and write the queue; nothing is done where nothing is new."""
        self.study = study = again(self.study)
        corpus = self.corpus()
        with study.store.database.reading() as connection:
            before = queue.latest(connection)
            old = {one.passage for one in queue.rows(connection, before.id)} if before else set()
            standing = _standing(study, connection)
            basis = (corpus.state, study.codebook.version, standing.decisions, len(standing.apart), name(study))
            if self._last and before and (basis, before.id) == (self._last[0], self._last[1].queue):
                return self._last[1]
            earlier = self._tally_of(connection, before) if before else None
        model = _model(study, corpus, standing)
        queued = list(_queued(study, corpus, standing, model))
        now = standing.tally(study.codebook)
        changes = told(study.codebook, earlier, now, sum(one.passage not in old for one in queued), len(queued))
        with study.store.database.writing() as connection:
            number = queue.replace(connection, standing.decisions, changes, queued)
        done = Learned(number, standing.decisions, tuple(changes), len(queued))
        self._last = (basis, done, now)
        return done

    def corpus(self) -> Corpus:
        """The live passages, read again where they are others than last time."""
        study = self.study
        with study.store.database.reading() as connection:
            state = (suggestions.state_of_passages(connection), study.encoder.fingerprint, *study.settings.values())
            if not state[0][0]:
                raise EvidenceError("the study has no passages yet: add transcripts with `themis add FILES`")
            if self._corpus is None or self._corpus.state != state:
                self._corpus = None  # both would be too much for memory
                self._corpus = _read(study, connection, state)
        return self._corpus

    def _tally_of(self, connection: Connection, before: queue.Queue) -> Tally:
        """What people had said when the queue was made."""
        if self._last and self._last[1].queue == before.id:
            return self._last[2]
        return tally(known(connection, self.study.codebook, before.decisions).values(), self.study.codebook)


def again(study: Study) -> Study:
    """The study with the codebook and settings that it has now; an encoder that is still the one meant is kept."""
    fresh = Study(study.folder, study.store)
    if all(fresh.settings[name] == study.settings[name] for name in ("encoder", "revision")):
        fresh.__dict__["encoder"] = study.encoder
    return fresh


def _standing(study: Study, connection: Connection) -> Standing:
    return Standing(
        ledger.last(connection),
        known(connection, study.codebook),
        set(connection.execute(READ).scalars()),
        set(connection.execute(SET_APART).scalars()),
    )


def _read(study: Study, connection: Connection, state: tuple[object, ...]) -> Corpus:
    import numpy as np

    from coding.evidence import items
    from models.memory import remember

    places = study.store.places_in_order(connection)
    rank = {key: number for number, (key, _, _) in enumerate(places)}
    number = {name: number for number, name in enumerate(dict.fromkeys(name for _, name, _ in places))}
    names: list[str] = []
    documents: list[int] = []

    def stream() -> "Iterator[Item]":
        for kept in study.store.kept(connection):
            names.extend(passage.id for _, passage in kept.passages)
            documents.extend([number[kept.document.name]] * len(kept.passages))
            yield from items(kept)

    memory = remember(stream(), study.vectors, study.cache)
    order = np.array([rank[key] for key in memory.keys.tolist()], np.int64)
    brief = np.array([len(text.split()) < FEWEST_WORDS for text in memory.texts])
    return Corpus(state, memory, names, order, np.array(documents, np.int64), brief)


def _model(study: Study, corpus: Corpus, standing: Standing) -> "Model":
    """The model that a run would learn now."""
    import numpy as np

    labelled = corpus.rows(standing.decided)
    background = np.argsort(corpus.order)[sample(study, len(corpus.order))]
    given = corpus.memory.evidence(labelled), corpus.documents[labelled], corpus.memory.evidence(background)
    return learned(study, standing.decided, *given)


def _queued(study: Study, corpus: Corpus, standing: Standing, model: "Model") -> list[Queued]:
    """What to read next, with all that the machine suggests of it."""
    import numpy as np

    from models.features import centred
    from models.picks import Pool, batches

    seed = int(study.settings["seed"]) + standing.decisions  # each queue by another chance, and always by the same
    closed = corpus.brief.copy()
    closed[corpus.rows(standing.read | standing.apart)] = True
    rows = _worth(corpus, np.flatnonzero(~closed), model, seed)
    centre = model.likeness.centre
    picked = batches(
        Pool(corpus.order[rows], corpus.documents[rows], _scores(corpus, rows, model)),
        centred(corpus.memory.vectors(rows), centre),
        model.thresholds,
        np.array([yes for yes, _ in standing.tally(study.codebook).values()]),
        centred(corpus.memory.vectors(corpus.rows(standing.read)), centre),
        seed,
    )
    picks = [replace(pick, row=int(rows[pick.row])) for batch in picked for pick in batch]
    return _described(study, corpus, model, picks)


def _worth(corpus: Corpus, rows: "Integers", model: "Model", seed: int) -> "Integers":
    """Those of these rows that are worth scoring in full: all of them, or those that vectors alone put to the front."""
    import numpy as np

    from models.picks import TOP, Pool, shortlist

    if len(rows) <= WHOLE:
        return rows
    rough = np.concatenate([model.rough(block) for block in _blocks(corpus, rows)])
    some = np.random.default_rng(seed).choice(len(rows), BLOCK, replace=False)
    above = (_scores(corpus, rows[some], model) >= model.thresholds).mean(axis=0)
    cuts = [np.quantile(column[some], 1 - share) for column, share in zip(rough.T, above, strict=True)]
    pool = Pool(corpus.order[rows], corpus.documents[rows], rough)
    return rows[shortlist(pool, np.array(cuts), seed, 2 * TOP)]


def _scores(corpus: Corpus, rows: "Integers", model: "Model") -> "Floats":
    import numpy as np

    found = [model.score(block).score for block in _blocks(corpus, rows)]
    return np.concatenate([np.empty((0, len(model.codes)), np.float32), *found])


def _blocks(corpus: Corpus, rows: "Integers") -> "Iterator[Evidence]":
    return (corpus.memory.evidence(rows[start : start + BLOCK]) for start in range(0, len(rows), BLOCK))


def _described(study: Study, corpus: Corpus, model: "Model", picks: "Sequence[Pick]") -> list[Queued]:
    """The picks as they are kept, a suggestion for every code with each."""
    import numpy as np

    if not picks:
        return []
    block = corpus.memory.evidence(np.array([pick.row for pick in picks], np.int64))
    given: dict[int, list[Shown]] = {}
    for one in suggested(study.codebook, model, block):
        kind, text = "", ""
        if one.because >= 0:
            reason = model.reasons[one.because]
            kind, text = reason.kind, reason.text if reason.key is None else corpus.quoted(reason.key)
        given.setdefault(one.passage, []).append(
            Shown(one.code, round(one.score, 4), one.suggested, one.sentence, kind, text)
        )
    codes = [None if pick.code is None else model.codes[pick.code] for pick in picks]
    keys = block.keys.tolist()
    return [Queued(key, pick.why, code, tuple(given[key])) for key, pick, code in zip(keys, picks, codes, strict=True)]
