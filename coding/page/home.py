"""The first page: what there is to do."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding.page.session import Anyone
from coding.page.shell import View, show

VIEW = View("/", "Start", "What there is to do.")
router = APIRouter()


@router.get("/")
def home(request: Request, visit: Anyone) -> HTMLResponse:
    """Every view that this visitor has, with what waits there."""
    shell = request.app.state.shell
    todo = {view.path: view.todo(visit) for view in shell.views if visit.lead or not view.lead}
    with visit.study.store.database.reading() as connection:
        documents, passages = visit.study.store.size(connection)
    return show(request, visit, "home.html", todo=todo, documents=documents, passages=passages)
