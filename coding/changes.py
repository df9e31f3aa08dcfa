"""What changed between two queues, in sentences for whoever reads on."""

from collections.abc import Iterable, Mapping, Sequence

from coding.codebook import Codebook

Tally = dict[str, tuple[int, int]]  # by code, passages with a yes and with a no
NAMED = 3  # codes that a sentence names; of more it says how many


def tally(decided: Iterable[Mapping[str, float]], codebook: Codebook) -> Tally:
    """By code, the passages with a yes and those with a no; where coders differ it is neither."""
    yes, no = dict.fromkeys(codebook.by_id, 0), dict.fromkeys(codebook.by_id, 0)
    for values in decided:
        for code, value in values.items():
            yes[code] += value == 1
            no[code] += value == 0
    return {code: (yes[code], no[code]) for code in codebook.by_id}


def told(codebook: Codebook, before: Tally | None, now: Tally, new: int, queued: int) -> list[str]:
    """What changed since the queue before, in sentences; before: None where there was none."""
    from models.learn import FEWEST

    def is_learned(counts: tuple[int, int]) -> bool:
        return min(counts) >= FEWEST

    lines, earlier = [], before or {}
    for code in codebook.codes:
        (yes, no), was = now[code.id], is_learned(earlier.get(code.id, (0, 0)))
        if is_learned((yes, no)) and not was:
            lines.append(f"{code.name} is now learned from {yes:,} yes and {no:,} no.")
        elif was and not is_learned((yes, no)):
            lines.append(f"{code.name} is no longer learned: {_needs(yes, no, FEWEST)}.")
    same = [code for code in now if is_learned(now[code]) and is_learned(earlier.get(code, (0, 0)))]
    if changed := [codebook.by_id[code].name for code in same if now[code] != earlier[code]]:
        lines.append(f"Learned again, from other decisions than before: {_named(changed)}.")
    if waiting := [code for code in codebook.codes if not is_learned(now[code.id])]:
        needs = [f"{code.name} ({_needs(*now[code.id], FEWEST)})" for code in waiting]
        lines.append(f"Still by likeness to the codebook alone: {_named(needs)}.")
    if before is not None:
        lines.append(f"New in the queue: {new:,} of {queued:,} passages.")
    return lines


def _needs(yes: int, no: int, fewest: int) -> str:
    missing = [f"{fewest - count} more {word}" for count, word in ((yes, "yes"), (no, "no")) if count < fewest]
    return "needs " + " and ".join(missing)


def _named(names: Sequence[str], most: int = NAMED) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
