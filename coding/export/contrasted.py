"""Groups against each other and codes together as tidy rows, each with an interval or why there is none."""

from collections.abc import Iterator

from coding.agreement import Undefined
from coding.contrasts import Contrast, Stand, compare
from coding.erring import Erring
from coding.export.rows import Row, Rows
from coding.study import Study
from coding.together import together

SIDE = ("machine", "machine_error", "machine_error_low", "machine_error_high")
TESTS = ("error_p", "error_p_holm", "score_error_p", "score_error_p_holm")
DIFFERENCES = {
    **dict.fromkeys(("code", "attribute", "group", "against"), str),
    **dict.fromkeys(("share", "low", "high"), float),
    "drawn": int,
    **dict.fromkeys(("share_against", "low_against", "high_against"), float),
    "drawn_against": int,
    **dict.fromkeys(("difference", "difference_low", "difference_high", "joint_low", "joint_high"), float),
    **{"comparisons": int, "differs": bool, "differs_jointly": bool, "why": str},
    **dict.fromkeys((*SIDE, *(f"{name}_against" for name in SIDE), *TESTS), float),
    **{"error_tests": int, "error_why": str, "stale": str},
}
TOGETHER = {
    **dict.fromkeys(("code", "with"), str),
    "agreed": int,
    **dict.fromkeys(("estimate", "low", "high", "expected", "times", "covered", "uncovered"), float),
    **{"drawn": int, "why": str, "stale": str},
}


def differences(study: Study, by: str, once: bool = False) -> Rows:
    """One row for each code and two groups, or a group and all others.

    machine: the share that was suggested in the group; machine_error: how much more people said yes there. error_p: of
    the hypothesis that the machine errs alike in all groups.
    """
    found = compare(study, by, once)

    def rows() -> Iterator[Row]:
        for line in found.lines:
            for one in line.contrasts:
                shown = {"code": line.code, "attribute": by, "comparisons": found.several, "error_tests": found.tested}
                yield {**shown, **_contrast(one), **_machine(line.machine, one)}

    return Rows(DIFFERENCES, rows())


def pairs(study: Study, once: bool = False) -> Rows:
    """One row for each pair of codes that are not nested in each other."""

    def rows() -> Iterator[Row]:
        for one in together(study, once).pairs:
            row: Row = {name: getattr(one, name, None) for name in TOGETHER}
            row |= {"code": one.one, "with": one.other, "estimate": one.value, "drawn": one.read}
            yield row | {"stale": " ".join(one.stale)}

    return Rows(TOGETHER, rows())


def _contrast(one: Contrast) -> Row:
    difference, wide = one.alone, one.jointly
    return {
        **_stand(one.one),
        **{f"{name}_against": value for name, value in _stand(one.other).items() if name != "group"},
        "against": one.other.group,
        "difference": difference and difference.value,
        "difference_low": difference and difference.low,
        "difference_high": difference and difference.high,
        "joint_low": wide and wide.low,
        "joint_high": wide and wide.high,
        "differs": one.differs if difference else None,
        "differs_jointly": one.holds if wide else None,
        "why": one.why,
        "stale": " ".join(dict.fromkeys((*one.one.stale, *one.other.stale))),
    }


def _stand(stand: Stand) -> Row:
    share = stand.share
    bounds = {"share": share and share.value, "low": share and share.low, "high": share and share.high}
    return {"group": stand.group, "drawn": stand.read, **bounds}


def _machine(machine: Erring | Undefined, one: Contrast) -> Row:
    if isinstance(machine, Undefined):
        return {**dict.fromkeys([*SIDE, *(f"{name}_against" for name in SIDE), *TESTS]), "error_why": machine.why}
    here, there = (_side(machine, stand.group) for stand in (one.one, one.other))
    tests = (machine.p, machine.corrected, machine.of_scores, machine.scores_corrected)
    beside = {f"{name}_against": value for name, value in there.items()}
    return {**here, **beside, **dict(zip(TESTS, tests, strict=True)), "error_why": ""}


def _side(machine: Erring, group: str) -> Row:
    error = machine.errors.get(group)
    bounds = (error.value, error.low, error.high) if error else (None, None, None)
    return dict(zip(SIDE, (machine.suggested.get(group), *bounds), strict=True))
