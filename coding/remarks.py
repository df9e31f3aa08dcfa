"""Memos on what is larger than a passage: a document, a code, the study; who may read them, and who may change them."""

from coding import draws, memos
from coding.memos import Memo
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError


def read(study: Study, coder: str, document: int | None = None, code: str | None = None) -> list[Memo]:
    """The memos on a document, a code or, given neither, the study, as this coder may read them, oldest first.

    Of a document in which the coder is still to read a passage blind, only their own: another's could tell of it.
    """
    with study.store.database.reading() as connection:
        found = memos.about(connection, document, code)
        if document is not None and _awaited(study, connection, coder, document):
            return [memo for memo in found if memo.author == coder]
        return found


def write(  # noqa: PLR0913 - one row, all of it
    study: Study,
    coder: str,
    text: str,
    *,
    document: int | None = None,
    code: str | None = None,
    act: str | None = None,
    replaces: str | None = None,
) -> str:
    """Keep a memo; its act. EvidenceError for what is not there, and for another author's memo in `replaces`."""
    if code is not None and code not in study.codebook.by_id:
        raise EvidenceError(f"the codebook has no code '{code}': reload the page")
    with study.store.database.writing() as connection:
        if document is not None and document not in study.store.names(connection).values():
            raise EvidenceError(f"there is no document number {document} now: it was removed or replaced")
        if replaces is not None and memos.author(connection, replaces) != coder:
            raise EvidenceError("only its author changes a memo: add one of your own")
        return memos.add(connection, coder, text, document=document, code=code, act=act, replaces=replaces)


def _awaited(study: Study, connection: Connection, coder: str, document: int) -> bool:
    sealed = draws.sealed(connection, coder)
    return bool(sealed) and document in study.store.holding(connection, sorted(sealed))
