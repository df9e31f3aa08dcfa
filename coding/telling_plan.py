"""What is said of a plan: how many more readings each code needs, on what that rests, and the one draw for all."""

from math import ceil
from typing import TYPE_CHECKING

from coding.telling import Telling

if TYPE_CHECKING:
    from coding.plan import Plan, Step, Wanted

NONE = "–"
MOST = 0.75  # of the codes are most codes
RARE = 0.05  # where a draw by rank needs fewer readings than one of all alike
COLUMNS = ("Code", "Now", "Wanted", "More", "What it rests on")


def of_plan(plan: "Plan") -> Telling:
    """The steps as a table, what they take for granted, and the command that draws for all of them."""
    rows = [
        (step.code, _now(step), _wanted(step, plan.wanted), _more(step, plan), _why(step, plan)) for step in plan.steps
    ]
    numbers = frozenset({"Now", "Wanted", "More"})
    return Telling((), "About how many passages more to read", COLUMNS, rows, numbers, [*_meant(plan), *_next(plan)])


def _now(step: "Step") -> str:
    return NONE if step.now is None else _goal(step, step.now)


def _wanted(step: "Step", wanted: "Wanted") -> str:
    return _goal(step, (wanted.width if step.goal == "width" else wanted.recall) or 0)


def _goal(step: "Step", value: float) -> str:
    if step.goal == "recall":
        return f"≥ {_percent(value, down=True)}"
    return f"± {_percent(value)}"


def _more(step: "Step", plan: "Plan") -> str:
    if step.more is None:
        return NONE
    if step.more and step.more == plan.unread:
        return f"all {step.more:,}"
    return f"{step.more:,}"


def _why(step: "Step", plan: "Plan") -> str:
    """What a step rests on, or what stands in its way, in one phrase."""
    if not step.undecided:
        return "everything is read" + f"; coders differ about {step.differ:,}: settle these" * (step.more is None)
    if step.open:
        left = " and ".join(f"{plan.left[draw]:,} of audit {draw}" for draw in step.open)
        return f"first read what is left: {left}"
    if step.lacking:
        return _lacking(step)
    if step.more is None:
        return f"coders differ about {step.differ:,}: settle these first"
    if not step.more:
        return "reached"
    return _basis(step) + _uncovered(step) + _scores(step)


def _lacking(step: "Step") -> str:
    first = f"about {step.lacking:,} more must be found first"
    if not step.suggested:
        return f"{first}, and nothing is suggested: `themis code`"
    if step.reading is None:
        return f"{first}: read the {step.suggested:,} suggested"
    if step.reading > step.suggested:
        return f"{first}: the {step.suggested:,} suggested hold fewer; read them, then `themis code`"
    return f"{first}: about {step.reading:,} of the {step.suggested:,} suggested hold so many"


def _basis(step: "Step") -> str:
    share = _percent(step.expected.share)
    return {
        "audit": f"about {share} of the rest, by audit",
        "old": f"about {share} of the rest, by audits of its former meaning, which count no more",
        "suggested": f"a guess: {share} of the rest, as suggested",
        "expected": f"a guess: {share} of the rest, by the setting expected",
    }[step.expected.basis]


def _uncovered(step: "Step") -> str:
    return f"; {step.uncovered:,} were added since" if step.uncovered else ""


def _scores(step: "Step") -> str:
    if step.goal != "width" or step.expected.basis != "audit":
        return ""
    if step.expected.gain == 1:
        return ""
    return f"; scores save {100 * (1 - step.expected.gain):.0f} %"


def _meant(plan: "Plan") -> list[str]:
    """What the numbers are shares of, and what they take for granted."""
    lines = []
    if plan.wanted.width is not None:
        of = "the count" if plan.wanted.relative else f"the {plan.passages:,} passages"
        lines.append(f"±: half of a 95 % interval, as a share of {of}.")
    if plan.wanted.recall is not None:
        lines.append(
            "≥: the share of all passages with the code that people have found, with "
            f"{_percent(plan.wanted.confidence)} confidence. Reading what is suggested first makes its audit smaller."
        )
    if any(step.more and step.expected.basis in ("suggested", "expected") for step in plan.steps):
        lines.append("Guesses may be far off: after a first audit of 100 or 200 `themis plan` knows more.")
    if plan.left:
        left = ", ".join(f"audit {draw} ({left:,} left)" for draw, left in plan.left.items())
        lines.append(f"Taken as read to the end: {left}. Read it first: `themis review`.")
    return lines


def _next(plan: "Plan") -> list[str]:
    """The one draw that serves all codes, and the hours that it takes."""
    if not plan.unread:
        return ["Everything is read: counts are exact, and there is nothing to draw."]
    if (step := plan.largest) is None or step.more is None:
        helpless = any(step.more is None for step in plan.steps)
        return ["No audit helps yet: do first what is said above." if helpless else "No new audit is needed."]
    if plan.blocked:
        return ["All that is unread waits in open draws: read these, and plan again."]
    lines = [
        f"One draw of about {step.more:,} does for every number above: `themis audit --n {step.more}`. "
        f"{step.code} asks for most ({_wanted(step, plan.wanted)})."
    ]
    fewest, served, codes = _serving(plan)
    if 0 < fewest < step.more:
        lines.append(f"About {fewest:,} would do for {served} of {codes} codes.")
    if step.goal == "width" and step.suggested and step.expected.share < RARE:
        lines.append(f"For that code alone `themis audit --code {step.code}` can need fewer: more of what ranks high.")
    if plan.an_hour:
        hours = step.more / plan.an_hour
        time = f"{60 * hours:,.0f} minutes" if hours < 2 else f"{hours:,.0f} hours"
        lines.append(f"That is about {time} of reading, at {plan.an_hour:,} passages an hour, as your coders read.")
    lines.append(
        "An audit finds more or less than expected: plan again after it. For counts of documents or speakers draw 30 "
        "whole ones or more: `themis audit --unit document`."
    )
    return lines


def _serving(plan: "Plan") -> tuple[int, int, int]:
    """The fewest readings that serve most codes that an audit can serve; how many codes these are, and of how many."""
    most: dict[str, int] = {}
    for step in plan.steps:
        if step.more is not None:
            most[step.code] = max(most.get(step.code, 0), step.more)
    fewest = sorted(most.values())[ceil(MOST * len(most)) - 1] if most else 0
    return fewest, sum(more <= fewest for more in most.values()), len(most)


def _percent(share: float, down: bool = False) -> str:
    number = 100 * share
    if down:
        number = int(10 * number + 1e-6) / 10
    return f"{number:,.1f}".removesuffix(".0") + " %" if number < 1000 else "> 1000 %"
