"""What looks odd: decisions that look like slips, examples that may mislead, and what became of reading again."""

from threading import BoundedSemaphore
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.learner import NotYet
from coding.page.code import AtDesk
from coding.page.learning import AtLessons
from coding.page.session import Lead
from coding.page.shell import show
from coding.telling_doubts import of_outcomes
from corpus.errors import EvidenceError

VIEW = None
router = APIRouter()

PATIENCE = 4.0  # seconds; then the page asks again by itself

_asking = BoundedSemaphore(2)  # who waits leaves threads for those who save


@router.get("/codebook/doubts")
def page(request: Request, visit: Lead, desk: AtDesk, lessons: AtLessons) -> HTMLResponse:
    """The oddest decisions and examples; nothing of what is in a draw that is not read to the end."""
    names = {code.id: code.name for code in desk.study.codebook.codes}
    values: dict[str, Any] = {"found": None, "examples": None, "became": [], "problem": "", "names": names}
    try:
        if _asking.acquire(blocking=False):
            try:
                values["found"], values["examples"], outcomes = lessons.learner.doubts(PATIENCE)
                values["became"] = [line.strip() for line in of_outcomes(outcomes) if line]
            finally:
                _asking.release()
    except NotYet:
        pass
    except EvidenceError as error:
        values["problem"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return show(request, visit, "doubts.html", **values)
