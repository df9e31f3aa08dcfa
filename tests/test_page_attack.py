"""The review page under attack, over real sockets and in a real browser: by strangers, by reviewers, by transcripts."""

import json
import socket
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from queue import Queue
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from asking import Asking, routes
from browser import link_of, served
from coding_page import passages, read
from conftest import with_encoder
from test_page_security import ALWAYS, Door
from twins import Twin

from coding import drawing, draws, memos, queue
from coding.page import search, session
from coding.page.app import create_app
from coding.page.guard import Address
from coding.page.serve import Listening, opened, serve
from coding.pupil import relearn
from coding.queue import Queued, Shown
from coding.run import code
from coding.study import add, create_study, open_study
from corpus import database
from corpus.errors import EvidenceError

OPEN = {  # what a stranger is answered
    ("GET", "/static/{version}/{name}"),
    ("GET", "/enter"),
    ("POST", "/api/enter"),
    ("POST", "/api/leave"),
}
LEADS = {  # what nobody but those who lead is answered
    ("GET", "/agreement"),
    ("GET", "/codebook/doubts"),
    ("GET", "/codebook/themes"),
    ("GET", "/counts"),
    ("GET", "/disagreements"),
    ("GET", "/api/disagreements"),
    ("GET", "/api/disagreements/passage"),
    ("GET", "/api/disagreements/agreed"),
    ("POST", "/api/disagreements/settle"),
    ("POST", "/api/disagreements/undo"),
    ("POST", "/api/codebook/rehearse"),
    ("POST", "/api/codebook/edit"),
}
NASTY = [None, "", "\0", "\ud800", "a\r\nx: y", "../../study.db", "'; drop table decisions; --", "9" * 400, "🎂" * 3000]
NASTY += [-1, 0, 2**53 + 1, 2**63, 10**400, float("nan"), float("inf"), 1e308, True, [], [[]], {}, {"a": {}}]


@pytest.fixture
def asking(study):
    """What can be asked of a small study with an audit and a double coding."""
    double = drawing.draw_double(study, 2, ["ada", "ben"])
    audit = drawing.draw_audit(study, 3)
    with study.store.database.reading() as connection:
        twice, once = ([key for key, _ in draws.drawn(connection, one.id)] for one in (double, audit))
        rest = [key for key in study.store.passage_keys(connection) if key not in {*twice, *once}]
    return Asking(Twin(study, double.id, audit.id, twice[:1] * 4, twice[1:], once * 3, rest * 9, ""))


def sent(asking):
    """One request of each kind: method, route, path, what is asked in it."""
    for (method, route), made in asking.calls().items():
        one = next(one for one in made() if one is not None or method == "GET")
        yield method, route, route.format(**(one or {})) if "{" in route else route, one


def test_each_route_is_for_everybody_for_reviewers_or_for_leads(study, asking):
    everywhere = routes(create_app(study, Address.local(1)).app)
    assert {*OPEN, *LEADS} < everywhere
    with served(study) as link:
        stranger, anna = Door(link), Door(link_of(study, "anna", link))
        stranger.cookie = {}
        for method, route, path, one in sent(asking):
            body = json.dumps(one).encode() if method == "POST" else None
            status, headers, text = stranger.ask(path, method, body)
            assert (method, route) in OPEN or status == 401, route
            assert "Two themes" not in text
            assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
            status, headers, _ = anna.ask(path, method, body)
            assert (status == 403) is ((method, route) in LEADS), route
            assert {name: headers.get(name) for name in ALWAYS} == ALWAYS


def test_whatever_is_sent_is_no_mistake_of_the_program(study, asking):
    with served(study) as link:
        door, wrong = Door(link), []
        for (method, route), made in asking.calls().items():
            if method == "POST":
                one = next(iter(made()))
                for body in twisted(one):
                    status, _, text = door.ask(route, "POST", json.dumps(body).encode())
                    wrong += [(route, body, text)] * (status >= 500)
        assert wrong == []


def twisted(body):
    """The body with each of its values, at any depth, made another."""
    yield from ([], 5, "text", None, {**body, "coder": "ben"})
    for name, value in body.items():
        yield {other: body[other] for other in body if other != name}
        yield from ({**body, name: nasty} for nasty in NASTY)
        if isinstance(value, dict):
            yield from ({**body, name: inner} for inner in twisted(value))
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ({**body, name: [inner]} for inner in twisted(value[0]))
        if isinstance(value, list):
            yield from ({**body, name: [nasty]} for nasty in NASTY)


