"""Commands of what comes out: passages, quotes, counts, plans and files of rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coding import telling
from coding.shell.given import SHARE, in_study
from coding.shell.shown import console, say
from coding.telling import Telling
from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.study import Study

UNITS = "What is counted: passage, document, speaker, or an attribute, such as Organisation."
EXPORTS = "passages suggestions worklist review decisions agreed accepted counts estimates audited".split()
EXPORTS += ["agreement", "differences", "together", "memos"]


@click.command()
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


@click.command()
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


@click.command()
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


@click.command()
@click.argument("passage", metavar="PASSAGE")
@click.option("--code", metavar="CODE", help="Of this code, suggested or not.")
@in_study
def why(study: "Study", passage: str, code: str | None) -> None:
    """Tell why codes are suggested of a passage.

    PASSAGE is a place as `themis quotes` and the exports print it, such as interview.docx:340-512. For each code: the
    sentence, the nearest passages that people said yes and no to, the codebook, and what adds to the score.
    """
    from coding.telling_why import of_why
    from coding.why import why as explain

    for told in of_why(explain(study, passage, code)):
        say(told)


@click.command()
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

    if (explain or plot) and any(how.values()):
        raise click.UsageError("--explain and --plot are of the counts themselves: leave --compare or --together out.")
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


@click.command()
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


@click.command()
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
