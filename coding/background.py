"""A child process that does jobs one after the other, so that a server answers while it works.

It is started when there is something to do, and again after it was lost; it ends when its parent does, however that is.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from coding.ledger import now
from corpus.errors import EvidenceError

Jobs = Mapping[str, Callable[..., Any]]
LOG_BYTES = 1_000_000  # a log that is longer is begun anew
PATIENCE = 2  # seconds that a child has to end by itself
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # read when numpy is first loaded


@dataclass(frozen=True)
class Work:
    """What a child is for.

    name: as in "`name` was lost". start: makes the jobs by name, in the child; it, and what jobs take and give, can be
    pickled. log: file for the account of a child that breaks. nice: how far it stands back for other processes.
    """

    name: str
    start: Callable[[], Jobs]
    log: Path
    nice: int = 0


class Background:
    """One such process at a time."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._lock = threading.Lock()
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        """Of the child, None where there is none."""
        return None if self._child is None or self._child.gone else self._child.pid

    def ask(self, job: str, *given: object) -> "Future[Any]":
        """Put a job to the child, and get what will have its result.

        The future raises EvidenceError with what the job said the user can put right, or where the child was lost.
        """
        with self._lock:
            if self._child is None or self._child.gone:
                self._child = _Child(self.work)
            return self._child.ask(job, given)

    def close(self) -> None:
        """End the child; what it has not done stays undone."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.close()


class _Child:
    """One process from its start to its end, with a thread that listens to it."""

    def __init__(self, work: Work) -> None:
        context = get_context("spawn")
        self.work, self.gone = work, False
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self._process.start()
        theirs.close()
        self.pid = self._process.pid
        self._lock = threading.Lock()
        self._asked: dict[int, Future[Any]] = {}
        self._number = 0
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def ask(self, job: str, given: tuple[object, ...]) -> "Future[Any]":
        future: Future[Any] = Future()
        with self._lock:
            if self.gone:
                future.set_exception(EvidenceError(f"{self.work.name} was lost just now: try again"))
                return future
            self._number += 1
            self._asked[self._number] = future
            with suppress(OSError):  # lost this moment: the listener says so
                self._pipe.send((self._number, job, given))
        return future

    def close(self) -> None:
        with self._lock, suppress(OSError):
            if not self.gone:
                self._pipe.send(None)
        self._listener.join(PATIENCE)
        if self._listener.is_alive():
            self._process.kill()  # what it writes is written whole or not at all
            self._listener.join()

    def _listen(self) -> None:
        """Hand out the answers until the process ends, then tell whoever still waits."""
        with suppress(EOFError, OSError):
            while True:
                number, error, value = self._pipe.recv()
                with self._lock:
                    future = self._asked.pop(number)
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(EvidenceError(error))
        self._process.join()
        ended = self._process.exitcode or 0
        how = f"signal {-ended}" if ended < 0 else f"exit code {ended}"
        with self._lock:
            self.gone = True
            self._pipe.close()
            lost = list(self._asked.values())
        for future in lost:
            said = f"{self.work.name} was lost ({how}) and is started again when it is next needed: see {self.work.log}"
            future.set_exception(EvidenceError(said))


def _serve(pipe: "Connection", work: Work) -> None:
    """The child: an error that the user can put right is an answer; any other ends it, and its traceback is logged."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for name in THREADS:
        os.environ[name] = "1"
    os.nice(work.nice)
    _log_to(work.log)
    jobs: Jobs | None = None
    with suppress(EOFError):
        while request := pipe.recv():
            number, job, given = request
            answer: tuple[int, str | None, Any]
            try:
                jobs = jobs or work.start()
                answer = (number, None, jobs[job](*given))
            except EvidenceError as error:
                answer = (number, str(error), None)
            pipe.send(answer)


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
    os._exit(0)


def _log_to(log: Path) -> None:
    """What goes to standard error, from libraries too, goes to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    anew = log.exists() and log.stat().st_size > LOG_BYTES
    flags = os.O_CREAT | os.O_WRONLY | (os.O_TRUNC if anew else os.O_APPEND)
    file = os.open(log, flags, 0o600)
    os.dup2(file, 2)
    os.close(file)
    sys.stderr.write(f"{now()} process {os.getpid()} begins\n")
