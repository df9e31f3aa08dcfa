"""The story of adding evidence: files in, documents and passages kept, everything accounted for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from corpus.database import Connection
from corpus.passage import Document, Draft, Passage, SetAside
from corpus.read import Source
from corpus.split import Splitting, passages
from corpus.store import Store
from corpus.transcript import document

Replaced = Callable[[Connection, int, int], None]


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
    """

    read: int = 0
    kept: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    passages: int = 0


def add_sources(store: Store, sources: Iterable[Source], how: Adding, replaced: Replaced | None = None) -> Account:
    """Keep what the sources hold, one transaction a file, so that a file is there whole or not at all.

    replaced(connection, old key, new key) is called in the transaction for each document that takes another's place.
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
    if known and known[1] == source.sha256:
        account.already += [draft.name for draft in source.drafts]
        account.set_aside += source.set_aside
        return
    if known and not adder.how.replace:
        reason = f"changed since it was added: `themis add --replace {source.name}` puts it in place of the old one"
        account.set_aside += [SetAside(draft.name, "", reason) for draft in source.drafts]
        account.set_aside += source.set_aside
        return
    if not source.drafts:
        adder.set_aside(source, source.set_aside)
        return
    if twins := store.names_of_content(connection, source.sha256):
        account.notes.append(f"{source.name} has exactly the content of {twins[0]}: is one of them a copy?")
    _keep(adder, source, store.add_source(connection, source.name, source.sha256))


def _keep(adder: _Adder, source: Source, key: int) -> None:
    """Keep the documents of one file; those of an older state of it that changed or went are retired."""
    store, connection, account = adder.store, adder.connection, adder.account
    old = store.documents_of(connection, key)
    elsewhere = store.names(connection).keys() - old.keys()
    new: list[tuple[Document, tuple[Passage, ...]]] = []
    aside = list(source.set_aside)
    for draft in source.drafts:
        made = document(adder.how.mask(draft) if adder.how.mask else draft, adder.how.interviewers)
        units = passages(made, adder.how.splitting)
        if made.name in elsewhere:
            aside.append(SetAside(made.name, "", "another file gave a document of this name: rename this file"))
        elif not units:
            aside.append(SetAside(made.name, "", "nothing in it to code: no words, or only the interviewer's"))
        elif made.name in old and _same(store, connection, old[made.name], made):
            account.already.append(made.name)
            store.describe(connection, old.pop(made.name), made.attributes)
        else:
            new.append((made, units))
            account.notes += (f"{made.name}: {note}" for note in made.notes)
    for name in old:
        store.retire(connection, old[name])
    for (made, units), added in zip(new, store.add(connection, key, new), strict=True):
        account.passages += len(units)
        (account.replaced if made.name in old else account.kept).append(made.name)
        if made.name in old and adder.replaced:
            adder.replaced(connection, old[made.name], added)
    account.gone += old.keys() - {made.name for made, _ in new}
    adder.set_aside(source, aside)


def _same(store: Store, connection: Connection, key: int, made: Document) -> bool:
    known = store.of_key(connection, key).document
    return (known.text, known.turns) == (made.text, made.turns)


def resplit(store: Store, connection: Connection, splitting: Splitting) -> None:
    """Cut every document anew; a passage at an unchanged place keeps its key, its decisions and its suggestions."""
    for kept in list(store.kept(connection)):
        store.resplit(connection, kept.key, passages(kept.document, splitting))
