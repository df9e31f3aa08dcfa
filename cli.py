"""The shell: words in, one call, words out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from rich.console import Console

    from coding.run import Done
    from coding.study import Study
    from corpus.add import Account

SHOWN = 20  # things set aside that are listed one by one


class Commands(click.Group):
    """Every error that a user can put right is one line and exit 1; a bug keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EvidenceError as error:
            raise click.ClickException(str(error)) from error


def in_study(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the study that it works on, as its first argument."""

    @click.option("--study", "-s", type=click.Path(path_type=Path), default=Path(), help="The study's folder.")
    @click.pass_context
    def opened(context: click.Context, study: Path, **options: Any) -> Any:
        from coding.study import open_study

        return context.invoke(command, open_study(study), **options)

    opened.__name__, opened.__doc__ = command.__name__, command.__doc__
    for name in ("__click_params__",):
        setattr(opened, name, [*getattr(command, name, []), *getattr(opened, name)])
    return opened


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="themis-coding", prog_name="themis")
def main() -> None:
    """Code interview transcripts and evidence against a codebook, with people in charge.

    A first run: themis init STUDY; cd STUDY; themis add FILES; themis code; themis counts
    """


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--codebook", type=click.Path(path_type=Path, exists=True), help="Start from this codebook.yml.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting: unit=sentence, language=de ..."
)
def init(folder: Path, codebook: Path | None, settings: tuple[str, ...]) -> None:
    """Make a study: a folder with a codebook and an empty database."""
    from coding.study import create_study

    study = create_study(folder, codebook, pairs(settings))
    console().print(f"Made {folder} with {len(study.codebook.codes)} codes in {folder / 'codebook.yml'}.")
    console().print(f"Next: cd {folder}; themis add FILES")


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--text", multiple=True, metavar="COLUMN", help="Spreadsheet column that holds text; repeat for several.")
@click.option("--id", "identity", metavar="COLUMN", help="Spreadsheet column that names each row.")
@click.option(
    "--attribute", multiple=True, metavar="COLUMN|NAME=VALUE", help="Column to keep, or a value for all files."
)
@click.option(
    "--attributes", "side_table", type=click.Path(path_type=Path, exists=True), help="Attributes by file name."
)
@click.option("--sheet", help="Sheet of a workbook; the first with text is taken otherwise.")
@click.option("--per-answer", is_flag=True, help="Make every answer of a row a document of its own.")
@click.option("--interviewer", multiple=True, metavar="NAME", help="Who asks the questions; repeat for several.")
@click.option("--code-interviewer", is_flag=True, help="Code what interviewers say, too (for the whole study).")
@click.option("--unit", type=click.Choice(["turn", "paragraph", "sentence", "answer"]), help="What a passage is.")
@click.option(
    "--pseudonyms", type=click.Path(path_type=Path, exists=True), help="csv of names to replace before storing."
)
@click.option("--key", type=click.Path(path_type=Path), help="Where the key to the pseudonyms goes.")
@click.option("--replace", is_flag=True, help="Put changed files in place of those of the same name.")
@click.option("--max-megabytes", default=100, show_default=True, help="Larger files are set aside.")
@in_study
def add(study: "Study", files: tuple[Path, ...], **options: Any) -> None:
    """Read transcripts, submissions and spreadsheets: files, folders, zips."""
    from coding.study import add as add_files
    from coding.study import configure
    from corpus.read.options import Options

    changes = {"unit": options["unit"], "code_interviewer": "yes" if options["code_interviewer"] else None}
    if wanted := {name: value for name, value in changes.items() if value}:
        study = configure(study, wanted)
    reading = Options(
        text=options["text"],
        id=options["identity"],
        attributes=tuple(name for name in options["attribute"] if "=" not in name),
        fixed=pairs(name for name in options["attribute"] if "=" in name),
        sheet=options["sheet"],
        per_answer=options["per_answer"],
        side_table=options["side_table"],
        max_megabytes=options["max_megabytes"],
    )
    how = {"interviewers": options["interviewer"], "replace": options["replace"]}
    if options["pseudonyms"]:
        from corpus.pseudonyms import Pseudonyms

        names = Pseudonyms.load(options["pseudonyms"])
        how["mask"] = names.apply
    account = add_files(study, files, reading, **how)
    if options["pseudonyms"]:
        key = options["key"] or options["pseudonyms"].with_suffix(".key.csv")
        names.write_key(key, study.folder)
        console().print(f"The key to the pseudonyms is {key}: keep it apart from the study.")
    tell(account)


@main.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--coder", help="Whose decisions they are, where the file has no coder column.")
@in_study
def import_(study: "Study", file: Path, coder: str | None) -> None:
    """Bring decisions in from a spreadsheet: document, passage or quote, code, value, coder."""
    from coding.importing import import_decisions

    done = import_decisions(study, file, coder)
    console().print(
        f"Read {done.read:,} decisions: {done.recorded:,} recorded, {done.already:,} already there, "
        f"{done.blank:,} blank, {len(done.set_aside):,} set aside."
    )
    list_set_aside(done.set_aside)
    if done.read and len(done.set_aside) == done.read:
        sys.exit(1)


@main.command()
@click.option("--code-interviewer", is_flag=True, help="Code what interviewers say, too (for the whole study).")
@in_study
def code(study: "Study", code_interviewer: bool) -> None:
    """Embed what is new, learn from decisions, suggest codes, and say what to read first."""
    from coding.run import code as run
    from coding.study import configure

    if code_interviewer:
        study = configure(study, {"code_interviewer": "yes"})
    with bars() as show:
        done = run(study, show)
    tell_run(done)


@main.command()
@click.option("--by", metavar="ATTRIBUTE", help="Count in groups of this attribute.")
@click.option("--unit", type=click.Choice(["passage", "document", "speaker"]), default="passage", show_default=True)
@in_study
def counts(study: "Study", by: str | None, unit: str) -> None:
    """Count themes: what people decided, and what the machine suggests."""
    from coding.counts import counts as count

    rows = count(study, by, unit)
    table = grid(f"Themes by {unit}", "Code", *([by] if by else []), "Suggested", "Yes", "No", "Differ", "Read", "Of")
    for row in rows:
        differ = row.read - row.decided_yes - row.decided_no if unit == "passage" else None
        name = "  " * len(study.codebook.above(row.code)) + row.code
        numbers = (row.suggested, row.decided_yes, row.decided_no, differ, row.read, row.total)
        table.add_row(name, *([row.group] if by else []), *("" if n is None else f"{n:,}" for n in numbers))
    console().print(table)
    console().print(
        "Suggested is the machine's count, not corrected: no interval holds for it until a random audit is read.\n"
        "Yes and No are people's decisions; passages were not drawn at random, so their share says nothing of the rest.",
        style="dim",
    )


@main.command()
@click.argument("code_id", metavar="CODE")
@click.option("--suggested", is_flag=True, help="Suggestions that nobody has decided, too; the likeliest first.")
@click.option("--most", default=20, show_default=True, help="How many to print; 0 for all.")
@in_study
def quotes(study: "Study", code_id: str, suggested: bool, most: int) -> None:
    """Print verbatim quotes of a code, with source, speaker and place."""
    from rich.text import Text

    from coding.quotes import quotes as find

    found = find(study, code_id, suggested)
    for quote in found[: most or None]:
        source = f"{quote.passage}{f', {quote.speaker}' if quote.speaker else ''}"
        by = f"yes: {quote.by}" if quote.by else f"suggested, nobody has decided (score {quote.score:.2f})"
        console().print(Text(f"“{quote.text}”"))
        console().print(Text(f"  {source}  [{by}]\n"), style="dim")
    if not found:
        console().print(
            f"No quotes of {code_id} yet: nobody decided yes. `themis quotes {code_id} --suggested` shows more."
        )
    elif most and len(found) > most:
        console().print(f"{len(found) - most:,} more: --most 0 prints all.")


@main.command()
@click.argument("what", type=click.Choice(["passages", "suggestions", "decisions", "counts"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", metavar="ATTRIBUTE", help="For counts: in groups of this attribute.")
@click.option("--unit", type=click.Choice(["passage", "document", "speaker"]), default="passage", help="For counts.")
@click.option("--bom", is_flag=True, help="Begin a csv with the mark by which Excel knows UTF-8.")
@in_study
def export(study: "Study", what: str, file: Path, by: str | None, unit: str, bom: bool) -> None:
    """Write tidy rows to FILE: .csv, .xlsx, .jsonl or .parquet."""
    from coding.export.rows import KINDS, counted
    from coding.export.tables import write

    with study.store.database.reading() as connection:
        rows = counted(study, by, unit) if what == "counts" else KINDS[what](study, connection)
        written = write(rows, file, bom)
    console().print(f"Wrote {written:,} rows of {what} to {file}.")


@main.group()
def codebook() -> None:
    """Check the codebook, and see what changed in it."""


@codebook.command(name="check")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check_codebook(file: Path | None) -> None:
    """Name file, line and column of every fault in FILE, or in the study's codebook.yml."""
    from coding.codebook import check, load

    path = file or Path("codebook.yml")
    if not path.exists():
        raise EvidenceError("there is no codebook.yml here: give its path")
    faults = check(path)
    for fault in faults:
        click.echo(f"{path}:{fault.line}:{fault.column}: {fault.message}")
    if faults:
        sys.exit(1)
    book = load(path)
    click.echo(f"{path}: {len(book.codes)} codes, no faults, version {book.version[:12]}.")


@codebook.command(name="diff")
@click.argument("version", required=False)
@in_study
def diff_codebook(study: "Study", version: str | None) -> None:
    """Show what changed since VERSION (its first letters), or since the version that was last used."""
    from coding.codebook import diff
    from coding.ledger import codebooks

    with study.store.database.reading() as connection:
        kept = [book for _, book in codebooks(connection)]
    others = [book for book in kept if book.version != study.codebook.version]
    chosen = [book for book in kept if book.version.startswith(version)] if version else others[-1:]
    if version and len(chosen) != 1:
        raise EvidenceError(f"version '{version}' is {'more than one' if chosen else 'none'} of those the study used")
    for line in diff(chosen[0], study.codebook) if chosen else ():
        click.echo(line)
    click.echo(
        f"Version now: {study.codebook.version[:12]}; used before: {', '.join(b.version[:12] for b in kept) or '-'}"
    )


@main.command()
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@in_study
def settings(study: "Study", changes: tuple[str, ...]) -> None:
    """Show the study's settings, or change them."""
    from coding.study import configure

    if changes:
        study = configure(study, pairs(changes))
    for name, value in study.settings.items():
        click.echo(f"{name}={value}")


@main.command()
@click.option("--set-aside", is_flag=True, help="List what was read and not kept instead.")
@in_study
def documents(study: "Study", set_aside: bool) -> None:
    """List the documents, or what was set aside."""
    with study.store.database.reading() as connection:
        if set_aside:
            list_set_aside(study.store.left_out(connection), most=None)
            return
        table = grid("Documents", "Document", "Passages", "Speakers", "Attributes")
        for kept in study.store.kept(connection):
            speakers = {turn.speaker for turn in kept.document.turns if turn.speaker}
            attributes = ", ".join(f"{name}={value}" for name, value in kept.document.attributes.items())
            table.add_row(kept.document.name, f"{len(kept.passages):,}", ", ".join(sorted(speakers)), attributes)
    console().print(table)


def pairs(texts: Any) -> dict[str, str]:
    """NAME=VALUE words as a dict; EvidenceError for one without '='."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise EvidenceError(f"'{text}' is not NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def tell(account: "Account") -> None:
    """Print what became of everything that was read."""
    parts = [f"kept {len(account.kept):,} ({account.passages:,} passages)", f"set aside {len(account.set_aside):,}"]
    parts += [f"already there {len(account.already):,}"]
    parts += [f"replaced {len(account.replaced):,}"] * bool(account.replaced)
    parts += [f"gone {len(account.gone):,}"] * bool(account.gone)
    for note in dict.fromkeys(account.notes):
        console().print(note, style="dim", markup=False)
    console().print(f"Read {account.read:,}: {', '.join(parts)}.")
    list_set_aside(account.set_aside)
    if not (account.kept or account.already or account.replaced):
        sys.exit(1)
    console().print("Next: themis code")


def list_set_aside(items: Any, most: int | None = SHOWN) -> None:
    """Print each thing that was set aside, with its place and reason."""
    for item in items[:most]:
        place = f", {item.place}" if item.place else ""
        console().print(f"  set aside: {item.name}{place}: {item.reason}", markup=False)
    if most and len(items) > most:
        console().print(f"  ... and {len(items) - most:,} more: `themis documents --set-aside` lists all")


def tell_run(done: "Done") -> None:
    """Print what a run of the machine suggests, and where to go next."""
    summary = done.summary
    table = grid("Suggestions", "Code", "By", "Suggested", "Look first", "Yes", "No", "Differ")
    for line in summary.lines:
        numbers = (line.suggested, line.first, line.yes, line.no, line.differ)
        table.add_row("  " * line.depth + line.name, line.kind, *(f"{number:,}" for number in numbers))
    console().print(table)
    what = f"{done.embedded:,} new texts embedded" if done.fresh else "nothing new since the last run"
    console().print(f"{summary.documents:,} documents, {summary.passages:,} passages, {summary.read:,} read; {what}.")
    if any(line.kind == "likeness" for line in summary.lines):
        console().print(
            "Likeness compares words with the codebook: it is no probability, and learns nothing yet.", style="dim"
        )
    console().print("Next: themis quotes CODE --suggested; themis counts; themis export suggestions FILE.xlsx")


@contextmanager
def bars() -> "Iterator[Callable[[str, int, int], None]]":
    """A progress bar for each stage, with rate and time left."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed or 0:,.0f}/s")

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield show


def grid(title: str, *columns: str) -> Any:
    """A table whose columns after the texts are numbers."""
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in NUMBERS else "left")
    return table


NUMBERS = {"Suggested", "Look first", "Yes", "No", "Differ", "Read", "Of", "Passages"}


def console() -> "Console":
    """Where words go; as wide as the terminal, or wide enough when there is none."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 140)


if __name__ == "__main__":
    main()
