"""The shell: words in, one call, words out."""

import atexit
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coding import telling
from coding.telling import Telling
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from rich.console import Console

    from coding.draws import Draw
    from coding.study import Study


SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
UNITS = "What is counted: passage, document, speaker, or an attribute, such as Organisation."
EXPORTS = "passages suggestions worklist review decisions agreed accepted counts estimates audited".split()
EXPORTS += ["agreement", "differences", "together", "memos"]


class Commands(click.Group):
    """Every error that a user can put right is one line and exit 1; a bug keeps its traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the work, not of the alphabet."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except EvidenceError as error:
            raise click.ClickException(telling.harmless(str(error))) from error
        except KeyboardInterrupt:
            click.echo("\nStopped. What was done is kept: the same command goes on from there.", err=True)
            ctx.exit(130)


def in_study(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the study that it works on, as its first argument."""

    @click.option("--study", "-s", type=click.Path(path_type=Path), help="The study's folder; this one otherwise.")
    @click.pass_context
    def opened(context: click.Context, /, study: Path | None, **options: Any) -> Any:
        from coding.study import open_study

        return context.invoke(command, open_study(study), **options)

    opened.__name__, opened.__doc__ = command.__name__, command.__doc__
    vars(opened)["__click_params__"] += vars(command).get("__click_params__", [])
    return opened


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="themis-coding", prog_name="themis")
def main() -> None:
    """Code interview transcripts and evidence against a codebook, with people in charge.

    A first run: themis init STUDY; cd STUDY; themis add FILES; themis code; themis counts
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows a question mark instead
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


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
    click.echo(f"Made {folder} with {len(study.codebook.codes)} codes in {folder / 'codebook.yml'}.")
    click.echo(f"Next: cd {folder}; themis add FILES")


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


@main.command()
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


@main.command()
@click.option("--code-interviewer", is_flag=True, help="Code what interviewers say, too (for the whole study).")
@in_study
def code(study: "Study", code_interviewer: bool) -> None:
    """Learn from decisions, suggest codes, say what to read first."""
    from coding.run import code as run
    from coding.study import configure

    if code_interviewer:
        study = configure(study, {"code_interviewer": "yes"})
    with bars() as show:
        done = run(study, show)
    say(telling.of_run(done))
    if study.settings["language"] != "en" and not study.settings["encoder"]:
        click.echo("The encoder knows English only; for other languages: themis settings encoder=NAME_OR_FOLDER")


@main.command()
@click.option("--coder", help="Your name as a coder; the one you are logged in with otherwise.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Or the next free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen: this machine only, or more.")
@click.option("--allow-network", "network", is_flag=True, help="Let --host be reached by other machines.")
@click.option("--no-browser", is_flag=True, help="Print the link, and open nothing.")
@click.option("--no-code", is_flag=True, help="Do not make suggestions first where there are none yet.")
@click.option("--terminal", is_flag=True, help="Read here, in the shell, with the same queue and keys.")
@click.option("--draw", type=click.IntRange(1), help="With --terminal: read this draw, blind (themis audit --list).")
@in_study
def review(
    study: "Study", coder: str | None, no_browser: bool, no_code: bool, terminal: bool, draw: int | None, **where: Any
) -> None:
    """Read passages and decide, in the browser or in the shell.

    Others join by links of their own, which `themis reviewers add` makes. Ctrl-C stops it; nothing that
    was shown as saved is lost.
    """
    from coding.run import code as run
    from coding.suggestions import latest

    with study.store.database.reading() as connection:
        suggested = latest(connection) is not None
    if not (suggested or no_code):
        with bars() as show:
            run(study, show)
    if terminal:
        return in_terminal(study, coder or login(), draw)
    from coding.page.serve import Listening, serve

    how = Listening(**where, browser=not no_browser)
    serve(study, coder or login(), how, lambda place: say(telling.of_place(place)))
    click.echo("\nStopped. Everything that was shown as saved is on the disk.")
    return None


@main.group()
def reviewers() -> None:
    """Name who may open the review page, by links of their own."""


@reviewers.command(name="add")
@click.argument("name")
@click.option("--lead", is_flag=True, help="Also settles disagreements, edits the codebook and sees counts.")
@in_study
def add_reviewer(study: "Study", name: str, lead: bool) -> None:
    """Add a reviewer, and print the link that is theirs."""
    from coding.reviewers import add as add_one
    from coding.reviewers import link

    with study.store.database.writing() as connection:
        secret = add_one(connection, name, lead)
    say(telling.of_link(name, link(secret)))


@reviewers.command(name="list")
@in_study
def list_reviewers(study: "Study") -> None:
    """List the reviewers."""
    from coding.reviewers import listed

    with study.store.database.reading() as connection:
        say(telling.of_reviewers(listed(connection)))


@reviewers.command(name="remove")
@click.argument("name")
@in_study
def remove_reviewer(study: "Study", name: str) -> None:
    """Close a reviewer's link for good; what they decided stays."""
    from coding.reviewers import remove as remove_one

    with study.store.database.writing() as connection:
        remove_one(connection, name)
    click.echo(f"Removed {name}: their link opens nothing now, and what they decided stays.")


