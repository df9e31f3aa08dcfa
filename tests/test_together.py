"""Two codes at once are counted by what people said of random passages; where they are few there is no interval."""

import random
from itertools import combinations

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from reading_audits import decide, read, suggest, survey

import cli
from coding import draws
from coding.drawing import draw_audit
from coding.estimate import Sample, audited
from coding.estimate_groups import Count, whole
from coding.export.contrasted import TOGETHER, pairs
from coding.export.tables import frame
from coding.study import configure, create_study, remove
from coding.telling_contrasts import MATRIX, PAIRS, of_together
from coding.together import Pair, _and, together


def world(study, folder, number=500, seed=3):
    """Passages about money, a third of them with a voice, who else is rare; a machine that is mostly right."""
    chance = random.Random(seed)
    truth = [{"money"} if chance.random() < 0.3 else set() for _ in range(number)]
    for said in truth:
        said |= {"voice"} if chance.random() < (0.5 if said else 0.1) else set()
        said |= {"late"} if "money" in said and chance.random() < 0.3 else set()
    truth = dict(zip(survey(study, folder, truth), truth, strict=True))
    codes = study.codebook.by_id
    scores = {
        key: {code: float(np.float32(0.5 * (code in said) + 0.4 * chance.random())) for code in codes}
        for key, said in truth.items()
    }
    suggest(study, scores)
    return truth, scores


def found(study, one="money", other="voice"):
    return next(pair for pair in together(study).pairs if (pair.one, pair.other) == (one, other))


def both(truth, keys, *codes):
    return [float({*codes} <= truth[key]) for key in keys]


def interval(pair):
    return pair.low, pair.value, pair.high


def test_a_pair_is_estimated_as_a_code_is(empty, tmp_path):
    truth, scores = world(empty, tmp_path)
    first = list(truth)[:50]
    decide(empty, truth, first)
    empty = configure(empty, {"seed": "1"})
    drawn = read(empty, draw_audit(empty, 200), truth)
    rest = [key for key in truth if key not in first]
    for one, other in (("money", "voice"), ("late", "voice")):
        y = np.array(both(truth, drawn, one, other))
        f = {key: scores[key][one] * scores[key][other] for key in rest}
        share = audited(Sample(y, np.array([f[key] for key in drawn]), float(np.mean([*f.values()])), 450))
        known, yes = sum(both(truth, first, one, other)), sum(both(truth, [*first, *drawn], one, other))
        pair = found(empty, one, other)
        count = whole(Count(*(known + 450 * part for part in (share.value, share.low, share.high))))
        assert interval(pair) == pytest.approx((max(count.low, yes), count.value, count.high))
        assert pair.low < sum(both(truth, truth, one, other)) < pair.high
        assert (pair.agreed, pair.covered, pair.uncovered, pair.read, pair.why) == (yes, 500, 0, 200, "")


