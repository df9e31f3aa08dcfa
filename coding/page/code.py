"""Coding one passage after the other: the queue that shows suggestions, and what every mode of coding shares."""

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Depends
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.codebook import Code, Codebook, nested
from coding.page.learning import AtLessons, lessons
from coding.page.session import Anyone, Said, Visit
from coding.page.shell import View, show
from coding.review import REVIEW, Card, Desk, Reading, Sitting
from coding.study import Study
from corpus.errors import EvidenceError

LARGEST = 2**53  # numbers that a script keeps exactly
MOST_CODES = 1_000

Mode = Literal["review", "audit", "double", "reread"]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
Act = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Offset = Annotated[int, Field(ge=0, le=LARGEST)]


class Place(Said):
    """Which work: the queue, or a draw; without a number, the first draw of its kind that still asks the coder."""

    mode: Mode = "review"
    draw: Number | None = None


class Step(Place):
    """Something that is done once, under this act."""

    act: Act


class OnPassage(Place):
    """A passage, by its number."""

    passage: Number


class Saving(Step):
    """What a coder says of a passage, as `coding.acts.Reading` has it.

    codebook: the version that they saw. seen: what they were shown as said by themselves; None is not compared.
    """

    passage: Number
    yes: list[Name] = Field(max_length=MOST_CODES)
    quotes: dict[Name, tuple[Offset, Offset]] = Field(max_length=MOST_CODES)
    why: str = Field(max_length=16)
    codebook: str = Field(max_length=64)
    seconds: float | None = Field(ge=0, le=1e6)
    seen: dict[Name, bool] | None = Field(default=None, max_length=MOST_CODES)


class Flagging(Step):
    """A flag on a passage, raised or taken down."""

    passage: Number
    note: str = Field(max_length=20_000)
    raised: bool = True


class Noting(Step):
    """A memo on a passage; replaces: the act of the one whose place it takes."""

    passage: Number
    text: str = Field(max_length=20_000)
    replaces: Act | None = None


def desk_of(visit: Anyone) -> Desk:
    """The one desk of this study, at which all threads work."""
    return _desk(visit.study)


@lru_cache(maxsize=8)
def _desk(study: Study) -> Desk:
    return Desk(study)  # a study is equal to itself under another codebook


AtDesk = Annotated[Desk, Depends(desk_of)]


def waiting(mode: str) -> Callable[[Visit], str]:
    """What is still to be read in this mode, in a few words, as the start page says it."""

    def left(visit: Visit) -> str:
        found = sum(task.total - task.read for task in _desk(visit.study).tasks(visit.coder, mode))
        return f"{found:,} to read" if found > 0 else ""

    return left


ABOUT = "Read what the machine learns most from, see what it suggests, and decide."
VIEW = View("/review", "Review", ABOUT, todo=waiting(REVIEW))
router = APIRouter(lifespan=lessons)


@router.get("/review")
def review(request: Request, visit: Anyone, desk: AtDesk, lessons: AtLessons, later: BackgroundTasks) -> HTMLResponse:
    """The queue, with what is suggested."""
    later.add_task(lessons.begin, fresh=desk.unlearned())
    return coding_page(request, visit, desk, REVIEW)


def coding_page(request: Request, visit: Visit, desk: Desk, mode: str, draw: int | None = None) -> HTMLResponse:
    """The page of one mode of coding. Its first passage is asked for by the script, as every other."""
    sitting, none = None, ""
    try:
        sitting = desk.sitting(visit.coder, mode, draw)
    except EvidenceError as error:
        if draw is not None:
            raise
        none = str(error)
    tasks = [] if mode == REVIEW else desk.tasks(visit.coder, mode)
    values = {
        "mode": mode,
        "draw": sitting and sitting.draw,
        "coder": visit.coder,
        **shown_codebook(desk.study.codebook),
    }
    return show(request, visit, "code.html", mode=mode, sitting=sitting, none=none, tasks=tasks, values=values)


@router.get("/api/code/codebook")
def codebook(visit: Anyone, desk: AtDesk) -> dict[str, Any]:
    """The codes as they are now, for a page that was opened before they changed."""
    return shown_codebook(desk.study.codebook)


@router.get("/api/code/next")
def following(visit: Anyone, desk: AtDesk, mode: Mode = "review", draw: Number | None = None) -> dict[str, Any]:
    """The passage to read next, the coder's last ones, and how far they are."""
    sitting = desk.sitting(visit.coder, mode, draw)
    return _answer(desk, sitting, desk.following(sitting))


@router.get("/api/code/card")
def card(
    visit: Anyone, desk: AtDesk, passage: Number, mode: Mode = "review", draw: Number | None = None
) -> dict[str, Any]:
    """One passage, to change what was said of it."""
    sitting = desk.sitting(visit.coder, mode, draw)
    return _answer(desk, sitting, desk.card(sitting, passage))