@reviewers.command(name="link")
@click.argument("name")
@in_study
def renew_link(study: "Study", name: str) -> None:
    """Make a new link for a reviewer; the one they had opens nothing from then on."""
    from coding.reviewers import link, renew

    with study.store.database.writing() as connection:
        secret = renew(connection, name)
    say(telling.of_link(name, link(secret)))


def login() -> str:
    """The name that the user is logged in with; EvidenceError where there is none."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise EvidenceError("nobody is logged in here by name: say who you are with --coder NAME") from error


@main.command()
@click.option("--n", "size", type=click.IntRange(1), help="How many: 200 to 400 passages, or 30 units, otherwise.")
@click.option(
    "--unit",
    metavar="UNIT",
    default="passage",
    help="Draw whole ones, to tell how many mention a code: document, speaker, or an attribute such as Organisation.",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 0.5, min_open=True, max_open=True),
    metavar="SHARE",
    help="As many as make a 95 % interval of the commonest code at most +- SHARE (0.03).",
)
@click.option(
    "--code", metavar="CODE", help="Draw for this one code: more of what ranks high for it, for a sharper count."
)
@click.option("--coders", metavar="NAMES", help="Who reads it, with commas; whoever comes otherwise.")
@click.option("--list", "listing", is_flag=True, help="List the draws and how far they were read instead.")
@click.option("--close", "closing", type=click.IntRange(1), metavar="DRAW", help="Give up a draw, of either kind.")
@in_study
def audit(study: "Study", coders: str | None, listing: bool, closing: int | None, **wanted: Any) -> None:
    """Draw a random sample to read blind, which makes counts valid.

    Each passage is read once: in the page under Audit, or in a workbook. A draw is not changed afterwards; one that
    was a slip can be closed: what was read in it stays, and the rest is free again.
    """
    from coding.draws import close, draws, progress
    from coding.telling_review import of_draw, of_draws

    if closing:
        with study.store.database.writing() as connection:
            close(connection, closing)
        click.echo(f"Closed draw {closing}: what was read in it stays, and its other passages are free again.")
    elif listing:
        with study.store.database.reading() as connection:
            say(of_draws([(draw, *progress(connection, draw)) for draw in draws(connection)]))
    else:
        names, new = coders_of(study, coders)
        say(of_draw(drawn(study, names, **wanted), new))


def drawn(
    study: "Study", coders: list[str], unit: str, code: str | None, size: int | None, precision: float | None
) -> "Draw":
    """The audit that the options ask for."""
    from coding.drawing import draw_audit, draw_ranked, draw_units

    if sum(map(bool, (size, precision))) > 1 or (precision and (code or unit != "passage")):
        raise click.UsageError("Give --precision by itself: --n says how many, and so does --unit or --code with --n.")
    if code and unit != "passage":
        raise click.UsageError("Give --unit or --code, not both: an audit for one code draws passages.")
    if code:
        return draw_ranked(study, study.codebook.find(code), size, coders)
    return draw_audit(study, size, precision, coders) if unit == "passage" else draw_units(study, unit, size, coders)


@main.command()
@click.option("--n", "size", type=click.IntRange(1), default=60, show_default=True, help="How many passages.")
@click.option("--coders", metavar="NAMES", required=True, help="Who reads them, with commas: anna,ben")
@in_study
def double(study: "Study", size: int, coders: str) -> None:
    """Draw passages that two or more coders each read blind.

    Then `themis agree` tells how far they agree. A draw is not changed afterwards.
    """
    from coding.drawing import draw_double
    from coding.telling_review import of_draw

    names, new = coders_of(study, coders)
    say(of_draw(draw_double(study, size, names), new))


@main.command()
@click.option("--coder", "coders", multiple=True, metavar="NAME", help="Compare only these; name two or more.")
@click.option("--differ", metavar="CODE", help="List the passages of CODE in which they differ.")
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="How many to list; 0 for all.")
@in_study
def agree(study: "Study", coders: tuple[str, ...], differ: str | None, most: int) -> None:
    """Tell how far coders agree, and the machine with them.

    Code by code. Blind readings of `themis double` are compared; where there are none, all passages that two have read.
    """
    from coding.agree import compare, differing
    from coding.telling_agreement import of_comparison, of_differing

    with study.store.database.reading() as connection:
        if differ is None:
            tellings = of_comparison(compare(study, connection, coders))
        else:
            passages, sealed = differing(study, connection, differ, coders)
            tellings = [of_differing(passages, sealed, study.codebook.find(differ), most)]
    for told in tellings:
        say(told)


@main.command()
@click.argument("code_id", required=False, metavar="[CODE]")
@click.option("--precision", type=SHARE, metavar="SHARE", help="The share of them that must hold the code (0.9).")
@click.option("--confidence", type=SHARE, metavar="SHARE", help="How sure this is to be (0.9).")
@click.option("--n", "size", type=click.IntRange(1), help="How many passages are to be read for it (100).")
@click.option("--coders", metavar="NAMES", help="Who reads them, with commas; whoever comes otherwise.")
@click.option("--list", "listing", is_flag=True, help="List what was proposed and accepted instead.")
@click.option("--undo", "undoing", is_flag=True, help="Take back all that is accepted unread for CODE.")
@in_study
def accept(
    study: "Study", code_id: str | None, coders: str | None, listing: bool, undoing: bool, **wanted: Any
) -> None:
    """Accept what is suggested for a code without reading all of it.

    The first time this draws an audit from the likeliest suggestions. Once it was read, blind, the same command
    accepts the largest set of them that an exact test shows to be as precise as promised, or says that none is.
    What is so accepted is never a decision.
    """
    from coding import accepting
    from coding.telling_accept import of_list, of_state, of_undone

    if listing:
        return say(of_list(accepting.listed(study, code_id)))
    if not code_id:
        raise click.UsageError("Name a code, or give --list.")
    if undoing:
        done, passages = accepting.undo(study, code_id)
        code = done[0].code
        return say(of_undone(code, name_of(study, code), done, passages))
    names, new = coders_of(study, coders)
    state = accepting.accept(study, code_id, accepting.Wanted(**wanted, coders=names))
    return say(of_state(state, name_of(study, state.proposal.code), new))


@main.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option("--ranked", is_flag=True, help="The likeliest first, not in the order of the documents.")
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="How many to print; 0 for all.")
@in_study
def search(study: "Study", words: tuple[str, ...], ranked: bool, most: int) -> None:
    """Find passages that have all of these words.

    Capitals and accents do not matter. fund* is any word that begins so, "exact words" stand together,
    -word must not be there. Put the whole in single quotes, as in themis search 'late "the money" -grant*'
    """
    from coding.search import search as find

    say(telling.of_found(find(study, " ".join(words), most, ranked)))


@main.command()
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="How many to print; 0 for all.")
@in_study
def repeated(study: "Study", most: int) -> None:
    """List texts that came more than once.

    Campaign letters, an answer that was pasted, a form's standard paragraph: the same words, or nearly
    the same, in several passages.
    """
    from coding.repeated import shown
    from coding.telling_repeated import of_repeated

    say(of_repeated(shown(study, most)))


@main.command()
@click.argument("code_id", metavar="CODE")
@click.option("--suggested", "which", flag_value="suggested", help="Suggestions nobody has decided, likeliest first.")
@click.option("--differ", "which", flag_value="differ", help="Passages where one coder says yes and another no.")
@click.option("--accepted", "which", flag_value="accepted", help="What was accepted without anybody reading it.")
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="How many to print; 0 for all.")
@in_study
def quotes(study: "Study", code_id: str, which: str | None, most: int) -> None:
    """Print verbatim quotes of a code, with source and place.

    Those that people agree on, unless --suggested, --differ or --accepted asks for others.
    """
    from coding.quotes import quotes as find

    which = which or "yes"
    if which == "accepted":
        from coding.accepting import listed
        from coding.telling_accept import of_certificates

        say(of_certificates(listed(study, code_id)))
    say(telling.of_quotes(find(study, code_id, which), study.codebook.find(code_id), which, most))


@main.command()
@click.option("--by", metavar="ATTRIBUTE", help="Count in groups of this attribute.")
@click.option("--unit", default="passage", show_default=True, help=UNITS)
@click.option("--once", is_flag=True, help="Count repeated texts once (themis repeated).")
@click.option("--explain", is_flag=True, help="Write the method, as a report needs it, with this study's numbers.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw it too: .svg, .png, .pdf or .html.")
@click.option("--compare", is_flag=True, help="With --by: tell how far groups differ, and if the machine errs alike.")
@click.option("--together", is_flag=True, help="Count passages that hold two codes.")
@in_study
def counts(
    study: "Study", by: str | None, unit: str, once: bool, explain: bool, plot: Path | None, **how: bool
) -> None:
    """Count themes, with intervals from random audits.

    Without an audit there is no interval, and what is missing is said with the command that gets it.
    """
    from coding.counts import counts as count
    from coding.summary import cautions
    from coding.telling_counts import of_counts

    if any(how.values()):
        return say(beside(study, by, unit, once, **how))
    found = count(study, by, unit, once=once)
    if explain:
        from coding.explaining import explained

        say(Telling(before=explained(study, found, once)))
    else:
        say(of_counts(found, cautions(study), once, console().width))
    if plot:
        from coding.export.plots import draw

        click.echo(f"Drew {draw(found, plot, study.codebook, once)}.")
    return None


def beside(study: "Study", by: str | None, unit: str, once: bool, compare: bool, together: bool) -> Telling:
    """Groups against each other, or codes together."""
    from coding.contrasts import compare as compare_groups
    from coding.telling_contrasts import of_compared, of_together
    from coding.together import together as put_together

    if unit != "passage" or (compare and together):
        raise click.UsageError("--compare and --together count passages, and are given one at a time.")
    if together and by:
        raise click.UsageError("--together counts all documents: leave --by out.")
    if together:
        return of_together(put_together(study, once))
    if not by:
        raise click.UsageError("--compare needs --by ATTRIBUTE.")
    return of_compared(compare_groups(study, by, once))


@main.command()
@click.option("--width", metavar="SHARE", help="Half of a 95 % interval: of all passages (0.03), of the count (20%).")
@click.option("--recall", type=SHARE, metavar="SHARE", help="The share of a code's passages to be found (0.8).")
@click.option("--confidence", type=SHARE, metavar="SHARE", default=0.9, help="How sure that is to be (0.9).")
@click.option("--code", "codes", multiple=True, metavar="CODE", help="Plan for this code; repeat for several.")
@in_study
def plan(study: "Study", width: str | None, recall: float | None, confidence: float, codes: tuple[str, ...]) -> None:
    """Tell how many more passages to read.

    For each code: for an interval of a wanted width, and for being sure that a wanted share was found. Without
    --width and --recall it plans for both, 0.03 and 0.8.
    """
    from coding.plan import Wanted, width_of
    from coding.plan import plan as reckon
    from coding.telling_plan import of_plan

    goals: dict[str, Any] = {"recall": recall} if recall else {}
    if width:
        goals["width"], goals["relative"] = width_of(width)
    if goals:
        goals = {"width": None, "recall": None} | goals
    say(of_plan(reckon(study, Wanted(**goals, confidence=confidence, codes=codes))))


@main.command()
@click.argument("what", type=click.Choice(EXPORTS))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--by", metavar="ATTRIBUTE", help="For counts and differences: in groups of this attribute.")
@click.option("--unit", default="passage", help="For counts: what is counted.")
@click.option("--once", is_flag=True, help="For counts: repeated texts once.")
@click.option("--coder", help="For a worklist or a review: whose it is.")
@click.option("--bom", is_flag=True, help="Begin a csv with the mark by which Excel knows UTF-8.")
@click.option("--with-suggestions/--blind", "visible", help="For a review: show what is suggested, or not (default).")
@click.option("--draw", type=int, metavar="N", help="For a review: the passages of this draw, always blind.")
@click.option("--most", type=click.IntRange(0), help="For a review: how many passages (200, or a draw); 0 for all.")
@in_study
def export(study: "Study", what: str, file: Path, by: str | None, unit: str, coder: str | None, **options: Any) -> None:
    """Write tidy rows to FILE: .csv, .xlsx, .jsonl or .parquet.

    A worklist is what is suggested and undecided, code by code, the likeliest first: fill in value
    and coder, and import it. With --coder it is what that coder has not decided.

    A review is a workbook (.xlsx) for a reviewer without the page: passages in their context, a
    yes/no list for each code, notes and the codebook. Import it when it comes back.

    Agreed is the value that counts of every passage and code, and its source: one coder, unanimous,
    adjudicated, or unresolved, where coders differ; or accepted unread, where nobody read it.

    Estimates are the terms of every count's interval, audited the passages that they are made of:
    `themis counts --explain` says how. Differences are between groups, together is of two codes.
    """
    from coding.export.contrasted import differences, pairs
    from coding.export.counted import audited, counted, estimated
    from coding.export.rows import KINDS, worklist
    from coding.export.tables import write

    bom, once = options.pop("bom"), options.pop("once")
    if what == "review":
        from coding.export.review import give

        say(telling.of_review(give(study, file, coder, **options)))
        return
    if what == "differences" and not by:
        raise click.UsageError("differences are between groups: give --by ATTRIBUTE.")
    if what == "worklist" and file.exists():
        raise EvidenceError(f"{file} is there already, perhaps with decisions in it: import it, or give another name")
    with study.store.database.reading() as connection:
        made = {
            "counts": lambda: counted(study, by, unit, once),
            "estimates": lambda: estimated(study, connection, by),
            "audited": lambda: audited(study, connection),
            "differences": lambda: differences(study, by or "", once),
            "together": lambda: pairs(study, once),
            "worklist": lambda: worklist(study, connection, coder),
        }
        rows = made.get(what, lambda: KINDS[what](study, connection))()
        written = write(rows, file, bom)
    click.echo(f"Wrote {written:,} rows of {what} to {file}.")


@main.command(name="import")
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


@main.command()
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


@main.command()
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


@main.group()
def codebook() -> None:
    """Check the codebook, and see what changed in it."""


@codebook.command(name="check")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check_codebook(file: Path | None) -> None:
    """Name file, line and column of every fault in FILE, or in the study's codebook.yml."""
    from coding.codebook_file import check, load

    here = Path.cwd()
    places = [place / "codebook.yml" for place in (here, *here.parents) if (place / "codebook.yml").exists()]
    if not (file or places):
        raise EvidenceError("there is no codebook.yml here: give its path")
    path = file or places[0]
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
    """Show what changed since VERSION (its first letters), or since the last decision or run."""
    from coding.codebook import diff
    from coding.ledger import codebooks
    from coding.versions import last_used

    with study.store.database.reading() as connection:
        kept = [book for _, book in codebooks(connection)]
        used = last_used(connection)
    chosen = [book for book in kept if book.version.startswith(version)] if version else [used] if used else []
    if version and len(chosen) != 1:
        raise EvidenceError(f"version '{version}' is {'more than one' if chosen else 'none'} of those the study used")
    for line in diff(chosen[0], study.codebook) if chosen else ():
        click.echo(line)
    click.echo(
        f"Version now: {study.codebook.version[:12]}; used before: {', '.join(b.version[:12] for b in kept) or '-'}"
    )


