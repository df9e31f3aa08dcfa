"""Repeated texts: campaign letters, an answer that was pasted, a form's standard paragraph; found, to be counted once.

A family is one text and its copies among the live passages: word for word, or nearly (`coding/alike.py` says when).
"""

import json
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from coding import alike
from coding.study import Study
from coding.suggestions import state_of_passages
from corpus.database import Connection, func, listed, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

if TYPE_CHECKING:
    from coding.alike import Hashes

FORMAT = 1  # of what is kept on disk, and of what is a copy: another number makes it anew

Wordings = tuple[tuple[int, ...], ...]  # passages of one family by key, those that say the same words together


@dataclass(frozen=True)
class Copies:
    """What is repeated among the live passages.

    families: of two passages or more each, the largest first; in each the wording that is given most often comes first.
    letters: documents (keys) that are one letter, two or more each, the most first. compared: how many passages are
    long enough to be a copy.
    """

    families: tuple[Wordings, ...]
    letters: tuple[tuple[int, ...], ...]
    compared: int

    def weights(self, passages: Sequence[int]) -> list[float]:
        """For each passage, by key, 1 / how many live passages its family has: 1.0 where it is alone."""
        return [1 / self._sizes.get(key, 1) for key in passages]

    @cached_property
    def _sizes(self) -> dict[int, int]:
        sizes = [(family, sum(map(len, family))) for family in self.families]
        return {key: size for family, size in sizes for wording in family for key in wording}


@dataclass(frozen=True, slots=True)
class Repeated:
    """A family as it is shown: how many copies, of how many wordings, in how many documents.

    text, passage: the first passage of its most frequent wording, and where it is.
    """

    copies: int
    wordings: int
    documents: int
    text: str
    passage: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The largest of so many families, which have so many passages.

    letters: names of the documents that are one letter of more than one passage. compared: as in Copies.
    """

    largest: tuple[Repeated, ...]
    families: int
    passages: int
    letters: tuple[tuple[str, ...], ...]
    compared: int


def copies(connection: Connection) -> Copies:
    """What is repeated among the live passages, worked out anew (five seconds where there are 200,000)."""
    return among(live_texts(connection))


def among(texts: Iterable[tuple[int, int, str]]) -> Copies:
    """What is repeated among texts, each given as (document, key, text), in any order."""
    said: dict[bytes, list[int]] = {}
    long: dict[bytes, Hashes] = {}
    parts: dict[int, list[tuple[bytes, int]]] = {}
    for document, key, text in texts:
        words = alike.words(text)
        if not alike.enough(words, alike.LEAST):
            continue
        name = alike.digest(words)
        if name not in said and alike.enough(words, alike.NEARLY):
            long[name] = alike.numbers(words)
        said.setdefault(name, []).append(key)
        parts.setdefault(document, []).append((name, len(words) // alike.LEAST))
    family = _near(said, long)
    together: dict[bytes, list[tuple[int, ...]]] = {}
    for name, keys in said.items():
        together.setdefault(family.get(name, name), []).append(tuple(sorted(keys)))
    repeated = {name: _largest_first(wordings) for name, wordings in together.items() if sum(map(len, wordings)) > 1}
    families = sorted(repeated.values(), key=lambda wordings: (-sum(map(len, wordings)), wordings))
    return Copies(tuple(families), _letters(parts, family, repeated), sum(map(len, said.values())))


def known(study: Study, connection: Connection) -> Copies:
    """What is repeated among the live passages; kept under .themis/ until the passages are others."""
    path, state = study.cache / "repeated.json", _state(connection)
    with suppress(OSError, ValueError, TypeError, LookupError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["state"] == state:
            families = tuple(tuple(tuple(map(int, keys)) for keys in family) for family in kept["families"])
            return Copies(families, tuple(tuple(map(int, keys)) for keys in kept["letters"]), int(kept["compared"]))
    found = copies(connection)
    with suppress(OSError):
        kept = {name: getattr(found, name) for name in ("families", "letters", "compared")}
        write_whole(path, {"state": state, **kept})
    return found


def shown(study: Study, most: int = 20) -> Shown:
    """What is repeated, with the `most` largest families (0 for all) in words and places."""
    with study.store.database.reading() as connection:
        found = known(study, connection)
        largest = tuple(_described(connection, family) for family in found.families[: most or None])
        letters = _named(connection, found.letters)
    passages = sum(len(wording) for family in found.families for wording in family)
    return Shown(largest, len(found.families), passages, letters, found.compared)


def live_texts(connection: Connection) -> Iterator[tuple[int, int, str]]:
    """(document, key, text) of every live passage, with one document's text in memory at a time."""
    columns = PASSAGES.c.document, PASSAGES.c.id, PASSAGES.c.start, PASSAGES.c.end
    places: dict[int, list[tuple[int, int, int]]] = {}
    for document, *place in connection.execute(select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)):
        places.setdefault(document, []).append(tuple(place))
    documents = select(DOCUMENTS.c.id, DOCUMENTS.c.text).where(DOCUMENTS.c.live)
    for document, text in connection.execute(documents.execution_options(yield_per=1)):
        for key, start, end in places.get(document, ()):
            yield document, key, text[start:end]


