"""New themes: groups of passages that fit no code and say nearly the same; and a code made of one of them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coding import draws, editing, ledger, memos, suggestions
from coding.edited import Edited
from coding.repeated import write_whole
from coding.run import sample
from coding.study import Study
from coding.suggestions import Run
from coding.unfitting import Unfitting, unfitting, words
from corpus.context import Context, context
from corpus.database import Connection
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from models.discover import Group
    from models.evidence import Floats

FORMAT = 1  # of what is kept on disk, and of how it is found: another number makes it anew
SHOWN = 3  # passages that stand for a theme
TYPICAL = 100  # passages of a theme, by which its nearest code is known
BLOCK = 8192  # passages compared with the themes at a time
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
NOTE = (
    "Made of {passages:,} passages in {documents:,} documents that fitted no code. A code that is made after looking "
    "is exploratory: for a count of it draw a new audit, and have that read blind."
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Passages that say nearly the same, and fit no code.

    passages: their keys, first those of `shown`, which stand for it; copies are among them. documents: how many they
    are in. held: the share of reruns, on other draws of the passages, that found it again. words: what its passages
    have and others have not. code: the nearest one, None where the run knows none of today's; near: their mean score as
    a share of what it takes to be suggested for it.
    """

    passages: tuple[int, ...]
    shown: tuple[int, ...]
    documents: int
    held: float
    words: tuple[str, ...]
    code: str | None
    near: float


@dataclass(frozen=True, slots=True)
class Described:
    """A theme as people read it: the name of its nearest code, "" for none, and passages with their places."""

    theme: Theme
    code: str
    passages: tuple[Context, ...]


@dataclass(frozen=True, slots=True)
class Discovered:
    """The themes, those of many and close passages first.

    passages: that were looked at. fitting_none: how many of them fit no code, `brief` of those having too few words.
    texts: how many different ones the others have, of which `compared` were compared with each other. learned: whether
    some code is suggested by what people decided. stale: what the suggestions do not know of, "" for nothing.
    """

    passages: int
    fitting_none: int
    brief: int
    texts: int
    compared: int
    learned: bool
    themes: tuple[Theme, ...]
    stale: str = ""


def discover(study: Study) -> Discovered:
    """The themes that the codebook has no code for: the same ones while the study is the same.

    EvidenceError before the first run, and where what was found cannot be kept.
    """
    with study.store.database.reading() as connection:
        run = suggestions.shown(connection)
        stale = suggestions.stale(connection, run, study.codebook)
        state = _state(study, connection, run)
        if known := _remembered(study, state):
            return replace(known, stale=stale)
        found = _found(study, connection, run)
    try:
        write_whole(_path(study), {"state": state, **asdict(found)})
    except OSError as error:
        raise EvidenceError(
            f"what was found is kept in {_path(study)}, which cannot be written ({error.strerror}): make it writable"
        ) from error
    return replace(found, stale=stale)


def numbered(study: Study, number: int) -> Theme:
    """A theme by its number, from 1, in what was found last; EvidenceError where the study is another since."""
    with study.store.database.reading() as connection:
        found = _remembered(study, _state(study, connection, suggestions.shown(connection)))
    if found is None:
        raise EvidenceError("what was found is not of the study as it is now: run `themis discover`, and choose again")
    if not 1 <= number <= len(found.themes):
        raise EvidenceError(f"there is no theme {number}: `themis discover` found {len(found.themes)}")
    return found.themes[number - 1]


def described(study: Study, theme: Theme, whole: bool = False) -> Described:
    """A theme with the passages that stand for it, or with all of its passages."""
    with study.store.database.reading() as connection:
        passages = [context(connection, key) for key in (theme.passages if whole else theme.shown)]
    return Described(theme, study.codebook.by_id[theme.code].name if theme.code else "", tuple(passages))


def make(study: Study, coder: str, theme: Theme, name: str, definition: str = "", parent: str | None = None) -> Edited:
    """Add a code for a theme, as `add` does, with a memo by this coder that says where it comes from."""
    made = add(study, study.codebook.version, theme, name, definition, parent)
    remark(study, coder, theme, made.code)
    return made


def add(
    study: Study, expected: str, theme: Theme, name: str, definition: str = "", parent: str | None = None
) -> Edited:
    """Add a code whose examples are the passages that stand for a theme, to the codebook of the expected version.

    definition: "" for one of the theme's words. parent: the code that it is nested in.
    """
    examples = [at.text for at in described(study, theme).passages]
    return editing.add_code(study, expected, name, definition.strip() or proposed(theme, name), parent, examples)


def proposed(theme: Theme, name: str = "this") -> str:
    """A definition of a theme's words, for somebody to put into their own."""
    return f"Speaks of {', '.join(theme.words) or name}."


def remark(study: Study, coder: str, theme: Theme, code: str) -> None:
    """Note on a code that it was made of a theme, and what that means for its count."""
    with study.store.database.writing() as connection:
        note = NOTE.format(passages=len(theme.passages), documents=theme.documents)
        memos.add(connection, coder, note, code=code)


