"""Which passages a reviewer's workbook holds, and what stands around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coding import draws, ledger, suggestions
from coding.draws import Draw
from coding.export.rows import fresh
from coding.export.workbook import Card, Terms, fits, write
from coding.ledger import HELD, OWN, new_act, now
from coding.study import Study
from corpus.context import Context, Said, context
from corpus.database import Connection, select
from corpus.errors import EvidenceError

MOST = 200  # passages, when nothing is said
REACH = 600  # characters of what stands before, and of what stands after


@dataclass(frozen=True, slots=True)
class Given:
    """A workbook that was written: how many passages are in it, and how many are left to read beyond it.

    draw: the draw that they are of, None where they are of none. too_long: passages that no cell can hold.
    """

    path: Path
    coder: str
    visible: bool
    draw: Draw | None
    rows: int
    left: int
    too_long: tuple[str, ...]


def give(
    study: Study,
    path: Path,
    coder: str | None = None,
    visible: bool = False,
    draw: int | None = None,
    most: int | None = None,
) -> Given:
    """Write a workbook of passages that this coder has still to read; None as coder: that nobody has read.

    visible: show what is suggested. Without a draw these are the passages that something is suggested for, the
    likeliest first, or, where there are none, all others; none that is still to be read blind in a draw. A blind
    workbook has them in the order of the corpus, which tells nothing.
    draw: the passages of this draw, always blind. most: how many passages; 0 = all, None = 200, or the whole draw.
    EvidenceError where the file is there already, nothing is left to read, a draw was to be shown with suggestions or
    is not for this coder, or suggestions are to be shown and are not of today's study.
    """
    if path.suffix.lower() != ".xlsx":
        raise EvidenceError(f"{path} cannot be a reviewer's workbook: end its name in .xlsx")
    if path.exists():
        raise EvidenceError(f"{path} is there already, perhaps with answers in it: import it, or give another name")
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)  # what comes back was decided under this version
    with study.store.database.reading() as connection:
        found = draws.find(connection, draw) if draw is not None else None
        if found:
            coder, keys = _reader(found, coder, visible), _drawn(connection, found, str(coder))
        else:
            keys = _unread(study, connection, coder, visible)
        limit = most if most is not None else 0 if found else MOST
        chosen = keys[: limit or None]
        if not (found or visible):
            order = {key: n for n, (key, _, _) in enumerate(study.store.places_in_order(connection))}
            chosen.sort(key=order.__getitem__)
        if not chosen:
            whose, where = f" for {coder}" if coder else "", f" in draw {draw}" if found else ""
            raise EvidenceError(f"nothing is left to read{whose}{where}, so there is no workbook to make")
        cards = _cards(study, connection, chosen, visible)
    whole = [card for card in cards if fits(card)]
    key = found.key if found else ""
    terms = Terms(new_act(), study.codebook.version, coder or "", key, visible, len(whole), now())
    write(path, study.codebook, terms, whole)
    too_long = tuple(card.id for card in cards if not fits(card))
    return Given(path, coder or "", visible, found, len(whole), len(keys) - len(chosen), too_long)


def _reader(draw: Draw, coder: str | None, visible: bool) -> str:
    """The coder as the draw writes the name; EvidenceError where this one cannot read it so."""
    if visible:
        raise EvidenceError(f"draw {draw.id} is read blind: leave --with-suggestions out")
    if not coder:
        raise EvidenceError(f"draw {draw.id} is read by name: give --coder NAME")
    known = {name.casefold(): name for name in draw.coders}
    if draw.coders and coder.casefold() not in known:
        raise EvidenceError(f"draw {draw.id} is for {' and '.join(draw.coders)}, and not for {coder}")
    return known.get(coder.casefold(), coder)


def _drawn(connection: Connection, draw: Draw, coder: str) -> list[int]:
    read = draws.readers(connection, draw.id)
    mine = {key for key, names in read.items() if coder.casefold() in map(str.casefold, names)}
    done = mine if draw.every else read.keys()
    return [key for key, _ in draws.drawn(connection, draw.id) if key not in done]


def _unread(study: Study, connection: Connection, coder: str | None, visible: bool) -> list[int]:
    """What is suggested and unread, the likeliest first; everything unread where that is nothing."""
    run = fresh(study, connection) if visible else suggestions.latest(connection)
    held = select(HELD.c.passage, HELD.c.coder).where(HELD.c.lane == OWN, HELD.c.value.is_not(None)).distinct()
    done = {
        passage for passage, name in connection.execute(held) if not coder or name.casefold() == coder.casefold()
    } | draws.awaited(connection)
    unread = [key for key, _, _ in study.store.places_in_order(connection) if key not in done]
    likely: dict[int, float] = {}
    if run and not suggestions.stale(connection, run, study.codebook):
        for s in suggestions.suggested(connection, run.id):
            likely[s.passage] = max(s.score, likely.get(s.passage, 0.0))
    first = [key for key in unread if key in likely]
    return sorted(first, key=lambda key: -likely[key]) or unread


def _cards(study: Study, connection: Connection, keys: Sequence[int], visible: bool) -> list[Card]:
    run = suggestions.shown(connection) if visible else None
    cards = []
    for key in keys:
        place = context(connection, key)
        found = suggestions.of_passages(connection, run.id, [key]) if run else []
        said = {s.code: _sentence(place, s.sentence) for s in found if s.suggested}
        asked = [place.question] * (place.question not in {said.text for said in place.before})
        cards.append(
            Card(
                id=place.id,
                text=place.text,
                before=_end("\n".join([*asked, *map(_line, place.before)])),
                after=_start("\n".join(map(_line, place.after))),
                speaker=place.speaker or "",
                document=place.name,
                suggested={code: said[code] for code in study.codebook.by_id if code in said},
            )
        )
    return cards


def _sentence(place: Context, number: int) -> str:
    if not 0 <= number < len(place.sentences):
        return ""
    start, end = place.sentences[number]
    return place.text[start:end]


def _line(said: Said) -> str:
    return f"{said.speaker}: {said.text}" if said.speaker else said.text


def _start(text: str) -> str:
    return text if len(text) <= REACH else f"{text[:REACH].rsplit(None, 1)[0]} …"


def _end(text: str) -> str:
    return text if len(text) <= REACH else f"… {text[-REACH:].split(None, 1)[-1]}"