@pytest.mark.parametrize(
    "text", ["%00", "%ED%A0%80", "%FF", "%0D%0Ax:%20y", "9" * 400, "-1", "1e9", "..%2F..", "%F0%9F%8E%82"]
)
def test_whatever_is_asked_is_no_mistake_of_the_program(asking, text):
    with served(asking.twin.study) as link:
        door, wrong = Door(link), []
        for method, route, _, one in sent(asking):
            if method == "GET":
                path = route.replace("{key}", text).replace("{version}", text).replace("{name}", text)
                names = {
                    *(one or {}),
                    "passage",
                    "draw",
                    "mode",
                    "q",
                    "how",
                    "code",
                    "by",
                    "unit",
                    "state",
                    "coder",
                    "all",
                }
                for query in (
                    "",
                    *(f"?{name}={text}" for name in names),
                    f"?{text}={text}",
                    f"?{'&'.join(['q=a'] * 999)}",
                ):
                    status, headers, body = door.ask(f"{path}{query}")
                    wrong += [(path, query, body)] * (status >= 500 or "x" in headers)
        assert wrong == []


HOSTILE = "<i class=pwn>x</i></script><script>pwn()</script>\"'><svg onload=pwn()>{{7*7}}${7*7}\u202e javascript:pwn() "


@pytest.fixture
def hostile(tmp_path, encoder):
    """A study in which everything that somebody else gave a name to or wrote is an attack."""
    codes = [{"id": f"c{n}", "name": f"{n} {HOSTILE}", "colour": "#5AA0E0"} for n in range(2)]
    codes = [{**code, **dict.fromkeys(("definition",), HOSTILE)} for code in codes]
    codes = [{**code, **{name: [f"{name} {HOSTILE}"] for name in ("include", "exclude", "examples")}} for code in codes]
    book, texts = tmp_path / "hostile.yml", tmp_path / "texts"
    book.write_text(json.dumps({"title": HOSTILE, "codes": codes}, ensure_ascii=False), encoding="utf-8")
    texts.mkdir()
    lines = [f"Interviewer: {HOSTILE}?", f"Mair {HOSTILE[:20]}: They said {HOSTILE} to all of us in the hall."] * 3
    name = HOSTILE.replace("/", "⁄")[:80]
    (texts / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    rows = "\n".join(f'R{n},"{HOSTILE.replace(chr(34), chr(34) * 2)}","We said {n} of the hall"' for n in range(9))
    (texts / "survey.csv").write_text(f"Response ID,Size {HOSTILE[:18]},What was it?\n{rows}\n", encoding="utf-8")
    study = with_encoder(create_study(tmp_path / "study", book), encoder)
    add(study, [texts])
    code(study)
    coders = [f"ben {HOSTILE}"[:60].strip(), "cat <i class=pwn>"]
    drawing.draw_double(study, 2, ["ada", "zoe"])
    keys = passages(study)
    for n, who in enumerate(coders):
        for key in keys[:6]:
            read(study, who, key, *["c0", "c1"][: 2 - n])
    with study.store.database.writing() as connection:
        for key in keys[:6]:
            memos.add(connection, coders[0], HOSTILE, passage=key)
            memos.flag(connection, coders[1], key, HOSTILE)
        for about in ({}, {"document": 1}, {"code": "c0"}):
            memos.add(connection, coders[0], HOSTILE, **about)
    relearn(study)
    with study.store.database.writing() as connection:
        shown = (Shown("c0", 0.9, True, 0, "example", HOSTILE), Shown("c1", 0.8, True, -1, "decided", HOSTILE))
        queue.replace(connection, 1, [HOSTILE], [Queued(key, "certain", "c0", shown) for key in keys[6:]])
    return study


PLACES = [
    "/", "/review", "/audit", "/double", "/documents", "/codebook", "/progress", "/disagreements?state=all", "/counts",
    "/counts?by={attribute}&unit=document", "/counts?unit={attribute}&once=1",
    "/agreement", "/agreement?code=c1#differing", "/search?q=hall",
    "/search?q={text}", "/search?q={text}&how=meaning", "/search?how={text}", "/documents/1?all=true", "/documents/2",
    "/nowhere/{text}", "/counts?by={text}", "/review?passage={text}", "/agreement?code={text}",
    "/disagreements?code={text}&coder={text}&state={text}", "/documents/1#{text}", "/enter#{text}",
]  # fmt: skip


def test_nothing_that_was_written_becomes_a_part_of_the_page(hostile, visit):
    with served(hostile) as link:
        page = visit(link)
        said = []
        page.on("dialog", lambda dialog: (said.append(dialog.type), dialog.accept()))
        page.add_init_script("window.broken = 0; window.pwn = () => { window.broken += 1; };")
        seen = ""
        for place in PLACES:
            place = place.format(text=quote(HOSTILE), attribute=quote(f"Size {HOSTILE[:18]}"))
            page.goto(f"{link.partition('/enter')[0]}{place}")
            page.wait_for_load_state("networkidle")
            for key in ("", "w", "?", "Escape", "m", "Escape", "f", "Escape", "1", "j", "/", "Escape"):
                page.keyboard.press(key) if key else None
                assert page.locator(".pwn, svg[onload], a[href^=javascript]").count() == 0, (place, key)
                assert page.evaluate("window.broken") == 0, (place, key)
            seen += page.content()
        assert seen.count("&lt;i class=pwn&gt;") > 50
        assert {*said} <= {"beforeunload"}


def test_the_browser_that_is_started_is_given_no_secret(study, monkeypatch):
    started = Queue()
    monkeypatch.setattr("webbrowser.open", started.put)
    with opened(study, "ada", Listening(port=0)) as (place, run, stop):
        thread = threading.Thread(target=run)
        thread.start()
        door, once = Door(place.link), place.once.partition("#")[2]
        try:
            assert once != door.secret
            status, headers, _ = door.post("/api/enter", {"secret": once})
            assert (status, headers["set-cookie"].partition(";")[0]) == (200, door.cookie["cookie"])
            assert door.post("/api/enter", {"secret": once})[0] == 401
            monkeypatch.setattr(session, "SHORTLY", -1.0)
            assert door.post("/api/enter", {"secret": session.TICKETS.make(door.secret)})[0] == 401
        finally:
            stop()
            thread.join()
    server = "uvicorn.Server.run"
    monkeypatch.setattr(server, lambda self, sockets: None)
    serve(study, "ada", Listening(port=0), lambda place: started.put(place.link))
    printed, given = started.get(timeout=9), started.get(timeout=9)
    assert printed.partition("#")[0] == given.partition("#")[0]
    assert printed != given


@pytest.fixture
def door(study):
    with served(study) as link:
        yield Door(link)


def exchanged(door, request):
    """What the server says to these bytes, until it has nothing more to say."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as line:
        line.sendall(request.format(host=door.host).encode("latin-1"))
        line.settimeout(0.5)
        heard = b""
        try:
            while more := line.recv(65536):
                heard += more
        except (TimeoutError, ConnectionError):
            pass
    return heard.decode()


POST = "POST /api/leave HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        f"{POST}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{{{}}}}",
        f"{POST}Content-Length: -1\r\n\r\n",
        f"{POST}Content-Length: +2\r\n\r\n{{{{}}}}",
        f"{POST}Content-Length: {'9' * 5000}\r\n\r\n{{{{}}}}",
        f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        f"{POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n{{{{}}}}\r\n0\r\n\r\n",
        "GET /enter HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        f"GET /enter HTTP/1.1\r\nHost: {{host}}\r\nX: {'a' * 200_000}\r\n\r\n",
        "GET /enter\r\n\r\n",
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(door, request_):
    assert exchanged(door, request_).startswith("HTTP/1.1 400 ")


def test_what_follows_a_request_is_looked_at_as_another(door):
    smuggled = "GET /enter HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    heard = exchanged(door, f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}")
    assert "Opening the review page" not in heard
    assert heard.count("HTTP/1.1 421 ") == 1


def test_who_sends_slowly_keeps_nobody_waiting(door):
    lines = [socket.create_connection(("127.0.0.1", door.port)) for _ in range(200)]
    for line in lines:
        line.sendall(f"{POST}Content-Length: 100\r\n\r\n{{{{".format(host=door.host).encode())
    assert door.ask("/api/me")[0] == 200
    for line in lines:
        line.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_the_page_answers_to_the_address_that_was_asked_for(study, host):
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with opened(study, "ada", Listening(host=host, port=0)) as (place, run, stop):
        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert urlopen(place.link.partition("#")[0], timeout=10).status == 200
        finally:
            stop()
            thread.join()


def test_threads_that_wait_for_another_program_do_not_wait_for_one_another_too(study, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 0.5)
    mine = open_study(study.folder)
    errors = Queue()

    def write():
        try:
            with mine.store.database.writing():
                pass
        except EvidenceError as error:
            errors.put(str(error))

    with closing(sqlite3.connect(mine.store.database.path, isolation_level=None)) as other:
        other.execute("begin immediate")
        threads = [threading.Thread(target=write) for _ in range(7)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert time.monotonic() - began < 7 * 0.5
    assert all("another program is using it" in errors.get_nowait() for _ in range(7))


def test_who_searches_leaves_threads_for_others(door):
    asked = [threading.Thread(target=door.ask, args=("/search?q=money",)) for _ in range(20)]
    with looking(search._looking, 3):
        assert "Others are searching just now. The page asks again by itself." in door.ask("/search?q=money")[2]
        for thread in asked:
            thread.start()
        assert door.ask("/api/me")[0] == 200
        for thread in asked:
            thread.join()
    for _ in range(4):  # one more than are let in at once
        assert "<mark>money</mark>" in door.ask("/search?q=money")[2]


@contextmanager
def looking(semaphore, number):
    """So many others who are at it."""
    for _ in range(number):
        assert semaphore.acquire(timeout=9)
    yield
    for _ in range(number):
        semaphore.release()