def _found(study: Study, connection: Connection, run: Run) -> Discovered:
    import numpy as np

    from models.discover import MOST

    none = unfitting(study, connection, run)
    random = np.random.default_rng(int(study.settings["seed"]))
    rows = np.sort(random.choice(len(none.texts), min(MOST, len(none.texts)), replace=False))
    search = _Search(study, connection, run, none, _centre(study, connection))
    themes = tuple(search.themes([none.texts[row] for row in rows]))
    numbers = none.passages, none.fitting_none, none.brief, len(none.texts), len(rows)
    return Discovered(*numbers, "score" in run.kinds.values(), themes)


def _centre(study: Study, connection: Connection) -> "Floats":
    """(d,) the mean of a sample of the corpus."""
    import numpy as np

    places = study.store.places_in_order(connection)
    chosen = {places[number][0] for number in sample(study, len(places))}
    texts = [text for _, text in words(connection, chosen)]
    study.vectors.embed(texts)
    return np.asarray(study.vectors.get(texts).mean(axis=0))


@dataclass(frozen=True)
class _Search:
    """Where it is looked. centre: (d,) what all vectors are seen from."""

    study: Study
    connection: Connection
    run: Run
    none: Unfitting
    centre: "Floats"

    def themes(self, compared: Sequence[tuple[int, ...]]) -> "Iterator[Theme]":
        """What is found among some of the texts, with the other texts that belong to it."""
        import numpy as np

        from models.discover import central, enough, groups, telling

        said = dict(words(self.connection, {keys[0] for keys in compared}))
        texts = [said[keys[0]] for keys in compared]
        vectors = self._vectors(texts)
        documents = np.array([self.none.document[keys[0]] for keys in compared], np.int64)
        least = enough(vectors)
        found = groups(vectors, documents, least, int(self.study.settings["seed"]))
        told = telling([WORD.findall(text.lower()) for text in texts], found)
        for group, own, others in zip(found, told, self._others(found, least, said), strict=True):
            stand = central(vectors, group, SHOWN).tolist()
            rows = list(dict.fromkeys([*stand, *group.rows.tolist()]))
            keys = [compared[row][0] for row in rows] + [key for row in rows for key in compared[row][1:]] + others
            within = len({self.none.document[key] for key in keys})
            code, near = self._nearest_code(keys[:TYPICAL])
            yield Theme(tuple(keys), tuple(keys[: len(stand)]), within, float(group.held), tuple(own), code, near)

    def _others(self, found: "Sequence[Group]", least: float, compared: Mapping[int, str]) -> list[list[int]]:
        """For each group the passages of texts that were not compared, and belong to it, in the order of places."""
        from models.discover import nearest

        rest = {keys[0]: keys for keys in self.none.texts if keys[0] not in compared} if found else {}
        group: dict[int, int] = {}
        stream = words(self.connection, rest)
        while block := list(islice(stream, BLOCK if rest else 0)):
            belongs = nearest(self._vectors([text for _, text in block]), found, least)
            group.update(zip((key for key, _ in block), belongs.tolist(), strict=True))
        others: list[list[int]] = [[] for _ in found]
        for first, keys in rest.items():
            if group[first] >= 0:
                others[group[first]] += keys
        return others

    def _vectors(self, texts: Sequence[str]) -> "Floats":
        from models.features import centred

        self.study.vectors.embed(texts)
        return centred(self.study.vectors.get(texts), self.centre)

    def _nearest_code(self, passages: list[int]) -> tuple[str | None, float]:
        """The code that these passages come nearest to being suggested for, and how near; None where none is left."""
        reached: dict[str, list[float]] = {}
        for one in suggestions.of_passages(self.connection, self.run.id, passages):
            if one.code in self.study.codebook.by_id and self.run.thresholds[one.code] > 0:
                reached.setdefault(one.code, []).append(one.score / self.run.thresholds[one.code])
        near = {code: sum(shares) / len(shares) for code, shares in reached.items()}
        code = max(sorted(near), key=near.__getitem__, default=None)
        return code, round(near[code], 3) if code else 0.0


def _remembered(study: Study, state: list[Any]) -> Discovered | None:
    """What was found in this state of the study; None where that was another, or nothing is kept of it."""
    with suppress(OSError, ValueError, TypeError, LookupError):
        kept = json.loads(_path(study).read_text(encoding="utf-8"))
        if kept.pop("state") == state:
            lists = ("passages", "shown", "words")
            themes = [Theme(**one | {name: tuple(one[name]) for name in lists}) for one in kept.pop("themes")]
            return Discovered(**kept, themes=tuple(themes))
    return None


def _state(study: Study, connection: Connection, run: Run) -> list[Any]:
    """What all of it follows from."""
    apart = sha256(json.dumps(sorted(draws.awaited(connection))).encode()).hexdigest()
    made = [run.id, run.basis.hash, study.codebook.version, ledger.last(connection), apart]
    return [FORMAT, study.settings["seed"], *made, *suggestions.state_of_passages(connection)]


def _path(study: Study) -> Path:
    return study.cache / "discovered.json"
