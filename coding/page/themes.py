"""What fits no code: themes that the codebook lacks, found in another process; those who lead make codes of them."""

from threading import BoundedSemaphore
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.discovering import Described, Discovered, described, proposed
from coding.learner import NotYet
from coding.page.code import AtDesk, shown_codebook
from coding.page.learning import AtLessons
from coding.page.session import Lead
from coding.page.shell import show
from coding.telling_discover import nearest, size, summary, title
from corpus.errors import EvidenceError

VIEW = None
router = APIRouter()

MOST = 15  # themes shown
PATIENCE = 4.0  # seconds; then the page asks again by itself

_asking = BoundedSemaphore(2)  # who waits leaves threads for those who save


@router.get("/codebook/themes")
def page(request: Request, visit: Lead, desk: AtDesk, lessons: AtLessons) -> HTMLResponse:
    """The themes, and what a code is made of; what cannot be looked for is answered with the sentence that says why."""
    study = desk.study
    values: dict[str, Any] = {"waiting": False, "problem": "", "summary": [], "themes": [], "more": 0}
    try:
        found = _found(lessons)
        if found is None:
            values["waiting"] = True
        else:
            themes = [_shown(described(study, theme)) for theme in found.themes[:MOST]]
            values |= {"summary": summary(found), "themes": themes, "more": len(found.themes) - len(themes)}
    except EvidenceError as error:
        values["problem"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    book = {**shown_codebook(study.codebook), "proposed": [one["definition"] for one in values["themes"]]}
    return show(request, visit, "themes.html", **values, book=book)


def _found(lessons: AtLessons) -> Discovered | None:
    """The themes; None while they are looked for, or others are before."""
    if not _asking.acquire(blocking=False):
        return None
    try:
        return lessons.learner.discover(PATIENCE)
    except NotYet:
        return None
    finally:
        _asking.release()


def _shown(one: Described) -> dict[str, Any]:
    return {
        "title": title(one.theme),
        "size": size(one.theme),
        "nearest": nearest(one),
        "definition": proposed(one.theme),
        "passages": one.passages,
    }
