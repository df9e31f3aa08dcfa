"""Groups differ by what people said of random passages; a difference that is the machine's error is called so."""

import random
from itertools import combinations

import numpy as np
import pytest
from click.testing import CliRunner
from reading_audits import decide, read, some, suggest, survey

import cli
from coding import draws, erring
from coding.agreement import Undefined
from coding.audits import audits
from coding.contrasts import GROUPS, OTHERS, Compared, compare
from coding.drawing import draw_audit
from coding.erring import marked
from coding.estimate import LEVEL, Sample, audited
from coding.estimate_groups import Count, Difference, difference, error_differs, holm, joint, whole
from coding.export.contrasted import DIFFERENCES, differences
from coding.export.tables import frame
from coding.study import configure, create_study, remove
from coding.telling_contrasts import ROWS, of_compared
from corpus.errors import EvidenceError

NUMBER = 400


def sizes(*names):
    return lambda n: names[n % len(names)]


def world(study, folder, names=("small", "large"), number=NUMBER, seed=3):
    """So many passages, a fifth about money, in groups by turns; a machine that is mostly right; truth and scores."""
    truth = some(number, 0.2, seed)
    truth = dict(zip(survey(study, folder, truth, attribute=sizes(*names)), truth, strict=True))
    chance = random.Random(5)
    scores = {key: {"money": round(min(1, 0.6 * bool(said) + chance.random() * 0.5), 3)} for key, said in truth.items()}
    suggest(study, scores)
    return truth, {key: float(np.float32(one["money"])) for key, one in scores.items()}


def share(truth, scores, drawn, mine, level=LEVEL):
    """What the audit says of these passages, as the textbook has it."""
    keys = [key for key in drawn if key in mine]
    y, f = (np.array([float(of(key)) for key in keys]) for of in (lambda k: "money" in truth[k], scores.get))
    one = audited(Sample(y, f, float(np.mean([scores[key] for key in mine])), len(mine)), level)
    size, count = len(mine), whole(Count(*(len(mine) * part for part in numbers(one))))
    return Count(*(min(max(part, y.sum()), size - (1 - y).sum()) / size for part in numbers(count)))


def close(one):
    return pytest.approx((one.value, one.low, one.high))


def numbers(one):
    return one.value, one.low, one.high


def money(found: Compared):
    return next(line for line in found.lines if line.code == "money")


def test_each_pair_of_groups_is_told_alone_and_with_all_others(empty, tmp_path):
    names = ("a", "b", "c", "d")
    truth, scores = world(empty, tmp_path, names)
    drawn = read(empty, draw_audit(empty, 200), truth)
    found = compare(empty, "Size")
    order = list(truth)
    groups = {name: set(order[place::4]) for place, name in enumerate(names)}
    line = money(found)
    assert found.several == 3 * 6  # codes and pairs
    assert [(one.one.group, one.other.group) for one in line.contrasts] == list(combinations(names, 2))
    level = joint(LEVEL, 18)
    for one in line.contrasts:
        pair = [groups[side.group] for side in (one.one, one.other)]
        assert numbers(one.alone) == close(difference(*(share(truth, scores, drawn, mine) for mine in pair)))
        assert numbers(one.jointly) == close(difference(*(share(truth, scores, drawn, mine, level) for mine in pair)))
    for stand in line.stands:
        assert numbers(stand.share) == close(share(truth, scores, drawn, groups[stand.group]))
        assert (stand.covered, stand.read) == (100, len(groups[stand.group] & {*drawn}))


def test_many_groups_are_each_told_against_all_others(empty, tmp_path):
    names = tuple("abcdefgh")
    truth, scores = world(empty, tmp_path, names)
    drawn = read(empty, draw_audit(empty, 200), truth)
    line = money(compare(empty, "Size"))
    assert [(one.one.group, one.other.group) for one in line.contrasts] == [(name, OTHERS) for name in names]
    assert [stand.group for stand in line.stands] == list(names)
    order = list(truth)
    for place, one in enumerate(line.contrasts):
        mine = set(order[place::8])
        pair = share(truth, scores, drawn, mine), share(truth, scores, drawn, {*order} - mine)
        assert numbers(one.alone) == close(difference(*pair))