@codebook.command(name="log")
@in_study
def log_codebook(study: "Study") -> None:
    """Show every version of the codebook that was used, with what changed from one to the next."""
    from coding.versions import history

    with study.store.database.reading() as connection:
        say(telling.of_history(history(connection), study.codebook.version))


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
    if changes:
        from coding.summary import cautions

        now = cautions(study)
        say(Telling(before=[line for line in (now.stale, *telling.of_outside(now.outside)) if line]))


@main.command()
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


@main.command()
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


def pairs(texts: Any) -> dict[str, str]:
    """NAME=VALUE words as a dict; EvidenceError for one without '='."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise EvidenceError(f"'{text}' is not NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def name_of(study: "Study", code: str) -> str:
    """A code's name, or its id where the codebook no longer has it."""
    return study.codebook.by_id[code].name if code in study.codebook.by_id else code


def coders_of(study: "Study", text: str | None) -> tuple[list[str], list[str]]:
    """Names with commas between them, and those of them that are new to the study."""
    from coding.reviewers import strangers

    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    with study.store.database.reading() as connection:
        return names, strangers(connection, names)


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
                tasks[stage] = progress.add_task(stage, total=total or None)
            progress.update(tasks[stage], completed=done)

        yield show


def in_terminal(study: "Study", coder: str, draw: int | None) -> None:
    """Show a screen, wait for a key, until the reviewer stops."""
    import shutil
    from contextlib import closing

    from coding.draws import find
    from coding.learner import Learner
    from coding.review import Desk
    from coding.reviewers import spelled
    from coding.terminal import Terminal

    if not sys.stdin.isatty():
        raise EvidenceError("--terminal needs a terminal: start it in a shell, or hand out `themis export review`")
    styles: dict[str, dict[str, Any]] = {"bold": {"bold": True}, "dim": {"dim": True}, "good": {"fg": "green"}}
    desk = Desk(study)
    with study.store.database.reading() as connection:
        mode = find(connection, draw).kind if draw else "review"
        (coder,) = spelled(connection, [coder])
    with closing(Learner(study.folder)) as learner:
        terminal = Terminal(desk, desk.sitting(coder, mode, draw), learner.learn)
        keys = keyboard()
        while not terminal.over:
            click.clear()
            for line in terminal.lines(min(100, shutil.get_terminal_size().columns)):
                click.secho(line.text, **styles.get(line.style, {}))
            if terminal.asking:
                terminal.type(click.prompt(terminal.asking.label, default="", show_default=False))
            else:
                terminal.press(next(keys, "q"))
    click.echo("Stopped. Everything that was shown as saved is on the disk.")


