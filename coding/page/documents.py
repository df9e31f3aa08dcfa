"""Whole documents, with codes in the margin; each passage is one key away from being coded."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.page.session import Anyone
from coding.page.shell import View, show
from coding.transcripts import listed, transcript

VIEW = View("/documents", "Documents", "Read a whole transcript, with the codes in the margin.")
router = APIRouter()

MOST = 2**53


@router.get("/documents")
def documents(request: Request, visit: Anyone) -> HTMLResponse:
    """Every document, with how much of it was read."""
    return show(request, visit, "documents.html", found=listed(visit.study, visit.coder))


@router.get("/documents/{key}")
def document(
    request: Request,
    visit: Anyone,
    key: Annotated[int, Path(ge=1, le=MOST)],
    everybody: Annotated[bool, Query(alias="all")] = False,
) -> HTMLResponse:
    """One document. all: with what every coder said, which only leads may ask for."""
    found = transcript(visit.study, visit.coder, key, everybody and visit.lead)
    book = visit.study.codebook
    codes = {code.id: {"name": code.name, "colour": book.colour(code.id)} for code in book.codes}
    names = {"found": found, "codes": codes, "everybody": everybody and visit.lead}
    return show(request, visit, "document.html", **names)