def test_what_all_was_read_differs_as_it_does_and_by_no_chance(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    decide(empty, truth, list(truth))
    found = compare(empty, "Size")
    order = list(truth)
    gap = sum(len(truth[key]) for key in order[1::2]) - sum(len(truth[key]) for key in order[::2])
    (one,) = money(found).contrasts
    assert numbers(one.alone) == numbers(one.jointly) == pytest.approx((gap / 200,) * 3)
    assert (found.several, one.differs, one.holds, bool(gap)) == (0, True, True, True)


def test_so_many_comparisons_make_each_less_sure(empty, tmp_path):
    truth, _ = world(empty, tmp_path, number=600)
    often = {True: some(300, 0.25, seed=7), False: some(300, 0.15, seed=2)}
    truth = {key: often[bool(place % 2)][place // 2] for place, key in enumerate(truth)}
    empty = configure(empty, {"seed": "6"})
    read(empty, draw_audit(empty, 300), truth)
    (one,) = money(compare(empty, "Size")).contrasts
    wide, narrow = one.jointly, one.alone
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high
    assert (one.differs, one.holds) == (narrow.low > 0, wide.low > 0) == (True, False)


def test_what_the_queue_finds_in_documents_added_since_makes_no_difference(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    read(empty, draw_audit(empty, 200), truth)
    before = money(compare(empty, "Size"))
    more = some(200, 0.2, seed=9)
    added = dict(zip(survey(empty, tmp_path, more, "more.csv", sizes("small", "large")), more, strict=True))
    decide(empty, added, [key for key in list(added)[::2] if added[key]])
    after = money(compare(empty, "Size"))
    assert [numbers(stand.share) for stand in after.stands] == [numbers(stand.share) for stand in before.stands]
    assert [(stand.covered, stand.uncovered, bool(stand.stale)) for stand in after.stands] == [(200, 100, True)] * 2
    (one,), (then,) = after.contrasts, before.contrasts
    assert (one.alone, one.jointly) == (then.alone, then.jointly)
    decide(empty, added, list(added))
    assert [(stand.covered, stand.uncovered) for stand in money(compare(empty, "Size")).stands] == [(300, 0)] * 2


def test_without_an_audit_there_is_no_difference(empty, tmp_path):
    world(empty, tmp_path)
    found = compare(empty, "Size")
    (one,) = money(found).contrasts
    assert (one.alone, one.jointly, one.differs, one.holds, one.why) == (
        *(None, None, False, False),
        "there is no random audit: `themis audit`",
    )
    assert isinstance(money(found).machine, Undefined)


def test_documents_without_the_attribute_are_left_out_but_where_there_is_one_value_only(empty, tmp_path):
    truth, _ = world(empty, tmp_path, ("small", "large", ""))
    read(empty, draw_audit(empty, 100), truth)
    found = compare(empty, "Size")
    assert (found.groups, found.left_out) == (("large", "small"), len([*truth][2::3]))
    with empty.store.database.reading() as connection:
        documents = empty.store.holding(connection, [*truth][::3])
        gone = [name for name, key in empty.store.names(connection).items() if key in documents]
    remove(empty, gone)
    found = compare(empty, "Size")
    assert (found.groups, found.left_out) == (("(none)", "large"), 0)


def refused(study, by):
    with pytest.raises(EvidenceError) as error:
        compare(study, by)
    return str(error.value)


def test_what_cannot_be_compared_is_refused(empty, tmp_path):
    assert refused(empty, "Size") == "no document has an attribute 'Size': there are none"
    survey(empty, tmp_path, [set()] * 10, "one.csv", lambda n: "small")
    assert refused(empty, "Colour") == "no document has an attribute 'Colour': there are Size"
    assert refused(empty, "Size").startswith("the attribute 'Size' has 1 values, which is nothing to compare")
    survey(empty, tmp_path, [set()] * 40, "many.csv", lambda n: f"s{n}")
    assert refused(empty, "Size").startswith(f"the attribute 'Size' has 41 values, which is more than the {GROUPS}")


def test_what_was_suggested_is_what_the_run_had_marked(empty, tmp_path):
    """A threshold is one of the scores, and they are kept with fewer digits; a nested code needs the one above it."""
    truth = [set() for _ in range(40)]
    keys = survey(empty, tmp_path, truth)
    chance = random.Random(2)
    scores = {key: {code: chance.random() for code in ("money", "late", "voice")} for key in keys}
    cut = sorted(one["voice"] for one in scores.values())[20]
    suggest(empty, scores, cut)
    draw_audit(empty, 10)
    with empty.store.database.reading() as connection:
        (audit,) = audits(connection, empty.codebook, np.array(sorted(keys)))
    order = audit.frame.passages.tolist()
    found = {code: marked(empty.codebook, audit.frame, code).tolist() for code in empty.codebook.by_id}
    over = {code: [scores[key][code] >= cut for key in order] for code in ("money", "late", "voice")}
    assert found["voice"] == over["voice"]
    assert sum(found["voice"]) == 20
    assert found["money"] == over["money"]
    assert found["late"] == [a and b for a, b in zip(over["late"], over["money"], strict=True)]
    assert found["late"] != over["late"]


def test_people_s_answers_are_no_suggestions(empty, tmp_path):
    truth = some(100, 0.2, seed=1)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    decide(empty, truth, list(truth)[:50], codes=["money"])
    read(empty, draw_audit(empty, 60), truth)
    assert isinstance(money(compare(empty, "Size")).machine, Undefined)


def over_coded(study, folder, number=1000):
    """As many say it in both groups; the machine suggests it far more often in the small."""
    truth, scores = some(number, 0.1, seed=4), {}
    truth = dict(zip(survey(study, folder, truth), truth, strict=True))
    chance = random.Random(6)
    for place, (key, said) in enumerate(truth.items()):
        wrong = chance.random() < (0.02 if place % 2 else 0.18)
        scores[key] = {"money": 0.9 if (said and chance.random() < 0.8) or wrong else 0.1}
    suggest(study, scores)
    return truth, scores


def test_a_table_that_is_the_machine_s_error_alone_is_called_so(empty, tmp_path):
    truth, scores = over_coded(empty, tmp_path)
    drawn = read(empty, draw_audit(empty, 400), truth)
    found = compare(empty, "Size")
    line = money(found)
    order = list(truth)
    groups = {"small": {*order[::2]}, "large": {*order[1::2]}}
    marks = {key: float(scores[key]["money"] >= 0.5) for key in truth}
    said = {key: float("money" in truth[key]) for key in truth}
    assert line.machine.suggested == {name: sum(marks[key] for key in mine) / 500 for name, mine in groups.items()}
    for name, mine in groups.items():
        errors = [said[key] - marks[key] for key in drawn if key in mine]
        one = line.machine.errors[name]
        assert one.value == pytest.approx(np.mean(errors))
        assert one.low < sum(said[key] - marks[key] for key in mine) / 500 < one.high
    errors = np.array([said[key] - marks[key] for key in sorted(drawn)])
    group = np.array([int(key in groups["small"]) for key in sorted(drawn)])
    p = error_differs(errors - errors.mean(), group, int(empty.settings["seed"]) + 1)
    assert line.machine.p == p < 0.001
    assert line.machine.corrected == holm([p, 1, 1])[0]
    (one,) = line.contrasts
    assert not one.differs
    told = "\n".join(of_compared(found).after)
    shares = {stand.group: [f"{100 * n:.{int(n < 0.1)}f}" for n in numbers(stand.share)] for stand in line.stands}
    people = ", ".join("{} % ({} to {})".format(*shares[name]) for name in ("small", "large"))
    blamed = "most of the machine's difference is the machine's error (p < .001, Holm over 3 codes)."
    assert f"money: suggested: small 29 %, large 9.2 %; people: {people}: {blamed}" in told
    assert "in the other 2 codes (Holm over 3 codes)." in told


def test_a_later_run_does_not_count_since_it_may_have_learned_from_the_audit(empty, tmp_path):
    truth, _ = over_coded(empty, tmp_path)
    read(empty, draw_audit(empty, 400), truth)
    before = compare(empty, "Size")
    suggest(empty, {key: {"money": float(bool(said))} for key, said in truth.items()})
    assert compare(empty, "Size") == before


def many(tmp_path, number=60):
    """A study of so many codes, none nested."""
    one = "  - id: c{0}\n    name: Code {0}\n    definition: Somebody speaks of thing {0}.\n"
    codes = "".join(map(one.format, range(number)))
    (tmp_path / "many.yml").write_text(f"title: Many\ncodes:\n{codes}")
    return create_study(tmp_path / "many", tmp_path / "many.yml")


def test_where_the_machine_errs_alike_it_is_seldom_blamed(tmp_path):
    """Thirty codes, said at another rate in each group, and as often missed as wrongly suggested in all."""
    study, chance = many(tmp_path, 30), random.Random(11)
    keys = survey(study, tmp_path, [set()] * 600, attribute=sizes("a", "b", "c"))
    truth, scores = {key: set() for key in keys}, {key: {} for key in keys}
    for place, key in enumerate(keys):
        for code in study.codebook.by_id:
            said = suggested = chance.random() < (0.1, 0.25, 0.4)[place % 3]
            if chance.random() < 0.05:
                said, suggested = chance.choice([(True, False), (False, True)])
            truth[key] |= {code} if said else set()
            scores[key][code] = 0.9 if suggested else 0.1
    suggest(study, scores)
    read(study, draw_audit(study, 240), truth)
    found = [line.machine for line in compare(study, "Size").lines]
    assert sum(one.p < 0.05 for one in found) <= 3  # 1.5 expected
    assert sum(one.p < 0.5 for one in found) >= 10  # 15 expected: it is no test that never rejects
    assert min(one.corrected for one in found) > 0.05


def test_each_audit_s_errors_are_taken_about_their_own_mean(empty, tmp_path):
    """Most of the small were audited beside one run and most of the large beside another: that is no difference."""
    truth, chance = {}, random.Random(8)
    for name, often, wrong in (("first", 0.1, 0.3), ("second", 0.9, 0.0)):
        more = some(500, 0.2, seed=len(truth))
        keys = survey(empty, tmp_path, more, f"{name}.csv", lambda n, o=often: "large" if n % 10 < 10 * o else "small")
        if truth:
            decide(empty, truth, list(truth), "ben")  # so that the second audit is of what was added
        truth |= dict(zip(keys, more, strict=True))
        right = {key: bool(said) or chance.random() < wrong for key, said in truth.items()}
        suggest(empty, {key: {"money": 0.9 if one else 0.1} for key, one in right.items()})
        read(empty, draw_audit(empty, 300), truth)
    machine = money(compare(empty, "Size")).machine
    assert machine.p > 0.05
    assert machine.errors["small"].high < machine.errors["large"].low  # as they stand they look different
    added = [key for place, key in enumerate(keys) if place % 10 < 9]
    assert machine.suggested["large"] == sum(bool(truth[key]) for key in added) / 450  # when the second was drawn


def test_a_passage_that_was_drawn_twice_counts_once(empty, tmp_path):
    truth, scores = over_coded(empty, tmp_path, number=200)
    first, second = draw_audit(empty, 150), draw_audit(empty, 150)
    drawn = {*read(empty, first, truth), *read(empty, second, truth)}
    assert len(drawn) < 300
    machine = money(compare(empty, "Size")).machine
    order = list(truth)
    for name, mine in (("small", order[::2]), ("large", order[1::2])):
        errors = [bool(truth[key]) - (scores[key]["money"] >= 0.5) for key in drawn if key in mine]
        assert machine.errors[name].value == pytest.approx(np.mean(errors))


def test_of_a_group_with_few_passages_nothing_is_said(empty, tmp_path):
    truth, _ = world(empty, tmp_path, ("a", "b", "c", *["d"] * 17))
    drawn = read(empty, draw_audit(empty, 200), truth)
    order = list(truth)
    assert max(len({*order[place::20]} & {*drawn}) for place in range(3)) < erring.FEWEST
    assert money(compare(empty, "Size")).machine == Undefined("fewer than two groups have 20 passages in audits")


def test_the_interval_of_an_error_holds_the_truth():
    """Of what share is missed and what wrongly suggested, small and large."""
    rng = np.random.default_rng(3)
    for missed, wrong, n in ((0.03, 0.02, 60), (0.3, 0.3, 40), (0.1, 0.45, 150), (0.02, 0.2, 30)):
        drawn = rng.choice(3, (500, n), p=[missed, wrong, 1 - missed - wrong])
        found = [erring._error((row == 0).astype(float), (row == 1).astype(float)) for row in drawn]
        hits = np.mean([one.low <= missed - wrong <= one.high for one in found])
        assert 0.93 <= hits <= 1, (missed, wrong, n, hits)
    nothing = erring._error(np.zeros(50), np.zeros(50))
    assert (nothing.value, nothing.low) == (0, -nothing.high)
    assert nothing == Difference(0, -nothing.high, nothing.high)


def test_the_shell_tells_it(empty, tmp_path):
    truth, _ = over_coded(empty, tmp_path, number=400)
    read(empty, draw_audit(empty, 200), truth)
    run = CliRunner()
    where = ["--study", str(empty.folder)]
    shown = run.invoke(cli.main, ["counts", "--by", "Size", "--compare", *where])
    assert shown.exit_code == 0
    assert "Shares of passages, Size by Size" in shown.output
    output = " ".join(shown.output.split())
    assert "Of 3 differences 0 look real one by one; of so many intervals fewer than 1 will miss by chance." in output
    for words, said in (
        (["--compare"], "--compare needs --by ATTRIBUTE."),
        (["--compare", "--by", "Size", "--unit", "document"], "--compare and --together count passages"),
        (["--compare", "--together"], "are given one at a time"),
    ):
        wrong = run.invoke(cli.main, ["counts", *words, *where])
        assert wrong.exit_code == 2
        assert said in wrong.output


def test_only_what_differs_is_shown_of_many(tmp_path):
    study, chance = many(tmp_path, 40), random.Random(3)
    keys = survey(study, tmp_path, [set()] * 600)
    truth = {key: {code for code in study.codebook.by_id if chance.random() < 0.1} for key in keys}
    for key in keys[1::2]:
        truth[key] |= {"c7"} if chance.random() < 0.3 else set()
    read(study, draw_audit(study, 300), truth)
    found = compare(study, "Size")
    told = of_compared(found)
    real = [line.code for line in found.lines if line.contrasts[0].differs]
    assert [row[0] for row in told.rows] == real
    assert "c7" in real
    assert len(real) < ROWS < 40
    assert f"{40 - len(real)} differences that may be none are not shown: `themis export differences`." in told.after
    said = f"Of 40 differences {len(real)} look real one by one; of so many intervals about 2 will miss by chance."
    assert said in told.after[1]


def test_every_comparison_is_exported(empty, tmp_path):
    truth, _ = over_coded(empty, tmp_path, number=400)
    read(empty, draw_audit(empty, 200), truth)
    found = compare(empty, "Size")
    rows = frame(differences(empty, "Size"))
    assert list(rows.columns) == list(DIFFERENCES)
    row = rows[rows.code == "money"].to_dict("records")[0]
    line = money(found)
    (one,), machine = line.contrasts, line.machine
    error = ("machine_error", "machine_error_low", "machine_error_high")
    assert row == {
        **{"code": "money", "attribute": "Size", "group": "large", "against": "small"},
        **dict(zip(("share", "low", "high"), numbers(one.one.share), strict=True)),
        **dict(zip(("share_against", "low_against", "high_against"), numbers(one.other.share), strict=True)),
        **{"drawn": one.one.read, "drawn_against": one.other.read},
        **dict(zip(("difference", "difference_low", "difference_high"), numbers(one.alone), strict=True)),
        **{"joint_low": one.jointly.low, "joint_high": one.jointly.high, "comparisons": 3},
        **{"differs": one.differs, "differs_jointly": one.holds, "why": "", "stale": ""},
        **{"machine": machine.suggested["large"], "machine_against": machine.suggested["small"]},
        **dict(zip(error, numbers(machine.errors["large"]), strict=True)),
        **dict(zip((f"{name}_against" for name in error), numbers(machine.errors["small"]), strict=True)),
        **{"error_p": machine.p, "error_p_holm": machine.corrected, "error_tests": 3, "error_why": ""},
        **{"score_error_p": machine.of_scores, "score_error_p_holm": machine.scores_corrected},
    }
    out = CliRunner().invoke(cli.main, ["export", "differences", str(tmp_path / "d.csv"), "--study", str(empty.folder)])
    assert (out.exit_code, "give --by ATTRIBUTE" in out.output) == (2, True)
    for name in ("d.csv", "d.parquet", "d.xlsx", "d.jsonl"):
        words = ["export", "differences", str(tmp_path / name), "--by", "Size", "--study", str(empty.folder)]
        assert CliRunner().invoke(cli.main, words).exit_code == 0


def test_an_audit_that_is_read_in_part_gives_no_difference(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    draw = draw_audit(empty, 100)
    read(empty, draw, truth, most=60)
    (one,) = money(compare(empty, "Size")).contrasts
    assert (one.alone, one.why) == (None, "audit 1 is not read to the end (60 of 100): read it with `themis review`")
    assert isinstance(money(compare(empty, "Size")).machine, Undefined)
    with empty.store.database.writing() as connection:
        draws.close(connection, draw.id)
    assert money(compare(empty, "Size")).contrasts[0].alone


def test_a_likeness_is_no_count_of_which_the_errors_could_be_told(empty, tmp_path):
    truth = some(200, 0.2, seed=1)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    suggest(empty, {key: {"money": float(bool(said))} for key, said in truth.items()}, kind="likeness")
    read(empty, draw_audit(empty, 100), truth)
    found = {line.code: line.machine for line in compare(empty, "Size").lines}
    assert found["money"] == Undefined("it was suggested by likeness, which is a fixed share of all and counts nothing")