def test_what_would_be_if_neither_had_to_do_with_the_other(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    decide(empty, truth, list(truth))
    told = together(empty)
    alone = {code: sum(code in said for said in truth.values()) for code in ("money", "late", "voice")}
    assert told.codes == alone
    for pair in told.pairs:
        count = sum(both(truth, truth, pair.one, pair.other))
        expected = alone[pair.one] * alone[pair.other] / 500
        assert interval(pair) == (count,) * 3
        assert (pair.agreed, pair.expected) == (count, pytest.approx(expected))
        assert (pair.times, pair.surely) == pytest.approx((count / expected,) * 2)


def test_nested_codes_are_no_pair(empty, tmp_path):
    survey(empty, tmp_path, [set()] * 5)
    assert [(pair.one, pair.other) for pair in together(empty).pairs] == [("money", "voice"), ("late", "voice")]


def test_of_few_there_is_a_dash_beside_what_people_read(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    keys = list(truth)
    for key in keys:
        truth[key] -= {"voice"}
    for key in random.Random(1).sample(keys, 10):
        truth[key] = {"money", "voice"}
    empty = configure(empty, {"seed": "1"})
    drawn = read(empty, draw_audit(empty, 200), truth)
    yes = int(sum(both(truth, drawn, "money", "voice")))
    pair = found(empty)
    assert 0 < yes < 5
    assert (interval(pair), pair.times) == ((None, None, None), None)
    assert (pair.agreed, pair.why) == (yes, "fewer than 5 passages of the audits hold both")
    assert pair.expected > 0


def test_without_an_audit_there_is_a_dash(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    decide(empty, truth, list(truth)[:300])
    pair = found(empty)
    assert (interval(pair), pair.expected) == ((None, None, None), None)
    assert pair.why == "there is no random audit: `themis audit`"
    assert pair.agreed == sum(both(truth, [*truth][:300], "money", "voice"))


def test_a_code_that_came_later_is_in_no_pair_yet(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    read(empty, draw_audit(empty, 100), truth)
    path = empty.folder / "codebook.yml"
    path.write_text(path.read_text() + "  - id: cake\n    name: Cake\n    definition: Cake is served.\n")
    later = empty.latest()
    assert found(later, "money", "cake").why == "audit 1 was read without this code: `themis audit`"
    assert found(later).value is not None


def test_where_no_audit_has_both_nothing_is_expected(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    draw = draw_audit(empty, 100)
    with empty.store.database.reading() as connection:
        drawn = [key for key, _ in draws.drawn(connection, draw.id)]
    decide(empty, truth, drawn, draw=draw, codes=["money", "late"])
    decide(empty, truth, list(truth), "ben", codes=["voice"])
    told, pair = together(empty), found(empty)
    assert None not in (told.codes["money"], told.codes["voice"])
    assert (pair.value, pair.expected, pair.why) == (None, None, "audit 1 was read without this code: `themis audit`")


def test_a_changed_definition_of_either_is_said(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    read(empty, draw_audit(empty, 200), truth)
    path = empty.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Nobody listens to the smaller party.", "Nobody listens."))
    later = empty.latest()
    pair = found(later)
    assert pair.value is not None
    assert pair.stale == ("The code's meaning has changed since audit 1 was read: `themis audit` draws a new one.",)
    assert f"Stale, of 2 of 2 pairs: {pair.stale[0]}" in of_together(together(later)).after


LABELS = st.sampled_from([0.0, 0.5, 1.0, np.nan])


@given(st.lists(st.tuples(LABELS, LABELS), min_size=1))
def test_what_people_agree_on_of_both(values):
    """As if each open or undecided answer were yes and no in turn: where that is all the same, it is known."""
    one, other = (np.array(column) for column in zip(*values, strict=True))
    for a, b, told in zip(one, other, _and(one, other), strict=True):
        could = {x and y for x in ({0, 1} if a not in (0, 1) else {a}) for y in ({0, 1} if b not in (0, 1) else {b})}
        if len(could) == 1:
            assert told == could.pop()
        else:
            assert np.isnan(told) if np.isnan([a, b]).any() else told == 0.5
    assert np.array_equal(_and(one, other), _and(other, one), equal_nan=True)


def test_coders_who_differ_widen_it_and_a_no_to_either_is_a_no(empty, tmp_path):
    keys = survey(empty, tmp_path, [set()] * 30)
    truth = {key: {"money", "voice"} if n < 12 else {"money"} for n, key in enumerate(keys)}
    decide(empty, truth, keys, codes=["voice"])
    decide(empty, truth, keys[:20], codes=["money", "late"])  # of the last ten only a no to voice is known
    decide(empty, {key: set() for key in keys}, keys[:4], "ben", codes=["money", "late"])
    pair = found(empty)
    assert (pair.agreed, interval(pair), pair.covered, pair.why) == (8, (8, 10, 12), 30, "")


def many(tmp_path, number):
    """A study of so many codes, none nested."""
    one = "  - id: c{0}\n    name: Code {0}\n    definition: Somebody speaks of thing {0}.\n"
    codes = "".join(map(one.format, range(number)))
    (tmp_path / "many.yml").write_text(f"title: Many\ncodes:\n{codes}")
    return create_study(tmp_path / "many", tmp_path / "many.yml")


def crowded(tmp_path, number=14, passages=800, drawn=200):
    """Codes that come in threes more often than by chance, some rare; a machine that is right by halves; all read."""
    study, chance = many(tmp_path, number), random.Random(6)
    keys = survey(study, tmp_path, [set()] * passages)
    often = {code: 0.05 + 0.3 * place / number for place, code in enumerate(study.codebook.by_id)}
    truth, scores = {}, {}
    for key in keys:
        theme = chance.randrange(5)
        more = {code: p * (1 + (place % 5 == theme)) for place, (code, p) in enumerate(often.items())}
        truth[key] = {code for code, p in more.items() if chance.random() < p}
        scores[key] = {code: chance.random() * (0.4 + 0.6 * (code in truth[key])) for code in often}
    suggest(study, scores)
    read(study, draw_audit(study, drawn), truth)
    return study, truth


def test_intervals_hold_the_truth(tmp_path):
    study, truth = crowded(tmp_path)
    told = together(study).pairs
    assert [(pair.one, pair.other) for pair in told] == list(combinations(study.codebook.by_id, 2))
    shown = [pair for pair in told if pair.value is not None]
    hits = [pair.low <= sum(both(truth, truth, pair.one, pair.other)) <= pair.high for pair in shown]
    assert len(shown) > 60
    assert 0.92 <= np.mean(hits) <= 1
    for pair in shown:
        alone = together_alone(truth, pair)
        assert pair.agreed <= pair.low <= pair.value <= pair.high <= 800
        assert pair.value <= 1.5 * min(alone)


def together_alone(truth, pair):
    return [sum(code in said for said in truth.values()) for code in (pair.one, pair.other)]


def test_a_few_codes_are_shown_as_a_matrix(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    for key in list(truth):
        truth[key] -= {"late"}
    for key in list(truth)[:8]:
        truth[key] |= {"money", "late"}
    read(empty, draw_audit(empty, 200), truth)
    told = together(empty)
    table = of_together(told)
    pair, rare = found(empty), found(empty, "late")
    assert rare.value is None
    assert list(table.columns) == ["", "money", "late", "voice"]
    assert [list(row) for row in table.rows] == [
        ["money", f"{told.codes['money']:.0f}", "–", f"× {pair.times:.1f}"],
        ["late", "nested", f"{told.codes['late']:.0f}", "–"],
        [
            "voice",
            f"{pair.value:.0f} ({pair.low:.0f} to {pair.high:.0f})",
            f"({rare.agreed})",
            f"{told.codes['voice']:.0f}",
        ],
    ]
    assert "No interval of 1 of 2 pairs: fewer than 5 passages of the audits hold both." in table.after
    shown = CliRunner().invoke(cli.main, ["counts", "--together", "--study", str(empty.folder)])
    assert (shown.exit_code, "Passages that hold two codes" in shown.output) == (0, True)
    wrong = CliRunner().invoke(cli.main, ["counts", "--together", "--by", "Size", "--study", str(empty.folder)])
    assert (wrong.exit_code, "leave --by out" in wrong.output) == (2, True)


def test_of_many_codes_the_surest_pairs_are_listed_and_all_are_exported(tmp_path):
    study, _ = crowded(tmp_path, number=9, passages=400, drawn=150)
    told = together(study)
    assert len(told.codes) > MATRIX
    table = of_together(told)
    best = sorted(told.pairs, key=lambda pair: -(pair.low or 0) / pair.expected)
    sure = [pair for pair in best if pair.low]
    assert len(table.rows) == PAIRS < len(told.pairs) == 36
    assert [tuple(row[:2]) for row in table.rows][: len(sure)] == [(pair.one, pair.other) for pair in sure][:PAIRS]
    first: Pair = best[0]
    assert list(table.rows[0]) == [
        *(first.one, first.other, f"{first.value:.0f}", f"{first.low:.0f} to {first.high:.0f}"),
        *(f"{first.expected:.0f}", f"× {first.times:.1f}", f"{first.agreed}"),
    ]
    assert table.after[0] == "16 more pairs: `themis export together FILE`."
    rows = frame(pairs(study))
    assert list(rows.columns) == list(TOGETHER)
    assert [(row["code"], row["with"]) for row in rows.to_dict("records")] == list(combinations(told.codes, 2))
    row = next(row for row in rows.to_dict("records") if (row["code"], row["with"]) == (first.one, first.other))
    assert row == {
        **{"code": first.one, "with": first.other, "agreed": first.agreed, "estimate": first.value},
        **{"low": first.low, "high": first.high, "expected": first.expected, "times": first.times},
        **{"covered": 400, "uncovered": 0, "drawn": 150, "why": "", "stale": ""},
    }
    for name in ("t.csv", "t.parquet", "t.xlsx", "t.jsonl"):
        words = ["export", "together", str(tmp_path / name), "--study", str(study.folder)]
        assert CliRunner().invoke(cli.main, words).exit_code == 0


def test_who_removes_the_documents_that_held_both_gains_nothing(empty, tmp_path):
    truth, _ = world(empty, tmp_path)
    keys = read(empty, draw_audit(empty, 200), truth)
    held = [key for key in keys if {"money", "voice"} <= truth[key]]
    with empty.store.database.reading() as connection:
        names = {key: name for name, key in empty.store.names(connection).items()}
        gone = [names[document] for document in empty.store.holding(connection, held[:-5])]  # five stay
    before = found(empty)
    remove(empty, gone)
    left = sum({"money", "voice"} <= said for said in truth.values()) - len(gone)
    after = found(empty)
    assert (len(gone), after.read) == (len(held) - 5, 200 - len(gone))
    assert before.low <= left + len(gone) <= before.high
    assert after.low <= left <= after.high