def keyboard() -> Iterator[str]:
    """Keys as they are pressed; those pressed while nobody waited for one are kept, which click.getchar throws away."""
    try:
        import termios
        import tty
    except ImportError:  # Windows keeps them
        while True:
            yield click.getchar()
    stream = sys.stdin.fileno()
    before = termios.tcgetattr(stream)
    atexit.register(termios.tcsetattr, stream, termios.TCSADRAIN, before)
    while True:
        tty.setcbreak(stream, termios.TCSADRAIN)
        pressed = os.read(stream, 1024).decode(errors="replace")
        termios.tcsetattr(stream, termios.TCSADRAIN, before)
        if not pressed:
            return
        if not pressed.startswith("\x1b"):  # an arrow or another key that has no letter
            yield from pressed


def say(told: Telling) -> None:
    """Print a table and the sentences around it, as wide as the terminal, or in full where there is none."""
    for line in told.before:
        click.echo(telling.harmless(line))
    if told.columns:
        from rich.table import Table
        from rich.text import Text

        table = Table(title=told.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
        for name in told.columns:
            right = name in told.numbers
            table.add_column(
                name, justify="right" if right else "left", no_wrap=right or name == "Code", overflow="fold"
            )
        for row in told.rows:
            table.add_row(*(Text(telling.harmless(cell)) for cell in row))
        console().print(table)
    for line in told.after:
        click.echo(telling.harmless(line))


def console() -> "Console":
    """Where tables and bars go."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


if __name__ == "__main__":
    main()
