"""The review page as a web application: the views, and what becomes of an error.

How a view is added
-------------------
1. `coding/page/<view>.py` has `VIEW = View("/documents", "Documents", "A sentence for the start page.", lead=False)`
   and `router = APIRouter()`, and stands in VIEWS below, in the order of the navigation. A module with routes and no
   place in the navigation has `VIEW = None`. `todo=` of a View is what waits there ("12 to read"), for the start
   page.
2. Endpoints are plain `def`: they run in threads. The page itself is a GET at VIEW.path that returns `show(request,
   visit, "documents.html", rows=rows)`. Data is `/api/<view>/...`: GET to ask, POST to change. A parameter `visit:
   Anyone` (or `visit: Lead`) gives Visit(study, coder, lead), and refuses others. What a POST takes is a model
   derived from `session.Said`, with a max_length on every text and list. A change that may be repeated carries `act`,
   which the page makes with `newAct()`: it is sent again until it is answered, so it is saved once however often it
   comes.
3. `templates/<view>.html` extends base.html; its blocks are title, head, width (`wide` in place of `narrow`), main,
   scripts. Values for the script: `{{ data(values) }}`, which the script reads with `given()`. Scripts and styles are
   files of static/ (`<script type="module" src="{{ static('documents.js') }}"></script>`): inline ones do not run.
4. `static/<view>.js` imports from "./common.js": api, at, dialog, given, h, holding, key, newAct, problem, say, tint.
   Text is written as text, `h("p", {class: "passage"}, text)`: the browser refuses everything else.
5. An EvidenceError is answered as 400 with its sentence, which the page shows. Nothing here knows SQL, arrays or
   models: a view asks a module of coding/ for what it shows.
"""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

from anyio import to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from coding.page import (
    agreement,
    audit,
    code,
    codebook,
    counts,
    disagreements,
    documents,
    double,
    doubts,
    home,
    memos,
    progress,
    reread,
    search,
    session,
    themes,
    why,
)
from coding.page.guard import LARGEST, Address, Guard
from coding.page.shell import Shell
from coding.study import Study
from corpus.errors import EvidenceError

VIEWS: tuple[ModuleType, ...] = (
    home,
    code,
    audit,
    double,
    reread,
    documents,
    search,
    codebook,
    doubts,
    progress,
    disagreements,
    agreement,
    counts,
    themes,
    why,
)
THREADS = 7  # requests at once: each may hold two connections of the database's fifteen

log = logging.getLogger("themis")


def create_app(study: Study, address: Address) -> Guard:
    """The application that serves this study at this address."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=LARGEST,
        lifespan=_threads,
    )
    app.state.study = study
    app.state.shell = Shell(tuple(module.VIEW for module in VIEWS if module.VIEW))
    app.state.wrong = session.Wrong()
    app.get("/static/{version}/{name}")(static)
    app.include_router(session.router)
    app.include_router(memos.router)
    for module in VIEWS:
        app.include_router(module.router)
    app.add_exception_handler(EvidenceError, _sentence)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _refusal)
    app.add_exception_handler(Exception, _bug)
    return Guard(app, address)


@asynccontextmanager
async def _threads(app: FastAPI) -> AsyncIterator[None]:
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    yield


async def static(request: Request, version: str, name: str) -> Response:
    """A file of the table that was read at the start."""
    shell: Shell = request.app.state.shell
    found = shell.file(version, name)
    if found is None:
        raise HTTPException(404)
    return found


def _answer(request: Request, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """A sentence, as JSON where a script asked and as a page where a person did."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": sentence}, status, headers)
    shell: Shell = request.app.state.shell
    page = shell.page("stranger.html" if status == 401 else "problem.html", status=status, sentence=sentence)
    page.headers.update(headers or {})
    return page


async def _sentence(request: Request, error: Exception) -> Response:
    said = str(error)
    return _answer(request, 400, f"{said[:1].upper()}{said[1:]}.")


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    plain = {404: "There is no such page.", 405: "This cannot be done here.", 413: "That is too long to be sent."}
    return _answer(request, error.status_code, plain.get(error.status_code, error.detail), dict(error.headers or {}))


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    places = {".".join(str(part) for part in fault["loc"] if part != "body") for fault in error.errors()}
    return _answer(request, 422, f"What was sent could not be read: {', '.join(sorted(places)) or 'all of it'}.")


async def _bug(request: Request, error: Exception) -> Response:
    """What we did wrong: a number for the person, and the traceback in the server's log under that number."""
    number = secrets.token_hex(4)
    log.error("Error %s at %s", number, request.scope["path"], exc_info=error)
    return _answer(request, 500, f"The program made a mistake: tell whoever runs it that it is error {number}.")
