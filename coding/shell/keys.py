"""Reading in the terminal: a screen, a key, the next screen."""

import atexit
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from corpus.errors import EvidenceError

if TYPE_CHECKING:
    from coding.study import Study


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
