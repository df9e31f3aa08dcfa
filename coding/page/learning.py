"""Learning as people decide: asked for by the batch, in the background, and never waited for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Lock
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.requests import Request

from coding.learner import Learner
from coding.study import Study

BATCH = 20  # readings, of all coders together, after which the machine learns


class Lessons:
    """Counts what is saved, and asks the learner when it is time."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self._saved = 0
        self._begun = False
        self._lock = Lock()

    def begin(self, fresh: bool) -> None:
        """Called where the queue is opened. fresh: there are suggestions and no queue yet, so it is to be made now."""
        with self._lock:
            first, self._begun = not self._begun, True
        if first and fresh:
            self.learner.learn()

    def saved(self) -> None:
        """Called for each reading that is on disk."""
        with self._lock:
            self._saved += 1
            due = self._saved % BATCH == 0
        if due:
            self.learner.learn()


@asynccontextmanager
async def lessons(app: FastAPI) -> AsyncIterator[None]:
    """The application's learner, from the start of the server to its end."""
    study: Study = app.state.study
    learner = Learner(study.folder)
    app.state.lessons = Lessons(learner)
    try:
        yield
    finally:
        learner.close()


def of_request(request: Request) -> Lessons:
    """The lessons of the application that was asked."""
    found: Lessons = request.app.state.lessons
    return found


AtLessons = Annotated[Lessons, Depends(of_request)]
