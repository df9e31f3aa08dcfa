"""What is accepted without reading is what an audit shows to hold: a state of its own, and nothing talks it round."""

import random
import shutil
from dataclasses import replace
from math import floor
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Words, with_encoder
from hypothesis import given, settings
from hypothesis import strategies as st

import cli
from coding import accepted, accepting, certify, drawing, draws, frames, ledger, suggestions
from coding.accepting import Wanted, accept, undo
from coding.acts import Reading
from coding.draws import DRAWN
from coding.ledger import Decision, new_act
from coding.merge import merge
from coding.offer import offered
from coding.quotes import quotes
from coding.review import Desk
from coding.study import add, create_study, open_study, remove
from coding.suggestions import Basis, Suggestion
from corpus.database import insert, select
from corpus.errors import EvidenceError

BOOK = """
title: Two
codes:
  - id: money
    name: Money
    definition: Money is short.
    codes:
      - {id: late, name: Late, definition: Money is late.}
  - {id: voice, name: Voice, definition: Nobody listens.}
"""
PASSAGES, DOCUMENTS = 300, 12
SUGGESTED = 200  # of the passages, for money


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A study of 300 passages, of which a run suggests money for every one but the last hundred."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "themes.yml").write_text(BOOK, encoding="utf-8")
    texts = folder / "texts"
    texts.mkdir()
    for number in range(DOCUMENTS):
        lines = (f"Line {line} of document {number} speaks." for line in range(PASSAGES // DOCUMENTS))
        (texts / f"d{number:02}.md").write_text("\n\n".join(lines), encoding="utf-8")
    study = create_study(folder / "study", folder / "themes.yml")
    add(study, [texts])
    suggest(study)
    study.store.database.close()
    return study.folder


def suggest(study, encoder="words", among=SUGGESTED):
    """A run that suggests money for the passages that come first in a fixed shuffle, in that order."""
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        ranked = ranked_keys(study, connection)
        basis = Basis(new_act(), encoder, study.codebook.version, ledger.last(connection), "0", 1)
        run = suggestions.begin(connection, basis)
        suggestions.describe(connection, run, {code: ("score", 0.5) for code in study.codebook.by_id}, [])
        rows = [
            Suggestion(key, code, 1 - place / 1000, code == "money" and place < among, 0, -1)
            for place, key in enumerate(ranked)
            for code in study.codebook.by_id
        ]
        suggestions.write(connection, run, rows)
        suggestions.finish(connection, run)


def ranked_keys(study, connection):
    keys = study.store.passage_keys(connection)
    random.Random(5).shuffle(keys)
    return keys


@pytest.fixture
def study(base, tmp_path):
    return copied(base, tmp_path / "study")


def copied(folder, to):
    shutil.copytree(folder, to)
    return with_encoder(open_study(to), Words())


def copy_of(study, to):
    study.store.database.close()
    return copied(study.folder, to)


@pytest.fixture
def likely(study):
    """Keys of what is suggested, the likeliest first."""
    with study.store.database.reading() as connection:
        return ranked_keys(study, connection)[:SUGGESTED]


def read(study, wrong=(), most=None, draw=None, coder="anna"):
    """Read what waits in the audit, blind: money in all but the wrong ones; how many passages."""
    desk, done = Desk(study), 0
    sitting = desk.sitting(coder, "audit", draw)
    while (most is None or done < most) and (card := desk.following(sitting)):
        yes = frozenset() if card.passage in wrong else frozenset({"money"})
        desk.save(sitting, Reading(new_act(), card.passage, yes, card.why))
        done += 1
    return done


def drawn(study, draw=1):
    with study.store.database.reading() as connection:
        query = select(DRAWN.c.passage).where(DRAWN.c.draw == draw).order_by(DRAWN.c.position)
        return list(connection.execute(query).scalars())


def unread(study, code="money"):
    with study.store.database.reading() as connection:
        return accepted.unread(connection).get(code, set())


def decide(study, *rows, coder="ben"):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version = study.codebook.version
        ledger.record(connection, [Decision(coder, key, code, value, version) for key, code, value in rows])


def redefine(study, old, new):
    """The study with another codebook.yml."""
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")
    study.store.database.close()
    return with_encoder(open_study(study.folder), Words())


def close(study, draw):
    with study.store.database.writing() as connection:
        draws.close(connection, draw)


def themis(study, *words):
    result = CliRunner().invoke(cli.main, [words[0], "--study", str(study.folder), *map(str, words[1:])])
    return result.exit_code, result.output


def test_the_whole_story(study, likely):
    proposed = accept(study, "Money", Wanted(size=60))
    assert (proposed.what, proposed.suggested, proposed.total) == ("proposed", 200, 60)
    one = proposed.proposal
    assert one.cuts == certify.cuts(200, 60, 0.9, 0.95) == (110, 150, 180)
    assert (one.draw, one.code, one.precision, one.confidence, one.attempt) == (1, "money", 0.9, 0.9, 1)
    with study.store.database.reading() as connection:
        assert frames.frame(connection, 1).passages.tolist() == likely[:180]
        draw = draws.find(connection, 1)
    assert (draw.kind, draw.code, draw.size, draw.population) == ("audit", "money", 60, 180)
    assert set(drawn(study)) <= set(likely[:180])
    waiting = accept(study, "money")
    assert (waiting.what, waiting.read, waiting.total, waiting.tested) == ("waiting", 0, 60, ())
    assert unread(study) == set()
    wrong = [key for key in drawn(study) if key in likely[150:]][:8]  # eight errors among the least likely ones
    assert read(study, wrong) == 60
    done = accept(study, "money")
    assert [(cut.size, cut.errors, cut.passed) for cut in done.tested] == [
        (110, 0, True),
        (150, 0, True),
        (180, 8, False),
    ]
    assert (done.what, done.proposal.size, done.silent) == ("accepted", 150, 0)
    left = set(likely[:150]) - set(drawn(study))
    assert unread(study) == left
    assert done.unread == len(left) > 90
    again = accept(study, "money")
    assert (again.what, again.tested, again.proposal) == ("accepted", (), done.proposal)


def test_sets_that_do_not_pass_are_not_accepted_and_the_next_try_has_half_the_doubt(study, likely):
    accept(study, "money", Wanted(size=60))
    read(study, likely[::3])
    done = accept(study, "money")
    assert (done.what, done.proposal.size, unread(study)) == ("none", 0, set())
    assert not any(cut.passed for cut in done.tested)
    assert done.suggested == 200 - 60
    again = accept(study, "money", Wanted(size=60))
    assert (again.what, again.proposal.draw, again.proposal.attempt) == ("proposed", 2, 2)
    assert again.proposal.cuts == certify.cuts(140, 60, 0.9, 0.975)
    assert not set(drawn(study, 2)) & set(drawn(study, 1))


def test_a_certificate_is_of_the_set_as_it_was_drawn_and_decisions_end_the_state(study, likely):
    accept(study, "money", Wanted(size=60))
    apart = [key for key in likely[:180] if key not in drawn(study)]
    decide(study, (apart[0], "money", False), (apart[1], "money", True), (apart[2], "voice", True))
    read(study)
    done = accept(study, "money")
    assert [cut.size for cut in done.tested] == [110, 150, 180]
    assert unread(study) == set(apart[2:])
    decide(study, (apart[3], "money", False))
    assert unread(study) == set(apart[2:]) - {apart[3]}
    with study.store.database.writing() as connection:
        ledger.record(connection, [Decision("ben", apart[3], "money", None, study.codebook.version)])
    assert apart[3] in unread(study)  # taken back, it is undecided as before


def test_what_is_accepted_is_taken_back_in_one_command(study, likely):
    accept(study, "money", Wanted(size=60))
    read(study)
    accept(study, "money")
    taken, passages = undo(study, "Money")
    assert ([one.draw for one in taken], passages, unread(study)) == ([1], 120, set())
    with pytest.raises(EvidenceError, match=r"nothing is accepted unread for money: `themis accept money` proposes"):
        undo(study, "money")
    (state,) = accepting.listed(study)
    assert (state.what, state.unread) == ("withdrawn", 0)
    assert accept(study, "money", Wanted(size=60)).proposal.attempt == 2


# Cheating, a dozen ways.


def test_half_an_audit_shows_nothing(study):
    accept(study, "money", Wanted(size=60))
    read(study, most=59)
    for _ in range(2):
        state = accept(study, "money")
        assert (state.what, state.read, state.tested) == ("waiting", 59, ())
    assert unread(study) == set()
    read(study)
    assert accept(study, "money").what == "accepted"


def test_who_closes_and_draws_until_it_passes_pays_each_time(study):
    attempts = []
    for number in range(1, 5):
        proposal = accept(study, "money", Wanted(size=60, precision=0.9 - number / 100)).proposal
        attempts.append((proposal.attempt, proposal.draw))
        read(study, most=1)
        close(study, number)
        assert accepting.listed(study)[-1].what == "closed"
    assert attempts == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert unread(study) == set()


def test_a_closed_audit_is_not_tested_even_when_it_was_read(study):
    accept(study, "money", Wanted(size=60))
    read(study)
    close(study, 1)
    assert accept(study, "money", Wanted(size=60)).proposal.draw == 2
    assert unread(study) == set()


def test_attempts_come_to_an_end(study, monkeypatch):
    monkeypatch.setattr(accepted, "ATTEMPTS", 2)
    for number in (1, 2):
        accept(study, "money", Wanted(size=60))
        close(study, number)
    with pytest.raises(EvidenceError, match="2 attempts were made for money"):
        accept(study, "money", Wanted(size=60))


def test_a_yes_outside_the_draw_is_no_answer_in_it(study, likely):
    accept(study, "money", Wanted(size=60))
    decide(study, *[(key, "money", True) for key in drawn(study)])
    assert accept(study, "money").what == "waiting"
    read(study, likely)
    decide(study, *[(key, "money", True) for key in drawn(study)], coder="anna")
    done = accept(study, "money")
    assert (done.what, done.tested[-1].errors) == ("none", 60)


def test_what_is_settled_or_changed_afterwards_changes_no_test(study):
    accept(study, "money", Wanted(size=60))
    read(study)
    done = accept(study, "money").proposal
    desk = Desk(study)
    sitting = desk.sitting("anna", "audit", 1)
    for key in drawn(study)[:30]:
        desk.save(sitting, Reading(new_act(), key, frozenset(), "audit"))
    again = accept(study, "money")
    assert (again.proposal, again.tested) == (done, ())


def test_readers_who_differ_are_an_error(study):
    accept(study, "money", Wanted(size=60))
    read(study)
    first = drawn(study)[0]
    desk = Desk(study)
    desk.save(desk.sitting("ben", "audit", 1), Reading(new_act(), first, frozenset(), "audit"))
    assert accept(study, "money").tested[-1].errors == 1


def test_a_passage_read_without_the_code_is_an_error(study):
    """By a reviewer whose codebook had it not, or in a workbook that was left empty there."""
    accept(study, "money", Wanted(size=60))
    rows = [(key, "money" if number else "voice") for number, key in enumerate(drawn(study))]
    version = study.codebook.version
    with study.store.database.writing() as connection:
        said = [Decision("anna", key, code, True, version, why="audit", draw=1) for key, code in rows]
        ledger.record(connection, said)
    done = accept(study, "money")
    assert (done.what, done.tested[-1].errors, done.silent) == ("accepted", 1, 1)


def test_a_yes_for_a_nested_code_is_one_above_unless_the_same_reader_says_no_there(study):
    accept(study, "money", Wanted(size=60))
    read(study, drawn(study)[2:])
    version, (first, second, third, *_) = study.codebook.version, drawn(study)
    with study.store.database.writing() as connection:
        said = [(first, "money", None), (first, "late", True), (second, "money", None), (third, "late", True)]
        rows = [Decision("anna", key, code, value, version, why="audit", draw=1) for key, code, value in said]
        ledger.record(connection, rows)
    done = accept(study, "money")
    assert (done.tested[-1].errors, done.silent) == (59, 1)  # the first holds, the second is silent, the third is a no


def test_what_was_read_by_another_meaning_is_an_error(study):
    """Widen a definition, read, and narrow it again."""
    accept(study, "money", Wanted(size=60))
    wide = redefine(study, "Money is short.", "Anything at all.")
    with pytest.raises(EvidenceError, match=r"money means another thing now than when draw 1 was made: give it up with"):
        accept(wide, "money")
    read(wide, most=20)
    narrow = redefine(wide, "Anything at all.", "Money is short.")
    read(narrow)
    done = accept(narrow, "money")
    assert (done.what, done.tested[-1].errors, done.silent) == ("none", 20, 20)


def test_who_removes_the_documents_in_which_errors_were_found_gains_nothing(study, likely):
    accept(study, "money", Wanted(size=60))
    wrong = set(drawn(study)[:15])
    read(study, wrong)
    with study.store.database.reading() as connection:
        of = {key: name for key, name, _ in study.store.places_in_order(connection)}
    remove(study, sorted({of[key] for key in wrong}))
    done = accept(study, "money")
    assert (done.what, done.tested[-1].audited, done.tested[-1].errors) == ("none", 60, 15)


def test_a_document_that_is_removed_before_it_was_read_leaves_errors_and_nothing_to_accept(study, likely):
    accept(study, "money", Wanted(size=100))
    with study.store.database.reading() as connection:
        gone = {key for key, name, _ in study.store.places_in_order(connection) if name == "d00.md"}
    remove(study, ["d00.md"])
    assert read(study) == 100 - len(gone & set(drawn(study)))
    done = accept(study, "money")
    assert done.tested[-1].errors == done.silent == len(gone & set(drawn(study))) > 0
    assert unread(study) == set(likely[: done.proposal.size]) - gone - set(drawn(study))


def test_another_promise_for_an_open_proposal_is_refused(study):
    accept(study, "money", Wanted(size=60))
    for wanted in (Wanted(precision=0.8), Wanted(confidence=0.5)):
        with pytest.raises(EvidenceError, match=r"draw 1 is to show a precision of 0\.9 with confidence 0\.9, and not"):
            accept(study, "money", wanted)
    assert accept(study, "money", Wanted(precision=0.9, confidence=0.9)).what == "waiting"


def test_another_audit_shows_nothing_for_a_proposal(study):
    accept(study, "money", Wanted(size=60))
    drawing.draw_audit(study, 40)
    assert read(study, draw=2) == 40
    assert accept(study, "money").read == 0
    with study.store.database.reading() as connection:
        assert len(accepted.proposals(connection, "voice")) == 0


def test_the_machine_s_order_is_that_of_the_draw_and_no_later_one(study, likely):
    accept(study, "money", Wanted(size=60))
    read(study)
    suggest(study, encoder="another", among=20)
    done = accept(study, "money")
    assert (done.proposal.size, done.encoder) == (180, "words")
    assert unread(study) == set(likely[:180]) - set(drawn(study))


def test_suggestions_of_another_codebook_are_not_proposed(study):
    study = redefine(study, "Nobody listens.", "Nobody hears.")
    with pytest.raises(EvidenceError, match="the suggestions are those of an earlier codebook: run `themis code` first"):
        accept(study, "money")


def test_before_the_first_run_there_is_nothing_to_accept(empty):
    with pytest.raises(EvidenceError, match="nothing has been suggested yet: run `themis code` first"):
        accept(empty, "money")


@pytest.mark.parametrize(
    ("among", "size", "said"),
    [
        (0, 100, "nothing that is suggested for money is undecided"),
        (3, 100, "3 undecided passages are suggested for money, and an audit of 100 leaves nothing of them unread"),
        (60, 100, r"reading them all is quicker, or give --n \d+ or more"),
        (200, 5, r"an audit of 5 is too small to show this, even without an error: give --n 2\d or more"),
    ],
)
def test_too_few_to_show_anything(study, among, size, said):
    suggest(study, among=among)
    with pytest.raises(EvidenceError, match=said):
        accept(study, "money", Wanted(size=size))
    with study.store.database.reading() as connection:
        assert (draws.draws(connection), accepted.proposals(connection)) == ([], [])


def test_a_draw_and_its_proposal_are_made_together_or_not_at_all(study, monkeypatch):
    def broken(*_):
        raise RuntimeError("the power went")

    monkeypatch.setattr(accepted, "propose", broken)
    with pytest.raises(RuntimeError):
        accept(study, "money", Wanted(size=60))
    with study.store.database.reading() as connection:
        assert draws.draws(connection) == []
