"""Theme counts in the page: what audits estimate, what people decided, and what the machine alone would say."""

from collections.abc import Sequence
from itertools import groupby
from math import ceil, floor, log10
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding import draws, telling_counts
from coding.counts import Count, counts
from coding.explaining import explained
from coding.page.session import Lead
from coding.page.shell import View, show
from coding.summary import cautions
from coding.telling_counts import interval, noted, readings
from coding.units import UNITS, several

VIEW = View("/counts", "Counts", "How many passages, documents or speakers have each theme.", lead=True)
router = APIRouter()

WIDTH, HEIGHT, EDGE = 260, 22, 12  # of a picture, in its own units, and what is left free at both ends
TICKS = 5  # at most, beside the one at 0


@router.get("/counts")
def page(
    request: Request,
    visit: Lead,
    unit: Annotated[str, Query(max_length=200)] = "passage",
    by: Annotated[str, Query(max_length=200)] = "",
    once: bool = False,
) -> HTMLResponse:
    """Counts in a unit, in groups of an attribute if one is given. once: repeated texts once, which passages can be."""
    study, once = visit.study, once and unit == "passage"
    with study.store.database.reading() as connection:
        sealed = draws.sealed(connection, visit.coder)
        attributes = study.store.attribute_names(connection)
    found = counts(study, by or None, unit, sealed, once)
    scale = _Scale(found)
    said = [*telling_counts.intervals(found), *telling_counts.beside(found, once)]
    return show(
        request,
        visit,
        "counts.html",
        chosen={"unit": unit, "by": by, "once": once},
        units=[(one, several(one) if one in UNITS else one) for one in (*UNITS, *attributes)],
        attributes=attributes,
        many=several(unit),
        codes=[
            (study.codebook.by_id[code].name, study.codebook.colour(code), [_row(count, scale) for count in rows])
            for code, rows in groupby(found, lambda one: one.code)
        ],
        columns=_columns(found),
        scale=scale,
        hollow=any(interval(one) is None for one in found),
        sealed=len(sealed),
        missing=[*map(_spoken, telling_counts.missing(found))],
        stale=[*map(_spoken, telling_counts.stale(found))],
        audits=telling_counts.audits(found),
        said=[*map(_spoken, [*said, *telling_counts.cautioned(cautions(study, sealed))])],
        method=[] if sealed else [_spoken(line) for line in explained(study, found, once) if line],
    )


class _Scale:
    """Where numbers stand in a picture: all of a page have the same ends."""

    width, height = WIDTH, HEIGHT

    def __init__(self, found: Sequence[Count]) -> None:
        widest = max((telling_counts.end(count) for count in found), default=0)
        rough = max(1.0, widest / TICKS)
        ten = int(10 ** floor(log10(rough)))
        self.step = next(part * ten for part in (1, 2, 5, 10) if part * ten >= rough)
        self.end = self.step * max(1, ceil(widest / self.step))

    def at(self, value: float) -> float:
        """How far from the left."""
        return round(EDGE + value / self.end * (WIDTH - 2 * EDGE), 1)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and numbers of what is marked."""
        marks = range(0, self.end + 1, self.step)
        return [(self.at(mark), f"{mark:,}") for mark in marks]


def _row(count: Count, scale: _Scale) -> dict[str, Any]:
    """What a row shows, and its picture in words."""
    bounds, read = interval(count), readings(count)
    machine = f"; the machine says {count.suggested:,}, uncorrected"
    if bounds:
        shown = (f"{bounds[1]:,.0f}", f"{bounds[0]:,.0f} to {bounds[2]:,.0f}")
        label = f"Estimate {shown[0]}, 95 % interval {shown[1]}{machine}"
    else:
        shown = (f"≥ {count.decided_yes:,}", "" if count.estimate is None else "no interval")
        label = f"At least {count.decided_yes:,}, found by people{machine}"
    return {
        "count": count,
        "value": shown[0],
        "bounds": shown[1],
        "label": label,
        "whiskers": (scale.at(bounds[0]), scale.at(bounds[2])) if bounds else None,
        "dot": scale.at(bounds[1]) if bounds else None,
        "least": None if bounds else scale.at(count.decided_yes),
        "machine": scale.at(count.suggested),
        "notes": noted(count),
        "audited": f"{read:,}" if read else "",
        "found": f"≥ {telling_counts.percent(count.recall.recall)}" if count.recall else "–",
    }


def _columns(found: Sequence[Count]) -> dict[str, str]:
    """The columns of plain numbers, by what they hold, left to right."""
    audited = any(map(interval, found))
    rest = "Differ" if not found or found[0].unit == "passage" else "Open"
    return {
        "decided_yes": "Yes",
        **({} if audited else {"decided_no": "No"}),
        "rest": rest,
        **({"accepted": "Accepted"} if any(one.accepted for one in found) else {}),
        "read": "Read",
        "total": "Of",
        **({"audited": "Audit"} if audited else {}),
        **({"found": "Found"} if any(one.recall for one in found) else {}),
        "suggested": "Machine" if audited else "Suggested",
        **({} if audited else {"unread": "Unread"}),
    }


def _spoken(sentence: str) -> list[tuple[str, bool]]:
    """A sentence in parts, and which of them are commands."""
    return [(part, bool(n % 2)) for n, part in enumerate(sentence.split("`")) if part]
