"""What the review page refuses, over a real socket: other sites, strangers, and what is too much."""

import http.client
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import link_of, served
from conftest import CODEBOOK
from fastapi import APIRouter

from coding import reviewers
from coding.page import app as pages
from coding.page.guard import LARGEST, Address
from coding.page.session import TRIES, Lead, Said
from coding.page.shell import View
from coding.study import create_study
from corpus.errors import EvidenceError

JSON = {"content-type": "application/json"}
ALWAYS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Door:
    """Requests as a program sends them that keeps no rule of a browser's."""

    def __init__(self, link):
        self.link, self.secret = link, link.partition("#")[2]
        self.host = urlsplit(link).netloc
        self.port = urlsplit(link).port
        self.origin = f"http://{self.host}"
        self.cookie = {"cookie": f"themis-{self.port}={self.secret}"}

    def ask(self, path, method="GET", body=None, headers=None, **more):
        """Status, headers and body; headers None leaves one of the usual ones out."""
        usual = {"host": self.host, **self.cookie, **({"origin": self.origin, **JSON} if method == "POST" else {})}
        sent = {name: value for name, value in {**usual, **(headers or {})}.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        content = json.dumps(body).encode() if body is not None and not isinstance(body, bytes) else body or b""
        if not more.get("open_end"):
            connection.putheader("content-length", str(len(content)))
        connection.endheaders(content)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
        connection.close()
        return found

    def post(self, path, body=None, **headers):
        return self.ask(path, "POST", {} if body is None else body, headers)


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """One page for all tests that change nothing."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "codebook.yml").write_text(CODEBOOK, encoding="utf-8")
    with served(create_study(folder / "study", folder / "codebook.yml")) as link:
        yield Door(link)


@pytest.fixture
def own_door(study):
    with served(study) as link:
        yield Door(link)


@pytest.mark.parametrize("path", ["/", "/enter", "/api/me", "/nowhere", "/api/nowhere", "/static/0/style.css"])
def test_every_answer_carries_the_policy_and_no_server(door, path):
    for cookie in (door.cookie["cookie"], None):
        _, headers, _ = door.ask(path, headers={"cookie": cookie})
        assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
        assert headers.keys() - ALWAYS.keys() == {"date", "content-length", "content-type"}


def test_static_files_are_kept_by_their_content(door):
    _, _, page = door.ask("/")
    places = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert {place.rpartition(".")[2] for place in places} == {"css", "js", "svg"}
    for place in places:
        status, headers, body = door.ask(place, headers={"cookie": None})
        assert (status, headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", None, "[::1"])
@pytest.mark.parametrize("path", ["/", "/api/me", "/enter", "/static/0/style.css"])
def test_another_name_for_this_place_is_refused(door, path, host):
    host = host and host.format(port=door.port)
    status, headers, body = door.ask(path, headers={"host": host})
    assert status in (400, 421)
    assert "ada" not in body
    assert host is None or "This address is not the review page's" in body
    assert host is None or headers["content-security-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_names_of_this_machine_are_known(door, host):
    host = f"{host}:{door.port}"
    assert door.ask("/api/me", headers={"host": host})[0] == 200
    assert door.post("/api/leave", host=host, origin=f"http://{host}")[0] == 200


def test_a_page_on_the_network_answers_to_numbers_and_its_own_name():
    address = Address.open(80, ["Desk.example"])
    assert all(map(address.answers, ["10.0.0.7", "10.0.0.7:80", "[fe80::1]:80", "desk.example", "localhost:80"]))
    assert not any(map(address.answers, ["evil.example", "10.0.0.7:81", "10.0.0.7.evil.example", "desk.example:x"]))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": None},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "https://{host}"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "http://{host}.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_what_another_page_sends_changes_nothing(door, headers):
    headers = {name: value and value.format(host=door.host) for name, value in headers.items()}
    status, _, body = door.ask("/api/enter", "POST", {"secret": door.secret}, headers)
    assert (status, json.loads(body)) == (403, {"error": "This was sent by another page, and nothing was changed."})


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_asks_is_not_answered(door, site):
    assert door.ask("/api/me", headers={"sec-fetch-site": site})[0] == 403
    assert door.ask("/", headers={"sec-fetch-site": site})[0] == 200  # a link in a letter


@pytest.mark.parametrize("kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_only_json_is_taken(door, kind):
    assert door.ask("/api/enter", "POST", {"secret": door.secret}, {"content-type": kind})[0] == 415
    utf8 = {"content-type": "Application/JSON; charset=utf-8"}
    assert door.ask("/api/enter", "POST", {"secret": door.secret}, utf8)[0] == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "NONSENSE"])
def test_other_methods_do_nothing(door, method):
    for path in ("/api/me", "/nowhere", "/api/enter"):
        status, _, body = door.ask(path, method)
        assert (status, method == "HEAD" or "knows GET and POST only" in body) == (405, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"secret": 5}', 422),
        (b'{"secret": ""}', 422),
        (b'{"secret": "a", "more": 1}', 422),
        (b'{"secret": "' + b"a" * 201 + b'"}', 422),
        (b'{"secret": "\\ud800"}', 422),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"secret": "' + b"a" * LARGEST + b'"}', 413),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(door, body, status):
    found, headers, said = door.ask("/api/enter", "POST", body)
    assert (found, headers["content-type"]) == (status, "application/json")
    assert list(json.loads(said)) == ["error"]
    assert "aaa" not in said


def test_a_body_without_a_length_is_cut_off_when_it_is_too_long(door):
    head = f"POST /api/enter HTTP/1.1\r\nHost: {door.host}\r\nOrigin: {door.origin}\r\n"
    head += "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as line:
        line.sendall(head.encode())
        sent, answer = 0, b""
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        for _ in range(40):
            try:
                line.sendall(chunk)
            except ConnectionError:
                break
            sent += 65536
            line.settimeout(0.05)
            try:
                answer = line.recv(100)
                break
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent <= LARGEST + 3 * 65536


@pytest.mark.parametrize(
    "path",
    [
        "/static/{version}/../app.py",
        "/static/{version}/..%2fapp.py",
        "/static/{version}/%2e%2e/app.py",
        "/static/{version}/....//app.py",
        "/static/{version}//etc/passwd",
        "/static/../../study.db",
        "/static/{version}/style.css%00.js",
        "/static/{version}/",
        "/static/0000000000000000/style.css",
        "/templates/base.html",
        "/../../../etc/passwd",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/<script>alert(1)</script>",
        "/?next=<script>alert(1)</script>",
        "//evil.example/",
    ],
)
def test_no_path_reaches_a_file_or_comes_back(door, path):
    version = re.search(r"/static/(\w+)/", door.ask("/enter")[2])[1]
    status, _, body = door.ask(path.format(version=version))
    assert status == (200 if path.startswith("/?") else 404)
    assert "alert(1)" not in body
    assert "There is no such page." in body or status == 200


def test_a_link_is_handed_in_for_a_cookie_that_scripts_cannot_read(door):
    status, headers, body = door.ask("/api/enter", "POST", {"secret": door.secret}, {"cookie": None})
    assert (status, json.loads(body)) == (200, {"coder": "ada"})
    name, *parts = headers["set-cookie"].split("; ")
    assert name == f"themis-{door.port}={door.secret}"
    assert sorted(parts) == ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=strict"]
    assert json.loads(door.ask("/api/me")[2]) == {"coder": "ada", "lead": True}


def test_the_secret_is_taken_from_nowhere_else(door):
    without = {"cookie": None}
    for path in (f"/?secret={door.secret}", f"/enter?secret={door.secret}", f"/api/me?token={door.secret}"):
        status, headers, body = door.ask(path, headers=without)
        assert (status == 200) is path.startswith("/enter")
        assert "set-cookie" not in headers
        assert door.secret not in body
    assert door.ask("/api/me", headers={**without, "authorization": f"Bearer {door.secret}"})[0] == 401


@pytest.mark.parametrize("value", ["", "wrong", "{secret}x", "%00", "\u00e9"])
def test_a_stranger_sees_nothing(door, value):
    cookie = {"cookie": f"themis-{door.port}={value.format(secret=door.secret)}"}
    for path in ("/", "/api/me"):
        status, _, body = door.ask(path, headers=cookie)
        assert status == 401
        assert "Open the review page by your own link" in body
        assert "Two themes" not in body


def test_wrong_links_have_to_wait_and_are_not_held_against_who_is_in(own_door):
    wrong = [own_door.post("/api/enter", {"secret": f"wrong {number}"})[0] for number in range(TRIES + 3)]
    assert wrong == [401] * TRIES + [429] * 3
    status, headers, body = own_door.post("/api/enter", {"secret": own_door.secret})
    assert (status, 0 < int(headers["retry-after"]) <= 61) == (429, True)
    assert "Too many wrong links: wait" in body
    assert own_door.ask("/api/me")[0] == 200


def test_a_removed_reviewer_is_out_at_once_and_a_renewed_link_is_another(own_door, study):
    anna = Door(link_of(study, "anna", own_door.link))
    assert json.loads(anna.ask("/api/me")[2]) == {"coder": "anna", "lead": False}
    with study.store.database.writing() as connection:
        newer = reviewers.renew(connection, "anna")
    assert anna.ask("/api/me")[0] == 401
    anna = Door(f"{own_door.link.partition('#')[0]}#{newer}")
    assert anna.ask("/api/me")[0] == 200
    with study.store.database.writing() as connection:
        reviewers.remove(connection, "anna")
    assert anna.ask("/api/me")[0] == 401
    assert anna.post("/api/enter", {"secret": newer})[0] == 401


class Leading:
    """A view for those who lead, and routes that go wrong."""

    VIEW = View("/secret-plans", "Plans", "For those who lead.", lead=True, todo=lambda visit: "3 to make")
    router = APIRouter()

    class Words(Said):
        number: float

    @staticmethod
    @router.get("/secret-plans")
    def plans(visit: Lead) -> str:
        return "the plan"

    @staticmethod
    @router.post("/api/wrong/{how}")
    def wrong(how: str, words: Words) -> str:
        if how == "yours":
            raise EvidenceError("<b>that</b> cannot be: do something else")
        raise RuntimeError(f"a mistake with the secret {how}")


@pytest.fixture
def led(study, monkeypatch):
    monkeypatch.setattr(pages, "VIEWS", (*pages.VIEWS, Leading))
    with served(study) as link:
        yield Door(link)


def test_what_leads_see_nobody_else_does(led, study):
    anna = Door(link_of(study, "anna", led.link))
    assert led.ask("/secret-plans")[0] == 200
    assert "Plans" in led.ask("/")[2]
    assert "3 to make" in led.ask("/")[2]
    status, _, body = anna.ask("/secret-plans")
    assert (status, "the plan" in body) == (403, False)
    assert "This is for those who lead the study" in body
    status, _, body = anna.ask("/")
    assert (status, "lans" in body) == (200, False)


def test_an_error_of_yours_is_a_sentence(led):
    status, _, body = led.post("/api/wrong/yours", {"number": 1})
    assert (status, json.loads(body)) == (400, {"error": "<b>that</b> cannot be: do something else."})
    assert led.ask("/api/wrong/yours", "POST", b'{"number": NaN}')[0] == 422


def test_an_error_of_ours_is_a_number_whose_traceback_is_in_the_log_only(led, caplog):
    status, headers, body = led.post("/api/wrong/ours", {"number": 1})
    (number,) = re.findall(r"error ([0-9a-f]{8})\.", json.loads(body)["error"])
    assert (status, headers["content-security-policy"]) == (500, ALWAYS["content-security-policy"])
    assert "secret" not in body
    (record,) = [record for record in caplog.records if record.name == "themis"]
    assert record.getMessage() == f"Error {number} at /api/wrong/ours"
    assert isinstance(record.exc_info[1], RuntimeError)
    assert led.ask("/api/me")[0] == 200


def test_a_faulty_codebook_is_said_by_the_page(own_door, study):
    (study.folder / "codebook.yml").write_text("codes: 5\n", encoding="utf-8")
    status, _, body = own_door.ask("/")
    assert (status, "codebook.yml" in body) == (400, True)


def test_a_title_that_is_html_is_text(study):
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Two themes", "'<script>alert(1)</script>\"&'"), encoding="utf-8")
    with served(study) as link:
        body = Door(link).ask("/")[2]
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body


def test_no_script_of_the_page_reads_html():
    reads = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|ContextualFragment|eval\(")
    scripts = sorted((Path(pages.__file__).parent / "static").glob("*.js"))
    assert len(scripts) > 5
    assert [path.name for path in scripts if reads.search(path.read_text(encoding="utf-8"))] == []


def test_no_template_has_a_script_or_a_style_of_its_own():
    own = re.compile(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|\|\s*safe|javascript:", re.IGNORECASE)
    templates = sorted((Path(pages.__file__).parent / "templates").glob("*.html"))
    assert len(templates) > 3
    assert [path.name for path in templates if own.search(path.read_text(encoding="utf-8"))] == []
