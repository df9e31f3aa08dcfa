"""What every spreadsheet that comes in shares: what a cell says, which passage is meant, and what holds already."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

from coding.export.tables import letters
from coding.ledger import Decision
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError
from corpus.passage import SetAside
from corpus.store import Kept

YES = frozenset("yes y 1 1.0 true x ✓ ✔ ja oui sí ie".split())
NO = frozenset("no n 0 0.0 false nein non na".split())
WITHDRAWN = frozenset("withdrawn withdraw undo".split())


@dataclass
class Imported:
    """What became of the cells: `read == recorded + already + blank + len(set_aside)`.

    changed: those of the recorded that change what the same coder said before. A row that cannot be placed is read as
    one. notes: what else there is to know, one sentence each.
    """

    read: int = 0
    recorded: int = 0
    changed: int = 0
    already: int = 0
    blank: int = 0
    set_aside: list[SetAside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def value_of(text: str) -> bool | None:
    """Yes or no, or None for a decision taken back; EvidenceError for anything else."""
    if (value := text.strip().casefold()) not in YES | NO | WITHDRAWN:
        raise EvidenceError(f"'{text}' is neither yes nor no (nor 'withdrawn')")
    return None if value in WITHDRAWN else value in YES


class Book:
    """What holds already, and what a file adds to it. known: how names are written, by the name in small letters."""

    def __init__(self, held: Iterable[Decision], known: Mapping[str, str]) -> None:
        self._held: dict[tuple[str, int, str], Decision] = {}
        self._coders = dict(known)
        self._rows: dict[tuple[str, int, str], tuple[str, bool | None]] = {}
        self.new: list[Decision] = []
        self.changed = 0
        for decision in held:
            self._coders.setdefault(decision.coder.casefold(), decision.coder)
            self._held[decision.coder, decision.passage, decision.code] = decision

    def called(self, coder: str) -> str:
        """The coder as the ledger writes the name: Anna is anna."""
        return self._coders.get(coder.casefold(), coder)

    def enter(self, place: str, decision: Decision, overtaken: Callable[[Decision], str]) -> bool:
        """Whether it is new; EvidenceError where an earlier row of the file says the contrary.

        overtaken: of the decision that holds, what to do where the coder made it after this one, "" where not; then it
        is an EvidenceError too.
        """
        coder = self._coders.setdefault(decision.coder.casefold(), decision.coder)
        key = (coder, decision.passage, decision.code)
        before, value = self._rows.setdefault(key, (place, decision.value))
        if value != decision.value:
            raise EvidenceError(f"{before} says the contrary of this passage and code: keep one of the two")
        held = self._held.get(key)
        if (held.value if held else None) == decision.value:
            return False
        if held and (remedy := overtaken(held)):
            raise EvidenceError(f"{coder} decided otherwise since, on {held.time[:10]}: {remedy}")
        self.changed += held is not None
        self._held[key] = replace(decision, coder=coder)
        self.new.append(self._held[key])
        return True


class Places:
    """Finds the passage that a row means; the places of a document are looked up once."""

    def __init__(self, study: Study, connection: Connection) -> None:
        self._keys = study.store.names(connection)
        self._loose: dict[str, list[str]] = {}
        for name in self._keys:
            for loose in {name.casefold(), Path(name).stem.casefold()}:
                self._loose.setdefault(loose, []).append(name)
        self._places = cache(lambda name: study.store.places(connection, self._keys[name]))
        self._kept = lru_cache(maxsize=64)(lambda name: study.store.of_key(connection, self._keys[name]))

    def find(self, passage: str, quote: str = "", document: str = "") -> tuple[int, tuple[int, int] | None]:
        """Key of the passage, and the span within it that the quote narrows it to."""
        if not passage and not quote:
            raise EvidenceError("neither a passage nor a quote says which passage is meant")
        if not passage:
            return self._by_quote(self._kept(self._name(document)), quote)
        name, span = self._place(passage, document)
        key = self._places(name).get(span)
        if key is None and quote:
            return self._by_quote(self._kept(name), quote)
        if key is None:
            raise EvidenceError(f"no passage '{passage}' in the study: `themis export passages` lists them")
        if not 0 < len(quote) < span[1] - span[0]:
            return key, None
        return key, _narrower(quote, dict(self._kept(name).passages)[key].text)

    def same(self, passage: str, text: str) -> int:
        """Key of the passage at this place, or of the only other of its document, that says exactly these words."""
        name, span = self._place(passage)
        said = {key: letters(p.text) == letters(text) for key, p in self._kept(name).passages}
        key = self._places(name).get(span)
        if key is not None and said[key]:
            return key
        found = [key for key, same in said.items() if same]
        if len(found) != 1:
            raise EvidenceError(
                f"{name} was changed since, and {len(found) or 'none'} of its passages say these words: export anew"
            )
        return found[0]

    def _place(self, passage: str, document: str = "") -> tuple[str, tuple[int, ...]]:
        name, _, place = passage.rpartition(":")
        numbers = (number for number in place.split("-") if number.isdecimal() and len(number) < 16)
        return self._name(name or document), tuple(map(int, numbers))

    def _name(self, name: str) -> str:
        if name in self._keys:
            return name
        found = self._loose.get(name.casefold(), [])
        if len(found) != 1:
            raise EvidenceError(f"{'several documents match' if found else 'no document'} '{name}'")
        return found[0]

    def _by_quote(self, kept: Kept, quote: str) -> tuple[int, tuple[int, int] | None]:
        words = " ".join(quote.split()).strip('“”„«»"')
        found = [(key, p.text) for key, p in kept.passages if words in " ".join(p.text.split())]
        whole = [(key, text) for key, text in found if words == " ".join(text.split())]
        if len(whole or found) != 1:
            where = f"in {len(found)} passages of" if found else "in no coded passage of"
            raise EvidenceError(f"the quote stands {where} {kept.document.name}: give the passage's id")
        key, text = (whole or found)[0]
        return key, _narrower(quote, text)


def _narrower(quote: str, text: str) -> tuple[int, int] | None:
    start = text.find(quote) if quote and len(quote) < len(text) else -1
    return (start, start + len(quote)) if start >= 0 else None
