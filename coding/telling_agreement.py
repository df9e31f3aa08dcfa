"""What the shell says of agreement: the numbers, what they rest on, and what to do where there is none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coding.agreement import SAME, SEVERAL, Undefined
from coding.telling import Telling

if TYPE_CHECKING:
    from coding.agree import CodeLine, Comparison, Differing, Over
    from coding.intervals import Agreement, Estimate

BETWEEN = {"people": "coders", "machine": "machine", "audit": "audit"}
NUMBERS = ("Passages", "Yes", "Alpha", "95 %", "Kappa", "F1", "Same", "AC1", "Differ")
NONE = "-"
WHAT = (
    "Alpha is Krippendorff's: 1 is full agreement, 0 what chance alone would give. From 0.80 it is usually taken as "
    "firm, from 0.67 as enough for cautious conclusions. 95 %: how far it moves when the documents are drawn again.",
    "Yes: the share of yes. F1: of the yeses, the share that the other gave too. Same: the share of passages with the "
    "same answer. AC1 is Gwet's, and flatters rare codes: do not report it alone.",
)
BESIDE = (
    "machine: each coder beside the machine, on the same passages; its Yes is its own. The agreement of the coders "
    "above it is the most that can be asked of it. Where it learned from a passage, its score there is of a model that "
    "did not see the document."
)
AUDIT = "audit: each coder beside the machine, on the random passages of the audit."
MORE = "More passages read twice would give them."
ADVICE = {
    SAME: "Read Same instead; more passages, in which the code is there or is not, would give alpha something to tell.",
}


def of_comparison(found: "Comparison") -> list[Telling]:
    """How far people agree, code by code, with the machine beside them; and each pair where there are several."""
    if not found.coders:
        return [Telling(before=[*_nothing(found), *_audited(found)])]
    rows = [row for line in found.lines for row in _rows(line)]
    columns = ("Code", "Between", *NUMBERS)
    told = Telling(_before(found), "Code by code", columns, rows, frozenset(NUMBERS), list(_after(found)))
    if len(found.pairs) < 2:
        return [told]
    return [replace(told, after=()), replace(_pairs(found), after=told.after)]


def of_differing(passages: "Sequence[Differing]", sealed: int, code: str, most: int) -> Telling:
    """The passages in which readers differ, with what each said."""
    if not passages and not sealed:
        return Telling(before=[f"{code}: nobody differs on it in what was compared."])
    people = sum(passage.people for passage in passages)
    alone = len(passages) - people
    lines = [
        f"{code}: coders differ in {_passages(people)}; in {alone:,} more the machine alone differs from them.",
        "",
    ]
    for passage in passages[: most or None]:
        said = [f"yes: {', '.join(passage.yes)}"] * bool(passage.yes) + [f"no: {', '.join(passage.no)}"] * bool(
            passage.no
        )
        said += [f"machine: {'yes' if passage.machine else 'no'}"] * (passage.machine is not None)
        said += [f"settled: {'yes' if passage.settled else 'no'}"] * (passage.settled is not None)
        speaker = f"{passage.speaker} · " if passage.speaker else ""
        lines += [f"“{passage.text}”", f"    {speaker}{passage.passage} [{'; '.join(said)}]", ""]
    if most and len(passages) > most:
        lines.append(f"{len(passages) - most:,} more: --most 0 prints all.")
    if sealed:
        lines.append(f"{_passages(sealed)} left out: somebody has still to read them blind.")
    return Telling(before=lines)


def _nothing(found: "Comparison") -> list[str]:
    lines = ["No passage was read by two coders, so there is no agreement of people to tell.", *_waiting(found)]
    return [*lines, "Next: themis double --n 60 --coders NAME,NAME; then each of them: themis review"]


def _audited(found: "Comparison") -> list[str]:
    if found.over_audit is None:
        return []
    return [f"The machine with them, in the audit: {_over(found.over_audit)}."]


def _before(found: "Comparison") -> list[str]:
    passages = max(line.people.passages for line in found.lines)
    if found.blind:
        lines = [f"{_names(found.coders)} have read {_passages(passages)} of random draws for double coding, blind."]
    else:
        lines = [
            f"{_names(found.coders)}: {_passages(passages)} that two of them have read. They were not drawn at random, "
            "nor read blind for this, so agreement on other passages may differ.",
            f"For agreement that can be reported: themis double --n 60 --coders {','.join(found.coders[:2])}",
        ]
    lines.append(f"Coders with each other: {_over(found.over_people)}.")
    if found.over_machine:
        lines.append(f"The machine with them:  {_over(found.over_machine)}.")
    return [*lines, *_audited(found), *_waiting(found), ""]


def _over(over: "Over") -> str:
    codes = "1 code" if over.codes == 1 else f"the mean of {over.codes:,} codes"
    mean = f"alpha {_sure(over.mean)}, {codes}" if over.codes else "no code has an alpha"
    return f"{mean}; {_sure(over.sets)} over whole sets of codes (with MASI distance)"


def _waiting(found: "Comparison") -> list[str]:
    if not found.waiting:
        return []
    return [f"{_passages(found.waiting)} drawn for double coding are not read by all of their coders yet."]


def _rows(line: "CodeLine") -> Iterator[tuple[str, ...]]:
    """Of each code that was compared a row for coders, and one beneath it for each other comparison."""
    name = "  " * line.depth + line.code
    for between, word in BETWEEN.items():
        agreement = getattr(line, between)
        if agreement and agreement.passages:
            yield (name, word, *_numbers(agreement))
            name = ""


def _numbers(found: "Agreement") -> Iterator[str]:
    yield f"{found.passages:,}"
    yield _share(found.prevalence)
    yield _number(found.alpha.value)
    yield _bounds(found.alpha)
    yield _number(found.kappa.value)
    yield _number(found.positive.value)
    yield _share(found.percent.value)
    yield _number(found.ac1.value)
    yield f"{len(found.differ):,}"


def _after(found: "Comparison") -> Iterator[str]:
    yield from WHAT
    if found.over_machine:
        yield BESIDE
    else:
        yield "The machine has suggested nothing yet: after `themis code` it stands here beside the coders."
    if found.over_audit:
        yield AUDIT
    yield from _gaps(found)
    yield from _cautions(found)
    if differing := [line for line in found.lines if line.people.differ or (line.machine and line.machine.differ)]:
        worst = max(differing, key=lambda line: len(line.people.differ))
        yield f"Next: themis agree --differ {worst.code}    (the passages in which they differ; or any other code)"


def _gaps(found: "Comparison") -> Iterator[str]:
    """Why a number or its bounds are missing, each reason once."""
    unread = [line.code for line in found.lines if not line.people.passages]
    if unread:
        yield f"Not read by two coders: {', '.join(unread)}."
    compared = [(between, line.code, getattr(line, between)) for between in BETWEEN for line in found.lines]
    read = [(between, code, one) for between, code, one in compared if one and one.passages]
    values = [(between, code, one.alpha.value) for between, code, one in read]
    for why, codes in _by_reason(values):
        yield f"No alpha for {codes}: {why}. {ADVICE.get(why, '')}".rstrip()
    bounds = [(between, code, one.alpha) for between, code, one in read if isinstance(one.alpha.value, float)]
    for why, codes in _by_reason((between, code, alpha.interval) for between, code, alpha in bounds):
        more = f" {MORE}" if why.startswith("fewer") else ""
        yield f"No bounds for {codes}: {why}.{more}"
    if any(line.people.kappa.value == Undefined(SEVERAL) for line in found.lines):
        yield f"Kappa is for two coders: themis agree --coder {found.coders[0]} --coder {found.coders[1]}"


def _by_reason(found: Iterable[tuple[str, str, object]]) -> Iterator[tuple[str, str]]:
    """Each reason, and the codes that have it, with those who are compared."""
    reasons: dict[str, dict[str, list[str]]] = {}
    for between, code, value in found:
        if isinstance(value, Undefined):
            reasons.setdefault(value.why, {}).setdefault(code, []).append(BETWEEN[between])
    for why, codes in reasons.items():
        yield why, ", ".join(f"{code} ({', '.join(words)})" for code, words in codes.items())


def _cautions(found: "Comparison") -> Iterator[str]:
    if found.over_machine or found.over_audit:
        quota = [line.code for line in found.lines if line.kind == "likeness" and line.people.passages]
        if quota:
            yield (
                f"Not learned yet: {', '.join(quota)}. By likeness the machine marks a fixed share of all passages, so "
                "its agreement there is not that of a machine that has learned; that takes 4 yes and 4 no."
            )
        if found.stale:
            yield found.stale
    for line in found.lines:
        if line.earlier:
            several = f"; in all under {line.meanings} meanings" if line.meanings > 1 else ""
            yield (
                f"{line.code}: {line.earlier:,} of {line.decisions:,} decisions were made under an earlier meaning of "
                f"the code{several}. `themis codebook diff` shows what changed."
            )


def _pairs(found: "Comparison") -> Telling:
    rows = [
        (f"{pair.one}, {pair.other}", f"{pair.passages:,}", f"{pair.codes:,}", _number(pair.alpha))
        for pair in sorted(found.pairs, key=lambda pair: pair.alpha if isinstance(pair.alpha, float) else 2)
    ]
    columns = ("Pair", "Passages", "Codes", "Mean alpha")
    return Telling([""], "Each pair, lowest first", columns, rows, frozenset(columns[1:]))


def _sure(estimate: "Estimate") -> str:
    value = _number(estimate.value)
    return value if isinstance(estimate.interval, Undefined) else f"{value} ({_bounds(estimate)})"


def _bounds(estimate: "Estimate") -> str:
    if isinstance(estimate.interval, Undefined):
        return NONE
    low, high = estimate.interval
    return f"{_number(low)} to {_number(high)}"


def _number(value: float | Undefined) -> str:
    return NONE if isinstance(value, Undefined) else f"{value:.2f}".replace("-0.00", "0.00")


def _share(value: float | Undefined) -> str:
    return NONE if isinstance(value, Undefined) else f"{100 * value:.0f} %"


def _names(coders: Sequence[str]) -> str:
    if len(coders) > 4:
        return f"{len(coders):,} coders"
    return " and ".join(filter(None, (", ".join(coders[:-1]), coders[-1])))


def _passages(number: int) -> str:
    return "1 passage" if number == 1 else f"{number:,} passages"
