"""How far coders agree, and the machine with them, code by code. For those who lead."""

from collections.abc import Iterator, Sequence
from math import floor
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding import agree, draws
from coding.agree import CodeLine, Comparison
from coding.agreement import Undefined
from coding.page.session import Lead
from coding.page.shell import View, show
from coding.telling_agreement import AUDIT, BESIDE, WHAT

VIEW = View("/agreement", "Agreement", "How far coders agree, and the machine with them, code by code.", lead=True)
router = APIRouter()

WIDTH, HEIGHT, EDGE = 240, 22, 10  # of a plot, in its own units, and what is left free at both ends
FIRM, CAUTIOUS = 0.8, 0.67
NAMES = {"people": "Coders", "machine": "Machine", "audit": "Machine, in the audit"}
MOST = 200  # passages that differ, in one page


@router.get("/agreement")
def agreement(
    request: Request,
    visit: Lead,
    code: Annotated[str, Query(max_length=64)] = "",
    of: Literal["", "people", "machine", "audit"] = "",
) -> HTMLResponse:
    """The table; with a code, also the passages in which its readers differ: all, or those of one row of its."""
    study = visit.study
    with study.store.database.reading() as connection:
        found = agree.compare(study, connection, without=draws.awaited(connection))
        differing, sealed = agree.differing(study, connection, code) if code else ([], 0)
    scale = _Scale(found.lines)
    compared = [line for line in found.lines if line.people.passages or (line.audit and line.audit.passages)]
    if of:
        rows = [getattr(line, of) for line in found.lines if line.code == code]
        kept = {key for row in rows if row for key in row.differ}
        differing = [one for one in differing if one.key in kept]
    words = [*WHAT, *([BESIDE] if found.over_machine else []), *([AUDIT] if found.over_audit else [])]
    return show(
        request,
        visit,
        "agreement.html",
        found=found,
        over=list(_over(found)),
        lines=[(line, study.codebook.by_id[line.code], list(_rows(line, scale, found.blind))) for line in compared],
        unread=[line.name for line in found.lines if line not in compared],
        pairs=[(pair, _number(pair.alpha), _why(pair.alpha)) for pair in found.pairs],
        scale=scale,
        words=words,
        code=study.codebook.by_id.get(code),
        row=NAMES[of] if of else "",
        differing=differing[:MOST],
        more=max(0, len(differing) - MOST),
        sealed=sealed,
    )


class _Scale:
    """Where numbers stand in a plot: all plots of a page have the same ends."""

    width, height = WIDTH, HEIGHT

    def __init__(self, lines: Sequence[CodeLine]) -> None:
        found = [one.alpha for line in lines for one in (line.people, line.machine, line.audit) if one]
        lows = [_value(number) for estimate in found for number in (estimate.value, estimate.interval)]
        self.lowest = max(-1.0, floor(5 * min([0.0, *(low for low in lows if low is not None)])) / 5)

    def at(self, value: float) -> float:
        """How far from the left."""
        share = (max(value, self.lowest) - self.lowest) / (1 - self.lowest)
        return round(EDGE + share * (WIDTH - 2 * EDGE), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and numbers of what is marked."""
        marks = sorted({self.lowest, 0.0, CAUTIOUS, FIRM, 1.0})
        return [(self.at(mark), f"{mark:g}") for mark in marks]


def _rows(line: CodeLine, scale: _Scale, blind: bool) -> Iterator[dict[str, Any]]:
    """A row for coders with each other, and for each of them beside the machine."""
    drawn = "&draw=0" if blind else ""
    settle, listed = f"/disagreements?state=all&code={line.code}{drawn}", f"/agreement?code={line.code}&of="
    for name, found, link in (
        (NAMES["people"], line.people, settle),
        (NAMES["machine"], line.machine, f"{listed}machine#differing"),
        (NAMES["audit"], line.audit, f"{listed}audit#differing"),
    ):
        if found and found.passages:
            alpha, bounds = found.alpha.value, found.alpha.interval
            yield {
                "name": name,
                "link": link,
                "found": found,
                "yes": _share(found.prevalence),
                "alpha": _number(alpha),
                "bounds": "" if isinstance(bounds, Undefined) else f"{_number(bounds[0])} to {_number(bounds[1])}",
                "why": _why(alpha) or (f"no interval: {bounds.why}" if isinstance(bounds, Undefined) else ""),
                "dot": None if isinstance(alpha, Undefined) else scale.at(alpha),
                "bar": None if isinstance(bounds, Undefined) else (scale.at(bounds[0]), scale.at(bounds[1])),
                "numbers": [_number(found.positive.value), _number(found.kappa.value), _number(found.ac1.value)],
                "same": _share(found.percent.value),
            }


def _over(found: Comparison) -> Iterator[tuple[str, dict[str, str]]]:
    names = ("Coders with each other", "The machine with them", "The machine, in the audit")
    for name, over in zip(names, (found.over_people, found.over_machine, found.over_audit), strict=True):
        if over:
            said = {
                "mean": _number(over.mean.value),
                "codes": f"mean alpha of {over.codes:,} codes" if over.codes != 1 else "alpha of 1 code",
                "sets": f"{_number(over.sets.value)} over whole sets of codes (MASI distance)",
                "why": _why(over.mean.value),
            }
            yield name, said


def _value(value: float | tuple[float, float] | Undefined) -> float | None:
    """A number, or the lower of two bounds; None for no number."""
    return None if isinstance(value, Undefined) else value[0] if isinstance(value, tuple) else value


def _number(value: float | Undefined) -> str:
    return "–" if isinstance(value, Undefined) else f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _share(value: float | Undefined) -> str:
    return "–" if isinstance(value, Undefined) else f"{100 * value:.0f} %"


def _why(value: float | Undefined) -> str:
    """Why there is no number, and what to do; "" where there is one."""
    return f"no alpha: {value.why}" if isinstance(value, Undefined) else ""
