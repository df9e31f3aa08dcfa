"""Reading again: what a coder has read before, part of which looks like a slip, blind."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.draws import REREAD
from coding.page.code import AtDesk, Number, coding_page, waiting
from coding.page.session import Anyone
from coding.page.shell import View

ABOUT = "Read some of your own passages again, blind: slips are put right, and how common they are is seen."
VIEW = View("/reread", "Read again", ABOUT, todo=waiting(REREAD), aside=True)
router = APIRouter()


@router.get("/reread")
def reread(request: Request, visit: Anyone, desk: AtDesk, draw: Number | None = None) -> HTMLResponse:
    """The passages of a re-reading that are still to be read."""
    return coding_page(request, visit, desk, REREAD, draw)
