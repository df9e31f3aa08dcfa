"""Double coding: the same passages drawn at random, read blind by each of several coders."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.page.code import AtDesk, Number, coding_page, waiting
from coding.page.session import Anyone
from coding.page.shell import View
from coding.review import DOUBLE

ABOUT = "Read what other coders read too, blind: agreement is measured on it."
VIEW = View("/double", "Double coding", ABOUT, todo=waiting(DOUBLE))
router = APIRouter()


@router.get("/double")
def double(request: Request, visit: Anyone, desk: AtDesk, draw: Number | None = None) -> HTMLResponse:
    """The passages of a double coding that are still to be read."""
    return coding_page(request, visit, desk, DOUBLE, draw)
