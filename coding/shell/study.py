"""Commands of the study itself: what it is made of, and the machine's part of the work."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coding import telling
from coding.shell.given import in_study, pairs
from coding.shell.shown import bars, say
from coding.telling import Telling

if TYPE_CHECKING:
    from coding.study import Study


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--codebook", type=click.Path(path_type=Path, exists=True), help="Start from this codebook.yml.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting: unit=sentence, language=de ..."
)
def init(folder: Path, codebook: Path | None, settings: tuple[str, ...]) -> None:
    """Make a study: a folder with a codebook and an empty database."""
    from coding.study import create_study

    study = create_study(folder, codebook, pairs(settings))
    default = "" if codebook else ", those that come with Themis: edit it, or give --codebook FILE for your own"
    click.echo(f"Made {folder} with {len(study.codebook.codes)} codes in {folder / 'codebook.yml'}{default}.")
    click.echo(f"Next: cd {folder}; themis add FILES")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--text", multiple=True, metavar="COLUMN", help="Spreadsheet column that holds text; repeat for several.")
@click.option("--id", "identity", metavar="COLUMN", help="Spreadsheet column that names each row.")
@click.option(
    "--attribute", multiple=True, metavar="COLUMN|NAME=VALUE", help="Column to keep, or a value for all files."
)
@click.option(
    "--attributes", "side_table", type=click.Path(path_type=Path, exists=True), help="Attributes by file name."
)
@click.option("--sheet", help="Sheet of a workbook; the one with most rows of text otherwise.")
@click.option("--per-answer", is_flag=True, help="Make every answer of a row a document of its own.")
@click.option("--interviewer", multiple=True, metavar="NAME", help="Who asks the questions; repeat for several.")
@click.option("--code-interviewer", is_flag=True, help="Code what interviewers say, too (for the whole study).")
@click.option("--unit", type=click.Choice(["turn", "paragraph", "sentence", "answer"]), help="What a passage is.")
@click.option(
    "--pseudonyms", type=click.Path(path_type=Path, exists=True), help="csv of names to replace before storing."
)
@click.option("--key", type=click.Path(path_type=Path), help="Where their key goes; beside the csv otherwise.")
@click.option("--no-pseudonyms", is_flag=True, help="These files need none, although others of the study did.")
@click.option("--replace", is_flag=True, help="Put changed files in place of those of the same name.")
@click.option("--max-megabytes", default=100, show_default=True, help="Larger files are set aside.")
@in_study
def add(study: "Study", files: tuple[Path, ...], **options: Any) -> None:
    """Read transcripts, submissions and spreadsheets into the study.

    FILES are files, folders and zips.
    """
    from coding.study import add as add_files
    from coding.study import configure, pseudonyms
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
    listed = pseudonyms(study, options["pseudonyms"], options["key"], options["no_pseudonyms"])
    how = {"interviewers": options["interviewer"], "replace": options["replace"], "mask": listed and listed.apply}
    with bars() as show:
        account = add_files(study, files, reading, show, **how)
    say(telling.of_account(account))
    if listed and account.kept and (never := listed.never_found()):
        click.echo(f"Never found in these files: {', '.join(never)}. Are they written in another way?")
    if not (account.kept or account.already or account.replaced):
        sys.exit(1)


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--study", "-s", type=click.Path(path_type=Path), help="The study's folder; this one otherwise.")
def names(files: tuple[Path, ...], study: Path | None) -> None:
    """Propose names to replace, in FILES or in the study."""
    from corpus.names import candidates

    if files:
        from corpus.read import read

        drafts = [draft for source in read(files) for draft in source.drafts]
        say(telling.of_candidates(candidates(drafts)))
        return
    from coding.study import open_study

    store = open_study(study).store
    with store.database.reading() as connection:
        say(telling.of_candidates(candidates(kept.document for kept in store.kept(connection))))


@click.command()
@click.option("--code-interviewer", is_flag=True, help="Code what interviewers say, too (for the whole study).")
@in_study
def code(study: "Study", code_interviewer: bool) -> None:
    """Learn from decisions, suggest codes, say what to read first."""
    from coding.learning import stands
    from coding.run import code as run
    from coding.study import configure
    from coding.telling_learn import of_standing

    if code_interviewer:
        study = configure(study, {"code_interviewer": "yes"})
    with bars() as show:
        done = run(study, show)
    say(telling.of_run(done))
    say(Telling(before=of_standing(stands(study))))
    if study.settings["language"] != "en" and not study.settings["encoder"]:
        click.echo("The encoder knows English only; for other languages: themis settings encoder=NAME_OR_FOLDER")


@click.command()
@click.option("--deep", is_flag=True, help="Adapt the encoder to the decisions, too: minutes, and kept where it wins.")
@click.option("--no-deep", is_flag=True, help="Use no adapted encoder any more.")
@in_study
def learn(study: "Study", deep: bool, no_deep: bool) -> None:
    """Learn from decisions, and say how well of each code.

    Each code is tried on passages that people decided, by models that did not see their documents. With
    --deep the encoder learns as well; what it says counts as much as it wins there, and from then on
    `themis code` uses it.
    """
    from coding.deep import deepen, drop
    from coding.learning import lessons
    from coding.telling_learn import of_lessons

    if deep and no_deep:
        raise click.UsageError("--deep and --no-deep are each other's opposite: give one of them.")
    if no_deep:
        click.echo("The adapted encoder is gone." if drop(study) else "There is no adapted encoder.")
    with bars() as show:
        if deep:
            deepen(study, show)
        done = lessons(study, show)
    say(of_lessons(done))


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--coder", help="Whose decisions they are, where the file has no coder column.")
@in_study
def import_(study: "Study", file: Path, coder: str | None) -> None:
    """Bring decisions in from a spreadsheet or a reviewer's workbook.

    Columns: document, passage or quote, code, value, coder. A workbook that `themis export review`
    made is known as such.
    """
    from coding.importing import import_decisions

    done = import_decisions(study, file, coder)
    say(telling.of_import(done))
    if done.read and len(done.set_aside) == done.read:
        sys.exit(1)


@click.command()
@click.argument("other", type=click.Path(path_type=Path))
@in_study
def merge(study: "Study", other: Path) -> None:
    """Bring in the work of another copy of the study.

    All that was decided, noted and drawn in the folder OTHER, which stays as it is. Where a coder decided
    in both, the later decision holds. Merged twice, nothing is added.
    """
    from coding.merge import merge as bring_in
    from coding.telling_merge import of_merge

    done = bring_in(study, other)
    say(of_merge(done))
    if done.read and not done.added + done.already:
        sys.exit(1)


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="DOCUMENT...")
@in_study
def remove(study: "Study", names: tuple[str, ...]) -> None:
    """Take documents out of all lists and counts.

    A spreadsheet's name takes all its rows. Text and decisions stay in study.db.
    """
    from coding.study import remove as take_out

    for name, decisions in take_out(study, names):
        click.echo(
            f"Removed {name}, and {decisions:,} decisions in it from the counts. Text and decisions stay in "
            "study.db; adding the file again brings them back."
        )


@click.command()
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@in_study
def settings(study: "Study", changes: tuple[str, ...]) -> None:
    """Show the study's settings, or change them."""
    from coding.study import configure

    if changes:
        study = configure(study, pairs(changes))
    for name, value in study.settings.items():
        click.echo(f"{name}={value}")
    if changes:
        from coding.summary import cautions

        now = cautions(study)
        say(Telling(before=[line for line in (now.stale, *telling.of_outside(now.outside)) if line]))


@click.command()
@click.option("--set-aside", is_flag=True, help="List what was read and not kept instead.")
@in_study
def documents(study: "Study", set_aside: bool) -> None:
    """List the documents, or what was set aside."""
    with study.store.database.reading() as connection:
        if set_aside:
            left = study.store.left_out(connection)
            say(Telling(before=telling.of_set_aside(left)))
        else:
            say(telling.of_documents(study.store.kept(connection)))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-study"))
def demo(folder: Path) -> None:
    """Do the whole job on the sample corpus, in FOLDER."""
    from coding import demo as story

    with bars() as show:
        for step in story.demo(folder, show):
            click.secho(f"$ {step.command}", bold=True)
            say(story.told(step))
    click.echo(f"Open {folder / 'codebook.yml'} to see what was looked for; then, in {folder}:")
    click.echo("  themis review                             the page in your browser: read, decide, settle")
    click.echo("  themis quotes power_imbalance             what people said, word for word")
    click.echo("  themis counts --by Size                   small and large organisations beside each other")
    click.echo("  themis export suggestions look.xlsx       every passage and code, to sort and filter")
    click.echo("Where `themis` is not found: . .venv/bin/activate")
