"""The codebook's earlier versions: what changed when, which decisions were made under another meaning, their files."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coding import suggestions
from coding.codebook import Code, Codebook, diff, plain
from coding.codebook_file import parse, read
from coding.codebook_text import written
from coding.ledger import ADJUDICATED, CODEBOOKS, DECISIONS, HELD, OWN, codebooks
from corpus.database import Connection, func, select
from corpus.errors import EvidenceError
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

HISTORY = "codebook-history"  # the folder of the files as they were, comments and all

Meaning = tuple[str, str, tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the codebook that the study used; time: when first. changes: from the one before, as `diff` says."""

    version: str
    time: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stale:
    """How many decisions on a code hold that were made when it meant another thing.

    coders: by coder, adjudications under who made them. draws: by draw, of what was said within it.
    """

    coders: dict[str, int] = field(default_factory=dict)
    draws: dict[int, int] = field(default_factory=dict)

    @property
    def decisions(self) -> int:
        """Of all coders."""
        return sum(self.coders.values())


def history(connection: Connection) -> list[Version]:
    """Every version that was used, oldest first; the first one has no changes."""
    found = codebooks(connection)
    before = [found[0][1], *(book for _, book in found)] if found else []
    pairs = zip(found, before, strict=False)
    return [Version(book.version, time, tuple(diff(old, book))) for (time, book), old in pairs]


def last_used(connection: Connection) -> Codebook | None:
    """The version that the last decision or run was made under, whichever was later; None before the first."""
    newest = select(DECISIONS.c.time, DECISIONS.c.codebook).order_by(DECISIONS.c.id.desc()).limit(1)
    decided = [(row.time, row.codebook) for row in connection.execute(newest)]
    run = suggestions.latest(connection)
    used = max([*decided, *([(run.started, run.basis.codebook)] if run else [])], default=None)
    return next((book for _, book in codebooks(connection) if used and book.version == used[1]), None)


def meaning(code: Code) -> Meaning:
    """What a person goes by who decides on a code: name, definition, what it includes and excludes.

    Examples and near misses are not in it: they show the rule and do not change it, and come in from the passages all
    day, so that nothing would ever be up to date. Nor is the parent, which changes what a yes counts for besides.
    """
    include, exclude = (tuple(sorted(map(plain, texts))) for texts in (code.include, code.exclude))
    return plain(code.name), plain(code.definition), include, exclude


def stale(connection: Connection, codebook: Codebook, closed: Collection[int] = ()) -> dict[str, Stale]:
    """For each live code, what holds of live passages and was decided when the code meant another thing.

    closed: passages that are left out, those that whoever asks is to read blind.
    """
    then = meanings(connection)
    now = {code.id: meaning(code) for code in codebook.codes}
    found = {id: Stale() for id in now}
    old = [version for version, codes in then.items() if any(codes.get(id) != said for id, said in now.items())]
    if not old:
        return found
    held = HELD.join(DECISIONS, HELD.c.decision == DECISIONS.c.id).join(PASSAGES, HELD.c.passage == PASSAGES.c.id)
    columns = [DECISIONS.c.code, DECISIONS.c.codebook, DECISIONS.c.coder, HELD.c.lane, *[HELD.c.passage] * bool(closed)]
    rows = select(*columns, func.count()).select_from(held.join(DOCUMENTS)).group_by(*columns)
    rows = rows.where(LIVE, HELD.c.value.is_not(None), DECISIONS.c.codebook.in_(old))
    for id, version, coder, lane, *passage, number in connection.execute(rows):
        if id not in now or then[version].get(id) == now[id] or (passage and passage[0] in closed):
            continue
        if lane in (OWN, ADJUDICATED):
            found[id].coders[coder] = found[id].coders.get(coder, 0) + number
        else:
            found[id].draws[lane] = found[id].draws.get(lane, 0) + number
    return found


def put(path: Path, raw: bytes) -> None:
    """Put a file in place whole, for its owner only; whatever ends this, the old file or the new one is there."""
    part = path.with_name(".codebook.part")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part.unlink(missing_ok=True)  # what an attempt that was killed left behind
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        remedy = "see to it that you may write in its folder and that the disk has room"
        raise EvidenceError(f"{path} could not be written ({error.strerror}): {remedy}") from error


def archive(folder: Path, *texts: tuple[bytes, Codebook]) -> None:
    """Keep files of the codebook under codebook-history/, numbered; one that is the same as the newest is there."""
    for raw, codebook in texts:
        files = archived(folder)
        if not files or read(files[-1]) != raw:
            number = int(files[-1].name[:6]) + 1 if files else 1
            put(folder / HISTORY / f"{number:06}-{codebook.version[:12]}.yml", raw)


def archived(folder: Path) -> list[Path]:
    """The files of earlier versions, oldest first."""
    return sorted((folder / HISTORY).glob(f"{'[0-9]' * 6}-*.yml"))


def of_version(folder: Path, connection: Connection, version: str) -> tuple[str, Codebook]:
    """The text and codebook of the version that begins so: the newest file of it, or what the study's record has.

    A version that was only ever used, and never edited in the page, has no file: its meaning is there, its comments are
    not. EvidenceError where none or several begin so.
    """
    known = {book.version: book for _, book in codebooks(connection)}
    chosen = [known[one] for one in known if one.startswith(version)]
    if len(chosen) != 1:
        raise EvidenceError(f"version '{version}' is {'more than one' if chosen else 'none'} of those the study used")
    for path in reversed(archived(folder)):
        if path.name[7:19] == chosen[0].version[:12]:
            raw = read(path)
            codebook, faults = parse(raw)
            if codebook and not faults and codebook.version == chosen[0].version:
                return raw.decode("utf-8-sig").replace("\r\n", "\n"), codebook
    return written(chosen[0]), chosen[0]


def meanings(connection: Connection) -> dict[str, dict[str, Meaning]]:
    """By version that was used, what each code meant in it; a version's record never changes, so it is read once."""
    versions: Sequence[str] = connection.execute(select(CODEBOOKS.c.version)).scalars().all()
    if new := [version for version in versions if version not in _READ]:
        rows = connection.execute(select(CODEBOOKS.c.content).where(CODEBOOKS.c.version.in_(new))).scalars()
        for book in map(Codebook.from_json, rows):
            _READ[book.version] = {code.id: meaning(code) for code in book.codes}
    return {version: _READ[version] for version in versions}


_READ: dict[str, dict[str, Meaning]] = {}
