"""Where coders differ: both decisions side by side, and an outcome with its reason. For those who lead."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding import adjudicating, differences, draws
from coding.adjudicating import REASONS, Outcome, Settlement
from coding.cards import DOUBLE
from coding.codebook import nested
from coding.differences import Only
from coding.hearing import hear
from coding.page.session import Lead, Said, Visit
from coding.page.shell import View, show

MOST = 300  # cases in one answer


def todo(visit: Visit) -> str:
    """How much waits to be settled."""
    with visit.study.store.database.reading() as connection:
        found = differences.find(connection, visit.study.codebook, most=0)
    return f"{found.open:,} to settle" if found.open else ""


VIEW = View("/disagreements", "Disagreements", "Settle what coders differ on, with the reason.", lead=True, todo=todo)
router = APIRouter()


class Chosen(Said):
    """An outcome for one code."""

    code: str = Field(max_length=64)
    value: bool
    reason: str = Field(max_length=16)
    note: str = Field(default="", max_length=20_000)
    flag: bool = False


class Settled(Said):
    """What is settled of a passage at once."""

    act: str = Field(min_length=8, max_length=36)
    passage: int = Field(ge=1, lt=2**63)
    outcomes: list[Chosen] = Field(min_length=1, max_length=200)
    codebook: str = Field(max_length=64)
    seconds: float | None = Field(default=None, ge=0)


class TakenBack(Said):
    """An undo, under its own name; of what: the act to take back, the last one without."""

    act: str = Field(min_length=8, max_length=36)
    of: str | None = Field(default=None, max_length=36)


@router.get("/disagreements")
def disagreements(request: Request, visit: Lead) -> HTMLResponse:
    """The page; what it lists is asked for by its script, as the address says."""
    study = visit.study
    with study.store.database.reading() as connection:
        pairs = differences.pairs(connection)
        drawn = [draw for draw in draws.draws(connection) if draw.kind == DOUBLE]
    codes = [{**asdict(code), "depth": depth} for depth, code in nested(study.codebook)]
    known = {"codes": codes, "codebook": study.codebook.version, "reasons": REASONS}
    return show(request, visit, "disagreements.html", known=known, pairs=pairs, drawn=drawn, reasons=REASONS)


@router.get("/api/disagreements")
def listed(
    visit: Lead,
    code: Annotated[str | None, Query(max_length=64)] = None,
    coder: Annotated[tuple[str, ...], Query(max_length=2)] = (),
    draw: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    state: Literal["open", "settled", "all"] = "open",
) -> dict[str, Any]:
    """The passages whose coders differ, lowest agreement first, as the filters say."""
    with visit.study.store.database.reading() as connection:
        only = Only(code or None, tuple(coder), draw, state)
        return asdict(differences.find(connection, visit.study.codebook, only, MOST))


@router.get("/api/disagreements/passage")
def heard(visit: Lead, passage: Annotated[int, Query(ge=1, lt=2**63)]) -> dict[str, Any]:
    """What everybody said of one passage."""
    with visit.study.store.database.reading() as connection:
        found = hear(visit.study, connection, passage)
    return {**asdict(found), "id": found.place.id}


@router.get("/api/disagreements/agreed")
def agreed(visit: Lead) -> dict[str, Any]:
    """By code, in how many passages the agreed value comes from where."""
    with visit.study.store.database.reading() as connection:
        found = differences.totals(connection, visit.study.codebook)
    return {code: {source: number[source] for source in differences.SOURCES} for code, number in found.items()}


@router.post("/api/disagreements/settle")
def settle(visit: Lead, said: Settled) -> dict[str, Any]:
    """Put outcomes in the ledger; on the answer they are on disk. What is settled of the passage then."""
    outcomes = tuple(Outcome(one.code, one.value, one.reason, one.note, one.flag) for one in said.outcomes)
    what = Settlement(said.act, said.passage, outcomes, said.codebook, said.seconds)
    rows = adjudicating.settle(visit.study, visit.coder, what)
    with visit.study.store.database.reading() as connection:
        disputes = hear(visit.study, connection, said.passage).disputes
    return {"rows": rows, "disputes": [{"code": one.code, "settled": one.settled} for one in disputes]}


@router.post("/api/disagreements/undo")
def undo(visit: Lead, said: TakenBack) -> dict[str, Any]:
    """Take one's own last settlement back; what it had said, or nothing where there is none."""
    found = adjudicating.take_back(visit.study, visit.coder, said.of, said.act)
    return {"undone": asdict(found) if found else None}