@router.post("/api/code/save")
def save(visit: Anyone, desk: AtDesk, lessons: AtLessons, later: BackgroundTasks, said: Saving) -> dict[str, Any]:
    """Save a reading; when this answers it is on disk, and the next passage comes with the answer."""
    sitting = desk.sitting(visit.coder, said.mode, said.draw)
    reading = Reading(
        act=said.act,
        passage=said.passage,
        yes=frozenset(said.yes),
        why=said.why,
        quotes=said.quotes,
        seconds=said.seconds,
    )
    saved = desk.save(sitting, reading, said.codebook, said.seen)
    if saved.rows:
        later.add_task(lessons.saved)  # after the answer: what is saved is saved whatever becomes of learning
    try:
        return _answer(desk, sitting, desk.following(sitting), saved=asdict(saved))
    except EvidenceError as error:
        return {"saved": asdict(saved), "trouble": f"{error}"}  # what is saved is never said not to be


@router.post("/api/code/skip")
def skip(visit: Anyone, desk: AtDesk, said: OnPassage) -> dict[str, Any]:
    """Put a passage off until all others are read."""
    sitting = desk.sitting(visit.coder, said.mode, said.draw)
    desk.skip(sitting, said.passage)
    return _answer(desk, sitting, desk.following(sitting, but=said.passage))


@router.post("/api/code/undo")
def undo(visit: Anyone, desk: AtDesk, said: Step) -> dict[str, Any]:
    """Take the coder's last reading back; its passage again where it may be shown. undone: null for none."""
    sitting = desk.sitting(visit.coder, said.mode, said.draw)
    undone = desk.undo(sitting, new=said.act)
    if undone is None:
        return {"undone": None}
    back: Card | None
    try:
        back = desk.card(sitting, undone.passage)
    except EvidenceError:  # it was drawn since, and is to be read blind; or its document was replaced
        back = desk.following(sitting)
    return _answer(desk, sitting, back, undone=asdict(undone))


@router.post("/api/code/redo")
def redo(visit: Anyone, desk: AtDesk, said: Step) -> dict[str, Any]:
    """Bring back what the last undo took. redone: null for none."""
    sitting = desk.sitting(visit.coder, said.mode, said.draw)
    redone = desk.redo(sitting, new=said.act)
    if redone is None:
        return {"redone": None}
    return _answer(desk, sitting, desk.following(sitting), redone=asdict(redone))


@router.post("/api/code/flag")
def flag(visit: Anyone, desk: AtDesk, said: Flagging) -> dict[str, Any]:
    """Raise the coder's flag on a passage, or take it down."""
    sitting = desk.sitting(visit.coder, said.mode, said.draw)
    desk.card(sitting, said.passage)
    desk.flag(visit.coder, said.passage, said.note, said.raised, said.act)
    return {"card": asdict(desk.card(sitting, said.passage))}


@router.post("/api/code/memo")
def memo(visit: Anyone, desk: AtDesk, said: Noting) -> dict[str, Any]:
    """Keep a memo on a passage."""
    sitting = desk.sitting(visit.coder, said.mode, said.draw)
    desk.card(sitting, said.passage)
    desk.memo(visit.coder, said.text, said.passage, said.act, said.replaces)
    return {"card": asdict(desk.card(sitting, said.passage))}


@router.get("/api/code/recent")
def recent(visit: Anyone, desk: AtDesk, mode: Mode = "review", draw: Number | None = None) -> list[dict[str, Any]]:
    """The coder's own last readings in this mode."""
    return [asdict(one) for one in desk.recent(desk.sitting(visit.coder, mode, draw))]


def _answer(desk: Desk, sitting: Sitting, card: Card | None, **more: Any) -> dict[str, Any]:
    read, total = desk.progress(sitting)
    if not sitting.blind and (learned := desk.learned()):
        more["learned"] = {"queue": learned.id, "changes": learned.changes}
    return {
        "card": asdict(card) if card else None,
        "recent": [asdict(one) for one in desk.recent(sitting)],
        "progress": {"read": read, "total": total},
        **more,
    }


def shown_codebook(codebook: Codebook) -> dict[str, Any]:
    """The codes as the page lists them: each with its depth, the ids above it, and its colour or that of one above."""
    codes = [
        {**asdict(code), "depth": depth, "above": codebook.above(code.id), "colour": _colour(codebook, code)}
        for depth, code in nested(codebook)
    ]
    return {"codebook": codebook.version, "codes": codes}


def _colour(codebook: Codebook, code: Code) -> str:
    line = [code, *(codebook.by_id[id] for id in codebook.above(code.id))]
    return next((one.colour for one in line if one.colour), "")
