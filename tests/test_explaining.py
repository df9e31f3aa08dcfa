"""Whoever reads the method can make an estimate again by hand, from what was exported and nothing else."""

import csv
import random
from math import ceil, floor, sqrt

import pytest
from reading_audits import decide, read, some, suggest, survey

from coding import draws, frames
from coding.counts import counts
from coding.drawing import draw_audit, draw_ranked, draw_units
from coding.explaining import _drawn, explained
from coding.export.counted import audited, counted, estimated
from coding.export.tables import write


@pytest.fixture
def counted_survey(empty, tmp_path):
    """500 passages; the likeliest forty were read, then an audit of 150; voice is rare, money is not."""
    truth = some(500, 0.15, seed=4)
    chance = random.Random(2)
    for said in truth[::90]:
        said.add("voice")
    keys = survey(empty, tmp_path, truth)
    truth = dict(zip(keys, truth, strict=True))
    suggest(empty, {key: {"money": 0.5 * bool(said) + 0.5 * chance.random()} for key, said in truth.items()})
    decide(empty, truth, keys[:40])
    decide(empty, {key: set() for key in keys}, keys[:3], "ben")
    read(empty, draw_audit(empty, 150), truth)
    return empty


def rows_of(study, what, tmp_path):
    """As a spreadsheet program reads them: text, and nothing of the program."""
    path = tmp_path / "rows.csv"
    with study.store.database.reading() as connection:
        write(what(study, connection), path)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mean(numbers):
    return sum(numbers) / len(numbers)


def by_hand(rows):
    """Low, count and high as the paragraphs of the method say, with nothing but a pocket calculator's functions."""
    known = [float(row["value"]) for row in rows if row["part"] == "known"]
    drawn = [row for row in rows if row["part"] == "drawn"]
    rest = [row for row in rows if row["part"] in ("drawn", "rest")]
    y, n, big_n = [float(row["value"]) for row in drawn], len(drawn), len(rest)
    k = sum(value for value in known if value == 1)
    open_ = sum(value == 0.5 for value in known)
    if min(sum(y), n - sum(y)) < 5 or not any(float(row["score"] or 0) for row in drawn):
        p, n_eff = sum(y) / n, n / (1 - n / big_n)
    else:
        f = [float(row["score"]) for row in drawn]
        cov = sum((a - mean(y)) * (b - mean(f)) for a, b in zip(y, f, strict=True))
        weight = min(1, max(0, cov / sum((b - mean(f)) ** 2 for b in f)))
        errors = [a - weight * b for a, b in zip(y, f, strict=True)]
        p = weight * mean([float(row["score"]) for row in rest]) + mean(errors)
        s2 = sum((e - mean(errors)) ** 2 for e in errors) / (n - 1)
        v = (1 - n / big_n) * s2 / n
        n_eff = p * (1 - p) / (v + (1 - n / big_n) / n**2)
    z = 1.959963985
    middle, half = p * n_eff + z * z / 2, z * sqrt(p * (1 - p) * n_eff + z * z / 4)
    low, high = ((middle + side * half) / (n_eff + z * z) for side in (-1, 1))
    low = min(low, {1: 0.0513, 2: 0.3554, 3: 0.8177}.get(sum(y), n) / n)
    yes = k + sum(y)
    no = sum(value == 0 for value in known) + n - sum(y)
    every = len(rows)
    counts = (floor(k + big_n * low), k + open_ / 2 + big_n * p, ceil(k + open_ + big_n * high))
    return [min(max(count, yes), every - no) for count in counts]


@pytest.mark.parametrize("code", ["money", "voice"])
def test_an_estimate_can_be_made_again_from_the_exported_rows(counted_survey, tmp_path, code):
    rows = [row for row in rows_of(counted_survey, audited, tmp_path) if row["code"] == code]
    assert len(rows) == 500
    one = next(row for row in rows_of(counted_survey, lambda s, _: counted(s), tmp_path) if row["code"] == code)
    assert by_hand(rows) == pytest.approx([float(one[name]) for name in ("low", "estimate", "high")], rel=1e-6)
    assert one["few"] == {"money": "False", "voice": "True"}[code]


def test_without_scores_it_is_made_again_as_the_method_says(empty, tmp_path):
    truth = some(500, 0.15, seed=4)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    read(empty, draw_audit(empty, 100), truth)
    rows = [row for row in rows_of(empty, audited, tmp_path) if row["code"] == "money"]
    one = next(row for row in rows_of(empty, lambda s, _: counted(s), tmp_path) if row["code"] == "money")
    assert by_hand(rows) == pytest.approx([float(one[name]) for name in ("low", "estimate", "high")], rel=1e-6)
    told = "\n".join(explained(empty, counts(empty)))
    assert "fewer than 5 yes, or fewer than 5 no, or λ is 0, the scores are left out: p = yes / n and n_eff = n" in told
    assert "n_eff = 125.00." in told


@pytest.mark.parametrize("unit", ["document", "rank"])
def test_the_chance_of_another_draw_is_told_as_it_was(counted_survey, unit):
    draw = draw_ranked(counted_survey, "money", 60) if unit == "rank" else draw_units(counted_survey, unit, 30)
    with counted_survey.store.database.reading() as connection:
        drawn = {key for key, _ in draws.drawn(connection, draw.id)}
        frame = frames.frame(connection, draw.id)
    if unit == "rank":
        strata = [frame.passages[frame.strata == number].tolist() for number in range(3)]
        size = [len(drawn.intersection(one)) for one in strata]
        again = [random.Random(f"{draw.seed}:{n}").sample(one, size[n]) for n, one in enumerate(strata)]
        chance = f"(Python's random.Random('{draw.seed}:0'), ':1' and ':2'.sample over the passages in the order of "
        assert drawn == {key for one in again for key in one}
    else:
        assert drawn == {*random.Random(draw.seed).sample(frame.passages.tolist(), 30)}  # one passage in each
        chance = f"(Python's random.Random('{draw.seed}').sample over the documents in the order of the first passage"
    assert chance in _drawn(draw, frame)


def test_the_terms_of_the_formula_are_exported_and_told(counted_survey, tmp_path):
    (money,) = (row for row in rows_of(counted_survey, estimated, tmp_path) if row["code"] == "money")
    told = "\n".join(explained(counted_survey, counts(counted_survey)))
    said = f"λ = {float(money['lambda']):.6f}, V = {float(money['variance']):.3e}"
    assert f"N = {money['rest']}, n = {money['drawn']}, of which {float(money['positives']):g} yes" in told
    assert said in told
    assert f"n_eff = {float(money['n_eff']):.2f}" in told
    assert f"random.Random('{money['seed']}').sample" in told


def test_the_sample_is_the_one_that_the_told_seed_gives(counted_survey, tmp_path):
    rows = [row for row in rows_of(counted_survey, audited, tmp_path) if row["code"] == "money"]
    drawn_from = [row["passage"] for row in rows if row["part"] != "known"]
    order = {row["passage"]: int(row["position"]) for row in rows if row["part"] == "drawn"}
    told = "\n".join(explained(counted_survey, counts(counted_survey)))
    seed = told.split("random.Random('")[1].split("'")[0]
    assert sorted(order, key=order.get) == random.Random(seed).sample(drawn_from, 150)


def test_without_an_audit_there_is_nothing_to_explain_but_how_to_get_one(empty, tmp_path):
    survey(empty, tmp_path, [set()] * 20)
    told = explained(empty, counts(empty))
    assert told[-1] == "There is no estimate to explain: there is no random audit: `themis audit`."
