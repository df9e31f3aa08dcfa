"""The story of accepting without reading: propose, read an audit of it blind, accept what the audit shows to hold."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from coding import accepted, certify, drawing, draws, frames, ledger, suggestions, versions
from coding.accepted import Proposal
from coding.certify import Cut
from coding.draws import DRAWN
from coding.study import Study
from corpus.database import Connection, select
from corpus.errors import EvidenceError

SIZE = 100  # passages of an audit when nothing is said
PROMISE = (0.9, 0.9)  # precision, confidence

PROPOSED, WAITING, ACCEPTED, NONE, WITHDRAWN, CLOSED = "proposed", "waiting", "accepted", "none", "withdrawn", "closed"


@dataclass(frozen=True, slots=True)
class State:
    """Where a proposal stands. what: PROPOSED (just now), WAITING, ACCEPTED, NONE (no set passed), WITHDRAWN or CLOSED.

    read, total: of its audit. unread: passages that hold the code unread by it now. stale: the code means another thing
    now. encoder: the one that ranked, where suggestions come from another one now; None otherwise. Only when it was
    just proposed or tested, suggested: passages that are suggested for the code and nobody decided it on; tested: the
    sets; silent: drawn passages without an answer for the code, which count as errors.
    """

    proposal: Proposal
    what: str
    read: int
    total: int
    unread: int = 0
    suggested: int = 0
    tested: tuple[Cut, ...] = ()
    silent: int = 0
    stale: bool = False
    encoder: str | None = None

    @property
    def best(self) -> Cut | None:
        """The largest set that passed, when they were just tested."""
        return certify.largest(self.tested)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a proposal; None for as usual: 0.9, 0.9 and 100 passages. coders: who reads it, () = anybody."""

    precision: float | None = None
    confidence: float | None = None
    size: int | None = None
    coders: Sequence[str] = ()

    @property
    def promise(self) -> tuple[float, float]:
        """Precision and confidence."""
        return self.precision or PROMISE[0], self.confidence or PROMISE[1]


def accept(study: Study, code: str, wanted: Wanted | None = None) -> State:
    """Go on with accepting what is suggested for a code (its id or name): propose, wait, or test what was read.

    The first time an audit is drawn from the likeliest passages, and sets of them are fixed. Once it is read to the
    end, the largest set that passes is accepted, and the same is said from then on.
    EvidenceError where suggestions are not of today's study or too few, another promise was made for the open proposal,
    the code means another thing than it did then, or too many attempts were made.
    """
    id, wanted = study.codebook.find(code), wanted or Wanted()
    with study.store.database.writing() as connection:
        made = accepted.proposals(connection, id)
        if held := [one for one in made if one.holds]:
            return _state(study, connection, held[-1])
        if waiting := [one for one in made if one.open]:
            return _go_on(study, connection, waiting, wanted)
        return _propose(study, connection, id, wanted)


def undo(study: Study, code: str) -> tuple[list[Proposal], int]:
    """Take back all that is accepted unread for a code, also one that the codebook no longer has: (what, passages).

    EvidenceError where nothing is.
    """
    with study.store.database.writing() as connection:
        known = {one.code for one in accepted.proposals(connection)}
        id = code if code in known else study.codebook.find(code)
        passages = accepted.unread(connection, id).get(id, set())
        return accepted.withdraw(connection, id), len(passages)


def listed(study: Study, code: str | None = None) -> list[State]:
    """Every proposal, oldest first; code: of this one alone."""
    id = study.codebook.find(code) if code else None
    with study.store.database.reading() as connection:
        return [_state(study, connection, one) for one in accepted.proposals(connection, id)]


