"""Where the documents and passages of another copy of a study are in this one; what has no place here is counted."""

from collections import Counter

from corpus.database import Connection, select
from corpus.passage import SetAside
from corpus.tables import DOCUMENTS, PASSAGES

MISSING = "it is not here: add it with `themis add`, and merge again"
OTHER_TEXT = "it has another text here, in which the same place means other words"
OTHER_UNIT = "there is no passage at that place here: the two copies cut their documents in other ways"
SPOILT = "not as Themis writes it: that copy was changed by another program"


class Places:
    """Keys of the other copy as keys of this one: a document of the same name and text, a passage at the same place."""

    def __init__(self, here: Connection, there: Connection) -> None:
        columns = (DOCUMENTS.c.id, DOCUMENTS.c.name, DOCUMENTS.c.sha256, DOCUMENTS.c.live)
        own = here.execute(select(*columns).order_by(DOCUMENTS.c.live, DOCUMENTS.c.id)).all()
        by_text = {(row.name, row.sha256): row.id for row in own}  # the live one of several, or the newest
        named = {row.name for row in own}
        self._theirs = {row.id: row for row in there.execute(select(*columns))}
        self._documents = {id: by_text.get((row.name, row.sha256)) for id, row in self._theirs.items()}
        self._reasons = {id: OTHER_TEXT if row.name in named else MISSING for id, row in self._theirs.items()}
        place = (PASSAGES.c.id, PASSAGES.c.document, PASSAGES.c.start, PASSAGES.c.end)
        keys = {(row.document, row.start, row.end): row.id for row in here.execute(select(*place))}
        theirs = there.execute(select(*place)).all()
        self._lengths = {row.id: row.end - row.start for row in theirs}
        self._passages = {
            row.id: (keys.get((self._documents[row.document], row.start, row.end)), row.document) for row in theirs
        }
        self._left: dict[tuple[str, str], Counter[str]] = {}

    def document(self, key: int, what: str, number: int = 1) -> int | None:
        """Our key of their document; None where it is not here, and then so many of `what` are counted."""
        found = self._documents[key]
        if found is None:
            self._leave(key, self._reasons[key], what, number)
        return found

    def passage(self, key: int, what: str, number: int = 1) -> int | None:
        """Our key of their passage; None where it is not here, and then so many of `what` are counted."""
        found, document = self._passages[key]
        if found is None:
            known = self._documents[document] is not None
            self._leave(document, OTHER_UNIT if known else self._reasons[document], what, number)
        return found

    def known(self, key: int) -> int | None:
        """Our key of their passage, None where it is not here; nothing is counted."""
        return self._passages.get(key, (None, 0))[0]

    def length(self, key: int) -> int:
        """How many characters their passage has."""
        return int(self._lengths[key])

    def spoilt(self, key: int, what: str) -> None:
        """Count a row on their passage that is not as Themis writes it."""
        self._leave(self._passages[key][1], SPOILT, what, 1)

    @property
    def only_there(self) -> list[str]:
        """Live documents of the other copy that this one does not have."""
        return [row.name for row in self._theirs.values() if row.live and self._reasons[row.id] == MISSING]

    @property
    def set_aside(self) -> list[SetAside]:
        """By document and reason, how many rows had no place."""
        return [
            SetAside(name, ", ".join(f"{number:,} {what}" for what, number in counts.items()), reason)
            for (name, reason), counts in sorted(self._left.items())
        ]

    def _leave(self, document: int, reason: str, what: str, number: int) -> None:
        self._left.setdefault((self._theirs[document].name, reason), Counter())[what] += number
