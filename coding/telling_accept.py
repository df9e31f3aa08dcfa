"""What the shell says of accepting without reading."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from coding.telling import Telling
from coding.telling_review import of_strangers

if TYPE_CHECKING:
    from coding.accepted import Proposal
    from coding.accepting import State


def of_state(state: "State", name: str, new: Sequence[str] = ()) -> Telling:
    """Where a proposal stands, and what to do next. name: of its code. new: coders that nobody here had until now."""
    if state.what == "proposed":
        return _proposed(state, name, new)
    if state.what == "waiting":
        left = state.total - state.read
        told = f"Draw {state.proposal.draw} is not read to the end: {left:,} of its {state.total:,} passages to go. "
        return Telling(before=[f"{told}Nothing is tested before.", _read(state.proposal)])
    rows = [
        (
            f"{cut.size:,}",
            f"{cut.audited:,}",
            f"{cut.errors:,}",
            "passed" if cut.passed else "did not pass" if cut.tested else "not tested",
        )
        for cut in state.tested
    ]
    after = _accepted(state, name) if state.what == "accepted" else _none(state, name)
    if not rows:
        return Telling(before=after)
    columns, numbers = ("The likeliest", "Audited", "Not so", "Test"), frozenset({"The likeliest", "Audited", "Not so"})
    return Telling((), f"“{name}”, draw {state.proposal.draw}", columns, rows, numbers, after)


def of_list(states: "Sequence[State]") -> Telling:
    """Every proposal with its state."""
    columns = ("Draw", "Code", "Precision", "Confidence", "Attempt", "State", "When")
    rows = [
        (
            str(one.draw),
            one.code,
            f"{one.precision:g}",
            f"{one.confidence:g}",
            str(one.attempt),
            _what(state),
            (one.withdrawn or one.accepted or one.closed or "")[:10],
        )
        for state in states
        for one in [state.proposal]
    ]
    if not rows:
        return Telling(before=["Nothing was proposed to be accepted unread yet: themis accept CODE"])
    after = [line for state in states if state.what in ("waiting", "accepted") for line in _stale(state)]
    return Telling((), "To be accepted unread", columns, rows, frozenset({"Precision", "Confidence", "Attempt"}), after)


def of_certificates(states: "Sequence[State]") -> Telling:
    """What is accepted unread now rests on this."""
    held = [state for state in states if state.what == "accepted"]
    told = [f"Accepted unread, not decided: {certificate(state.proposal)}." for state in held]
    return Telling(before=[*told, *(line for state in held for line in _stale(state))])


def of_undone(code: str, name: str, done: "Sequence[Proposal]", passages: int) -> Telling:
    """What was taken back."""
    held = ", ".join(f"draw {one.draw}" for one in done)
    told = f"Taken back: {passages:,} passages hold “{name}” unread no more ({held}). Decisions stay what they are."
    return Telling(before=[told], after=[f"Next: themis quotes {code} --suggested; themis accept {code}"])


def certificate(one: "Proposal") -> str:
    """What an accepted proposal promises, in a clause."""
    return (
        f"at least {_percent(one.precision)} of the {one.size:,} likeliest hold it, with {_percent(one.confidence)} "
        f"confidence (draw {one.draw}, {(one.accepted or '')[:10]})"
    )


def _proposed(state: "State", name: str, new: Sequence[str]) -> Telling:
    one, largest = state.proposal, state.proposal.cuts[-1]
    sets = ", ".join(f"{cut:,}" for cut in one.cuts)
    told = [
        f"Draw {one.draw}: {state.total:,} of the {largest:,} passages likeliest to hold “{name}”, at random, of "
        f"{state.suggested:,} that are suggested and nobody has decided.",
        f"When they are read, the largest of these sets that passes is accepted: the {sets} likeliest. It passes where "
        f"at least {_percent(one.precision)} of it are shown to hold the code, with {_percent(one.confidence)} "
        "confidence.",
        f"Up to {largest - state.total:,} passages can so be accepted without anybody having read them.",
    ]
    if one.attempt > 1:
        told.append(
            f"This is attempt {one.attempt}: it may use 1/{2**one.attempt} of the doubt, so that trying again makes "
            "nothing true."
        )
    return Telling(before=[*told, *of_strangers(one.draw, new)], after=[_read(one)])


def _accepted(state: "State", name: str) -> list[str]:
    one, best = state.proposal, state.best
    told = [f"Accepted unread: “{name}” in {state.unread:,} passages that nobody has decided; {certificate(one)}."]
    told += _found(state)
    if best and not state.silent:
        wrong = floor(best.size * (1 - Fraction(str(one.precision)))) - best.errors
        others = f"Of the {best.size - best.audited:,} of them that were not audited"
        told.append(f"{others} at most {max(0, wrong):,} do not hold it, with the same confidence.")
    told.append("These are no decisions: they train nothing, count as read nowhere, and end where somebody decides.")
    told += _stale(state)
    return [*told, f"themis quotes {one.code} --accepted shows them; themis accept {one.code} --undo takes them back."]


def _none(state: "State", name: str) -> list[str]:
    one, code = state.proposal, state.proposal.code
    return [
        f"None of the sets passed: nothing is accepted for “{name}”.",
        *_found(state),
        f"Read what is suggested and undecided instead, {state.suggested:,} passages: themis review, or themis quotes "
        f"{code} --suggested.",
        f"Another try is a new draw, with half of the doubt that this one had: themis accept {code} (attempt "
        f"{one.attempt + 1}).",
    ]


def _found(state: "State") -> list[str]:
    """That something drawn has no answer that counts."""
    one = state.silent == 1
    passages, each = ("passage has", "which is an error") if one else ("passages have", "each of which is an error")
    return [
        f"{state.silent:,} drawn {passages} no answer for this code (removed, read without it, or read when it meant "
        f"another thing), {each} here."
    ] * bool(state.silent)


def _read(one: "Proposal") -> str:
    return (
        f"Next: read draw {one.draw}, blind: themis review, and there Audit; or themis export review FILE.xlsx --draw "
        f"{one.draw} --coder NAME. Then: themis accept {one.code}"
    )


def _what(state: "State") -> str:
    known = {"none": "none passed", "closed": "given up", "withdrawn": "taken back"}
    said = known.get(state.what, "")
    if state.what == "waiting":
        said = f"waiting, {state.read:,} of {state.total:,} read"
    if state.what == "accepted":
        said = f"accepted {state.proposal.size:,}, {state.unread:,} of them unread"
    return said + ", stale" * state.stale


def _stale(state: "State") -> list[str]:
    one = state.proposal
    first = f"themis accept {one.code} --undo" if one.accepted else f"themis audit --close {one.draw}"
    told = [
        f"Stale: {one.code} means another thing now than when draw {one.draw} was made. {first}; then themis accept "
        f"{one.code} proposes anew."
    ]
    other = f"Draw {one.draw} was ranked by {state.encoder}, another encoder than that of today's suggestions; what it "
    return told * state.stale + [f"{other}shows is as true as before."] * bool(state.encoder)


def _percent(share: float) -> str:
    return f"{share * 100:.10g} %"
