"""Blind means blind: no answer tells what the machine or another coder says of a passage that is still to be read.

Two copies of a study differ in nothing but that. Whoever is to read the passages asks both copies everything that the
page can be asked: every answer is the same to the byte, and the database had the same work with it.
"""

import re
from functools import partial

import pytest
from asking import Asking, routes
from browser import served
from openpyxl import load_workbook
from twins import Visitor, everything, opened, suggested, twins

from coding import drawing, draws, reviewers, versions
from coding.discovering import discover
from coding.doubts import doubts, misleading
from coding.export.review import give
from coding.export.rows import worklist
from coding.importing import import_decisions
from coding.learner import Learner
from coding.page import learning, why
from coding.page.app import create_app
from coding.page.guard import Address
from coding.quotes import quotes
from coding.review import Desk, Sitting
from coding.terminal import Terminal
from coding.why import why as explain
from corpus.context import context
from corpus.errors import EvidenceError

WORKED_OUT = ("/codebook/themes", "/codebook/doubts")  # by another process, while the page asks again


class Still(Learner):
    """Learns nothing while both are asked, for it would be done sooner in one than in the other."""

    def learn(self):
        pass


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    """The child that searches has the encoder that needs no model."""
    monkeypatch.setattr(learning, "Learner", lambda folder: Still(folder, partial(opened, folder)))
    monkeypatch.setattr(why, "PATIENCE", 300)  # or one copy might be ready sooner than the other


def test_every_route_is_asked(study):
    app = create_app(study, Address.local(1)).app
    assert routes(app) == Asking.calls(Asking.__new__(Asking)).keys()


def answers(twin, lead):
    """Everything that the page answers to one of the two."""
    versions._READ.clear()  # or the second would find there what was read for the first
    with served(twin.study) as link:
        visitor = Visitor(twin, link if lead else f"{link.partition('#')[0]}#{twin.zoe}")
        asking = Asking(twin)
        for path, query in (("/search", {"q": "tea", "how": "meaning"}), *((one, None) for one in WORKED_OUT)):
            while 'id="waiting"' in visitor.ask(path, query)[1]:
                pass
        visitor.heard.clear()
        asked = asking.calls()
        for method, path in [*asked, *(route for route in asked if route[0] == "GET")]:
            for one in asked[method, path]() if path != "/api/codebook/edit" else ():
                at = path.format(**(one or {})) if "{" in path else path
                visitor.ask(at, one if method == "GET" else None, one if method == "POST" else None)
        drain(visitor, asking)
        for edit in asking.calls()["POST", "/api/codebook/edit"]():
            visitor.ask("/api/codebook/edit", body=edit)
        for path in ("/codebook", "/progress", "/counts", "/agreement", "/api/disagreements", "/documents"):
            visitor.ask(path)
        return visitor.heard


def drain(visitor, asking):
    """Read the review queue to its end, where it has to look for more, sealed passages having been put off."""
    twin = visitor.twin
    version = twin.study.codebook.version
    usual = {"mode": "review", "why": "manual", "quotes": {}, "codebook": version, "seconds": 1, "yes": []}
    for key in twin.open:
        visitor.ask("/api/code/save", body={**usual, "passage": key, "act": asking.act()})
    for key in twin.told:
        visitor.ask("/api/code/skip", body={"mode": "review", "passage": key})
    visitor.ask("/api/code/next", {"mode": "review"})


@pytest.mark.parametrize("lead", [True, False], ids=["lead", "reviewer"])
@pytest.mark.parametrize("plant", [everything, suggested])
def test_nothing_tells_what_is_said_of_a_sealed_passage(tmp_path, plant, lead):
    first, second = (answers(twin, lead) for twin in twins(tmp_path, plant))
    assert len(first) == len(second) > 500
    assert {one[1] for one in first} == {200, 400, 401, 403, 404} - ({403} if lead else set())
    told = [(one[0], *parted(one, other)) for one, other in zip(first, second, strict=True) if one != other]
    assert told == []


def parted(one, other):
    """Where two answers part: status, headers, text, or the work of the database."""
    for a, b in zip(map(str, one[1:]), map(str, other[1:]), strict=True):
        if a != b:
            at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
            return a[max(0, at - 90) : at + 60], b[max(0, at - 90) : at + 60]
    return ()


@pytest.mark.parametrize("plant", [everything, suggested])
def test_nothing_tells_away_from_the_page(tmp_path, plant):
    first, second = (list(away(twin, tmp_path)) for twin in twins(tmp_path, plant))
    assert [(a, b) for a, b in zip(first, second, strict=True) if a != b] == []


def away(twin, folder):
    """The screens of a terminal, a reviewer's workbooks, a worklist, quotes, new themes, and what looks odd."""
    study, keys = twin.study, "w?d1su3\rUuf"
    for mode, draw in (("review", None), ("double", twin.double), ("audit", twin.audit)):
        terminal = Terminal(Desk(study), Sitting("zoe", mode, draw))
        for key in keys if mode != "audit" else keys[:5]:
            yield key, terminal.lines()
            terminal.press(key)
    for n, how in enumerate(({}, {"visible": True}, {"draw": twin.double}, {"draw": twin.audit})):
        for who in ("ada", "zoe"):
            path = folder / f"{study.folder.parent.name} {n} {who}.xlsx"
            give(study, path, who, **how)
            sheets = load_workbook(path).worksheets
            yield n, who, [list(map(plain, row)) for sheet in sheets for row in sheet.iter_rows(values_only=True)]
    with study.store.database.reading() as connection:
        for who in ("ada", "zoe"):
            yield list(worklist(study, connection, who).rows)
    for code in study.codebook.by_id:
        yield quotes(study, code, "suggested")
    yield from found(study)
    yield from explained(twin)


def found(study):
    """New themes, and what looks odd."""
    themes = discover(study)
    assert themes.themes
    yield from (themes, doubts(study, most=0), misleading(study, most=0))


def explained(twin):
    """Why, or why not, of sealed passages and of open ones."""
    for key in (twin.half[0], twin.rest[0], twin.drawn[5], twin.open[0], twin.open[20]):
        with twin.study.store.database.reading() as connection:
            place = context(connection, key).id
        for asked in (None, "voice"):
            try:
                yield explain(twin.study, place, asked)
            except EvidenceError as error:
                yield str(error)


def plain(value):
    """A cell, without what chance gave the workbook."""
    return re.sub(r"\b[0-9a-f]{16}(?:[0-9a-f]{16})?\b|[0-9T:+-]{25}", "", str(value))


def test_who_is_asked_by_one_spelling_is_asked_by_every_other(study, tmp_path):
    drawing.draw_double(study, 3, ["anna", "ben"])
    table = tmp_path / "made elsewhere.csv"
    table.write_text("passage,code,value,coder\ninterview.txt:76-174,money,yes,ANNA\n", encoding="utf-8")
    assert import_decisions(study, table).recorded == 1
    with study.store.database.writing() as connection:
        reviewers.add(connection, "Anna")
        (name,) = [one.name for one in reviewers.listed(connection)]
        assert (name, len(draws.sealed(connection, name))) == ("anna", 3)
