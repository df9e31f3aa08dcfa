"""Why a passage is suggested for a code: the sentence, what people decided of such passages, the codebook, the words.

The model that is asked is the newest run's own, learned again; for the page, that of the queue.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from coding import draws, ledger, queue, suggestions
from coding.codebook import Codebook
from coding.deep import name
from coding.reasons import Lesson, Reasons
from coding.study import Study
from corpus.database import Connection
from corpus.errors import EvidenceError
from corpus.passage import Passage

if TYPE_CHECKING:
    from coding.evidence import Item

NEAREST = 3  # ids that are named where one is not there


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one coder says of a code; coder None: settled by adjudication."""

    code: str
    coder: str | None
    value: bool


@dataclass(frozen=True, slots=True)
class Why:
    """A passage and the reasons of its codes, in the order of the codebook.

    said: what people say of it. caution: what the suggestions do not know of, in one sentence; "" for nothing.
    """

    key: int
    passage: str
    speaker: str | None
    text: str
    codes: tuple[Reasons, ...]
    said: tuple[Opinion, ...] = ()
    caution: str = ""


def why(study: Study, passage: str, code: str | None = None) -> Why:
    """Why the newest run suggests what it does of the passage with this id; or why, or why not, a code (id or name).

    EvidenceError for a passage that there is not, one that is still to be read blind, a code that the codebook has not,
    and before the first run.
    """
    codes = None if code is None else [study.codebook.find(code)]
    with study.store.database.reading() as connection:
        key = _key(study, connection, passage.strip())
        if draws.awaited(connection, [key]):
            raise EvidenceError(f"{passage} was drawn to be read blind: read it in its audit or double coding first")
        caution = suggestions.stale(connection, suggestions.shown(connection), study.codebook)
        said = _said(connection, study.codebook, key)
    return replace(Explainer(study).why(key, codes), said=said, caution=caution)


class Explainer:
    """Explains again and again; what it learned stays in its memory until there is something else to learn from."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._lesson: Lesson | None = None

    def why(self, passage: int, codes: Collection[str] | None = None, queued: bool = False) -> Why:
        """The reasons of these codes (by id), or of all that are suggested, in a live passage (by key).

        queued: by the model of the queue that stands, where there is one, else of the newest run. No passage is named
        that somebody is still to read blind. EvidenceError before the first run.
        """
        lesson = self._taught(queued)
        with self.study.store.database.reading() as connection:
            item, place = _item(self.study, connection, passage)
        return Why(passage, place.id, place.speaker, place.text, lesson.explain(item, place, codes))

    def _taught(self, queued: bool) -> Lesson:
        from coding.pupil import again

        self.study = study = again(self.study)
        with study.store.database.reading() as connection:
            newest = queue.latest(connection) if queued else None
            upto = newest.decisions if newest else suggestions.shown(connection).basis.decisions
            passages = suggestions.state_of_passages(connection)
            made_of = (study.codebook.version, study.encoder.fingerprint, name(study))
            state = (upto, passages, *made_of, *study.settings.values())
            apart = draws.awaited(connection)
        if self._lesson is None or self._lesson.state != state or self._lesson.read & apart != self._lesson.apart:
            self._lesson = None  # both would be too much for memory
            self._lesson = Lesson(study, state, upto)
        return self._lesson


def _key(study: Study, connection: Connection, id: str) -> int:
    """The key of the live passage with this id; EvidenceError names those that are near it."""
    names = study.store.names(connection)
    name, _, span = (id, "", "") if id in names else id.rpartition(":")
    if name not in names:
        near = get_close_matches(name or id, names, 1)
        advice = f"did you mean '{near[0]}'?" if near else "`themis documents` lists them"
        raise EvidenceError(f"'{id}' is in no document of the study: {advice}")
    places = study.store.places(connection, names[name])
    by_id = {f"{name}:{start}-{end}": key for (start, end), key in places.items()}
    if id not in by_id:
        start = int(span.partition("-")[0]) if span.partition("-")[0].isdecimal() else 0
        near = sorted(by_id, key=lambda one: abs(int(one.rpartition(":")[2].partition("-")[0]) - start))[:NEAREST]
        raise EvidenceError(f"there is no passage '{id}': the nearest are {', '.join(near) or 'none: it has none'}")
    return by_id[id]


def _item(study: Study, connection: Connection, key: int) -> "tuple[Item, Passage]":
    from coding.evidence import items

    for kept in study.store.kept(connection, study.store.holding(connection, [key])):
        for item, (_, place) in zip(items(kept), kept.passages, strict=True):
            if item.key == key:
                return item, place
    raise EvidenceError("this passage counts no more, since its document was replaced or taken out")


def _said(connection: Connection, codebook: Codebook, key: int) -> tuple[Opinion, ...]:
    """What holds of a passage; a coder's yes for a nested code is one for those above it that they say nothing of."""
    said: dict[tuple[str | None, str], bool] = {}
    for lane in (ledger.OWN, ledger.ADJUDICATED):
        rows = ledger.of_passages(connection, [key], lane)
        own = {(row.coder if lane == ledger.OWN else None, row.code): bool(row.value) for row in rows}
        said |= own
        for (coder, code), value in own.items():
            for over in codebook.above(code) if value else ():
                said.setdefault((coder, over), True)
    return tuple(Opinion(code, coder, value) for (coder, code), value in said.items() if code in codebook.by_id)
