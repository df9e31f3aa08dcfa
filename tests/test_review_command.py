"""`themis review` and `themis reviewers` as they are typed, in processes of their own."""

import http.client
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import Server, served
from click.testing import CliRunner
from fastapi import APIRouter

import cli
from coding.page import app as pages
from coding.page.serve import Listening, _listen, opened
from coding.page.session import Anyone
from coding.study import create_study
from corpus.errors import EvidenceError

ROOT = Path(__file__).parent.parent
LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/enter#([\w-]{43})")


@pytest.fixture
def folder(tmp_path, codebook_file):
    create_study(tmp_path / "study", codebook_file).store.database.close()
    return tmp_path / "study"


def themis(*words, code=0):
    result = CliRunner().invoke(cli.main, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def status(link, path="/api/me"):
    """What the page answers to whoever has this link's secret."""
    place = urlsplit(link)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=10)
    connection.request("GET", path, headers={"cookie": f"themis-{place.port}={place.fragment}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_the_page_is_open_until_it_is_stopped_and_nothing_is_left_undone(folder):
    with Server(folder) as server:
        assert LINK.fullmatch(server.link)
        assert status(server.link) == 200
        said = server.stop()
        assert said.splitlines()[-1] == "Stopped. Everything that was shown as saved is on the disk."
        assert server.process.returncode == 0
    assert (folder / "server.log").read_text() == ""


def test_a_request_under_way_is_answered_before_the_page_closes(study, monkeypatch):
    started = threading.Event()

    class Slow:
        VIEW = None
        router = APIRouter()

        @staticmethod
        @router.get("/api/slow")
        def slow(visit: Anyone) -> str:
            started.set()
            time.sleep(0.7)
            return "done"

    monkeypatch.setattr(pages, "VIEWS", (*pages.VIEWS, Slow))
    with ThreadPoolExecutor() as pool:
        with served(study) as link:
            answer = pool.submit(status, link, "/api/slow")
            assert started.wait(10)
        assert answer.result() == 200
        with pytest.raises(OSError, match="refused"):
            status(link)


def test_a_server_that_was_killed_comes_back_at_its_place_with_its_links(folder):
    with Server(folder) as server:
        anna = LINK.search(themis("reviewers", "add", "anna", "--study", folder))[0].partition("#")[2]
        anna = f"{server.link.partition('#')[0]}#{anna}"
        before = server.link
        server.kill()
        with pytest.raises(OSError, match="refused"):
            status(before)
        server.start()
        assert server.link == before
        assert [status(before), status(anna)] == [200, 200]


def test_a_port_that_is_taken_is_passed_over_and_said(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Server(folder, port=port) as server:
            assert urlsplit(server.link).port in range(port + 1, port + 20)
            assert f"Port {port} is taken, so it is {urlsplit(server.link).port}." in server.said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.0.0.1.example.org"])
def test_the_network_is_not_reached_by_mistake(study, host):
    unencrypted = (
        f"^--host {host} would open the study to the network, unencrypted: add --allow-network if you want that$"
    )
    with pytest.raises(EvidenceError, match=unencrypted), opened(study, "ada", Listening(host=host, port=0)):
        pass


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "no port from 8765 to 8784 on 192.0.2.1 can be had"),
        ("no.such.invalid", "--host no.such.invalid is no address of this machine: give one, or leave it out"),
    ],
)
def test_an_address_that_cannot_be_had_is_said(study, host, said):
    with pytest.raises(EvidenceError, match=said), opened(study, "ada", Listening(host=host, network=True)):
        pass


def test_small_answers_do_not_wait_for_an_acknowledgement():
    with _listen("127.0.0.1", 0) as listener:  # asyncio sets TCP_NODELAY on what it knows to be TCP: 40 ms an answer
        assert listener.proto == socket.IPPROTO_TCP


def test_a_page_for_the_network_says_what_that_means(folder):
    with Server(folder, "--host", "0.0.0.0", "--allow-network") as server:
        assert (
            "Open to the network, unencrypted: whoever can listen in can read the study and the links." in server.said
        )
        local = f"http://127.0.0.1:{urlsplit(server.link).port}/enter#{urlsplit(server.link).fragment}"
        assert status(local) == 200


def test_a_study_that_cannot_be_written_is_said_in_a_sentence(folder):
    words = ["review", "--study", str(folder), "--no-browser", "--no-code", "--coder", "ada"]
    code = f"""
import sqlite3, sys, cli, corpus.database
corpus.database.PATIENCE = 0.1
other = sqlite3.connect({str(folder / "study.db")!r}, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
cli.main({words!r})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "another program is using it, so close that one or wait, and try again" in done.stderr
    assert done.stderr.count("\n") == 1


def test_nothing_to_suggest_from_is_said_before_the_page_opens(folder):
    said = themis("review", "--study", folder, "--no-browser", code=1)
    assert said.strip() == "Error: the study has no passages yet: add transcripts with `themis add FILES`"


def test_who_is_logged_in_nowhere_says_a_name(folder, monkeypatch):
    import getpass

    def nobody():
        raise OSError("No username set in the environment")

    monkeypatch.setattr(getpass, "getuser", nobody)
    said = themis("review", "--study", folder, "--no-browser", "--no-code", code=1)
    assert said == "Error: nobody is logged in here by name: say who you are with --coder NAME\n"


def test_reviewers_are_added_listed_renewed_and_removed(folder):
    at = ("--study", folder)
    assert themis("reviewers", "list", *at) == "There are no reviewers yet: `themis reviewers add NAME` adds one.\n"
    added = themis("reviewers", "add", "anna", *at)
    assert added.startswith(
        "The link of anna, to be opened while `themis review` runs:\n  http://127.0.0.1:8765/enter#"
    )
    themis("reviewers", "add", "Ben Jones", "--lead", *at)
    rows = [line.split() for line in themis("reviewers", "list", *at).splitlines()[2:]]
    assert [row[:-1] for row in rows] == [["anna"], ["Ben", "Jones", "yes"]]
    renewed = themis("reviewers", "link", "Anna", *at)
    assert LINK.search(renewed)[2] != LINK.search(added)[2]
    assert themis("reviewers", "remove", "anna", *at).startswith("Removed anna: their link opens nothing now")
    assert "there is no reviewer 'anna': there are Ben Jones" in themis("reviewers", "remove", "anna", *at, code=1)