def _propose(study: Study, connection: Connection, code: str, wanted: Wanted) -> State:
    precision, confidence = wanted.promise
    if not (0 < precision < 1 and 0 < confidence < 1):
        raise EvidenceError(f"a precision and a confidence are shares like 0.9, not {precision:g} and {confidence:g}")
    attempt = 1 + max([one.attempt for one in accepted.proposals(connection, code)], default=0)
    if attempt > accepted.ATTEMPTS:
        raise EvidenceError(f"{attempt - 1} attempts were made for {code}, and no doubt is left to share: read them")
    at = certify.of_attempt(confidence, attempt)
    ranked = candidates(study, connection, code)
    size = wanted.size or SIZE
    cuts = certify.cuts(len(ranked), size, precision, at)
    if not cuts or size >= cuts[-1]:
        raise _too_few(code, ranked, size, lambda n: certify.cuts(len(ranked), n, precision, at))
    run = suggestions.shown(connection)
    by = frames.Frame(frames.keys(sorted(ranked)), scored=run.finished, encoder=run.basis.encoder)
    source = drawing.Source(ranked[: cuts[-1]], scored=by)
    draw = drawing.draw_suggested(study, connection, code, source, size, wanted.coders)
    accepted.propose(connection, draw.id, (precision, confidence), attempt, cuts)
    (made,) = [one for one in accepted.proposals(connection, code) if one.draw == draw.id]
    return State(made, PROPOSED, 0, draw.size, suggested=len(ranked))


def candidates(study: Study, connection: Connection, code: str) -> list[int]:
    """Live passages that the newest run suggests for a code, on which nobody decided it, the likeliest first.

    Without those that an open draw is to be read of. EvidenceError where the suggestions are not of today's study.
    """
    run = suggestions.shown(connection)
    if old := suggestions.stale(connection, run, study.codebook):
        raise EvidenceError(f"{old[0].lower()}{old[1:-1]} first, then accept")
    gone = _known(study, connection, code) | draws.awaited(connection)
    found = [s for s in suggestions.suggested(connection, run.id) if s.code == code and s.passage not in gone]
    return [s.passage for s in sorted(found, key=lambda s: (-s.score, s.passage))]


def _too_few(code: str, ranked: list[int], size: int, cuts: Callable[[int], Sequence[int]]) -> EvidenceError:
    """Why nothing can be proposed: reading all is quicker, or more must be read."""
    enough = bisect_left(range(len(ranked)), True, key=lambda n: bool(cuts(n)))
    worth = enough < max(cuts(enough), default=0)
    if not ranked:
        return EvidenceError(f"nothing that is suggested for {code} is undecided, so there is nothing to accept")
    told = f"{len(ranked):,} undecided passages are suggested for {code}, and an audit of {size:,}"
    if size >= enough or not worth:
        other = f", or give --n {enough:,} or more" if worth and size > enough else ""
        return EvidenceError(f"{told} leaves nothing of them unread: reading them all is quicker{other}")
    return EvidenceError(f"{told} is too small to show this, even without an error: give --n {enough:,} or more")


def _go_on(study: Study, connection: Connection, waiting: list[Proposal], wanted: Wanted) -> State:
    """Test the first proposal that is read to the end, or say how far they are."""
    states = [_state(study, connection, one) for one in waiting]
    state = next((one for one in states if one.read == one.total), states[0])
    one = state.proposal
    for asked, was in ((wanted.precision, one.precision), (wanted.confidence, one.confidence)):
        if asked not in (None, was):
            raise EvidenceError(
                f"draw {one.draw} is to show a precision of {one.precision:g} with confidence {one.confidence:g}, and "
                f"not another: leave the options out, or give it up with `themis audit --close {one.draw}`"
            )
    if state.stale:
        raise EvidenceError(
            f"{one.code} means another thing now than when draw {one.draw} was made: give it up with "
            f"`themis audit --close {one.draw}`, and `themis accept {one.code}` proposes anew"
        )
    if state.read < state.total:
        return state
    answers = _answers(study, connection, one)
    tested = _test(connection, one, {passage for passage, yes in answers.items() if yes})
    best = certify.largest(tested)
    accepted.accept(connection, one.draw, best.size if best else 0)
    (now,) = [known for known in accepted.proposals(connection, one.code) if known.draw == one.draw]
    left, silent = _undecided(study, connection, one.code), len(_drawn(connection, one)) - len(answers)
    return replace(_state(study, connection, now), suggested=left, tested=tuple(tested), silent=silent)


