"""The codebook: what each code means, how it is used, and changing it. Everybody reads it; those who lead edit it."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from threading import Lock
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import HTMLResponse

from coding import discovering, draws, editing, memos, queue, versions
from coding.codebook import Codebook
from coding.codebook_file import check
from coding.consequences import behind, consequences
from coding.edited import Edited, rehearsal
from coding.page.code import Act, AtDesk, Number, shown_codebook
from coding.page.learning import AtLessons
from coding.page.session import Anyone, Lead, Said
from coding.page.shell import View, show
from coding.progress import progress
from coding.study import Study
from corpus.errors import EvidenceError

REMEMBERED = 200  # answers to edits, for those that are sent again

Id = Annotated[str, Field(min_length=1, max_length=64)]
Line = Annotated[str, Field(max_length=20_000)]
Lines = Annotated[list[Line], Field(max_length=1_000)]
Name = Annotated[str, Field(max_length=1_000)]
Version = Annotated[str, Field(min_length=1, max_length=64)]


class Fields(Said):
    """What a code is to have; what is not named stays."""

    name: Name | None = None
    definition: Line | None = None
    colour: Annotated[str, Field(max_length=7)] | None = None
    include: Lines | None = None
    exclude: Lines | None = None
    examples: Lines | None = None
    near_misses: Lines | None = None
    never_with: Lines | None = None


class Add(Said):
    """A new code, nested in `parent` or at the top."""

    kind: Literal["add"]
    name: Name
    definition: Line
    parent: Id | None = None

    def make(self, study: Study, expected: str) -> Edited:
        """Make it."""
        return editing.add_code(study, expected, self.name, self.definition, self.parent)


class Named(Said):
    """A new code of a theme that was found, by its number there."""

    kind: Literal["theme"]
    theme: Annotated[int, Field(ge=1, le=100_000)]
    name: Name
    definition: Line
    parent: Id | None = None

    def make(self, study: Study, expected: str) -> Edited:
        """Make it, with the passages that stand for the theme as examples."""
        theme = discovering.numbered(study, self.theme)
        return discovering.add(study, expected, theme, self.name, self.definition, self.parent)


class Change(Said):
    """Other words for a code."""

    kind: Literal["change"]
    code: Id
    fields: Fields

    def make(self, study: Study, expected: str) -> Edited:
        """Make it."""
        return editing.change_code(study, expected, self.code, self.fields.model_dump(exclude_none=True))


class Show(Said):
    """An example or a near miss for a code, from a passage or from nowhere."""

    kind: Literal["show"]
    code: Id
    field: Literal["examples", "near_misses"]
    line: Line
    passage: Number | None = None

    def make(self, study: Study, expected: str) -> Edited:
        """Make it, unless it would tell somebody of a passage that they are still to read blind."""
        with study.store.database.reading() as connection:
            if self.passage in draws.awaited(connection):
                raise EvidenceError("this passage is still to be read blind by somebody, whom the example would tell")
        return editing.add_line(study, expected, self.code, self.field, self.line)


class Merge(Said):
    """One code into another; repeat: whether its yes are said again for that one."""

    kind: Literal["merge"]
    code: Id
    into: Id
    reason: Line
    repeat: bool = False

    def make(self, study: Study, expected: str) -> Edited:
        """Make it."""
        return editing.merge(study, expected, self.code, self.into, self.reason, self.repeat)


class Retire(Said):
    """A code that is used no more."""

    kind: Literal["retire"]
    code: Id
    reason: Line

    def make(self, study: Study, expected: str) -> Edited:
        """Make it."""
        return editing.retire(study, expected, self.code, self.reason)


class Restore(Said):
    """A retired code that is used again."""

    kind: Literal["restore"]
    code: Id

    def make(self, study: Study, expected: str) -> Edited:
        """Make it."""
        return editing.restore(study, expected, self.code)


class PutBack(Said):
    """An earlier version of all of it."""

    kind: Literal["put back"]
    version: Version

    def make(self, study: Study, expected: str) -> Edited:
        """Make it."""
        return editing.restore_version(study, expected, self.version)


class Rehearsed(Said):
    """An edit, and the version that it was thought of under."""

    expected: Version
    edit: Annotated[Add | Named | Change | Show | Merge | Retire | Restore | PutBack, Field(discriminator="kind")]


class Made(Rehearsed):
    """An edit that is to be made, once."""

    act: Act


class Once:
    """Answers to acts, so that one that is sent again is not done again."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = Lock()

    def do(self, act: str, what: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was answered to this act; does it first where it is new."""
        with self._lock:
            if act not in self._answers:
                self._answers[act] = what()
                while len(self._answers) > REMEMBERED:
                    self._answers.popitem(last=False)
            return self._answers[act]


@lru_cache(maxsize=8)
def _once(study: Study) -> Once:
    return Once()  # a study is equal to itself under another codebook


VIEW = View("/codebook", "Codebook", "What each code means, what it takes in, and what it leaves out.")
router = APIRouter()


@router.get("/codebook")
def page(request: Request, visit: Anyone, desk: AtDesk) -> HTMLResponse:
    """The codebook as it is now."""
    values = {**state(visit, desk), "lead": visit.lead, "palette": editing.PALETTE}
    return show(request, visit, "codebook.html", values=values)


@router.get("/api/codebook")
def state(visit: Anyone, desk: AtDesk) -> dict[str, Any]:
    """The codes with how they are used, those that are retired, what is behind, and the file's faults.

    With a fault in the file, the codebook is the one from before it. What is sealed for the visitor is in no number.
    """
    study = desk.study
    used = {code.code: code for code in progress(study, visit.coder).codes}
    with study.store.database.reading() as connection:
        closed = draws.sealed(connection, visit.coder)
        stale = versions.stale(connection, study.codebook, closed)
        raised = [flag for flag in memos.raised(connection) if flag.passage not in closed]
    flags = Counter(flag.code for flag in raised if visit.lead)
    shown = shown_codebook(study.codebook)
    for code in shown["codes"]:
        id = code["id"]
        coders = stale[id].coders if visit.lead else {}
        code |= {name: getattr(used[id], name) for name in ("yes", "no", "differ")}
        code |= {"own_colour": study.codebook.by_id[id].colour, "flags": flags[id]}
        code |= {"stale": stale[id].decisions, "stale_coders": coders}
    retired = [{**asdict(gone.code), "on": gone.on, "reason": gone.reason, "into": gone.into} for gone in _gone(study)]
    title = study.codebook.title
    return {**shown, "title": title, "retired": retired, "behind": behind(study, visit.coder), "faults": _faults(study)}


@router.get("/api/codebook/history")
def history(visit: Anyone, desk: AtDesk) -> list[dict[str, Any]]:
    """Every version that was used, newest first, with what changed from the one before."""
    with desk.study.store.database.reading() as connection:
        return [asdict(version) for version in reversed(versions.history(connection))]


@router.post("/api/codebook/rehearse")
def rehearse(visit: Lead, desk: AtDesk, said: Rehearsed) -> dict[str, Any]:
    """What an edit would change and do; nothing is changed."""
    study = desk.study
    with rehearsal():
        return _answer(study, visit.coder, study.codebook, said.edit.make(study, said.expected))


@router.post("/api/codebook/edit")
def edit(visit: Lead, desk: AtDesk, lessons: AtLessons, said: Made) -> dict[str, Any]:
    """Make an edit; when this answers, the file is in place and both versions are kept."""

    def make() -> dict[str, Any]:
        study = desk.study
        theme = discovering.numbered(study, said.edit.theme) if isinstance(said.edit, Named) else None
        done = said.edit.make(study, said.expected)
        if theme:
            discovering.remark(study, visit.coder, theme, done.code)
        with study.store.database.reading() as connection:
            learned = queue.latest(connection) is not None
        if learned and done.codebook.version != said.expected:
            lessons.learner.learn()
        return _answer(study, visit.coder, study.codebook, done)

    return _once(visit.study).do(said.act, make)


def _answer(study: Study, coder: str, before: Codebook, done: Edited) -> dict[str, Any]:
    return {
        "code": done.code,
        "codebook": done.codebook.version,
        "changes": done.changes,
        "effects": consequences(study, before, done, coder),
    }


def _gone(study: Study) -> tuple[Any, ...]:
    return tuple(reversed(study.codebook.retired))


def _faults(study: Study) -> list[dict[str, Any]]:
    """What is wrong in the file now, by line and column; line 0 where it cannot be read."""
    try:
        study.latest()
        return []
    except EvidenceError:
        try:
            return [asdict(fault) for fault in check(study.folder / "codebook.yml")]
        except EvidenceError as error:
            return [{"line": 0, "column": 0, "message": str(error)}]
