"""The review page under load: ten scripted reviewers on a study of 200,000 passages and 100,000 decisions.

    python -m benchmarks.page [--folder FOLDER] [--seconds 60] [--pause 1.0] [--only paced,learning,looking,flat]

Six review, two audit, two code the same passages, each with `pause` seconds between readings on average: far faster
than people. paced: nothing else goes on. learning: the machine learns all the time, as after each batch. looking: and
somebody leafs through the other views. flat: no pauses. The server is `themis review`, a process of its own.
--folder: where the study is kept for the next time, since making it takes minutes.
"""

import argparse
import http.client
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.large import DAY, PEOPLE, made
from coding import reviewers
from coding.page.serve import LINKS
from coding.study import Study, open_study
from tests.reviewing import Reviewer

ROOT = Path(__file__).parent.parent
MODES = ["review"] * 6 + ["audit"] * 2 + ["double"] * 2
START = "import coding.page.learning as learning, cli; learning.BATCH = {batch}; cli.main({words})"
NEVER = 10**9
LOOKS = {  # what else there is to see, by name
    "start": "/",
    "first page": "/review",
    "documents": "/documents",
    f"document of {40 * DAY:,} words": "/documents/7?all=true",
    "search by words": "/search?q=",
    "progress": "/progress",
    "counts": "/counts",
    "counts by document": "/counts?unit=document",
    "disagreements": "/disagreements",
    "disagreements, listed": "/api/disagreements",
    "codebook": "/codebook",
    "agreement": "/agreement",
}


@dataclass
class Timed(Reviewer):
    """A reviewer who also notes how long each kind of request took, and reloads the page now and then."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        began = time.perf_counter()
        answer = super().ask(path, body)
        kind = path.partition("?")[0].rpartition("/")[2]
        self.taken.setdefault("save and next" if kind == "save" else kind, []).append(time.perf_counter() - began)
        return answer

    def _step(self, card: dict[str, Any]) -> dict[str, Any] | None:
        following = super()._step(card)
        if following and self._chance.random() < 0.3:
            return self.ask(f"/api/code/next?mode={self.mode}")[1].get("card")
        return following

    def work(self, over: threading.Event, pause: float = 0.0) -> None:
        super().work(over, pause)
        if self.mode != "review":  # all of the draw is read
            self.mode, self.pile = "review", []
            super().work(over, pause)


class Visitor:
    """One who leads, with a connection of their own, as a browser's."""

    def __init__(self, link: str) -> None:
        self.link = link
        place = http.client.urlsplit(link)
        self._port, self._headers = place.port, {"cookie": f"themis-{place.port}={place.fragment}"}
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)

    def look(self, path: str) -> tuple[float, bytes]:
        """Seconds, and what came."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            print(f"{path}: {answer.status} {content[:200]!r}")
        return time.perf_counter() - began, content

    def first_page(self) -> float:
        """Seconds for the page, what it links to, and the first card."""
        seconds, page = self.look("/review")
        files = {part.split('"')[0] for part in page.decode().split('="') if part.startswith("/static/")}
        version = next(iter(files)).split("/")[2]
        files |= {f"/static/{version}/{path.name}" for path in (ROOT / "coding/page/static").glob("*.js")}
        return seconds + sum(self.look(path)[0] for path in [*sorted(files), "/api/code/next?mode=review"])


@contextmanager
def server(folder: Path, batch: int) -> Iterator[tuple[Visitor, int]]:
    """The page of the study, and the process that serves it; batch: readings after which it learns."""
    words = ["review", "--study", str(folder), "--port", "0", "--coder", "lead", "--no-browser", "--no-code"]
    began = time.perf_counter()
    with open(folder / "server.log", "ab") as log:
        command = [sys.executable, "-c", START.format(batch=batch, words=words)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout
        link = next(line.strip() for line in process.stdout if "/enter#" in line)
        print(f"server up after {time.perf_counter() - began:.2f} s")
        yield Visitor(link), process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def told(name: str, times: list[float]) -> None:
    if times:
        p50, p95 = statistics.median(times), sorted(times)[int(0.95 * len(times))]
        print(
            f"  {name:28} {len(times):6,} x  p50 {p50 * 1e3:7.1f}  p95 {p95 * 1e3:7.1f}  max {max(times) * 1e3:7.1f} ms"
        )


def processor(pid: int) -> float:
    """Seconds of the processor that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reviewing(study: Study, lead: Visitor, pid: int, seconds: float, pause: float, looks: bool) -> None:
    """Ten reviewers for so long, and what each kind of request took."""
    people = []
    for name, mode in zip(PEOPLE, MODES, strict=True):
        with study.store.database.writing() as connection:
            known = {one.name for one in reviewers.listed(connection)}
            secret = reviewers.renew(connection, name) if name in known else reviewers.add(connection, name)
        link = f"{lead.link.partition('#')[0]}#{secret}"
        people.append(Timed(name, link, mode, random.randrange(2**32), study.codebook))
    over = threading.Event()
    threads = [threading.Thread(target=one.work, args=(over, pause)) for one in people]
    before = processor(pid)
    for thread in threads:
        thread.start()
        time.sleep(pause / len(threads))  # people do not come in one instant
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if looks:
            lead.look(random.choice(views(random.random()))[1])
        time.sleep(min(2.0, left))
    over.set()
    for thread in threads:
        thread.join()
    kinds = sorted({kind for one in people for kind in one.taken})
    for kind in kinds:
        told(kind, [taken for one in people for taken in one.taken.get(kind, [])])
    saved = sum(len(one.waits) for one in people)
    each = (processor(pid) - before) / max(saved, 1)
    print(f"  {saved:,} readings saved, {saved / seconds:.0f} a second, {each * 1e3:.0f} ms of the processor for each")
    for trouble in [error for one in people for error in one.errors]:
        print(f"  trouble: {trouble[:200]}")


