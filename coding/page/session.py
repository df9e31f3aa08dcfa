"""Who is visiting: the link's secret becomes a cookie once, and every request says whose it is."""

import secrets
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse

from coding import reviewers
from coding.study import Study
from corpus.errors import EvidenceError

MONTH = 30 * 24 * 3600
SHORTLY = 120.0  # seconds in which a browser that was started opens the page
TRIES, MINUTE = 10, 60.0  # wrong links from one address before it has to wait, and for how long


@dataclass(frozen=True, slots=True)
class Visit:
    """A request's study and who asks. lead: may also settle disagreements, edit the codebook and see counts."""

    study: Study
    coder: str
    lead: bool


def current(request: Request) -> Study:
    """The study as codebook.yml has it now; as it was while the file has a fault, for nobody's reading waits."""
    study: Study = request.app.state.study
    with suppress(EvidenceError):
        study = request.app.state.study = study.latest()
    return study


def visitor(request: Request) -> Visit:
    """Whose request this is, as the study has it at this moment; 401 for a stranger."""
    study = current(request)
    secret = request.cookies.get(cookie(request))
    if secret:
        with study.store.database.reading() as connection:
            found = reviewers.who(connection, secret)
        if found:
            return Visit(study, found.name, found.lead)
    raise HTTPException(401, "Open the review page by your own link: this browser has none, or it was closed.")


def leader(visit: Annotated[Visit, Depends(visitor)]) -> Visit:
    """The same for those who lead; 403 for everybody else."""
    if not visit.lead:
        raise HTTPException(403, "This is for those who lead the study: ask one of them.")
    return visit


Anyone = Annotated[Visit, Depends(visitor)]
Lead = Annotated[Visit, Depends(leader)]


class Said(BaseModel):
    """What the page sends: no field that is not known, no number that is none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


class Entrance(Said):
    """A link's secret, or a ticket for it."""

    secret: str = Field(min_length=1, max_length=200)


@dataclass
class Wrong:
    """When wrong secrets came, by address; memory of it is small whatever comes."""

    _times: dict[str, deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, address: str) -> int:
        """Seconds for which this address has to wait, 0 for none."""
        with self._lock:
            times = self._times.get(address, deque())
            left = times[0] + MINUTE - time.monotonic() if len(times) == TRIES else 0.0
        return max(0, round(left + 0.5))

    def note(self, address: str) -> None:
        """Remember one from this address."""
        with self._lock:
            if len(self._times) > 1000:
                self._times.clear()
            self._times.setdefault(address, deque(maxlen=TRIES)).append(time.monotonic())


class Tickets:
    """Stand for a secret once, and not for long: what starts a browser is read by everybody on the machine."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def make(self, secret: str) -> str:
        """A ticket for this secret."""
        ticket = secrets.token_urlsafe(32)
        self._known[ticket] = secret, time.monotonic() + SHORTLY
        return ticket

    def take(self, said: str) -> str:
        """The secret that a ticket stands for; anything else is what it is."""
        secret, until = self._known.pop(said, (said, inf))
        return secret if time.monotonic() < until else said


TICKETS = Tickets()


def cookie(request: Request) -> str:
    """The cookie's name: cookies know no ports, and another study may be open on another."""
    return f"themis-{request.url.port or 80}"


router = APIRouter()


@router.get("/enter")
def enter(request: Request) -> HTMLResponse:
    """Where a link leads. Its secret is behind the #, which no browser sends: a script hands it in and moves on.

    So it stands in no log and no referrer; and the cookie is set and used within one site, as SameSite=Strict wants,
    wherever the link was clicked.
    """
    page: HTMLResponse = request.app.state.shell.page("enter.html")
    return page


@router.post("/api/enter")
def hand_in(request: Request, said: Entrance) -> JSONResponse:
    """Take a link's secret, and give a cookie for it."""
    wrong: Wrong = request.app.state.wrong
    address = request.client.host if request.client else ""
    if seconds := wrong.wait(address):
        raise HTTPException(429, f"Too many wrong links: wait {seconds} seconds.", {"retry-after": str(seconds)})
    study: Study = request.app.state.study
    secret = TICKETS.take(said.secret)
    with study.store.database.reading() as connection:
        found = reviewers.who(connection, secret)
    if found is None:
        wrong.note(address)
        raise HTTPException(401, "This link opens nothing: it was renewed or removed, so ask for a new one.")
    response = JSONResponse({"coder": found.name})
    response.set_cookie(cookie(request), secret, max_age=MONTH, path="/", httponly=True, samesite="strict")
    return response


@router.post("/api/leave")
def leave(request: Request) -> JSONResponse:
    """Forget this browser's cookie."""
    response = JSONResponse({})
    response.delete_cookie(cookie(request), path="/", httponly=True, samesite="strict")
    return response


@router.get("/api/me")
def me(visit: Anyone) -> dict[str, str | bool]:
    """Who this browser is."""
    return {"coder": visit.coder, "lead": visit.lead}
