"""The story of coding: what is new, embed it, learn from decisions, suggest, and say where to go next."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING

from coding import __version__, draws, ledger, suggestions
from coding.codebook import Codebook
from coding.study import Show, Study, quiet
from coding.suggestions import Basis, Suggestion
from coding.summary import Summary, summarise
from corpus.database import Connection
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.evidence import Item
    from models.evidence import Evidence, Integers
    from models.learn import Model

BLOCK = 2048  # passages scored, and written, at a time
SMALL = 256  # passages embedded at a time: what a run loses when it is killed
BACKGROUND = 2000  # passages that stand for the corpus


@dataclass(frozen=True, slots=True)
class Done:
    """What `code` did. embedded: texts that were new to the encoder; fresh: False where nothing had changed."""

    summary: Summary
    embedded: int
    fresh: bool


def code(study: Study, show: Show = quiet) -> Done:
    """Suggest codes for every passage of the study; killed at any moment, the next call goes on from there.

    show(stage, passages done, passages in all) is called as work goes on. EvidenceError where there is nothing to code.
    """
    from coding.deep import in_use, reread

    basis = _basis(study)
    with study.store.database.reading() as connection:
        run = suggestions.latest(connection)
    if run and run.basis.hash == basis.hash:
        return Done(summarise(study, run), embedded=0, fresh=False)
    embedded = embed(study, show)
    if deep := in_use(study):
        reread(study, deep, show)
    model, reasons = learn(study, basis.decisions)
    with study.store.database.writing() as connection:
        key = suggestions.begin(connection, basis)
        kinds = zip(model.kind, model.thresholds.tolist(), strict=True)
        suggestions.describe(connection, key, dict(zip(study.codebook.by_id, kinds, strict=True)), reasons)
    _suggest(study, key, model, show)
    with study.store.database.writing() as connection:
        suggestions.finish(connection, key)
        finished = suggestions.latest(connection)
    assert finished
    return Done(summarise(study, finished), embedded, fresh=True)


def embed(study: Study, show: Show = quiet) -> int:
    """Make the vectors that are missing; how many. What is made is kept, however this ends."""
    from coding.evidence import texts, themes

    made = study.vectors.embed([text for theme in themes(study.codebook) for text in theme.texts()])
    with study.store.database.reading() as connection:
        total, done = study.store.size(connection)[1], 0
        for block in _blocks(study, connection, SMALL):
            made += study.vectors.embed(texts(block))
            done += len(block)
            show("embed", done, total)
    return made


def _basis(study: Study) -> Basis:
    """Keep today's codebook, and name everything that decides what is suggested."""
    from coding.deep import in_use

    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        passages = suggestions.state_of_passages(connection)
        decisions = ledger.last(connection)
        apart = draws.awaited(connection)
        left_out = sorted(apart & {key for key, _ in ledger.agreed(connection, study.codebook)} if apart else ())
    if not passages[0]:
        raise EvidenceError("the study has no passages yet: add transcripts with `themis add FILES`")
    deep = in_use(study)
    names = (study.encoder.fingerprint, study.codebook.version, decisions, __version__, int(study.settings["seed"]))
    everything = [*names, passages, study.settings["expected"], *left_out, *([deep.fingerprint] if deep else ())]
    return Basis(hashlib.sha256(json.dumps(everything).encode()).hexdigest(), *names)


def learn(study: Study, upto: int, plain: bool = False) -> "tuple[Model, list[tuple[str, str, str]]]":
    """The model of what was decided up to a row of the ledger, and its reasons, decided passages in words.

    plain: without the adapted encoder, where there is one.
    """
    import numpy as np

    from coding.evidence import evidence, texts

    with study.store.database.reading() as connection:
        decided = known(connection, study.codebook, upto)
        places = study.store.places_in_order(connection)
        rank = {key: number for number, (key, _, _) in enumerate(places)}
        names = {name: number for number, name in enumerate(dict.fromkeys(name for _, name, _ in places))}
        group = {key: names[name] for key, name, _ in places}
        labelled = sorted(_items(study, connection, list(decided)), key=lambda item: rank[item.key])
        chosen = [places[number][0] for number in sample(study, len(places))]
        background = sorted(_items(study, connection, chosen), key=lambda item: rank[item.key])
        quoted = _quoted(study, connection, list(decided))
    study.vectors.embed(texts([*labelled, *background]))  # what another process added meanwhile
    groups = np.array([group[item.key] for item in labelled], dtype=np.int64)
    given = evidence(labelled, study.vectors), groups, evidence(background, study.vectors)
    model = learned(study, decided, *given, plain=plain)
    reasons = [(r.kind, r.code, r.text if r.key is None else quoted[r.key]) for r in model.reasons]
    return model, reasons


