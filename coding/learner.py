"""Learning, searching by meaning and explaining, in the background: whoever serves reviewers need not wait."""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coding.background import Background, Jobs, Work
from coding.pupil import Learned
from coding.study import Study, open_study
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.discovering import Discovered
    from coding.doubts import Doubts, Examples
    from coding.rereading import Outcome
    from coding.why import Why

NICE = 10  # learning gives way to the server
PATIENCE = 30  # seconds that an answer is waited for


class NotYet(EvidenceError):
    """What is asked for is still being made ready."""


@dataclass(frozen=True, slots=True)
class Learning:
    """Where learning stands.

    state: "idle", "learning" or "failed". queue: the number of the one that was last written, None before the first.
    decisions: newest row of the ledger that it knows of. changes: what changed with it. sentence: the state in words.
    """

    state: str
    queue: int | None
    decisions: int
    changes: tuple[str, ...]
    sentence: str


class Learner:
    """Two child processes, one that learns and one that answers, each started when it is first needed.

    opened: gives the study, in the children; it can be pickled. Safe to use from several threads.
    """

    def __init__(self, folder: Path, opened: Callable[[], Study] | None = None) -> None:
        opened = opened or partial(open_study, folder.absolute())
        cache = folder.absolute() / ".themis"
        self._pupil = Background(Work("learning", partial(_lessons, opened), cache / "learner.log", NICE))
        self._finder = Background(Work("searching and explaining", partial(_answers, opened), cache / "finder.log"))
        self._lock = threading.RLock()
        self._asked = 0
        self._known = Learning("idle", None, 0, (), "Nothing has been learned yet since the page was opened.")

    def learn(self) -> None:
        """Learn from what is decided by now, soon; asked again and again meanwhile, it learns once more."""
        with self._lock:
            if self._asked < 2:  # one at work, which may not know the newest, and one that will
                self._asked += 1
                self._pupil.ask("learn").add_done_callback(self._learned)

    def state(self) -> Learning:
        """Where learning stands, at no cost."""
        with self._lock:
            if self._asked:
                return replace(self._known, state="learning", sentence="Learning from the newest decisions.")
            return self._known

    def search(self, text: str, most: int = 50, patience: float = PATIENCE) -> list[tuple[int, float]]:
        """(passage key, cosine) of the live passages nearest in meaning to a text, nearest first.

        The first search loads the encoder. EvidenceError where nothing is embedded, NotYet where it takes over
        `patience` seconds.
        """
        found: list[tuple[int, float]] = self._answer(patience, "search", text, most)
        return found

    def why(self, passage: int, codes: Collection[str], patience: float = PATIENCE) -> "Why":
        """Why these codes are suggested of a passage, by key, as `coding.why` has it, by the model of the queue.

        EvidenceError where nothing was suggested yet, NotYet where it takes over `patience` seconds.
        """
        found: Why = self._answer(patience, "why", passage, codes, True)
        return found

    def discover(self, patience: float = PATIENCE) -> "Discovered":
        """The themes that the codebook has no code for, as `coding.discovering` has them.

        EvidenceError where nothing was suggested yet, NotYet where it takes over `patience` seconds.
        """
        found: Discovered = self._answer(patience, "discover")
        return found

    def doubts(self, patience: float = PATIENCE) -> "tuple[Doubts, Examples, list[Outcome]]":
        """What looks odd, as `coding.rereading.Odd` has it.

        EvidenceError where there are no passages, NotYet where it takes over `patience` seconds.
        """
        found: tuple[Doubts, Examples, list[Outcome]] = self._answer(patience, "doubts")
        return found

    def warm(self) -> None:
        """Make the first search fast: load what it needs, in the background."""
        self._finder.ask("search", " ", 0)

    def close(self) -> None:
        """End both children."""
        self._pupil.close()
        self._finder.close()

    def _answer(self, patience: float, job: str, *given: object) -> Any:
        try:
            return self._finder.ask(job, *given).result(patience)
        except TimeoutError as error:
            raise NotYet("this is still being made ready: try again in a minute") from error

    def _learned(self, future: "Future[Learned]") -> None:
        error = future.exception()
        with self._lock:
            self._asked -= 1
            if error is not None:
                self._known = replace(self._known, state="failed", sentence=f"Learning failed: {error}.")
                return
            done = future.result()
            said = f"Learned: {done.waiting:,} passages are in the queue."
            self._known = Learning("idle", done.queue, done.decisions, done.changes, said)


def _lessons(opened: Callable[[], Study]) -> Jobs:
    from coding.pupil import Pupil

    return {"learn": Pupil(opened()).learn}


def _answers(opened: Callable[[], Study]) -> Jobs:
    from coding.discovering import discover
    from coding.meaning import Finder
    from coding.pupil import again
    from coding.rereading import Odd
    from coding.why import Explainer

    study = opened()
    return {
        "search": Finder(study).search,
        "why": Explainer(study).why,
        "discover": lambda: discover(again(study)),
        "doubts": Odd(study).found,
    }
