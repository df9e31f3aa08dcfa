"""What every view stands in: templates, style and scripts, read once when the server starts."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from coding.page.session import Visit

HERE = Path(__file__).parent
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOREVER = "public, max-age=31536000, immutable"


def _nothing(visit: "Visit") -> str:
    return ""


@dataclass(frozen=True, slots=True)
class View:
    """A place in the page: where it is, its name, a sentence on what it is for, and whether only leads see it.

    todo: what waits there for this visitor, in a few words ("12 to read"), empty where nothing does. aside: it is named
    only on the start page, and only where something waits there.
    """

    path: str
    name: str
    about: str
    lead: bool = False
    todo: Callable[["Visit"], str] = _nothing
    aside: bool = False


class Shell:
    """The templates and the table of static files; no path that a browser sends reaches the file system."""

    def __init__(self, views: tuple[View, ...]) -> None:
        self.views = views
        files = [path for path in sorted((HERE / "static").iterdir()) if path.suffix in KINDS]
        self.files = {path.name: (path.read_bytes(), KINDS[path.suffix]) for path in files}
        self.version = hashlib.sha256(repr(self.files).encode()).hexdigest()[:16]
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(static=self.place, data=data)

    def place(self, name: str) -> str:
        """URL of a static file, with its content's hash, so that a browser may keep it. KeyError for no such file."""
        assert self.files[name]
        return f"/static/{self.version}/{name}"

    def file(self, version: str, name: str) -> Response | None:
        """The static file, None where there is none of this name and version."""
        if version != self.version or name not in self.files:
            return None
        content, kind = self.files[name]
        return Response(content, media_type=kind, headers={"cache-control": FOREVER})

    def page(self, template: str, visit: "Visit | None" = None, status: int = 200, **values: Any) -> HTMLResponse:
        """A template as a page. visit: whose it is, None for a page that anybody sees."""
        views = [view for view in self.views if visit and (visit.lead or not view.lead)]
        title = visit.study.codebook.title if visit else ""
        known = {"visit": visit, "views": views, "study_title": title, "here": ""}
        return HTMLResponse(self._templates.get_template(template).render({**known, **values}), status)


def data(values: Any, id: str = "given") -> Markup:
    """Values for a view's script, which reads them with `given()`; a browser runs nothing of it."""
    return Markup('<script type="application/json" id="{}">{}</script>').format(id, htmlsafe_json_dumps(values))


def show(request: Request, visit: "Visit", template: str, **values: Any) -> HTMLResponse:
    """A view's page: the template, with `visit`, `views`, `here` (this path), `study_title` and these values in it."""
    shell: Shell = request.app.state.shell
    return shell.page(template, visit, here=request.url.path, **values)
