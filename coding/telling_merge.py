"""What the shell says of a merge."""

from typing import TYPE_CHECKING

from coding.telling import LISTED, Telling, of_set_aside

if TYPE_CHECKING:
    from coding.merge import Merged


def of_merge(done: "Merged") -> Telling:
    """What was added, what was here already, and what was set aside and why."""
    left = done.read - done.added - done.already
    told = of_set_aside(done.set_aside)
    told += [f"Only there: {', '.join(done.missing[:LISTED])}{_more(done.missing)}."] * bool(done.missing)
    told.append(
        f"Read {done.read:,} decisions of {done.other}: {done.added:,} added, {done.already:,} already here, "
        f"{left:,} set aside."
    )
    more = {"memos": done.memos, "flags": done.flags, "draws": done.draws, "versions of the codebook": done.versions}
    more["steps of accepting unread"] = done.accepted
    if added := [f"{number:,} {what}" for what, number in more.items() if number]:
        told.append(f"Added too: {', '.join(added)}.")
    if done.accepted:
        told.append("`themis accept --list` shows what is accepted unread now, and what is to be tested here.")
    if done.unaccepted:
        told.append(
            f"{done.unaccepted:,} proposals to accept unread were left there: passages of theirs are not here, or they "
            "are not as Themis writes them."
        )
    if done.reviewers:
        told.append(
            f"New reviewers: {', '.join(done.reviewers)}. `themis reviewers link NAME` makes a link for one of them."
        )
    told += _both(done)
    told += [
        f"{number:,} of those added are on '{code}', which the codebook here does not have: they do not count."
        for code, number in done.unknown.items()
    ]
    told += _codebook(done)
    return Telling(before=told, after=["Next: themis agree; themis code; themis counts"] * bool(done.added))


def _both(done: "Merged") -> list[str]:
    if not done.both:
        return []
    theirs = sum(both.theirs for both in done.both)
    told = [
        f"{len(done.both):,} were decided differently in the two copies by the same coder, or settled differently: the "
        f"later holds ({theirs:,} times the other copy's, {len(done.both) - theirs:,} times this one's)."
    ]
    for both in done.both[:LISTED]:
        told.append(f"  {both.coder}, {both.passage}, {both.code}: the {'other' if both.theirs else 'one here'} holds")
    return told + [f"  ... and {len(done.both) - LISTED:,} more"] * (len(done.both) > LISTED)


def _codebook(done: "Merged") -> list[str]:
    if done.lines is None:
        return ["Its codebook.yml could not be read, and was not compared with the one here, which stays."]
    return [f"Its codebook.yml differs in {done.lines:,} lines; the one here stays."] * bool(done.lines)


def _more(names: list[str]) -> str:
    return f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