def known(connection: Connection, codebook: Codebook, upto: int | None = None) -> dict[int, dict[str, float]]:
    """What people decided, as `ledger.agreed` has it, but for passages that somebody is still to read blind.

    What is learned from is told of elsewhere: by a suggestion, by its reason, by the order of a queue.
    """
    apart = draws.awaited(connection)
    return {key: values for key, values in ledger.agreed(connection, codebook, upto) if key not in apart}


def sample(study: Study, passages: int) -> "Integers":
    """Which of so many passages, in the order of their places, stand for the corpus; rising."""
    import numpy as np

    random = np.random.default_rng(int(study.settings["seed"]))
    return np.sort(random.choice(passages, min(BACKGROUND, passages), replace=False))


def learned(
    study: Study,
    decided: Mapping[int, Mapping[str, float]],
    labelled: "Evidence",
    groups: "Integers",
    background: "Evidence",
    plain: bool = False,
) -> "Model":
    """A model of today's codebook and of what people decided.

    decided: by passage and code, as `ledger.agreed` has it, of all the n passages that are labelled, which are in the
    order of their places. groups: (n,) numbers of their documents, in the order of names. background: the `sample`.
    plain: without the adapted encoder, where there is one.
    """
    import numpy as np

    from coding.deep import in_use
    from coding.evidence import themes
    from models.learn import learn

    values = [[decided[key].get(code, np.nan) for code in study.codebook.by_id] for key in labelled.keys.tolist()]
    books = themes(study.codebook)
    words = [text for theme in books for text in theme.texts()]
    study.vectors.embed(words)
    return learn(
        books,
        dict(zip(words, study.vectors.get(words), strict=True)),
        labelled,
        np.array(values, dtype=float).reshape(len(values), len(books)),
        groups,
        background,
        seed=int(study.settings["seed"]),
        expected=float(study.settings["expected"]),
        deep=None if plain else in_use(study),
    )


def _suggest(study: Study, run: int, model: "Model", show: Show) -> None:
    """Score every passage that this run has not scored, and write each block whole."""
    from coding.evidence import evidence, texts

    database = study.store.database
    with database.reading() as connection:
        total, done = study.store.size(connection)[1], 0
        for block in _blocks(study, connection, BLOCK):
            documents = {item.document for item in block}
            with database.reading() as fresh:
                before = suggestions.written(fresh, run, documents)
            todo = [item for item in block if item.key not in before]
            study.vectors.embed(texts(todo))  # what another process added meanwhile
            rows = suggested(study.codebook, model, evidence(todo, study.vectors)) if todo else []
            with database.writing() as writing:
                before = suggestions.written(writing, run, documents)
                suggestions.write(writing, run, (row for row in rows if row.passage not in before))
            done += len(block)
            show("suggest", done, total)


def suggested(codebook: Codebook, model: "Model", block: "Evidence") -> list[Suggestion]:
    """Suggestions of a block, passage by passage; a nested code is suggested only where the code above it is."""
    scores = model.score(block)
    ids = list(codebook.by_id)
    marked = scores.suggested.copy()
    for i, id in enumerate(ids):
        if parent := codebook.by_id[id].parent:
            marked[:, i] &= marked[:, ids.index(parent)]
    columns = (scores.score, marked, scores.sentence, scores.because)
    lists = [column.tolist() for column in columns]
    return [
        Suggestion(key, id, *(values[row][i] for values in lists))
        for row, key in enumerate(block.keys.tolist())
        for i, id in enumerate(ids)
    ]


def _blocks(study: Study, connection: Connection, size: int) -> "Iterator[list[Item]]":
    """All passages, whole documents at a time, about `size` in each list: the same lists on every call."""
    from coding.evidence import items

    block: list[Item] = []
    for kept in study.store.kept(connection):
        block += items(kept)
        if len(block) >= size:
            yield block
            block = []
    if block:
        yield block


def _items(study: Study, connection: Connection, keys: Sequence[int]) -> "list[Item]":
    from coding.evidence import items

    wanted = set(keys)
    documents = study.store.kept(connection, study.store.holding(connection, keys))
    return [item for kept in documents for item in items(kept) if item.key in wanted]


def _quoted(study: Study, connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    """Passages as a reason names them: the id and the first words."""
    wanted = set(keys)
    documents = study.store.kept(connection, study.store.holding(connection, keys))
    found = {key: passage for kept in documents for key, passage in kept.passages if key in wanted}
    return {key: f"“{shorten(passage.text, 90, placeholder=' ...')}” ({passage.id})" for key, passage in found.items()}
