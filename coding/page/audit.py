"""The audit: passages drawn at random, read blind, each once."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.page.code import AtDesk, Number, coding_page, waiting
from coding.page.session import Anyone
from coding.page.shell import View
from coding.review import AUDIT

ABOUT = "Read what was drawn at random, without suggestions: what nobody read is judged by it."
VIEW = View("/audit", "Audit", ABOUT, todo=waiting(AUDIT))
router = APIRouter()


@router.get("/audit")
def audit(request: Request, visit: Anyone, desk: AtDesk, draw: Number | None = None) -> HTMLResponse:
    """The passages of an audit that are still to be read."""
    return coding_page(request, visit, desk, AUDIT, draw)
