"""How far the reading is: read and to read, what was found, what is probably missed, what the audits still need."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.page.session import Anyone
from coding.page.shell import View, show
from coding.progress import progress

VIEW = View("/progress", "Progress", "What was read and found, and what an audit says is still missing.")
router = APIRouter()


@router.get("/progress")
def page(request: Request, visit: Anyone) -> HTMLResponse:
    """The whole of it; where a passage is sealed for this visitor, it is in no number."""
    found = progress(visit.study, visit.coder)
    widest = max((code.yes + (code.missed.high if code.missed else 0) for code in found.codes), default=0)
    return show(request, visit, "progress.html", found=found, widest=max(widest, 1))
