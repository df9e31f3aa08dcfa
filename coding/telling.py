"""What the shell says of a result: a table and the sentences before and after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus.passage import SetAside

if TYPE_CHECKING:
    from coding.counts import Count
    from coding.importing import Imported
    from coding.quotes import Quote
    from coding.run import Done
    from corpus.add import Account
    from corpus.names import Candidate
    from corpus.store import Kept

LISTED = 20  # things set aside that are listed one by one


@dataclass(frozen=True, slots=True)
class Telling:
    """before, after: sentences, a line each. columns and rows of text: a table between them, none without columns.

    numbers: columns to set to the right.
    """

    before: Sequence[str] = ()
    title: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    numbers: frozenset[str] = field(default_factory=frozenset)
    after: Sequence[str] = ()


def of_account(account: "Account") -> Telling:
    """What became of everything that was read."""
    parts = [f"kept {len(account.kept):,} ({account.passages:,} passages)", f"set aside {len(account.set_aside):,}"]
    parts.append(f"already there {len(account.already):,}")
    parts += [f"replaced {len(account.replaced):,}"] * bool(account.replaced)
    parts += [f"gone from the file {len(account.gone):,}"] * bool(account.gone)
    told = [*dict.fromkeys(account.notes), f"Read {account.read:,}: {', '.join(parts)}."]
    return Telling(before=told, after=[*of_set_aside(account.set_aside), "Next: themis code"])


def of_import(done: "Imported") -> Telling:
    """What became of the decisions in a spreadsheet."""
    numbers = f"{done.recorded:,} recorded, {done.already:,} already there, {done.blank:,} blank"
    told = f"Read {done.read:,} decisions: {numbers}, {len(done.set_aside):,} set aside."
    return Telling(before=[told, *of_set_aside(done.set_aside)])


def of_set_aside(items: Sequence[SetAside], most: int = LISTED) -> list[str]:
    """A line for each thing set aside, and how many more there are."""
    lines = [f"  set aside: {i.name}{f', {i.place}' if i.place else ''}: {i.reason}" for i in items[:most]]
    more = len(items) - most
    return [*lines, *[f"  ... and {more:,} more: `themis documents --set-aside` lists all"] * (more > 0)]


def of_run(done: "Done") -> Telling:
    """What a run of the machine suggests, and where to go next."""
    summary = done.summary
    numbers = ("Suggested", "Look first", "Yes", "No", "Differ")
    rows = [
        (
            "  " * line.depth + line.name,
            line.kind,
            *map(_n, (line.suggested, line.first, line.yes, line.no, line.differ)),
        )
        for line in summary.lines
    ]
    what = f"{done.embedded:,} new texts embedded" if done.fresh else "nothing new since the last run"
    after = [f"{summary.documents:,} documents, {summary.passages:,} passages, {summary.read:,} read; {what}."]
    if any(line.kind == "likeness" for line in summary.lines):
        after.append(
            "Likeness compares with the codebook alone; a score has learned from decisions. Neither is a probability."
        )
    after.append("Next: themis quotes CODE --suggested; themis counts; themis export suggestions FILE.xlsx")
    return Telling((), "Suggestions", ("Code", "By", *numbers), rows, frozenset(numbers), after)


def of_counts(counts: Sequence["Count"]) -> Telling:
    """Theme counts, with what they are and are not."""
    unit, by = (counts[0].unit, counts[0].attribute) if counts else ("passage", "")
    numbers = ("Suggested", "Yes", "No", *(("Differ",) if unit == "passage" else ()), "Read", "Of")
    rows = []
    for count in counts:
        differ = (count.read - count.decided_yes - count.decided_no,) if unit == "passage" else ()
        found = (count.suggested, count.decided_yes, count.decided_no, *differ, count.read, count.total)
        rows.append(("  " * count.depth + count.code, *((count.group,) if by else ()), *map(_n, found)))
    columns = ("Code", *((by,) if by else ()), *numbers)
    return Telling((), f"Themes, counted in {unit}s", columns, rows, frozenset(numbers), _caveats(counts))


def of_quotes(quotes: Sequence["Quote"], code: str, most: int) -> Telling:
    """Quotes with source, speaker and place."""
    lines: list[str] = []
    for quote in quotes[: most or None]:
        by = f"yes: {quote.by}" if quote.by else f"suggested, nobody has decided; {quote.score:.2f}"
        time = f", {_clock(quote.time)}" if quote.time is not None else ""
        lines += [
            f"“{quote.text}”",
            f"    {quote.speaker or ''}{' · ' if quote.speaker else ''}{quote.passage}{time} [{by}]",
        ]
        lines += [f"    because: {quote.because}"] * bool(quote.because) + [""]
    if not quotes:
        lines = [f"Nobody decided yes on {code} yet: `themis quotes {code} --suggested` shows suggestions."]
    elif most and len(quotes) > most:
        lines.append(f"{len(quotes) - most:,} more: --most 0 prints all.")
    return Telling(before=lines)


def of_documents(documents: Iterable["Kept"]) -> Telling:
    """The documents with their passages, speakers and attributes."""
    rows = []
    for kept in documents:
        speakers = dict.fromkeys(
            f"{turn.speaker} ({turn.role})" if turn.role == "interviewer" else turn.speaker
            for turn in kept.document.turns
            if turn.speaker
        )
        attributes = ", ".join(f"{name}={value}" for name, value in kept.document.attributes.items())
        rows.append((kept.document.name, _n(len(kept.passages)), ", ".join(speakers), attributes))
    columns = ("Document", "Passages", "Speakers", "Attributes")
    return Telling((), "Documents", columns, rows, frozenset({"Passages"}))


def of_candidates(candidates: Sequence["Candidate"]) -> Telling:
    """What in the texts may lead to a person."""
    rows = [(c.kind, c.text, _n(c.count), _few(c.where)) for c in candidates]
    after = [
        "Put those that lead to a person in names.csv, under a heading 'name': themis add FILES --pseudonyms names.csv"
    ]
    return Telling((), "Candidates", ("Kind", "Text", "Times", "Where"), rows, frozenset({"Times"}), after)


def _caveats(counts: Sequence["Count"]) -> list[str]:
    """What the numbers are not."""
    lines = []
    if any(count.suggested for count in counts):
        lines.append(
            "Suggested is the machine's count, not corrected: without a random audit no interval holds for it."
        )
    if any(0 < count.read < count.total for count in counts):
        lines.append(
            "Yes and No hold for what people read, which was not drawn at random, and say nothing of the rest."
        )
    return lines


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _n(number: int) -> str:
    return f"{number:,}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
