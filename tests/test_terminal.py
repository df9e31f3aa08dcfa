"""Reviewing in a terminal: keys in, lines out, decisions in the ledger."""

import os
import pty
import select as waiting
import sys
import time

import pytest

from coding import ledger, memos
from coding.drawing import draw_audit
from coding.ledger import HELD
from coding.review import Desk
from coding.run import code
from coding.terminal import Terminal
from corpus.database import select


@pytest.fixture
def terminal(study):
    code(study)
    desk = Desk(study)
    return Terminal(desk, desk.sitting("anna"))


def held(study):
    with study.store.database.reading() as connection:
        rows = connection.execute(select(HELD).where(HELD.c.value, HELD.c.lane == ledger.OWN))
        return {(row.passage, row.code) for row in rows}


def shown(terminal, width=100):
    return "\n".join(line.text for line in terminal.lines(width))


def passage(terminal):
    return terminal._card.passage


def test_enter_saves_what_is_ticked_and_goes_on(study, terminal):
    first = passage(terminal)
    terminal.press("2")  # a nested code ticks the one above it
    assert "Enter saves: Money, Late payment." in shown(terminal)
    terminal.press("\r")
    assert held(study) == {(first, "money"), (first, "late")}
    assert passage(terminal) != first
    assert "Enter saves: no code." in shown(terminal)


def test_nothing_is_ticked_before_the_coder_ticks_it(study, terminal):
    seen = 0
    while terminal._card:
        seen += "suggested" in shown(terminal)
        terminal.press("\r")
    assert seen
    assert held(study) == set()
    terminal.press("\r")  # at the end Enter does nothing
    assert "Nothing is left to read here" in shown(terminal)


def test_undo_comes_back_with_the_ticks_and_redo_goes_on(study, terminal):
    first = passage(terminal)
    for key in "3\r":
        terminal.press(key)
    second = passage(terminal)
    terminal.press("u")
    assert (passage(terminal), held(study)) == (first, set())
    assert "Enter saves: Voice." in shown(terminal)
    terminal.press("U")
    assert (passage(terminal), held(study)) == (second, {(first, "voice")})


def test_a_tick_taken_from_a_code_is_taken_from_those_below(terminal):
    terminal.press("2")
    terminal.press("1")
    assert "Enter saves: no code." in shown(terminal)


@pytest.mark.parametrize(
    ("pressed", "left"), [("22", "no code"), ("122", "Money"), ("1221", "no code"), ("2122", "no code")]
)
def test_a_theme_that_came_along_goes_with_the_last_code_that_brought_it(terminal, pressed, left):
    for key in pressed:
        terminal.press(key)
    assert f"Enter saves: {left}." in shown(terminal)


def test_what_is_asked_for_is_typed(study, terminal):
    place = passage(terminal)
    for key, text in (("/", "voi"), ("f", "Is this money?"), ("m", "A memo"), ("m", "  ")):
        terminal.press(key)
        assert terminal.asking
        terminal.type(text)
        assert terminal.asking is None
    assert "Enter saves: Voice." in shown(terminal)
    with study.store.database.reading() as connection:
        assert [memo.text for memo in memos.on_passages(connection, [place])[place]] == ["A memo"]
        assert [(flag.coder, flag.note) for flag in memos.raised(connection, [place])] == [("anna", "Is this money?")]


def test_a_name_that_several_codes_have_ticks_none(terminal):
    terminal.press("/")
    terminal.type("e")
    assert "Money, Late payment, Voice has 'e' in its name" in shown(terminal)
    assert "Enter saves: no code." in shown(terminal)


def test_a_skipped_passage_comes_last(terminal):
    first = passage(terminal)
    terminal.press("s")
    order = []
    while terminal._card:
        order.append(passage(terminal))
        terminal.press("\r")
    assert order[-1] == first
    assert len(order) == len(set(order))


def test_blind_is_blind(study):
    code(study)
    draw_audit(study, 3)
    desk = Desk(study)
    terminal = Terminal(desk, desk.sitting("anna", "audit"))
    while terminal._card:
        assert "suggested" not in shown(terminal)
        terminal.press("w")
        assert "nothing is suggested here" in shown(terminal)
        terminal.press("\r")


def test_the_machine_learns_after_each_batch(study, monkeypatch):
    monkeypatch.setattr("coding.terminal.BATCH", 2)
    desk = Desk(study)
    asked = []
    terminal = Terminal(desk, desk.sitting("anna"), lambda: asked.append(len(held(study))))
    for key in "3\r3\r3\r":
        terminal.press(key)
    assert asked == [2]


def test_a_neighbouring_answer_stands_under_its_own_question(tmp_path, empty):
    from coding.study import add

    asked = '"What went wrong last year?","What went well, do you think?"'
    said = '"They never listened to our view at all","The new kitchen is a joy to cook in"'
    (tmp_path / "survey.csv").write_text(f"Response ID,{asked}\nR1,{said}\n")
    add(empty, [tmp_path / "survey.csv"])
    code(empty)
    desk = Desk(empty)
    sitting = desk.sitting("anna")
    with empty.store.database.reading() as connection:
        first, second = empty.store.passage_keys(connection)
    terminal = Terminal(desk, sitting)
    for key, line in ((first, "(What went well, do you think?)"), (second, "(What went wrong last year?)")):
        terminal._show(desk.card(sitting, key))
        assert line in [line.text for line in terminal.lines()]


def test_a_transcript_cannot_command_the_terminal(tmp_path, empty):
    from coding.study import add

    (tmp_path / "evil.txt").write_text("Mair Jones: We \x1b]0;owned\x07 waited \x1b[31m long 👨‍👩‍👧 indeed.\n")
    add(empty, [tmp_path / "evil.txt"])
    desk = Desk(empty)
    text = shown(Terminal(desk, desk.sitting("anna")))
    assert "waited" in text
    assert "👨‍👩‍👧" in text
    assert not any(c < " " and c != "\n" for c in text)


def test_no_line_is_wider_than_the_terminal(terminal):
    terminal.press("?")
    assert max(len(line.text) for line in terminal.lines(50)) <= 50


def test_keys_of_a_real_terminal_reach_the_ledger(study):
    pid, master = pty.fork()
    if pid == 0:  # pragma: no cover - the child
        os.environ.update(TERM="xterm", COLUMNS="100")
        os.chdir(os.path.dirname(os.path.dirname(__file__)))
        asked = ["review", "--terminal", "--coder", "Anna", "--no-code", "--study", str(study.folder)]
        os.execv(sys.executable, [sys.executable, "-W", "ignore", "-m", "cli", *asked])
    seen = b""

    def until(words):
        nonlocal seen
        end = time.monotonic() + 60
        while words not in seen and time.monotonic() < end:
            if waiting.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536)
        assert words in seen, seen.decode(errors="replace")
        seen = b""

    until(b"Enter saves: no code")
    os.write(master, b"3")
    until(b"Enter saves: Voice")
    os.write(master, b"\r")
    until(b"Saved.")
    os.write(master, b"q")
    until(b"Stopped. Everything that was shown as saved is on the disk.")
    assert os.waitpid(pid, 0)[1] == 0
    os.close(master)
    assert {code for _, code in held(study)} == {"voice"}