def _test(connection: Connection, one: Proposal, right: set[int]) -> list[Cut]:
    """The exact test of a proposal's sets as they were drawn. right: drawn passages that were read as yes.

    All else counts as an error: no, differing answers, and none at all, as where a document was removed before it was
    read. What was read stays in the test whatever became of its document, for whoever removes what was found wrong
    has made nothing better.
    """
    frame = frames.frame(connection, one.draw)
    ranks = {key: rank for rank, key in enumerate(frame.passages.tolist())} if frame else {}
    drawn, size = _drawn(connection, one), draws.find(connection, one.draw).size
    if len(ranks) != one.cuts[-1] or len(drawn) != size or not drawn <= ranks.keys():
        raise EvidenceError(f"the record of draw {one.draw} was changed by another program: restore a copy of study.db")
    places = sorted(ranks[key] for key in drawn)
    wrong = [key not in right for key in sorted(drawn, key=ranks.__getitem__)]
    at = certify.of_attempt(one.confidence, one.attempt)
    return certify.accepted(one.cuts, places, wrong, one.precision, at)


def _answers(study: Study, connection: Connection, one: Proposal) -> dict[int, bool]:
    """Of each drawn passage whether all who read it in the draw said yes, by what the code meant when it was drawn.

    A yes for a nested code is one for those above it, of which the same reader said nothing.
    """
    then = versions.meanings(connection)
    said: dict[tuple[int, str], bool] = {}
    implied: set[tuple[int, str]] = set()
    for row in ledger.of_passages(connection, sorted(_drawn(connection, one)), one.draw):
        if then[row.codebook].get(row.code) != then[one.codebook].get(row.code):
            continue
        if row.code == one.code:
            said[row.passage, row.coder] = bool(row.value)
        elif row.value and row.code in study.codebook.below(one.code):
            implied.add((row.passage, row.coder))
    found: dict[int, bool] = {}
    for (passage, _), yes in (dict.fromkeys(implied, True) | said).items():
        found[passage] = yes and found.get(passage, True)
    return found


def _drawn(connection: Connection, one: Proposal) -> set[int]:
    """All that was drawn, also what is not live any more."""
    return set(connection.execute(select(DRAWN.c.passage).where(DRAWN.c.draw == one.draw)).scalars())


def _known(study: Study, connection: Connection, code: str) -> set[int]:
    """Passages that somebody decided a code on."""
    return {passage for passage, values in ledger.agreed(connection, study.codebook) if code in values}


def _undecided(study: Study, connection: Connection, code: str) -> int:
    """How many passages are suggested for a code and undecided, by the newest run, whatever it knows of today."""
    run, known = suggestions.shown(connection), _known(study, connection, code)
    return sum(s.code == code and s.passage not in known for s in suggestions.suggested(connection, run.id))


def _state(study: Study, connection: Connection, one: Proposal) -> State:
    what = CLOSED if one.closed and not one.accepted else WITHDRAWN if one.withdrawn else WAITING
    if one.accepted and not one.withdrawn:
        what = ACCEPTED if one.size else NONE
    draw = draws.find(connection, one.draw)
    held = [keys for known, keys in accepted.standing(connection, one.code) if known.draw == one.draw]
    frame, run = frames.frame(connection, one.draw), suggestions.latest(connection)
    other = bool(run and frame and frame.encoder and frame.encoder != run.basis.encoder)
    return State(
        proposal=one,
        what=what,
        read=draws.progress(connection, draw)[0],
        total=draws.progress(connection, draw)[1],
        unread=sum(map(len, held)),
        stale=one.draw in accepted.stale(connection, study.codebook),
        encoder=frame.encoder if other and frame else None,
    )
