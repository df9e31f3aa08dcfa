"""What is accepted without reading is what an audit shows to hold: a state of its own, and nothing talks it round."""

import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Words, with_encoder

import cli
from coding import accepted, accepting, certify, drawing, draws, frames, ledger, suggestions
from coding.accepting import Wanted, accept, undo
from coding.acts import Reading
from coding.draws import DRAWN
from coding.export.rows import KINDS
from coding.ledger import Decision, new_act
from coding.merge import merge
from coding.quotes import quotes
from coding.review import Desk
from coding.run import code
from coding.study import add, configure, create_study, open_study, remove
from coding.suggestions import Basis, Suggestion
from coding.telling_accept import of_state
from coding.telling_merge import of_merge
from coding.transcripts import transcript
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
        suggestions.describe(connection, run, dict.fromkeys(study.codebook.by_id, ("score", 0.5)), [])
        rows = [
            Suggestion(key, code, 1 - place / 1000, place < among if code == "money" else place > 250, 0, -1)
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


def test_what_a_yes_for_a_nested_code_implies_is_not_proposed(study, likely):
    decide(study, (likely[0], "late", True), (likely[1], "late", False))
    accept(study, "money", Wanted(size=60))
    with study.store.database.reading() as connection:
        assert frames.frame(connection, 1).passages.tolist()[:2] == likely[1:3]


def test_what_an_open_draw_is_read_of_is_not_proposed(study, likely):
    drawing.draw_double(study, 100, ["anna", "ben"])
    apart = set(drawn(study))
    accept(study, "money", Wanted(size=30))
    with study.store.database.reading() as connection:
        ranked = frames.frame(connection, 2).passages.tolist()
    assert ranked == [key for key in likely if key not in apart][: len(ranked)]


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
    desk = Desk(study)
    first, second, *_ = drawn(study)
    desk.save(desk.sitting("ben", "audit", 1), Reading(new_act(), second, frozenset(), "audit"))
    read(study)
    desk.save(desk.sitting("anna", "audit", 1), Reading(new_act(), second, frozenset({"money"}), "audit"))
    desk.save(desk.sitting("ben", "audit", 1), Reading(new_act(), first, frozenset(), "audit"))
    done = accept(study, "money")
    assert (done.tested[-1].errors, done.silent) == (2, 0)


@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("more", [0, 1])
def test_exactly_as_many_errors_pass_as_the_attempt_may_hold(study, attempt, more):
    if attempt == 2:
        accept(study, "money", Wanted(size=60))
        close(study, 1)
    size, ranked = 180, accept(study, "money", Wanted(size=100)).proposal.draw
    allowed = certify.tolerated(size, 100, 0.9, 1 - 0.1 / 2**attempt)
    assert allowed < certify.tolerated(size, 100, 0.9, 0.9)
    with study.store.database.reading() as connection:
        order = frames.frame(connection, ranked).passages.tolist()
    wrong = [key for key in order[150:] if key in drawn(study, ranked)][: allowed + more]
    assert len(wrong) == allowed + more
    read(study, wrong)
    assert accept(study, "money").proposal.size == (150 if more else 180)


def test_a_passage_read_without_the_code_is_an_error(study):
    """By a reviewer whose codebook had it not, or in a workbook that was left empty there."""
    study = configure(study, {"seed": "1"})
    accept(study, "money", Wanted(size=60))
    rows = [(key, "money" if number else "voice") for number, key in enumerate(drawn(study))]
    version = study.codebook.version
    with study.store.database.writing() as connection:
        said = [Decision("anna", key, code, True, version, why="audit", draw=1) for key, code in rows]
        ledger.record(connection, said)
    done = accept(study, "money")
    assert (done.what, done.tested[-1].errors, done.silent) == ("accepted", 1, 1)
    told = " ".join(of_state(done, "Money").after)
    assert "1 drawn passage has no answer for this code" in told
    assert "not audited" not in told  # how many of the others are wrong rests on knowing all that was audited


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
    with pytest.raises(EvidenceError, match=r"money means another thing now than when draw 1 was made: give it up"):
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
    accept(study, "money", Wanted(size=100, precision=0.6))
    with study.store.database.reading() as connection:
        gone = {key for key, name, _ in study.store.places_in_order(connection) if name == "d00.md"}
    remove(study, ["d00.md"])
    assert read(study) == 100 - len(gone & set(drawn(study)))
    done = accept(study, "money")
    assert done.tested[-1].errors == done.silent == len(gone & set(drawn(study))) > 0
    assert done.proposal.size > 0
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
    assert "Draw 1 was ranked by words, another encoder than that of" in themis(study, "accept", "--list")[1]
    assert unread(study) == set(likely[:180]) - set(drawn(study))


def test_suggestions_of_another_codebook_are_not_proposed(study):
    study = redefine(study, "Nobody listens.", "Nobody hears.")
    with pytest.raises(EvidenceError, match="suggestions are those of an earlier codebook: run `themis code` first"):
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


def test_taking_what_was_found_wrong_out_of_the_set_would_break_the_promise():
    """A thousand documents of two passages, a fifth of all wrong; who may remove those with errors always passes."""
    chance = random.Random(8)
    kept = shrunk = 0
    for _ in range(200):
        wrong = [chance.random() < 0.2 for _ in range(2000)]
        ranks = chance.sample(range(2000), 100)
        found = [wrong[rank] for rank in ranks]
        kept += certify.accepted([2000], ranks, found, 0.9, 0.95)[0].passed
        gone = {rank // 2 for rank in ranks if wrong[rank]}
        places = {rank: place for place, rank in enumerate(r for r in range(2000) if r // 2 not in gone)}
        left = [places[rank] for rank in ranks if rank in places]
        shrunk += certify.accepted([len(places)], left, [False] * len(left), 0.9, 0.95)[0].passed
    assert (kept, shrunk) == (0, 200)


# Everywhere a state of its own.


@pytest.fixture
def held(study):
    """Money accepted unread in 120 passages."""
    accept(study, "money", Wanted(size=60))
    read(study)
    accept(study, "money")
    return study


def ids(study, keys):
    with study.store.database.reading() as connection:
        return {f"{name}:{place}" for key, name, place in study.store.places_in_order(connection) if key in keys}


def exported(study, kind):
    with study.store.database.reading() as connection:
        return list(KINDS[kind](study, connection).rows)


def test_quotes_are_those_that_nobody_decided(held):
    found = quotes(held, "money", "accepted")
    assert len(found) == 120
    assert {(quote.yes, quote.no) for quote in found} == {((), ())}
    assert len(quotes(held, "money")) == 60
    assert quotes(held, "voice", "accepted") == []
    drawing.draw_audit(held, 1000)
    assert quotes(held, "money", "accepted") == []  # to be read blind, all of them


def test_exports_say_what_is_promised_and_that_nobody_decided(held):
    rows = exported(held, "accepted")
    assert len(rows) == 120
    shown = {tuple(row[name] for name in ("code", "precision", "confidence", "draw", "stale")) for row in rows}
    assert shown == {("money", 0.9, 0.9, 1, False)}
    assert {row["passage"] for row in rows} == {quote.passage for quote in quotes(held, "money", "accepted")}
    assert len(exported(held, "decisions")) == 60 * 3
    agreed = [row for row in exported(held, "agreed") if row["source"] == "accepted unread"]
    assert {(row["code"], row["value"], row["coders"]) for row in agreed} == {("money", "yes", "")}
    assert {row["passage"] for row in agreed} == {row["passage"] for row in rows}


def test_a_yes_for_a_nested_code_is_one_value_and_not_two(held):
    key = min(unread(held))
    decide(held, (key, "late", True))
    rows = [(row["passage"], row["code"]) for row in exported(held, "agreed")]
    assert len(rows) == len(set(rows))


def test_nobody_has_read_it_and_no_model_learns_from_it(held):
    with held.store.database.reading() as connection:
        last = ledger.last(connection)
        read = {key for key, values in ledger.agreed(connection, held.codebook)}
    assert last == 60 * 3
    assert read == set(drawn(held))
    with held.store.database.reading() as connection:
        assert Desk(held).tasks("ben")[0].read == 60
    sitting, offered = Desk(held).sitting("ben"), set()
    while card := Desk(held).following(sitting):
        offered.add(card.passage)
        decide(held, *[(card.passage, code, False) for code in held.codebook.by_id])
    assert unread(held) == set()
    assert len(offered) == PASSAGES - 60


def test_a_run_after_accepting_is_the_one_before(study):
    """Real suggestions of a real run, by the encoder that is fast."""
    study = redefine(study, "definition: Nobody listens.", "definition: Nobody listens., examples: [Line 1 speaks.]")
    configure(study, {"expected": "0.5"})
    study = with_encoder(open_study(study.folder), Words())
    code(study)
    one = accept(study, "voice", Wanted(size=60)).proposal
    with study.store.database.reading() as connection:
        run = suggestions.latest(connection)
        marked = {s.passage for s in suggestions.suggested(connection, run.id) if s.code == "voice"}
        assert set(frames.frame(connection, one.draw).passages.tolist()) < marked
    desk = Desk(study)
    sitting = desk.sitting("anna", "audit")
    while card := desk.following(sitting):
        desk.save(sitting, Reading(new_act(), card.passage, frozenset({"voice"}), card.why))
    code(study)
    with study.store.database.reading() as connection:
        before = suggestions.latest(connection).id
    assert accept(study, "voice").unread > 0
    code(study)
    with study.store.database.reading() as connection:
        assert suggestions.latest(connection).id == before > run.id


def test_a_document_shows_it_apart_from_what_is_decided_and_suggested(held):
    def marked(study):
        with study.store.database.reading() as connection:
            names = study.store.names(connection).values()
        parts = [part for key in names for turn in transcript(study, "ben", key, False).turns for part in turn.parts]
        return {part.passage: part for part in parts}

    parts = marked(held)
    assert {key for key, part in parts.items() if part.accepted == (("money", False),)} == unread(held)
    assert all("money" not in part.suggested for part in parts.values() if part.accepted)
    assert all(part.said == () for part in parts.values() if part.accepted)
    key = min(unread(held))
    decide(held, (key, "money", True))
    assert marked(held)[key].accepted == ()
    drawing.draw_audit(held, 1000)
    assert {part.accepted for part in marked(held).values()} == {()}


def test_a_changed_definition_makes_it_stale_everywhere_and_it_stays(held):
    held = redefine(held, "Money is short.", "Money is short or late.")
    (state,) = accepting.listed(held)
    assert (state.what, state.stale, state.unread) == ("accepted", True, 120)
    assert {row["stale"] for row in exported(held, "accepted")} == {True}
    assert {row["source"] for row in exported(held, "agreed")} == {"one", "accepted unread, stale"}
    assert accept(held, "money").what == "accepted"
    code, said = themis(held, "quotes", "money", "--accepted", "--most", "1")
    assert code == 0
    assert "Stale: money means another thing now than when draw 1 was made. themis accept money --undo; then" in said
    assert "accepted 180, 120 of them unread, stale" in " ".join(themis(held, "accept", "--list")[1].split())
    with held.store.database.reading() as connection:
        key = next(iter(held.store.names(connection).values()))
    marks = [part.accepted for turn in transcript(held, "ben", key, False).turns for part in turn.parts]
    assert {mark for mark in marks if mark} == {(("money", True),)}


def test_a_code_that_is_gone_holds_nothing_and_can_be_taken_back(held):
    path = held.folder / "codebook.yml"
    path.write_text("title: Two\ncodes:\n  - {id: voice, name: Voice, definition: Nobody listens.}\n")
    held = open_study(held.folder)
    assert exported(held, "accepted") == []
    assert accepting.listed(held)[0].stale
    assert undo(held, "money")[1] == 120


def test_who_reads_it_blind_is_not_told_for_which_code(study):
    accept(study, "money", Wanted(size=60))
    card = Desk(study).following(Desk(study).sitting("anna", "audit"))
    assert (card.wanted, card.hints, card.why) == (None, None, "audit")
    assert [(task.mode, task.draw, task.total) for task in Desk(study).tasks("anna", "audit")] == [("audit", 1, 60)]


def test_the_commands_tell_it_in_sentences(study, likely):
    code, said = themis(study, "accept")
    assert (code, said.splitlines()[-1]) == (2, "Error: Name a code, or give --list.")
    assert themis(study, "accept", "--list") == (
        0,
        "Nothing was proposed to be accepted unread yet: themis accept CODE\n",
    )
    code, said = themis(study, "accept", "money", "--n", "60", "--coders", "anna")
    assert code == 0
    assert said.splitlines() == [
        "Draw 1: 60 of the 180 passages likeliest to hold “Money”, at random, of 200 that are suggested and nobody has "
        "decided.",
        "When they are read, the largest of these sets that passes is accepted: the 110, 150, 180 likeliest. It passes "
        "where at least 90 % of it are shown to hold the code, with 90 % confidence.",
        "Up to 120 passages can so be accepted without anybody having read them.",
        "New here: anna. If that is a slip: `themis audit --close 1`, and draw again; if not, `themis reviewers add "
        "anna` makes a link.",
        "Next: read draw 1, blind: themis review, and there Audit; or themis export review FILE.xlsx --draw 1 --coder "
        "NAME. Then: themis accept money",
    ]
    assert "audit of what is suggested for money" in " ".join(themis(study, "audit", "--list")[1].split())
    read(study, most=59)
    assert themis(study, "accept", "money")[1].splitlines()[0] == (
        "Draw 1 is not read to the end: 1 of its 60 passages to go. Nothing is tested before."
    )
    read(study)
    code, said = themis(study, "accept", "money")
    assert code == 0
    lines = said.splitlines()
    assert lines[0].strip() == "“Money”, draw 1"
    assert [line.split() for line in lines[2:5]][-1] == ["180", "60", "0", "passed"]
    day = ledger.now()[:10]
    assert lines[5:] == [
        f"Accepted unread: “Money” in 120 passages that nobody has decided; at least 90 % of the 180 likeliest hold "
        f"it, with 90 % confidence (draw 1, {day}).",
        "Of the 120 of them that were not audited at most 18 do not hold it, with the same confidence.",
        "These are no decisions: they train nothing, count as read nowhere, and end where somebody decides.",
        "themis quotes money --accepted shows them; themis accept money --undo takes them back.",
    ]
    assert "accepted 180, 120 of them unread" in " ".join(themis(study, "accept", "--list")[1].split())
    assert themis(study, "accept", "money", "--undo")[1].splitlines()[0] == (
        "Taken back: 120 passages hold “Money” unread no more (draw 1). Decisions stay what they are."
    )
    assert "taken back" in themis(study, "accept", "--list")[1]
    code, said = themis(study, "accept", "money", "--n", "60")
    assert "This is attempt 2: it may use 1/4 of the doubt" in said


def test_the_command_says_what_to_read_where_nothing_passes(study, likely):
    accept(study, "money", Wanted(size=60))
    read(study, likely, most=59)
    with study.store.database.writing() as connection:
        last = [Decision("anna", drawn(study)[-1], "voice", True, study.codebook.version, why="audit", draw=1)]
        ledger.record(connection, last)
    lines = themis(study, "accept", "money")[1].splitlines()
    assert lines[-4:] == [
        "None of the sets passed: nothing is accepted for “Money”.",
        "1 drawn passage has no answer for this code (removed, read without it, or read when it meant another thing), "
        "which is an error here.",
        "Read what is suggested and undecided instead, 141 passages: themis review, or themis quotes money "
        "--suggested.",
        "Another try is a new draw, with half of the doubt that this one had: themis accept money (attempt 2).",
    ]


# Two copies.


def states(study):
    return [(one.proposal.code, one.proposal.attempt, one.what, one.unread) for one in accepting.listed(study)]


def test_what_a_colleague_read_and_accepted_comes_along_once(study, tmp_path):
    accept(study, "money", Wanted(size=60))
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    read(there)
    theirs = accept(there, "money").proposal
    done = merge(study, there.folder)
    assert (done.accepted, done.unaccepted) == (1, 0)
    assert (
        "`themis accept --list` shows what is accepted unread now, and what is to be tested here."
        in of_merge(done).before
    )
    assert (accept(study, "money").proposal, unread(study)) == (theirs, unread(there))
    undo(there, "money")
    assert merge(study, there.folder).accepted == 1
    assert (unread(study), states(study)) == (set(), [("money", 1, "withdrawn", 0)])
    for one, other in ((study, there), (there, study)):
        assert (merge(one, other.folder).accepted, merge(one, other.folder).draws) == (0, 0)


def test_a_proposal_of_another_copy_comes_with_its_draw_and_is_tested_here(study, tmp_path):
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    accept(there, "money", Wanted(size=60))
    drawing.draw_audit(study, 5)  # numbers of draws differ
    assert merge(study, there.folder).accepted == 1
    read(study, draw=2)
    done = accept(study, "money")
    assert (done.what, done.proposal.draw) == ("accepted", 2)
    with study.store.database.reading() as connection:
        assert unread(study) == set(frames.frame(connection, 2).passages.tolist()) - set(drawn(study, 2))


def test_attempts_made_apart_share_one_doubt(study, tmp_path):
    """In ten copies one of them passes by luck: merged, each has a number of its own, and the later are tested here."""
    copies = [copy_of(study, tmp_path / f"copy{number}") for number in range(3)]
    study = open_study(study.folder)
    for number, one in enumerate(copies):
        for _ in range(number):
            drawing.draw_audit(one, 1)  # so that the seeds differ
        accept(one, "money", Wanted(size=60))
        read(one, draw=number + 1)
        assert accept(one, "money").what == "accepted"
        merge(study, one.folder)
    assert [state[:3] for state in states(study)] == [
        ("money", 1, "accepted"),
        ("money", 2, "waiting"),
        ("money", 3, "waiting"),
    ]
    undo(study, "money")
    assert accept(study, "money").proposal.attempt == 2


def test_of_attempts_made_apart_the_one_that_was_read_is_tested(study, tmp_path):
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    drawing.draw_audit(there, 1)
    for one, size in ((study, 60), (there, 50)):
        accept(one, "money", Wanted(size=size))
    merge(study, there.folder)
    assert [state[1:3] for state in states(study)] == [(1, "waiting"), (2, "waiting")]
    read(study, draw=3)
    done = accept(study, "money")
    assert (done.what, done.proposal.draw, done.proposal.attempt) == ("accepted", 3, 2)


def test_an_attempt_made_apart_that_was_taken_back_there_is_not_tested_here(study, tmp_path):
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    drawing.draw_audit(there, 1)
    accept(there, "money", Wanted(size=50))
    read(there, draw=2)
    accept(there, "money")
    undo(there, "money")
    accept(study, "money", Wanted(size=60))
    merge(study, there.folder)
    assert [state[1:3] for state in states(study)] == [(1, "waiting"), (2, "withdrawn")]
    assert accept(study, "money").proposal.attempt == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"cuts": "[1, 2, 100000]"},
        {"cuts": "[180, 110]"},
        {"cuts": "[150, 110, 180]"},
        {"cuts": "[110, 110, 180]"},
        {"cuts": "[110, 150]"},
        {"cuts": "[]"},
        {"cuts": "[0, 180]"},
        {"cuts": "[-5, 180]"},
        {"cuts": "[110.5, 180]"},
        {"cuts": '{"180": 1}'},
        {"cuts": "7"},
        {"cuts": "no"},
        {"cuts": "[[110], 180]"},
        {"precision": 0.0},
        {"precision": "high"},
        {"precision": 1.5},
        {"precision": float("inf")},
        {"confidence": -1.0},
        {"confidence": 1.0},
        {"attempt": 0},
        {"attempt": -3},
        {"attempt": 10**6},
    ],
)
def test_a_proposal_that_another_program_wrote_is_left_there(study, tmp_path, changes):
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    accept(there, "money", Wanted(size=60))
    sql(there, "drop trigger proposals_no_update")
    for column, value in changes.items():
        sql(there, f"update proposals set {column} = ?", value)
    sql(there, "insert into acceptances values (1, 180, '2026-11-01T00:00:00+00:00')")
    done = merge(study, there.folder)
    assert (done.accepted, done.unaccepted, states(study), unread(study)) == (0, 1, [], set())


@pytest.mark.parametrize("spoilt", ["twice", "another", "all", "double", "document"])
def test_a_proposal_whose_draw_another_program_wrote_is_left_there(study, tmp_path, spoilt):
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    accept(there, "money", Wanted(size=60))
    with there.store.database.reading() as connection:
        keys = frames.frame(connection, 1).passages
        beyond = next(key for key in there.store.passage_keys(connection) if key not in set(keys.tolist()))
    inside, outside = (next(n for n, key in enumerate(keys) if (key in drawn(there)) == yes) for yes in (True, False))
    if spoilt == "twice":
        keys[outside] = keys[inside]
    if spoilt == "another":
        keys[inside] = beyond
    for table in ("frames", "draws"):
        sql(there, f"drop trigger {table}_no_update")
    sql(there, "update frames set passages = ?", keys.astype(frames.KEYS).tobytes())
    changed = {"all": "code = null", "double": "kind = 'double'", "document": "unit = 'document'"}
    sql(there, f"update draws set {changed.get(spoilt, 'note = note')}")
    done = merge(study, there.folder)
    assert (done.draws, done.accepted, done.unaccepted) == (int(spoilt != "document"), 0, 1)


def test_what_was_given_up_here_is_not_accepted_from_there(study, tmp_path):
    accept(study, "money", Wanted(size=60))
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    close(study, 1)
    read(there)
    accept(there, "money")
    assert merge(study, there.folder).accepted == 0
    assert [state[2] for state in states(study)] == ["closed"]


def test_an_acceptance_of_a_set_that_was_never_proposed_is_not_taken_over(study, tmp_path):
    accept(study, "money", Wanted(size=60))
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    sql(there, "insert into acceptances values (1, 179, '2026-11-01T00:00:00+00:00')")
    assert merge(study, there.folder).accepted == 0
    assert states(study) == [("money", 1, "waiting", 0)]


def test_a_draw_that_is_not_as_it_was_made_is_left_or_not_tested(study, tmp_path, likely):
    """Somebody puts passages that are surely right in the place of some that were drawn, or beside them."""
    there = copy_of(study, tmp_path / "there")
    study = open_study(study.folder)
    accept(there, "money", Wanted(size=60))
    sql(there, "drop trigger drawn_no_insert")
    sql(there, "drop trigger drawn_no_delete")
    sql(there, "delete from drawn where position < 20")
    assert merge(study, there.folder).unaccepted == 1
    accept(study, "money", Wanted(size=60))
    with study.store.database.reading() as connection:
        ranked = frames.frame(connection, 2).passages.tolist()
    extra = next(key for key in ranked if key not in drawn(study, 2))
    with study.store.database.writing() as connection:
        connection.execute(insert(DRAWN).values(draw=2, position=60, passage=extra, probability=1.0))
    read(study, draw=2)
    with pytest.raises(EvidenceError, match="the record of draw 2 was changed by another program"):
        accept(study, "money")
    assert unread(study) == set()


def test_a_proposal_on_documents_that_are_not_here_is_left(base, study, tmp_path):
    here = create_study(tmp_path / "here", Path(base) / "codebook.yml")
    texts = tmp_path / "texts"
    shutil.copytree(base.parent / "texts", texts)
    (texts / "d03.md").unlink()
    add(here, [texts])
    accept(study, "money", Wanted(size=60))
    done = merge(here, study.folder)
    assert (done.draws, done.accepted, done.unaccepted) == (1, 0, 1)
    assert accepting.listed(here) == []
    assert (
        "1 proposals to accept unread were left there: passages of theirs are not here, or they are not as"
        in " ".join(of_merge(done).before)
    )


def sql(study, statement, *values):
    import sqlite3

    study.store.database.close()
    with sqlite3.connect(study.folder / "study.db") as connection:
        connection.execute(statement, values)
    connection.close()
