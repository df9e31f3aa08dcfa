"""Files of every kind in, drafts of documents out.

Every reader module has `read(file, options)`, which yields drafts, what it sets aside, and (as plain strings) what it
guessed. It may raise EvidenceError: the text is then the reason why the whole file is set aside, so it does not repeat
the file's name.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from corpus.errors import EvidenceError
from corpus.passage import Draft, SetAside
from corpus.read import attributes, files, sniff
from corpus.read.options import File, Options, Source

__all__ = ["File", "Options", "Source", "read"]

Reader = Callable[[File, Options], Iterator[Draft | SetAside | str]]

READERS = {
    "txt": "text",
    "md": "text",
    "docx": "word",
    "odt": "opendocument",
    "rtf": "rtf",
    "pdf": "pdf",
    "html": "web",
    "vtt": "captions",
    "srt": "captions",
    "csv": "sheets",
    "tsv": "sheets",
    "xlsx": "sheets",
    "json": "records",
    "jsonl": "records",
}
UNREADABLE = {
    "empty": "is empty: nothing to read",
    "doc": "is an old Word file (.doc): save it as .docx",
    "xls": "is an old Excel file (.xls): save it as .xlsx or .csv",
    "xlsb": "is a binary Excel file (.xlsb): save it as .xlsx",
    "ods": "is an OpenDocument spreadsheet: save it as .xlsx or .csv",
    "ppt": "is a presentation: save its text as .docx or .pdf",
    "msg": "is an Outlook message: save it as .txt or .html",
    "epub": "is an e-book: save its text as .docx or .html",
    "settings": "looks like settings or a program, not evidence: rename it to .txt to read it",
    "locked": "is protected by a password: save it without one",
    "project": "is a project of another coding program: export its documents as .docx or .txt",
    "image": "is a picture: type out its text, or make a searchable .pdf of it",
    "sound": "is a sound recording: transcribe it, and add the transcript",
    "video": "is a video: transcribe it, and add the transcript",
    "zip": "is a zip where a document should be: unzip it and add the folder",
    "packed": "is packed in a way that is not read: unpack it, and add the folder",
    "database": "is a database: export the rows as .csv or .xlsx",
}


def read(paths: Sequence[Path | str], options: Options = Options()) -> Iterator[Source]:  # noqa: B008 (frozen)
    """Each file in the paths (files, folders and all below, zips), in order, with what it gave.

    A file that cannot be read is a source with one SetAside. Raises EvidenceError for a path that does not exist.
    """
    given = attributes.given(options)
    digests: dict[str, str] = {}
    for batch in files.batches([Path(path) for path in paths], options):
        tables = [] if given is None else [given]
        for found in batch:
            if isinstance(found, SetAside):
                yield Source(found.name, "", set_aside=(found,))
            elif attributes.is_table(found.name):
                tables.append(attributes.table(found))
            else:
                yield _described(_only_once(_source(found, options), digests), tables, options)
        yield from (table.source() for table in tables if table is not given)
    if given is not None:
        yield given.source()


def _source(file: File, options: Options) -> Source:
    drafts: list[Draft] = []
    set_aside: list[SetAside] = []
    guesses: list[str] = []
    try:
        kind = sniff.kind(file.data, file.name)
        if kind in READERS and sniff.differs(kind, file.name):
            guesses.append(f"{file.name}: read as {kind}, which it is by its content")
        for item in _reader(kind)(file, options):
            if isinstance(item, Draft):
                drafts.append(_mended(item))
            elif isinstance(item, SetAside):
                set_aside.append(item)
            else:
                guesses.append(f"{file.name}: {item}")
        if not drafts and not set_aside:
            set_aside.append(SetAside(file.name, "", "holds no text"))
    except EvidenceError as error:
        drafts, set_aside = [], [SetAside(file.name, "", str(error))]
    digest = hashlib.sha256(file.data).hexdigest()
    return Source(file.name, digest, tuple(drafts), tuple(set_aside), tuple(guesses))


def _reader(kind: str) -> Reader:
    if kind in UNREADABLE:
        raise EvidenceError(UNREADABLE[kind])
    reader: Reader = import_module(f"corpus.read.{READERS[kind]}").read
    return reader


def _mended(draft: Draft) -> Draft:
    """The draft without control characters and lone surrogates, which no store keeps; each becomes one space."""
    fields = (field for block in draft.blocks for field in (block.text, block.speaker, block.question))
    if sniff.is_clean("\n".join([draft.name, *filter(None, fields), *draft.attributes, *draft.attributes.values()])):
        return draft
    count = 0

    def mend(text: str) -> str:
        nonlocal count
        text, found = sniff.clean(text)
        count += found
        return text

    blocks = tuple(
        replace(
            block,
            text=mend(block.text),
            speaker=block.speaker and mend(block.speaker),
            question=block.question and mend(block.question),
        )
        for block in draft.blocks
    )
    values = {mend(key): mend(value) for key, value in draft.attributes.items()}
    name = mend(draft.name)
    note = f"{count} control character{'s' * (count > 1)} replaced by spaces"
    return replace(draft, name=name, blocks=blocks, attributes=values, notes=(*draft.notes, note))


def _only_once(source: Source, digests: dict[str, str]) -> Source:
    """Two files of one name would be one document: the second is set aside."""
    if source.name not in digests:
        digests[source.name] = source.sha256
        return source
    reason = "has the name of another file read before it: rename one of them, or add the folder above both"
    if digests[source.name] == source.sha256:
        reason = "is the same as a file of this name read before it"
    return Source(source.name, source.sha256, set_aside=(SetAside(source.name, "", reason),))


def _described(source: Source, tables: list[attributes.Table], options: Options) -> Source:
    """The source's documents with the attributes of the side tables, then their own, then those that the user gives."""
    given: dict[str, str] = {}
    for table in tables:
        given |= table.values(source.name)
    if not given and not options.fixed:
        return source
    drafts = tuple(replace(draft, attributes={**given, **draft.attributes, **options.fixed}) for draft in source.drafts)
    return replace(source, drafts=drafts)
