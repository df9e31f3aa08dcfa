"""The story of adding evidence: files in, documents and passages kept, everything accounted for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from corpus.database import Connection
from corpus.passage import Document, Draft, Passage, SetAside
from corpus.read import Source
from corpus.split import Splitting, passages
from corpus.store import Store
from corpus.transcript import document

Replaced = Callable[[Connection, list[int], int], None]


@dataclass(frozen=True)
class Adding:
    """How to add.

    interviewers: names whose turns are questions; empty = detect them in each transcript.
    mask: what is done to a draft before anything of it is stored (pseudonyms), None for nothing.
    replace: whether a changed file takes the place of the one of that name.
    """

    splitting: Splitting = field(default_factory=Splitting)
    interviewers: tuple[str, ...] = ()
    mask: Callable[[Draft], Draft] | None = None
    replace: bool = False


@dataclass
class Account:
    """What became of everything that was read: `read == len(kept) + len(set_aside) + len(already) + len(replaced)`.

    notes: what was mended or guessed on the way, a sentence each. gone: documents that a replaced file no longer has.
    described: documents among those already there that got other attributes.
    """

    read: int = 0
    kept: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    passages: int = 0


def add_sources(store: Store, sources: Iterable[Source], how: Adding, replaced: Replaced | None = None) -> Account:
    """Keep what the sources hold, one transaction a file, so that a file is there whole or not at all.

    replaced(connection, old keys, new key) is called in the same transaction for each document that had earlier texts,
    the newest of them first.
    """
    account = Account()
    for source in sources:
        items = [*source.drafts, *source.set_aside]
        account.read += len(items)
        account.notes += source.guesses
        with store.database.writing() as connection:
            _add_source(_Adder(store, connection, how, replaced, account), source)
    return account


@dataclass
class _Adder:
    store: Store
    connection: Connection
    how: Adding
    replaced: Replaced | None
    account: Account

    def set_aside(self, source: Source, items: Iterable[SetAside]) -> None:
        items = list(items)
        self.account.set_aside += items
        self.store.leave_out(self.connection, source.name, items)


def _add_source(adder: _Adder, source: Source) -> None:
    store, connection, account = adder.store, adder.connection, adder.account
    known = store.source(connection, source.name)
    changed = known is not None and known[1] != source.sha256
    if changed and not adder.how.replace:
        reason = (
            "has other content than the file of this name that was added: if it is a newer version of that, add it "
            "with `themis add --replace`; if it is another file, rename it first"
        )
        adder.set_aside(source, [*(SetAside(draft.name, "", reason) for draft in source.drafts), *source.set_aside])
        return
    if not source.drafts:
        adder.set_aside(source, source.set_aside)
        return
    twins = [name for name in store.names_of_content(connection, source.sha256) if name != source.name]
    if twins and not known:
        account.notes.append(
            f"{source.name} has exactly the content of {twins[0]}: if one is a copy, `themis remove {source.name}`"
        )
    key = store.add_source(connection, source.name, source.sha256)
    old = store.documents_of(connection, key)
    new = _sorted_out(adder, source, old)
    seen = {draft.name for draft in source.drafts}
    gone = [name for name in old if name not in seen] if changed else []
    for name in [*gone, *(made.name for made, _ in new if made.name in old)]:
        store.retire(connection, old[name])
    account.gone += gone
    _keep(adder, key, old, new)


def _sorted_out(adder: _Adder, source: Source, old: dict[str, int]) -> list[tuple[Document, tuple[Passage, ...]]]:
    """The documents of a file that are to be kept, with their passages; what becomes of the others is told."""
    store, connection, account = adder.store, adder.connection, adder.account
    elsewhere = store.names(connection).keys() - old.keys()
    new: list[tuple[Document, tuple[Passage, ...]]] = []
    aside = list(source.set_aside)
    for draft in source.drafts:
        made = document(adder.how.mask(draft) if adder.how.mask else draft, adder.how.interviewers)
        if made.name in old and _same(adder, old[made.name], made):
            account.already.append(made.name)
        elif made.name in old and not adder.how.replace:
            aside.append(SetAside(made.name, "", _OTHERWISE))
        elif made.name in elsewhere:
            aside.append(SetAside(made.name, "", "another file gave a document of this name: rename this file"))
        elif units := passages(made, adder.how.splitting):
            new.append((made, units))
            account.notes += (f"{made.name}: {note}" for note in made.notes)
        else:
            stays = "; the one that was added before stays" if made.name in old else ""
            aside.append(SetAside(made.name, "", f"nothing in it to code: no words, or only the interviewer's{stays}"))
    adder.set_aside(source, aside)
    return new


def _keep(adder: _Adder, source: int, old: dict[str, int], new: list[tuple[Document, tuple[Passage, ...]]]) -> None:
    """Write the documents, and let the decisions on earlier texts of the same name be carried over."""
    store, connection, account = adder.store, adder.connection, adder.account
    retired = store.retired_of(connection, source)
    for (made, units), key in zip(new, store.add(connection, source, new), strict=True):
        account.passages += len(units)
        (account.replaced if made.name in old else account.kept).append(made.name)
        if before := retired.get(made.name):
            earlier = store.of_key(connection, before[0]).document.attributes
            store.describe(connection, key, {**earlier, **made.attributes})
            if adder.replaced:
                adder.replaced(connection, before, key)


def _same(adder: _Adder, key: int, made: Document) -> bool:
    """Whether the study has this very document; its attributes are brought up to date."""
    known = adder.store.of_key(adder.connection, key).document
    if (known.text, known.turns) != (made.text, made.turns):
        return False
    attributes = {**known.attributes, **made.attributes}  # what is not said again still holds
    if known.attributes != attributes:
        adder.store.describe(adder.connection, key, attributes)
        adder.account.described.append(made.name)
    return True


_OTHERWISE = (
    "is there already, read in another way (other columns, speakers or pseudonyms): `themis add --replace` with the "
    "same options puts this reading in its place"
)


def resplit(store: Store, connection: Connection, splitting: Splitting) -> None:
    """Cut every document anew; a passage at an unchanged place keeps its key, its decisions and its suggestions."""
    for kept in list(store.kept(connection)):
        store.resplit(connection, kept.key, passages(kept.document, splitting))
