"""What the shell says of a result: a table and the sentences before and after it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING
from unicodedata import category

from corpus.passage import SetAside

if TYPE_CHECKING:
    from coding.entering import Imported
    from coding.export.review import Given
    from coding.page.serve import Place
    from coding.quotes import Quote
    from coding.reviewers import Reviewer
    from coding.run import Done
    from coding.search import Found
    from coding.versions import Version
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

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows), self.title


def harmless(text: str) -> str:
    """The text without the characters that a terminal would obey: a transcript may hold any."""
    return "".join(c if c in "\n\t" or category(c) not in ("Cc", "Cs") else "\N{REPLACEMENT CHARACTER}" for c in text)


def of_account(account: "Account") -> Telling:
    """What became of everything that was read."""
    parts = [f"kept {len(account.kept):,} ({account.passages:,} passages)", f"set aside {len(account.set_aside):,}"]
    parts.append(f"already there {len(account.already):,}")
    parts += [f"replaced {len(account.replaced):,}"] * bool(account.replaced)
    told = [*dict.fromkeys(account.notes), f"Read {account.read:,}: {', '.join(parts)}."]
    if account.described:
        told.append(f"{len(account.described):,} of those already there have other attributes now.")
    if account.gone:
        told.append(f"Gone from the file, and so from the counts: {_few(account.gone)}.")
    more = len(account.set_aside) - LISTED
    after = of_set_aside(account.set_aside[:LISTED])
    after += [f"  ... and {more:,} more: `themis documents --set-aside` lists all"] * (more > 0)
    after += ["Next: themis code"] * bool(account.kept or account.replaced)
    return Telling(before=told, after=after)


def of_import(done: "Imported") -> Telling:
    """What became of the decisions in a spreadsheet."""
    changed = f" ({done.changed:,} of them change what the same coder said before)" if done.changed else ""
    numbers = f"{done.recorded:,} recorded{changed}, {done.already:,} already there, {done.blank:,} blank"
    told = f"Read {done.read:,} decisions: {numbers}, {len(done.set_aside):,} set aside."
    again = ["Correct these rows and import the file again: nothing is recorded twice."] * bool(done.set_aside)
    return Telling(before=[*of_set_aside(done.set_aside), told, *done.notes, *again])


def of_review(given: "Given") -> Telling:
    """What is in a reviewer's workbook, and what becomes of it."""
    of = f" of draw {given.draw.id} ({given.draw.kind})" if given.draw else ""
    lines = [f"Wrote {given.rows:,} passages{of} to {given.path}{f' for {given.coder}' if given.coder else ''}."]
    if given.visible:
        lines.append("It marks what is suggested, and the ledger will say so; --blind leaves that out.")
    else:
        lines.append("It is blind: it shows no suggestion, and nothing that others decided.")
    if given.draw and not given.draw.every and given.draw.coders != (given.coder,):
        lines.append("Each of these is read once: see that nobody else reads them before it is back.")
    lines += [f"{given.left:,} more are left to read: --most 0 takes all."] * bool(given.left)
    lines += [f"{id} is longer than a cell can hold: read it on the page." for id in given.too_long]
    return Telling(before=lines, after=[f"When it comes back: themis import {given.path.name}"])


def of_set_aside(items: Sequence[SetAside]) -> list[str]:
    """A line for each thing set aside."""
    return [f"  set aside: {i.name}{f', {i.place}' if i.place else ''}: {i.reason}" for i in items]


def of_run(done: "Done") -> Telling:
    """What a run of the machine suggests, and where to go next."""
    summary = done.summary
    numbers = ("Suggested", "Look first", "Yes", "No", "Differ")
    rows = [
        (
            "  " * line.depth + line.name,
            line.code,
            line.kind,
            *map(_n, (line.suggested, line.first, line.yes, line.no, line.differ)),
        )
        for line in summary.lines
    ]
    what = f"{done.embedded:,} new texts embedded" if done.fresh else "nothing new since the last run"
    after = [f"{summary.documents:,} documents, {summary.passages:,} passages, {summary.read:,} read; {what}."]
    after += of_quota(line.kind for line in summary.lines)
    after += of_orphans(summary.orphans, summary.retired)
    after.append("Look first: the highest fifth of what is suggested and unread.")
    after.append("Next: themis review, to read and decide; or themis quotes CODE --suggested; themis counts")
    return Telling((), "Suggestions", ("Code", "Id", "By", *numbers), rows, frozenset(numbers), after)


def of_quota(kinds: Iterable[str]) -> list[str]:
    """What a likeness is, where there is one."""
    if "likeness" not in kinds:
        return []
    return [
        "By likeness a code gets the passages most like its words, up to a fixed share of all (5 %, or the "
        "setting `expected`): where to look, not how many there are. With 4 yes and 4 no it becomes a learned score."
    ]


