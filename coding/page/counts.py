"""Theme counts in the page: what people decided and what the machine suggests, and what the numbers are not."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding import draws
from coding.counts import counts
from coding.page.session import Lead
from coding.page.shell import View, show
from coding.summary import cautions
from coding.telling_counts import of_counts
from coding.units import UNITS

VIEW = View("/counts", "Counts", "How many passages, documents or speakers have each theme.", lead=True)
router = APIRouter()


@router.get("/counts")
def page(
    request: Request,
    visit: Lead,
    unit: Annotated[str, Query(max_length=20)] = "passage",
    by: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Counts in a unit, in groups of an attribute if one is given."""
    study = visit.study
    with study.store.database.reading() as connection:
        sealed = draws.sealed(connection, visit.coder)
        attributes = study.store.attribute_names(connection)
    found = counts(study, by or None, unit, sealed)
    said = of_counts(found, cautions(study, sealed)).after
    widest = max((one.decided_yes + one.unread for one in found), default=0)
    names = {code.id: code.name for code in study.codebook.codes}
    values = {"found": found, "names": names, "units": UNITS, "attributes": attributes, "said": said}
    chosen = {"unit": unit, "by": by, "sealed": len(sealed), "widest": max(widest, 1)}
    return show(request, visit, "counts.html", **values, **chosen)