def views(chance: float) -> list[tuple[str, str]]:
    """Name and path of each view; the word to look for is another each time."""
    words = ("ba", "me", "to", "sa", "lu", "ri")
    return [(name, path + words[int(chance * len(words))] * path.endswith("=")) for name, path in LOOKS.items()]


def floor(folder: Path) -> None:
    """What a transaction of twelve rows takes on this disk, with nothing around it."""
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.executescript("pragma journal_mode=wal; pragma synchronous=full; create table t (a, b, c)")
    taken = []
    for number in range(300):
        began = time.perf_counter()
        connection.execute("begin immediate")
        connection.executemany("insert into t values (?, ?, ?)", [(number, "text", 0.5)] * 12)
        connection.execute("commit")
        taken.append(time.perf_counter() - began)
    connection.close()
    told("a transaction on this disk", taken)


def memory(pid: int) -> None:
    """The most that the server and its children have held so far."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")  # a child belongs to the thread that began it
    children = [child for task in tasks for child in task.read_text().split()]
    for one in [str(pid), *children]:
        try:
            peak = next(line for line in Path(f"/proc/{one}/status").read_text().splitlines() if "VmHWM" in line)
        except (OSError, StopIteration):
            continue
        print(
            f"  peak memory of {'the server' if one == str(pid) else 'a child'}: {int(peak.split()[1]) / 1024:.0f} MB"
        )


@contextmanager
def copied(folder: Path) -> Iterator[Study]:
    """The study to be written to, beside the one that is kept."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        copy = Path(scratch) / "study"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("vectors", LINKS, "server.log"))
        (copy / ".themis" / "vectors").symlink_to(folder.absolute() / ".themis" / "vectors")
        yield open_study(copy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--passages", type=int, default=200_000)
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=1.0)
    parser.add_argument("--only", default="views,paced,learning,looking,flat")
    given = parser.parse_args()
    wanted = given.only.split(",")
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary) / "study"
        made(folder, given.passages, given.decisions)
        print(f"load {os.getloadavg()}, {os.cpu_count()} processors")
        floor(Path(temporary))
        for batch, names in ((NEVER, ("views", "paced", "flat")), (20, ("learning", "looking"))):
            if not set(names) & set(wanted):
                continue
            with copied(folder) as study, server(study.folder, batch) as (lead, pid):
                told("first page, cold", [lead.first_page()])
                told("first page, warm", [lead.first_page() for _ in range(20)])
                for name in (name for name in names if name in wanted):
                    print(f"{name}, load {os.getloadavg()[0]:.1f}:")
                    if name == "views":
                        for view, _ in LOOKS.items():
                            told(view, [lead.look(dict(views(turn / 5))[view])[0] for turn in range(5)])
                    else:
                        seconds = min(given.seconds, 20) if name == "flat" else given.seconds
                        reviewing(study, lead, pid, seconds, 0 if name == "flat" else given.pause, name == "looking")
                    memory(pid)


if __name__ == "__main__":
    main()
