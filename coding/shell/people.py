"""Commands of the people who read: reviewing, random draws, agreement, and accepting what nobody reads."""

from typing import TYPE_CHECKING, Any

import click

from coding import telling
from coding.shell.given import SHARE, coders_of, in_study, login, name_of
from coding.shell.keys import in_terminal
from coding.shell.shown import bars, say

if TYPE_CHECKING:
    from coding.draws import Draw
    from coding.study import Study


@click.command()
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


@click.group()
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


@click.command()
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


@click.command()
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


@click.command()
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


@click.command()
@click.argument("code_id", required=False, metavar="[CODE]")
@click.option("--examples", is_flag=True, help="List examples of the codebook that may mislead instead.")
@click.option("--reread", "size", type=click.IntRange(2), metavar="N", help="Draw N passages to be read again, blind.")
@click.option("--coder", help="With --reread: whose decisions; yours, by the name you are logged in with, otherwise.")
@click.option("--most", type=click.IntRange(0), default=20, show_default=True, help="How many to list; 0 for all.")
@in_study
def doubts(study: "Study", code_id: str | None, examples: bool, size: int | None, coder: str | None, most: int) -> None:
    """List decisions that look like slips.

    Each is judged by what the machine says that did not see its document. Nothing is changed: --reread has one coder
    read the oddest again, blind, with as many that are not suspected, and this then tells what was changed of both.
    """
    from coding import doubts as doubting
    from coding import rereading, telling_doubts

    if size and examples:
        raise click.UsageError("Give --examples or --reread, not both.")
    if coder and not size:
        raise click.UsageError("--coder goes with --reread.")
    code = study.codebook.find(code_id) if code_id else None
    if examples:
        return say(telling_doubts.of_misleading(doubting.misleading(study, code, most), study.codebook))
    if size:
        return say(telling_doubts.of_reread(rereading.draw_reread(study, size, coder or login(), code)))
    found = doubting.doubts(study, code, most)
    return say(telling_doubts.of_doubts(found, study.codebook, rereading.outcomes(study)))


@click.command()
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