def _near(said: Mapping[bytes, list[int]], long: dict[bytes, "Hashes"]) -> dict[bytes, bytes]:
    """For each long text, by digest, the one that stands for its family: copied most often."""
    order = sorted(long, key=lambda name: (-len(said[name]), name))
    first = alike.families(list(alike.shingles(long.pop(name) for name in order)))
    return {name: order[place] for name, place in zip(order, first.tolist(), strict=True)}


def _letters(
    parts: dict[int, list[tuple[bytes, int]]], family: Mapping[bytes, bytes], repeated: Collection[bytes]
) -> tuple[tuple[int, ...], ...]:
    """Documents with a repeated passage that share 80 % of what they say (by words, of the passages long enough)."""
    alike_in: dict[tuple[tuple[bytes, int], ...], list[int]] = {}
    for document, found in parts.items():
        named = sorted((family.get(name, name), weight) for name, weight in found)
        if any(name in repeated for name, _ in named):
            alike_in.setdefault(tuple(named), []).append(document)
    order = sorted(alike_in)
    grouped: dict[int, list[int]] = {}
    first = alike.families([alike.weighed(named) for named in order]).tolist()
    for said, place in zip(order, first, strict=True):
        grouped.setdefault(place, []).extend(alike_in[said])
    return _largest_first([tuple(sorted(group)) for group in grouped.values() if len(group) > 1])


def _largest_first(groups: list[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(groups, key=lambda keys: (-len(keys), keys)))


def _described(connection: Connection, family: Wordings) -> Repeated:
    place = select(PASSAGES.c.start, PASSAGES.c.end, DOCUMENTS.c.name, DOCUMENTS.c.text)
    row = connection.execute(place.select_from(PASSAGES.join(DOCUMENTS)).where(PASSAGES.c.id == family[0][0])).one()
    keys = [key for wording in family for key in wording]
    documents = select(PASSAGES.c.document).where(PASSAGES.c.id.in_(listed(keys))).distinct()
    return Repeated(
        copies=len(keys),
        wordings=len(family),
        documents=len(connection.execute(documents).all()),
        text=row.text[row.start : row.end],
        passage=f"{row.name}:{row.start}-{row.end}",
    )


def _named(connection: Connection, letters: Sequence[tuple[int, ...]]) -> tuple[tuple[str, ...], ...]:
    """Names of the documents of each letter; not of those of one passage each, which the families tell of already."""
    columns = DOCUMENTS.c.id, DOCUMENTS.c.name, func.count()
    keys = listed(key for letter in letters for key in letter)
    query = select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE, DOCUMENTS.c.id.in_(keys))
    known = {key: (name, size) for key, name, size in connection.execute(query.group_by(DOCUMENTS.c.id))}
    longer = (letter for letter in letters if any(known[key][1] > 1 for key in letter))
    return tuple(tuple(known[key][0] for key in letter) for letter in longer)


def _state(connection: Connection) -> list[Any]:
    """What tells these live passages from others, of another study too."""
    newest = select(DOCUMENTS.c.sha256).where(DOCUMENTS.c.live).order_by(DOCUMENTS.c.id.desc()).limit(1)
    text = connection.execute(newest).scalar()
    return [FORMAT, unicodedata.unidata_version, *state_of_passages(connection), text]


def write_whole(path: Path, kept: Any) -> None:
    """Written whole or not at all, for its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:
        part = Path(file.name)
        try:
            json.dump(kept, file)
            file.close()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
