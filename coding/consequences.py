"""What an edit of the codebook means for what was decided under it, in sentences; and what of a study is behind it."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

from coding import draws, ledger, queue, suggestions, versions
from coding.codebook import Codebook
from coding.edited import Edited
from coding.ledger import HELD, OWN
from coding.study import Study
from coding.versions import Stale
from corpus.database import Connection, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

NONE = "No decision is touched, and none becomes stale."


def consequences(study: Study, before: Codebook, done: Edited, coder: str) -> list[str]:
    """What an edit does to the decisions, whether it was made or only rehearsed, as this coder may know it."""
    after = done.codebook
    with study.store.database.reading() as connection:
        closed = draws.sealed(connection, coder)
        was = versions.stale(connection, before, closed)
        now = versions.stale(connection, after, closed) if closed else done.stale
        gone, back = before.by_id.keys() - after.by_id.keys(), after.by_id.keys() - before.by_id.keys()
        held = _held(connection, gone | back, closed)
    said = [sentence for id in now if (sentence := _staled(after, id, was.get(id), now[id]))]
    said += [f"{_counted(held[id])} on “{_name(before, id)}” {_kept(held[id])} no more." for id in _in(gone, held)]
    said += [f"{_counted(held[id])} on “{_name(after, id)}” {_count(held[id])} again." for id in _in(back, held)]
    said += _repeated(after, done, bool(closed))
    said = said or [NONE]
    if after.version != before.version and done.suggestions:
        said.append(done.suggestions)
    return said


def behind(study: Study, coder: str) -> list[str]:
    """What was made under an earlier codebook than today's, and how it is made anew: run, queue and draws.

    Without what this coder is to read blind.
    """
    with study.store.database.reading() as connection:
        run = suggestions.latest(connection)
        said = [suggestions.stale(connection, run, study.codebook)] if run else []
        if _queue_is(connection, study):
            said.append(
                "The queue was learned under an earlier codebook: it is learned anew after the next 20 readings, "
                "or by `themis code`."
            )
        within: Counter[int] = Counter()
        closed = draws.sealed(connection, coder)
        for stale in versions.stale(connection, study.codebook, closed).values():
            within.update(stale.draws)
        for draw in draws.draws(connection):
            if number := within[draw.id]:
                anew = f"{_MAKES[draw.kind]}` makes a new draw"
                if draw.code and draw.unit == "passage":  # those who read it blind are not to know the code
                    anew = "audit --list` tells what refreshes it"
                said.append(
                    f"{_n(number, 'decision')} in draw {draw.id} ({_KINDS[draw.kind]}) {_were(number)} made under "
                    f"another meaning of the code: `themis {anew}."
                )
    return [sentence for sentence in said if sentence]


def _staled(after: Codebook, id: str, was: Stale | None, now: Stale) -> str:
    """What becomes stale of a code that was not so before."""
    before = was.coders if was else {}
    more = {coder: number - before.get(coder, 0) for coder, number in now.coders.items()}
    more = {coder: number for coder, number in more.items() if number > 0}
    if more:
        made = f"{_were(sum(more.values()))} made under another meaning"
        return f"{_counted(more)} on “{_name(after, id)}” {made}: they stay what they are, and are marked so."
    less = (was.decisions if was else 0) - now.decisions
    return f"{_n(less, 'decision')} on “{_name(after, id)}” {_were(less)} made under this meaning." if less > 0 else ""


def _repeated(after: Codebook, done: Edited, blind: bool) -> list[str]:
    """What a merge says again; without numbers for who is still to read passages blind, as they count those too."""
    merged = after.retired_by_id.get(done.code)
    if merged is None or merged.into is None or not any("merged into" in line for line in done.changes):
        return []
    target, all_of_it = f"“{_name(after, merged.into)}”", done.repeated
    if blind and all_of_it.asked:  # whether there are any, too, would tell
        return [f"Its yes are said again for {target}. How many is not said while you have passages to read blind."]
    if not (all_of_it.yes or all_of_it.already or all_of_it.kept):
        return [f"No decision is said again for {target}."]
    coders = Counter(coder for coder, _ in all_of_it.acts)
    parts = [f"{_n(all_of_it.yes, 'yes', 'yes')} {_said_by(coders)}said again for {target}, in each coder's name"]
    parts += [f"{all_of_it.over:,} of them in place of a no that was said with it or before"] * bool(all_of_it.over)
    parts += [f"{all_of_it.already:,} had a yes there already"] * bool(all_of_it.already)
    parts += [f"{all_of_it.kept:,} have a later no there, which stays"] * bool(all_of_it.kept)
    return ["; ".join(parts) + "."]


def _queue_is(connection: Connection, study: Study) -> bool:
    """Whether the queue is older than the file, and was learned while another version was the newest."""
    newest = queue.latest(connection)
    if newest is None:
        return False
    made = datetime.fromisoformat(newest.made).timestamp()
    if made >= int((study.folder / "codebook.yml").stat().st_mtime):
        return False
    then = [
        book.version
        for time, book in ledger.codebooks(connection)
        if datetime.fromisoformat(time).timestamp() < made + 1
    ]
    return bool(then) and then[-1] != study.codebook.version


def _held(connection: Connection, codes: Collection[str], closed: Collection[int]) -> dict[str, Counter[str]]:
    """By code and coder, how many of their own decisions hold on live passages, those that are closed left out."""
    found: dict[str, Counter[str]] = {}
    rows = select(HELD.c.code, HELD.c.coder, HELD.c.passage).select_from(HELD.join(PASSAGES).join(DOCUMENTS))
    rows = rows.where(LIVE, HELD.c.lane == OWN, HELD.c.value.is_not(None), HELD.c.code.in_(list(codes)))
    for code, coder, passage in connection.execute(rows):
        if passage not in closed:
            found.setdefault(code, Counter())[coder] += 1
    return found


def _in(codes: Collection[str], held: Mapping[str, object]) -> list[str]:
    return sorted(id for id in codes if id in held)


def _name(codebook: Codebook, id: str) -> str:
    return codebook.by_id[id].name if id in codebook.by_id else codebook.retired_by_id[id].code.name


def _counted(coders: Mapping[str, int]) -> str:
    return f"{_n(sum(coders.values()), 'decision')} {_said_by(coders)}".strip()


def _said_by(coders: Mapping[str, int]) -> str:
    return f"({', '.join(f'{coder} {number:,}' for coder, number in sorted(coders.items()))}) " if coders else ""


def _n(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _count(coders: Mapping[str, int]) -> str:
    return "counts" if sum(coders.values()) == 1 else "count"


def _kept(coders: Mapping[str, int]) -> str:
    return f"{'stays' if sum(coders.values()) == 1 else 'stay'} in the ledger, and {_count(coders)}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


_KINDS = {"audit": "audit", "double": "double coding", "reread": "re-reading"}
_MAKES = {"audit": "audit", "double": "double", "reread": "doubts --reread"}
