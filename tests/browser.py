"""A real browser and a real server for what is tested of the review page.

browser: chromium, one for all tests. visit(link): a page of its own session, opened by a reviewer's link; the test
fails for an error that its scripts or its policy report. served(study): the page of a study in this process, with its
encoder. Server(folder): the same as `themis review` in a process of its own, to be killed. clean(page): what axe finds.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from coding import reviewers
from coding.page.serve import Listening, opened
from coding.study import Study

ROOT = Path(__file__).parent.parent
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        reason = "there is no chromium here: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    sandbox = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=sandbox)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser) -> Iterator[Callable[..., Page]]:
    """visit(link, **context): a page in a session of its own; context as new_context takes it.

    It is past the link, unless `enters` is False.
    """
    contexts, errors = [], []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    def open_page(link: str, enters: bool = True, **context) -> Page:
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(link)
        if enters:
            page.wait_for_url(lambda url: not url.partition("#")[0].endswith("/enter"))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@contextmanager
def served(study: Study, coder: str = "ada") -> Iterator[str]:
    """The link of the one who leads, while this process serves the study."""
    with opened(study, coder, Listening(port=0, browser=False)) as (place, run, stop):
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield place.link
        finally:
            stop()
            thread.join()


def link_of(study: Study, name: str, beside: str, lead: bool = False) -> str:
    """The link of a new reviewer, at the place where the link `beside` leads."""
    with study.store.database.writing() as connection:
        return f"{beside.partition('#')[0]}#{reviewers.add(connection, name, lead)}"


class Server:
    """`themis review` in a process of its own; `link` is the owner's, `said` what it printed, `log` its stderr."""

    def __init__(self, folder: Path, *options: str, port: int = 0) -> None:
        self._folder, self._options, self._port = folder, options, port
        self.start()

    def start(self) -> None:
        """Start it, at the port it had before."""
        words = ["review", "--study", self._folder, "--port", self._port, "--coder", "ada", "--no-browser", "--no-code"]
        self._log = open(self._folder / "server.log", "a+", encoding="utf-8")  # noqa: SIM115
        command = [sys.executable, "-m", "cli", *map(str, words), *self._options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True)
        self.said = ""
        while "Ctrl-C" not in self.said and (line := self.process.stdout.readline()):
            self.said += line
        assert "/enter#" in self.said, self.log
        self.link = next(line.strip() for line in self.said.splitlines() if "/enter#" in line)
        self._port = int(self.link.split(":")[2].partition("/")[0])

    @property
    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def kill(self) -> None:
        """As a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> str:
        """As Ctrl-C does; what it said last."""
        return self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> str:
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=40)
        self._log.close()
        return said

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


def clean(page: Page) -> list[str]:
    """What axe finds wrong in this page, each with the elements."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in found]


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
