"""A plan is true: what it says to read, read, gives what was wanted; and one passage less is not expected to."""

import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import CODEBOOK
from reading_audits import decide, read, some, suggest, survey

import cli
from coding import certified, certify
from coding.auditing import Counting
from coding.certify import effective, readings_for_recall, readings_for_width
from coding.drawing import draw_audit, draw_ranked
from coding.estimate import Share, possible, wilson
from coding.estimate_groups import Count, by_design, combined_counts
from coding.foreseen import Layer, Terms, foreseen
from coding.layers import Part
from coding.plan import Expected, Plan, Step, Wanted, plan, width_of
from coding.study import configure, create_study, open_study
from coding.telling_plan import of_plan
from corpus.errors import EvidenceError

WIDTH = Wanted(0.03, False, None, codes=("money",))
RECALL = Wanted(None, False, 0.8, codes=("money",))


def scored(study, truth, seed=5, sure=0.6, noise=0.5):
    """A machine that gives a yes so much more than a no, and chance to both."""
    chance = random.Random(seed)
    suggest(study, {k: {"money": min(1, sure * bool(said) + chance.random() * noise)} for k, said in truth.items()})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """1,000 passages, a tenth of them about money, and no machine; and a copy with one that is mostly right."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "themes.yml").write_text(CODEBOOK, encoding="utf-8")
    study, truth = create_study(folder / "plain", folder / "themes.yml"), some(1000, 0.1, seed=3)
    truth = dict(zip(survey(study, folder, truth), truth, strict=True))
    study.store.database.close()
    shutil.copytree(folder / "plain", folder / "scored")
    study = open_study(folder / "scored")
    scored(study, truth)
    study.store.database.close()
    return folder, truth


def copied(made, name, folder):
    shutil.copytree(made[0] / name, folder / name)
    return open_study(folder / name), dict(made[1])


@pytest.fixture
def plain(made, tmp_path):
    return copied(made, "plain", tmp_path)


@pytest.fixture
def world(made, tmp_path):
    return copied(made, "scored", tmp_path)


def only(study, wanted):
    (step,) = plan(study, wanted).steps
    return step


def bounds(study, code="money"):
    with study.store.database.reading() as connection:
        counting = Counting(study, connection)
        return counting.estimated(code, "", counting.corpus.everything)


def half(one, size):
    return (one.high - one.low) / 2 / size


def test_without_a_run_the_setting_is_the_guess(plain):
    study, _ = plain
    n = readings_for_width(0.05, 1000, 0, 0.03)
    assert only(study, WIDTH) == Step("money", "width", None, n, Expected(0.05, "expected"), undecided=1000)
    study = configure(study, {"expected": "0.2"})
    assert only(study, WIDTH).more == readings_for_width(0.2, 1000, 0, 0.03)


def test_without_an_audit_what_is_suggested_of_the_undecided_is_the_guess(world):
    study, truth = world
    suggest(study, {key: {"money": 1.0} for key in list(truth)[:300]})
    first = list(truth)[:100]
    decide(study, truth, first)
    found = sum(len(truth[key]) for key in first)
    expected = Expected(200 / 900, "suggested")
    n = readings_for_width(200 / 900, 1000, 100, 0.03)
    step = Step("money", "width", None, n, expected, undecided=900, suggested=200)
    assert only(study, WIDTH) == step
    lacking = certify.lacking(found, 200 / 900, 900, 0.8)
    assert only(study, RECALL) == replace(step, goal="recall", more=None, lacking=lacking)


def after(study, truth, n):
    """What a second audit of n makes of the first: the interval that is expected, worked out by hand."""
    one = bounds(study)
    ((part,),) = one.layers
    share = part.share
    yes = share.positives
    rest = 1000 - share.n
    p = (one.value - yes) / rest
    gain = share.variance * share.n / (1 - share.n / 1000) / (np.var([1] * int(yes) + [0] * int(share.n - yes), ddof=1))
    low, high = (possible(at, p * n, (1 - p) * n, rest) for at in wilson(p, effective(p, n, rest, gain)))
    two = Count(yes + rest * p, yes + rest * low, yes + rest * high)
    weights = by_design([(share.n, 1000), (n, rest)])
    both = combined_counts([Count(one.value, 1000 * share.low, 1000 * share.high), two], weights)
    return p, gain, half(Count(both.value, max(both.low, yes), min(both.high, 1000 - share.n + yes)), 1000)


def test_after_an_audit_a_new_one_is_put_together_with_it(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    step = only(study, WIDTH)
    p, gain, wide = after(study, truth, step.more)
    assert (step.expected.share, step.expected.gain) == pytest.approx((p, gain))
    assert 0.2 < gain < 0.8
    assert step.now == half(bounds(study), 1000)
    assert wide <= 0.03 < after(study, truth, step.more - 1)[2]
    assert step.more < readings_for_width(p, 1000, 100, 0.03, gain)  # it is not alone


def test_a_narrower_interval_and_a_higher_recall_take_more(world):
    study, truth = world
    study = configure(study, {"seed": "7"})
    read(study, draw_audit(study, 100), truth)
    decide(study, truth, [key for key in truth if truth[key]][:85])
    wide = [only(study, replace(WIDTH, width=width)).more for width in (0.4, 0.025, 0.015, 0.005)]
    share = [only(study, replace(RECALL, recall=recall)).more for recall in (0.1, 0.7, 0.8, 0.85)]
    sure = [only(study, replace(RECALL, confidence=confidence)).more for confidence in (0.5, 0.8, 0.9, 0.95)]
    for numbers in (wide, share, sure):
        assert numbers == sorted(set(numbers))
    assert (wide[0], share[0]) == (0, 0)


def test_a_width_may_be_of_the_count(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    one, step = bounds(study), only(study, replace(WIDTH, width=0.2, relative=True))
    assert step.now == half(one, one.value)
    same = only(study, replace(WIDTH, width=0.2 * one.value / 1000))
    assert step.more == same.more


def copies(study, folder, number):
    study.store.database.close()
    for seed in range(number):
        shutil.copytree(study.folder, folder / str(seed))
        copy = configure(open_study(folder / str(seed)), {"seed": str(seed)})
        yield copy
        copy.store.database.close()


def test_what_is_planned_for_a_width_gives_it(world, tmp_path):
    study, truth = world
    decide(study, truth, [key for key in truth if truth[key]][:20])
    study = configure(study, {"seed": "1"})
    read(study, draw_audit(study, 100), truth)
    step = only(study, WIDTH)
    assert step.now > 0.035
    widths = []
    for copy in copies(study, tmp_path, 8):
        read(copy, draw_audit(copy, step.more), truth)
        widths.append(half(bounds(copy), 1000))
    assert np.mean(widths) == pytest.approx(0.03, rel=0.1)
    assert max(widths) < 0.036


def test_what_is_planned_by_a_fair_guess_gives_it_without_an_audit(plain, tmp_path):
    study, truth = plain
    study = configure(study, {"expected": "0.1"})
    step = only(study, replace(WIDTH, width=0.04))
    widths = []
    for copy in copies(study, tmp_path, 8):
        read(copy, draw_audit(copy, step.more), truth)
        widths.append(half(bounds(copy), 1000))
    assert np.mean(widths) == pytest.approx(0.04, rel=0.1)


def test_what_is_planned_for_a_recall_certifies_it(world, tmp_path):
    study, truth = world
    study = configure(study, {"seed": "1"})
    read(study, draw_audit(study, 100), truth)
    decide(study, truth, [key for key in truth if truth[key]][:88])
    step = only(study, RECALL)
    assert (step.now < 0.75, step.lacking, step.more > 100) == (True, 0, True)
    shown = []
    for copy in copies(study, tmp_path, 12):
        read(copy, draw_audit(copy, step.more), truth)
        with copy.store.database.reading() as connection:
            shown.append(certified.recall(Counting(copy, connection), "money").recall)
    assert np.median(shown) == pytest.approx(0.8, abs=0.05)


def test_what_coders_differ_about_may_be_yes_and_is_not_found(plain):
    study, truth = configure(plain[0], {"expected": "0.01"}), plain[1]
    yes, no = ([key for key in truth if bool(truth[key]) == said] for said in (True, False))
    decide(study, truth, [*yes[:95], *no[:100]])
    settled = only(study, RECALL).more
    decide(study, {key: {"money"} for key in no}, no[:4], "ben")
    step = only(study, RECALL)
    assert (step.differ, 0 < settled < step.more < 700) == (4, True)
    x = step.more * step.expected.share
    most = [certify.missed(805, step.more, at, certify.of_attempt(0.9, 1)) for at in (int(x), int(x) + 1)]
    assert most[0] <= int((95 + x) / 0.8 - 95 - 4) <= most[1]


def test_the_next_certificate_has_the_next_part_of_the_doubt(world):
    study, truth = world
    decide(study, truth, [key for key in truth if truth[key]][:95])
    for _ in range(2):
        read(study, draw_audit(study, 50), truth)
    with study.store.database.reading() as connection:
        agreed = Counting(study, connection).corpus.agreed["money"]
    found, unread = int((agreed == 1).sum()), int(np.isnan(agreed).sum())
    step = only(study, RECALL)
    confidence = certify.of_attempt(0.9, 3)
    assert step.more == readings_for_recall(found, step.expected.share, unread, 0.8, confidence)
    assert step.more > readings_for_recall(found, step.expected.share, unread, 0.8, certify.of_attempt(0.9, 2))


def test_what_was_found_in_passages_read_in_part_is_found(world):
    """A spreadsheet of one code leaves the passages to be read to the end, and drawn from."""
    study, truth = world
    yes = [key for key in truth if truth[key]][:98]
    decide(study, truth, [*yes, *[key for key in truth if not truth[key]][:500]], "old", codes=["money"])
    study = configure(study, {"seed": "1"})
    drawn = read(study, draw_audit(study, 60), truth)
    step = only(study, RECALL)
    found, known = (sum(bool(truth[key]) for key in keys) for keys in (drawn, set(yes) - set(drawn)))
    share = (known + step.expected.share * step.undecided) / 940
    assert step.more == readings_for_recall(found, share, 940, 0.8, certify.of_attempt(0.9, 2), known)
    assert readings_for_recall(found, share, 940, 0.8, certify.of_attempt(0.9, 2)) is None
    more = only(study, replace(RECALL, recall=1.0))
    assert more.lacking == certify.lacking(found, share, 940, 1.0) - known < 20


def test_what_was_decided_in_part_is_drawn_from_and_makes_the_interval_narrower(plain, tmp_path):
    study, truth = plain
    study = configure(study, {"expected": "0.1"})
    whole = only(study, WIDTH).more
    decide(study, truth, list(truth)[:600], "old", codes=["money"])
    step = only(study, WIDTH)
    assert step.more < 0.65 * whole
    widths = []
    for copy in copies(study, tmp_path, 8):
        read(copy, draw_audit(copy, step.more), truth)
        widths.append(half(bounds(copy), 1000))
    assert np.mean(widths) == pytest.approx(0.03, rel=0.15)


def test_what_is_certain_without_an_audit_is_no_interval(plain):
    study, truth = plain
    decide(study, truth, list(truth)[:960])
    step = only(study, WIDTH)  # of the 40 left none can be yes, or all, which is 2 % to either side
    assert (step.now, step.more) == (None, 1)


def test_what_is_certain_needs_no_certificate(plain):
    study, truth = plain
    decide(study, truth, [*[key for key in truth if truth[key]], *list(truth)[:985]])
    draw_audit(study, 5)
    step = only(study, RECALL)
    assert (step.now, step.more, step.open) == (100 / (100 + step.undecided), 0, ())


def test_what_people_agree_on_bounds_what_is_foreseen():
    share = Share(0.1, 0.05, 0.2, 10, 1.0, 100, 0.0, 0.0, 10.0, "human", True)
    layer = Layer((Part(1, "", 0, 0.0, 0.0, share, 0.0, 100.0),), ())
    assert Terms((layer,), 3, 2, 0, 105).count(0, 1.0) == Count(14, 8, 25)
    assert Terms((layer,), 3, 2, 12, 20).count(0, 1.0) == Count(14, 12, 20)
    assert Terms((layer, Layer((), ())), 3, 2, 0, 105).count(0, 1.0) is None


def test_what_an_audit_finds_itself_bounds_what_is_foreseen():
    few, (low, high) = foreseen(0.01, 90, 100, 1.0), wilson(0.01, effective(0.01, 90, 100, 1.0))
    assert (few.low, few.value, few.high) == pytest.approx((0.009, 0.01, high))
    assert low < 0.009
    everything, nothing = foreseen(0.3, 100, 100, 1.0), foreseen(0.3, 0, 100, 1.0)
    assert (everything.low, everything.high, nothing.low, nothing.high) == (0.3, 0.3, 0.0, 1.0)


def test_where_too_few_are_found_the_suggested_are_to_be_read_first(world):
    study, truth = world
    draw = draw_audit(study, 300)
    keys = read(study, draw, truth)
    with study.store.database.reading() as connection:
        audit = Counting(study, connection).audits[0]
    marked = audit.frame.scores["money"].values[audit.sample] >= 0.5
    precision = np.mean([bool(truth[key]) for key, one in zip(keys, marked, strict=True) if one])
    step = only(study, RECALL)
    yes = sum(len(truth[key]) for key in keys)
    lacking = certify.lacking(yes, step.expected.share, 700, 0.8)
    assert (step.more, step.lacking, step.reading) == (None, lacking, int(np.ceil(lacking / precision)))
    assert 0 < lacking <= step.reading <= step.suggested


def test_where_more_was_found_than_an_audit_expects_some_are_still_expected(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    assert only(study, WIDTH).expected.share > 0.05
    yes = [key for key in truth if truth[key]]
    decide(study, truth, yes)
    assert bounds(study).value == 100  # no less than what was found
    assert only(study, WIDTH).expected.share == 0.5 / 101


def test_an_open_audit_is_taken_as_read(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    step = only(study, WIDTH)
    draw = draw_audit(study, step.more)
    opened = plan(study, WIDTH)
    assert opened.left == {2: step.more}
    assert opened.steps == (replace(step, more=0, open=(2,)),)
    narrower = only(study, replace(WIDTH, width=0.02))
    assert narrower.more > 0
    read(study, draw, truth, most=40)
    assert plan(study, WIDTH).left == {2: step.more - 40}
    read(study, draw, truth)
    done = plan(study, replace(WIDTH, width=0.032))
    assert (done.left, done.steps[0].more, done.steps[0].open) == ({}, 0, ())


def test_an_open_audit_may_certify(world, tmp_path):
    study, truth = world
    decide(study, truth, [key for key in truth if truth[key]][:95])
    step = only(study, RECALL)
    draw_audit(study, 600)
    assert only(study, RECALL) == replace(step, more=0, open=(1,), lacking=0, reading=None)
    draw_audit(study, 20)
    assert only(study, replace(RECALL, recall=0.99, confidence=0.99)).open == ()
    survey(study, tmp_path, some(50, 0.1, seed=9), "more.csv")
    assert only(study, RECALL).open == ()  # it was not drawn from these


def test_an_audit_for_one_code_helps_no_other(world):
    study, _ = world
    draw_ranked(study, "money", 400)
    found = {step.code: step for step in plan(study, Wanted(recall=None)).steps}
    assert (found["money"].open, found["money"].more) == ((1,), 0)
    assert (found["voice"].open, found["voice"].more > 0) == ((), True)


def test_documents_added_since_are_to_be_drawn_from(world, tmp_path):
    study, truth = world
    read(study, draw_audit(study, 600), truth)
    assert only(study, WIDTH).more == 0
    survey(study, tmp_path, some(500, 0.3, seed=9), "more.csv")
    step = only(study, WIDTH)
    assert (step.uncovered, step.more > 50) == (500, True)
    assert only(study, RECALL).uncovered == 500
    assert "500 were added since" in of_plan(plan(study, WIDTH)).rows[0][-1]


def test_a_code_that_means_another_thing_now_begins_anew(world):
    study, truth = world
    read(study, draw_audit(study, 600), truth)
    share = only(study, WIDTH).expected.share
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Money is short or late.", "Money is late."))
    later = study.latest()
    step = only(later, WIDTH)
    assert step.expected == Expected(share, "old")
    assert step.more == readings_for_width(share, 1000, 600, 0.03)
    assert (step.now < 0.03, only(later, replace(WIDTH, codes=("voice",))).more) == (True, 0)


def test_what_coders_differ_about_no_audit_makes_narrow(world):
    study, truth = world
    first = list(truth)[:200]
    decide(study, truth, first)
    decide(study, {key: set() if truth[key] else {"money"} for key in first}, first, "ben")
    step = only(study, WIDTH)
    assert (step.more, step.differ) == (None, 200)
    assert of_plan(plan(study, WIDTH)).rows[0][-1] == "coders differ about 200: settle these first"


def test_everything_read_leaves_nothing_to_plan(world):
    study, truth = world
    decide(study, truth, list(truth))
    whole = plan(study, replace(Wanted(), codes=("money",)))
    assert [(step.now, step.more) for step in whole.steps] == [(0.0, 0), (1.0, 0)]
    told = of_plan(whole)
    assert [row[3:] for row in told.rows] == [("0", "everything is read")] * 2
    assert told.after[-1] == "Everything is read: counts are exact, and there is nothing to draw."


def test_where_all_that_is_left_waits_in_a_draw_nothing_more_can_be_drawn(world):
    study, _ = world
    draw_audit(study, 1000)
    planned = plan(study, replace(WIDTH, width=0.001))
    assert planned.blocked
    assert planned.steps[0].open == (1,)
    with pytest.raises(EvidenceError):
        draw_audit(study, 1)


def test_what_is_said():
    wanted = Wanted(0.03, False, 0.8)
    audit, guess = Expected(0.041, "audit", 0.6), Expected(0.05, "suggested")
    steps = (
        Step("money", "width", 0.0612, 210, audit, undecided=900, uncovered=20, suggested=30),
        Step("money", "recall", 0.4567, None, audit, undecided=900, lacking=12, suggested=30, reading=20),
        Step("late", "width", None, 90, guess, undecided=900),
        Step("late", "recall", 0.83, 0, guess, undecided=900),
        Step("voice", "width", 0.05, 0, audit, (3, 4), undecided=900),
        Step("voice", "recall", None, 880, Expected(0.0, "old"), undecided=900),
        Step("cake", "width", None, 60, Expected(0.05, "expected"), undecided=900),
    )
    told = of_plan(Plan(wanted, steps, 1000, 900, {3: 10, 4: 5}, False, 120))
    assert [list(row) for row in told.rows] == [
        [
            "money",
            "± 6.1 %",
            "± 3 %",
            "210",
            "about 4.1 % of the rest, by audit; 20 were added since; scores save 40 %",
        ],
        [
            "money",
            "≥ 45.6 %",
            "≥ 80 %",
            "–",
            "about 12 more must be found first: about 20 of the 30 suggested hold so many",
        ],
        ["late", "–", "± 3 %", "90", "a guess: 5 % of the rest, as suggested"],
        ["late", "≥ 83 %", "≥ 80 %", "0", "reached"],
        ["voice", "± 5 %", "± 3 %", "0", "first read what is left: 10 of audit 3 and 5 of audit 4"],
        [
            "voice",
            "–",
            "≥ 80 %",
            "880",
            "about 0 % of the rest, by audits of its former meaning, which count no more",
        ],
        ["cake", "–", "± 3 %", "60", "a guess: 5 % of the rest, by the setting expected"],
    ]
    assert list(told.after) == [
        "±: half of a 95 % interval, as a share of the 1,000 passages.",
        "≥: the share of all passages with the code that people have found, with 90 % confidence. Reading what "
        "is suggested first makes its audit smaller.",
        "Guesses may be far off: after a first audit of 100 or 200 `themis plan` knows more.",
        "Taken as read to the end: audit 3 (10 left), audit 4 (5 left). Read it first: `themis review`.",
        "One draw of about 880 does for every number above: `themis audit --n 880`. voice asks for most (≥ 80 %).",
        "About 210 would do for 3 of 4 codes.",
        "That is about 7 hours of reading, at 120 passages an hour, as your coders read.",
        "An audit finds more or less than expected: plan again after it. For counts of documents or speakers draw 30 "
        "whole ones or more: `themis audit --unit document`.",
    ]


def test_the_last_words_are_what_to_do():
    """One draw; nothing; something else first; or what is drawn already."""
    step = Step("money", "width", None, 50, Expected(0.01, "audit"), undecided=90, suggested=4)
    first = Plan(WIDTH, (step,), 100, 90, {}, False, None)
    rare = "For that code alone `themis audit --code money` can need fewer: more of what ranks high."
    assert of_plan(first).after[1:3] == [
        "One draw of about 50 does for every number above: `themis audit --n 50`. money asks for most (± 3 %).",
        rare,
    ]
    assert "about 30 minutes" in of_plan(replace(first, an_hour=100)).after[3]
    assert of_plan(replace(first, steps=(replace(step, more=90),))).rows[0][3] == "all 90"
    for steps, last in (
        ((replace(step, more=0),), "No new audit is needed."),
        ((replace(step, more=None, lacking=3),), "No audit helps yet: do first what is said above."),
    ):
        assert of_plan(replace(first, steps=steps)).after[-1] == last
    assert of_plan(replace(first, blocked=True)).after[-1] == (
        "All that is unread waits in open draws: read these, and plan again."
    )
    lacking = {
        (0, None): "nothing is suggested: `themis code`",
        (9, None): "read the 9 suggested",
        (9, 12): "the 9 suggested hold fewer; read them, then `themis code`",
        (9, 5): "about 5 of the 9 suggested hold so many",
    }
    for (suggested, reading), said in lacking.items():
        one = replace(step, goal="recall", more=None, lacking=3, suggested=suggested, reading=reading)
        assert of_plan(replace(first, steps=(one,))).rows[0][-1].endswith(said)


@pytest.mark.parametrize(("text", "width"), [("0.03", (0.03, False)), ("20%", (0.2, True)), (" 2.5 % ", (0.025, True))])
def test_a_width_as_written(text, width):
    assert width_of(text) == pytest.approx(width)


@pytest.mark.parametrize("text", ["0", "0.5", "3", "100%", "-1%", "wide", "nan", "", "%"])
def test_a_width_that_is_none(text):
    with pytest.raises(EvidenceError, match=r"like 0\.03, or of the count, like 20%"):
        width_of(text)


def shell(study, *words):
    done = CliRunner().invoke(cli.main, ["plan", "--study", str(study.folder), *words])
    return done.exit_code, done.output


def test_the_command(world):
    study, truth = world
    read(study, draw_audit(study, 100), truth)
    study.store.database.close()
    code, both = shell(study)
    assert (code, both.count(" ± 3 % "), both.count("≥ 80 %")) == (0, 3, 3)
    code, one = shell(study, "--width", "25%", "--code", "Money")
    assert (code, "± 25 %" in one, "≥" in one, "voice" in one) == (0, True, False, False)
    code, other = shell(study, "--recall", "0.7", "--confidence", "0.95")
    assert (code, "≥ 70 %" in other, "95 % confidence" in other, "± 3" in other) == (0, True, True, False)
    for words in (["--width", "7"], ["--code", "cakes"]):
        code, said = shell(study, *words)
        assert (code, said.startswith("Error: "), said.count("\n")) == (1, True, 1)


def test_a_study_without_passages(empty):
    with pytest.raises(EvidenceError, match="themis add FILES"):
        plan(empty, Wanted())
