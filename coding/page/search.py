"""Searching the passages: by the words that stand in them, or by what they mean."""

from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.learner import NotYet
from coding.page.learning import AtLessons, Lessons
from coding.page.session import Anyone, Visit
from coding.page.shell import View, show
from coding.search import search
from coding.transcripts import Near, found
from corpus.errors import EvidenceError

VIEW = View("/search", "Search", "Find passages by their words or by their meaning.")
router = APIRouter()

MOST = 50
LONGEST = 2_000  # letters of what is looked for
PATIENCE = 4.0  # seconds; then the page asks again by itself

_asking = BoundedSemaphore(2)  # who waits for the encoder leaves threads for those who save,
_looking = BoundedSemaphore(3)  # and so does who looks for words in a large study


@router.get("/search")
def page(
    request: Request,
    visit: Anyone,
    lessons: AtLessons,
    q: Annotated[str, Query(max_length=LONGEST)] = "",
    how: Annotated[str, Query(max_length=10)] = "words",
) -> HTMLResponse:
    """What was found; a question that cannot be asked is answered with the sentence that says why."""
    values: dict[str, Any] = {"q": q, "how": how, "found": None, "total": 0, "problem": "", "waiting": False}
    lessons.learner.warm()
    if q.strip():
        try:
            if how == "meaning":
                near = _near(visit, lessons, q)
                values |= {"found": near, "total": len(near or ()), "waiting": near is None}
            else:
                values |= _there(visit, q)
        except EvidenceError as error:
            values["problem"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return show(request, visit, "search.html", **values)


def _there(visit: Visit, words: str) -> dict[str, Any]:
    """The passages that have the words, and how many there are; "waiting" while others are before."""
    if not _looking.acquire(blocking=False):
        return {"waiting": True}
    try:
        result = search(visit.study, words, MOST, ranked=True)
        return {"found": found(visit.study, ((hit.key, hit.spans) for hit in result.hits)), "total": result.total}
    finally:
        _looking.release()


def _near(visit: Visit, lessons: Lessons, words: str) -> list[Near] | None:
    """The passages nearest in meaning; None while what it needs is being loaded, or others are before."""
    if not _asking.acquire(blocking=False):
        return None
    try:
        return found(visit.study, ((key, ()) for key, _ in lessons.learner.search(words, MOST, PATIENCE)))
    except NotYet:
        return None
    finally:
        _asking.release()
