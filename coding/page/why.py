"""Why the codes of a passage are suggested, in full: worked out when somebody asks, in another process."""

from dataclasses import asdict
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from coding.learner import NotYet
from coding.page.code import AtDesk, Number
from coding.page.learning import AtLessons
from coding.page.session import Anyone

if TYPE_CHECKING:
    from coding.reasons import Reasons

VIEW = None
router = APIRouter()

PATIENCE = 4.0  # seconds; then the page asks again by itself
LEAST = 0.05  # of all that pulls at a score: what is less is not named

_asking = BoundedSemaphore(2)  # who waits leaves threads for those who save


@router.get("/api/code/why")
def why(visit: Anyone, desk: AtDesk, lessons: AtLessons, passage: Number) -> dict[str, Any]:
    """The reasons of each code that the card in the review queue has a hint of; null while they are worked out.

    No number is told: it could be taken for a probability.
    """
    hints = desk.card(desk.sitting(visit.coder), passage).hints or ()
    if not _asking.acquire(blocking=False):
        return {"codes": None}
    try:
        found = lessons.learner.why(passage, [hint.code for hint in hints], PATIENCE)
    except NotYet:
        return {"codes": None}
    finally:
        _asking.release()
    return {"codes": [_shown(one) for one in found.codes]}


def _shown(one: "Reasons") -> dict[str, Any]:
    """What is nearest and what moved the score, without numbers: the most first."""
    pulls = sorted(((adds, name) for name, adds in one.parts if name != "start"), key=lambda pull: -abs(pull[0]))
    whole = sum(abs(adds) for adds, _ in pulls)
    return {
        "code": one.code,
        "yes": [asdict(like) for like in one.like_yes],
        "no": [asdict(like) for like in one.like_no],
        "for": [asdict(line) for line in one.like_for],
        "against": [asdict(line) for line in one.like_against],
        "words": [term for term, _ in one.words_for],
        "others": [term for term, _ in one.words_against],
        "pulls": [{"part": name, "up": adds > 0} for adds, name in pulls if abs(adds) > LEAST * whole],
    }
