"""The encoder adapted to a study's decisions: made when `themis learn --deep` asks, used while it fits, gone at a word.

It lies under .themis/deep: a folder of models for each time it was made, `about.json` that names the one in use, and
what those say of each passage. All of it can be deleted, and is made again from the same decisions.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from coding import draws, ledger
from coding.run import known
from coding.study import Show, Study, quiet
from corpus.database import Connection
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from models.deep import Deep, Lesson

MOST = 3000  # decided passages that are learned from: a random so many of more


@dataclass(frozen=True, slots=True)
class About:
    """What the adapted encoder in use was made of.

    name: of its folder. decisions: newest row of the ledger then. codes: that it learned, in order. passages: keys of
    those it learned from. folds: by document, the model that saw nothing of it; by passage key where all are of one.
    """

    name: str
    encoder: str
    codebook: str
    decisions: int
    codes: tuple[str, ...]
    passages: tuple[int, ...]
    folds: dict[str, int]


def deepen(study: Study, show: Show = quiet) -> About:
    """Adapt the encoder to what people decided until now, and use it from here on.

    Killed at any moment, what was in use stays so, and the next call goes on. show("adapt", ...) counts texts shown,
    show("reread", ...) passages. EvidenceError where no code has decisions enough, or the encoder cannot be adapted.
    """
    from models.deep import adapt

    with study.store.database.reading() as connection:
        upto = ledger.last(connection)
        decided = _decided(study, connection, upto)
    codes, lesson = _lesson(study, decided)
    name = hashlib.sha256(f"{study.encoder.fingerprint} {lesson.name}".encode()).hexdigest()[:16]
    folder = study.cache / "deep" / name
    adapt(study.encoder, lesson, folder, lambda done, total: show("adapt", done, total))
    folds = dict(zip(decided.units, lesson.fold.tolist(), strict=True))
    made_of = (study.encoder.fingerprint, study.codebook.version, upto)
    about = About(name, *made_of, codes, tuple(decided.keys), folds)
    reread(study, _deep(study, about), show)
    _point(study, about)
    return about


def reread(study: Study, deep: "Deep", show: Show = quiet) -> None:
    """Make what the adapted encoder says of every passage that it has not seen yet."""
    with study.store.database.reading() as connection:
        total, done = study.store.size(connection)[1], 0
        for kept in study.store.kept(connection):
            deep.kept.embed([passage.text for _, passage in kept.passages])
            done += len(kept.passages)
            show("reread", done, total)


def made(study: Study) -> About | None:
    """What the newest adapted encoder was made of; None where there is none, or its folder was spoiled."""
    try:
        said = json.loads((study.cache / "deep" / "about.json").read_text(encoding="utf-8"))
        about = About(**{**said, "codes": tuple(said["codes"]), "passages": tuple(said["passages"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return about if any((study.cache / "deep" / about.name).glob("fold-*.npz")) else None


def unfit(study: Study, connection: Connection, about: About) -> str:
    """Why it cannot be used now, as the end of a sentence; "" where it can.

    What it learned of a passage that somebody is still to read blind would show in what it says of others.
    """
    if about.encoder != study.encoder.fingerprint:
        return "it was made of another encoder"
    if about.codebook != study.codebook.version:
        return "the codebook has changed since"
    if draws.awaited(connection, about.passages):
        return "some of what it learned from is to be read blind first"
    return ""


def in_use(study: Study) -> "Deep | None":
    """The adapted encoder where there is one that fits."""
    about = made(study)
    if about is None:
        return None
    with study.store.database.reading() as connection:
        return None if unfit(study, connection, about) else _deep(study, about)


def name(study: Study) -> str:
    """Of the adapted encoder in use, "" for none: another one has another name."""
    about = made(study)
    if about is None:
        return ""
    with study.store.database.reading() as connection:
        return "" if unfit(study, connection, about) else about.name


def drop(study: Study) -> bool:
    """Use none from here on; False where there was none."""
    folder = study.cache / "deep"
    there = folder.exists()
    shutil.rmtree(folder, ignore_errors=True)
    return there


@dataclass(frozen=True, slots=True)
class _Decided:
    """Decided passages in the order of their places; labels by code, nan for none. units: what goes into one fold."""

    keys: list[int]
    texts: list[str]
    labels: list[list[float]]
    units: list[str]


def _decided(study: Study, connection: Connection, upto: int) -> _Decided:
    import numpy as np

    said = known(connection, study.codebook, upto)
    places = [(key, name) for key, name, _ in study.store.places_in_order(connection) if key in said]
    if len(places) > MOST:
        chosen = np.random.default_rng(int(study.settings["seed"])).choice(len(places), MOST, replace=False)
        places = [places[at] for at in sorted(chosen.tolist())]
    keys = [key for key, _ in places]
    documents = study.store.kept(connection, study.store.holding(connection, keys))
    text = {key: passage.text for kept in documents for key, passage in kept.passages}
    labels = [[said[key].get(code, np.nan) for code in study.codebook.by_id] for key in keys]
    one = len({name for _, name in places}) == 1
    return _Decided(keys, [text[key] for key in keys], labels, [str(key) if one else name for key, name in places])


def _lesson(study: Study, decided: _Decided) -> "tuple[tuple[str, ...], Lesson]":
    """The codes that have decisions enough, and what is to be learned of them."""
    import numpy as np

    from models.classifier import folds
    from models.deep import FOLDS, Lesson
    from models.learn import FEWEST

    labels = np.array(decided.labels, dtype=float).reshape(len(decided.keys), len(study.codebook.by_id))
    columns = np.flatnonzero(np.minimum((labels == 1).sum(axis=0), (labels == 0).sum(axis=0)) >= FEWEST)
    if not len(columns):
        raise EvidenceError(
            f"no code has {FEWEST} yes and {FEWEST} no yet, as --deep needs: read and decide more with `themis review`"
        )
    codes = list(study.codebook.by_id)
    fold = folds(labels[:, columns], np.unique(decided.units, return_inverse=True)[1], FOLDS)
    lesson = Lesson(decided.texts, labels[:, columns], fold, int(study.settings["seed"]))
    return tuple(codes[column] for column in columns), lesson


def _deep(study: Study, about: About) -> "Deep":
    import numpy as np

    from models.deep import Adapted, Deep
    from models.vectors import Vectors

    folder = study.cache / "deep"
    with study.store.database.reading() as connection:
        places = study.store.places_in_order(connection)
    units = ((key, about.folds.get(name, about.folds.get(str(key)))) for key, name, _ in places)
    codes = list(study.codebook.by_id)
    return Deep(
        Vectors(folder / "said", Adapted(study.encoder, folder / about.name)),
        len(codes),
        np.array([codes.index(code) for code in about.codes]),
        {key: fold for key, fold in units if fold is not None},
    )


def _point(study: Study, about: About) -> None:
    """Use this one, and remove those before it."""
    folder = study.cache / "deep"
    part = folder / "about.part"
    with os.fdopen(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(about), file, ensure_ascii=False)
    part.replace(folder / "about.json")
    for other in folder.iterdir():
        if other.is_dir() and other.name not in (about.name, "said"):
            shutil.rmtree(other, ignore_errors=True)
