"""One edit of codebook.yml, made safely: on the version the person saw, whole or not at all, nothing else touched."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from coding import ledger, suggestions, versions
from coding.codebook import Code, Codebook, Retired, diff
from coding.codebook_file import OTHERWISE, parse, read, refers_to_itself, sound
from coding.repeating import Repeated
from coding.study import Study
from coding.versions import Stale
from corpus.database import Connection
from corpus.errors import EvidenceError

MEANWHILE = "the codebook changed meanwhile: look at it as it is now, and make the change again"

Change = Callable[[str, Codebook], tuple[str, Codebook]]  # of the text, and of what it means

_REHEARSED = ContextVar("rehearsed", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Within this, edits say what they would do or refuse, and do nothing to the file, its history or the database."""
    token = _REHEARSED.set(True)
    try:
        yield
    finally:
        _REHEARSED.reset(token)


@dataclass(frozen=True, slots=True)
class Edited:
    """What became of an edit. code: the id it was about. changes: lines of `diff`, none where only colours changed.

    stale: by live code. suggestions: what they do not know of now, in one sentence, "" for nothing.
    """

    codebook: Codebook
    code: str
    changes: list[str]
    stale: dict[str, Stale]
    suggestions: str
    repeated: Repeated = field(default_factory=Repeated)


def edit(
    study: Study,
    expected: str,
    code: str | None,
    change: Change,
    then: Callable[[Connection, Codebook], Repeated] = lambda connection, after: Repeated(),
) -> Edited:
    """Make the new text, then put it in place in the transaction that keeps both versions.

    code: the id of the code that it is about, None where that is the new one. then: rows to add in that transaction.
    EvidenceError where the file has a fault, is not of the expected version, or would have a fault.
    """
    path = Path(os.path.realpath(study.folder / "codebook.yml"))
    raw = read(path)
    before = sound(path, *parse(raw))
    if before.version != expected:
        raise EvidenceError(MEANWHILE)
    new, after = _made(raw, before, change)
    try:
        with study.store.database.writing() as connection:
            ledger.keep(connection, before)
            ledger.keep(connection, after)
            repeated = then(connection, after)
            unaware = suggestions.stale(connection, suggestions.latest(connection), after)
            stale = versions.stale(connection, after)
            if _REHEARSED.get():
                connection.rollback()
            else:
                _put(study.folder, path, (raw, before), (new, after))
    except EvidenceError:
        if read(path) == new != raw:  # the database did not take it, after the file had
            versions.put(path, raw)
        raise
    about = next(id for id in after.by_id if id not in before.by_id) if code is None else code
    return Edited(after, about, diff(before, after), stale, unaware, repeated)


def _put(folder: Path, path: Path, was: tuple[bytes, Codebook], now: tuple[bytes, Codebook]) -> None:
    versions.archive(folder, was, now)
    if read(path) != was[0]:
        raise EvidenceError(MEANWHILE)
    versions.put(path, now[0])


def _made(raw: bytes, before: Codebook, change: Change) -> tuple[bytes, Codebook]:
    """The file after a change, read again and found to mean that and nothing else."""
    text = raw.decode("utf-8")
    ends = "\r\n" if 0 < text.count("\r\n") == text.count("\n") else "\n"
    if refers_to_itself(text):
        raise EvidenceError("codebook.yml refers to parts of itself (& and *): change it in an editor")
    text, wanted = change(text.replace(ends, "\n"), before)
    new = text.replace("\n", ends).encode()
    found, faults = parse(new)
    if faults and not faults[0].message.startswith("not yaml"):
        raise EvidenceError(f"that cannot be: {faults[0].message}")
    if faults or found is None or _compared(found) != _compared(wanted):
        raise EvidenceError(OTHERWISE)
    return new, found


def _compared(codebook: Codebook) -> tuple[str, frozenset[Code], frozenset[Retired]]:
    return codebook.title, frozenset(codebook.codes), frozenset(codebook.retired)
