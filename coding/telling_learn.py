"""What `themis learn` says."""

from coding.learning import CodeLearned, Lessons, Standing, Tried
from coding.telling import Telling, of_quota

TRIED = (
    "F1 and AP are of passages that people decided, each scored by a model that did not see its document: how the "
    "machine did, not how it will do elsewhere. AP is 1 where all yeses come first, and the share of yes by chance."
)


def of_lessons(done: Lessons) -> Telling:
    """What was learned of each code, and what changed."""
    compared = any(line.plain for line in done.lines)
    numbers = ("Yes", "No", *(("F1 before", "F1", "AP before", "AP", "Adapted") if compared else ("F1", "AP")))
    rows = [
        ("  " * line.depth + line.name, line.code, line.kind, f"{line.yes:,}", f"{line.no:,}", *_tried(line, compared))
        for line in done.lines
    ]
    after = [TRIED] * any(line.tried for line in done.lines)
    after += of_quota(line.kind for line in done.lines)
    if compared:
        kept = sum(line.share > 0 for line in done.lines)
        after.append(
            f"Before: without the adapted encoder. Adapted: its share in the score, as much as it wins out of fold; it "
            f"is kept for {kept} of {sum(line.tried is not None for line in done.lines)} codes."
        )
    after += of_standing(done.deep)
    after += done.changes
    after.append(f"Learned from {done.passages:,} passages; {done.waiting:,} wait in the queue.")
    after.append("Next: themis code, to suggest with what was learned; themis review, to read on")
    return Telling((), "Learned", ("Code", "Id", "By", *numbers), rows, frozenset(numbers), after)


def of_standing(standing: Standing | None) -> list[str]:
    """What is to be known of an adapted encoder."""
    if standing is None:
        return []
    if standing.unfit:
        return [f"The adapted encoder is not used: {standing.unfit}. `themis learn --deep` makes it again."]
    if standing.stale:
        return [
            f"The adapted encoder learned from {standing.passages:,} passages, and {standing.since:,} more have been "
            "decided since: `themis learn --deep` makes it again."
        ]
    return []


def _tried(line: CodeLearned, compared: bool) -> tuple[str, ...]:
    own, plain = _numbers(line.tried), _numbers(line.plain)
    if not compared:
        return own
    return (plain[0], own[0], plain[1], own[1], f"{line.share:.0%}" if line.share else "")


def _numbers(tried: Tried | None) -> tuple[str, str]:
    return (f"{tried.f1:.2f}", f"{tried.ap:.2f}") if tried else ("", "")