def of_orphans(orphans: Mapping[str, int], retired: Collection[str] = ()) -> list[str]:
    """Decisions on codes that are no longer in the codebook, or retired there."""
    gone = (
        "which the codebook no longer has, and do not count; if it was renamed: themis export decisions FILE, put the "
        "new id in the column code, themis import FILE"
    )
    kept = "which is retired: they are kept, and do not count"
    return [
        f"{number:,} decisions are on '{code}', {kept if code in retired else gone}" for code, number in orphans.items()
    ]


def of_quotes(quotes: Sequence["Quote"], code: str, which: str, most: int) -> Telling:
    """Quotes with source, speaker and place."""
    lines: list[str] = []
    for quote in quotes[: most or None]:
        said = [f"yes: {', '.join(quote.yes)}"] * bool(quote.yes) + [f"no: {', '.join(quote.no)}"] * bool(quote.no)
        said += [f"settled: {'yes' if quote.settled else 'no'}"] * (quote.settled is not None)
        unread = "accepted unread" if which == "accepted" else f"suggested, nobody has decided; {quote.score or 0:.2f}"
        by = "; ".join(said) or unread
        time = f", {_clock(quote.time)}" if quote.time is not None else ""
        speaker = f"{quote.speaker} · " if quote.speaker else ""
        lines += [f"“{quote.text}”", f"    {speaker}{quote.passage}{time} [{by}]"]
        if which == "suggested" and quote.because:
            lines.append(f"    nearest {shorten(quote.because, 160, placeholder=' ...')}")
        lines.append("")
    if not quotes:
        lines = [_NO_QUOTES[which].format(code=code)]
    elif most and len(quotes) > most:
        lines.append(f"{len(quotes) - most:,} more: --most 0 prints all.")
    return Telling(before=lines)


_NO_QUOTES = {
    "yes": "Nobody decided yes on {code} yet: `themis quotes {code} --suggested` shows suggestions.",
    "differ": "No coders differ on {code}.",
    "suggested": "Nothing that is suggested for {code} is unread.",
    "accepted": "Nothing is accepted unread for {code}: `themis accept {code}` proposes what could be.",
}


def of_found(found: "Found") -> Telling:
    """Passages that a search found, the words that it looked for in «»."""
    lines: list[str] = []
    for hit in found.hits:
        speaker = f"{hit.speaker} · " if hit.speaker else ""
        lines += [f"“{_marked(hit.text, hit.spans)}”", f"    {speaker}{hit.passage}", ""]
    passages = "passage" if found.total == 1 else "passages"
    rest = found.total - len(found.hits)
    lines.append(f"{found.total:,} {passages}{f', {rest:,} of them not shown: --most 0 prints all' * (rest > 0)}.")
    return Telling(before=lines)


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]}«{text[start:end]}»{text[end:]}"
    return text


def of_history(versions: Iterable["Version"], now: str) -> Telling:
    """The versions of the codebook, oldest first, with what changed."""
    lines: list[str] = []
    for version in versions:
        said = ", as codebook.yml is now" if version.version == now else ""
        lines += [f"{version.time[:16].replace('T', ' ')}  {version.version[:12]}{said}"]
        lines += [f"    {change}" for change in version.changes]
    return Telling(before=lines or ["No version of the codebook was used yet: `themis code` uses it."])


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


def of_place(place: "Place") -> Telling:
    """Where the review page is open."""
    told = [f"Port {place.wanted} is taken, so it is {place.port}."] * (place.wanted not in (0, place.port))
    if place.network:
        told.append("Open to the network, unencrypted: whoever can listen in can read the study and the links.")
    told += [f"The review page is open for {place.coder}:", f"  {place.link}"]
    return Telling(before=[*told, "Others join with `themis reviewers add NAME`. Ctrl-C stops it."])


def of_link(name: str, link: str) -> Telling:
    """A reviewer's own link."""
    return Telling(
        before=[
            f"The link of {name}, to be opened while `themis review` runs:",
            f"  {link}",
            "Whoever has it decides under this name, so give it to nobody else. It is shown this once. Where the page "
            "says another address than this, put that in its place.",
        ]
    )


def of_reviewers(reviewers: Iterable["Reviewer"]) -> Telling:
    """Who may open the review page."""
    rows = [(one.name, "yes" if one.lead else "", one.added[:10]) for one in reviewers]
    if not rows:
        return Telling(before=["There are no reviewers yet: `themis reviewers add NAME` adds one."])
    return Telling((), "Reviewers", ("Name", "Leads", "Added"), rows)


def of_outside(decisions: int) -> list[str]:
    """Decisions on places that are no passages now."""
    return [
        f"{decisions:,} decisions are on passages of another unit, or in documents that were removed or replaced: they "
        "are kept, and do not count."
    ] * bool(decisions)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _n(number: int) -> str:
    return f"{number:,}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
