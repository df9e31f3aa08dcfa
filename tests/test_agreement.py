"""Agreement is what the books print, what others compute, and what its definition says."""

import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from coding.agreement import (
    MISSING,
    NO_YES,
    SAME,
    SEVERAL,
    UNREAD,
    Undefined,
    ac1,
    alpha,
    kappa,
    masi,
    percent_agreement,
    positive_agreement,
)

MANIFESTOS = Path(__file__).parent.parent.parent / "shared" / "data" / "uk_manifestos_immigration" / "items.jsonl"


def coders(*rows):
    """Labels from one string a coder: a letter or digit a passage, '.' for one not read."""
    names = sorted({letter for row in rows for letter in row} - {"."})
    return [
        [MISSING if letter == "." else names.index(letter) for letter in passage] for passage in zip(*rows, strict=True)
    ]


def of_table(table):
    """Two coders' labels from how often the first gave the row's and the second the column's."""
    return [[i, j] for i, row in enumerate(table) for j, times in enumerate(row) for _ in range(times)]


FOUR = coders("123321412...", "1233224125..", ".33323422513", "12332441251.")


@pytest.mark.parametrize(
    ("labels", "printed"),
    [
        (coders("0100000010", "1110010000"), 0.095),  # Krippendorff (2011), A: two observers, binary
        (coders("aabbdcccedda", "babbbccceddd"), 0.692),  # B: two observers, nominal
        (FOUR, 0.743),  # C: four observers, nominal, values missing
        (coders("YY.", "NN.", "N.N"), -0.333),  # his dresses, one of them seen by one observer only
    ],
)
def test_alpha_of_the_published_examples(labels, printed):
    assert alpha(labels) == pytest.approx(printed, abs=5e-4)


@pytest.mark.parametrize(
    ("table", "printed"),
    [
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.492),  # Cohen (1968), table 1
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.676),  # Fleiss, Levin and Paik (2003), table 18.1
        ([[0, 2], [5, 118]], -0.023),  # Gwet (2002): nearly total agreement, kappa below chance
    ],
)
def test_kappa_of_the_published_examples(table, printed):
    assert kappa(of_table(table)) == pytest.approx(printed, abs=5e-4)


def test_ac1_of_the_published_examples():
    rare = of_table([[118, 5], [2, 0]])  # Gwet (2002)
    assert (ac1(rare), percent_agreement(rare)) == pytest.approx((0.9408, 0.944), abs=5e-5)
    assert (ac1(FOUR), percent_agreement(FOUR)) == pytest.approx((0.77544, 0.81818), abs=5e-6)  # irrCAC, cac.raw4raters


def test_masi_of_the_published_cases():
    sets = [{"a", "b"}, {"a", "b"}, {"a", "b", "c", "d"}, {"b", "c"}, {"x"}, set(), set()]
    assert masi(sets)[0].tolist() == pytest.approx([0, 0, 1 - 2 / 3 / 2, 1 - 1 / 3 / 3, 1, 1, 1])
    assert masi(sets)[5].tolist() == [1, 1, 1, 1, 1, 0, 0]
    assert masi([]).shape == (0, 0)


def test_what_is_undefined_says_why():
    unread, same, measures = [[1, MISSING], [MISSING, 0]], [[0, 0], [0, 0]], (alpha, kappa, positive_agreement)
    assert [measure(unread) for measure in (*measures, percent_agreement, ac1)] == [Undefined(UNREAD)] * 5
    assert [measure([]) for measure in (*measures, percent_agreement, ac1)] == [Undefined(UNREAD)] * 5
    assert [measure(same) for measure in measures] == [Undefined(SAME), Undefined(SAME), Undefined(NO_YES)]
    assert (percent_agreement(same), ac1(same)) == (1, 1)
    assert kappa(FOUR) == Undefined(SEVERAL)


def by_definition(labels, distance):
    """Alpha from the matrix of coincidences, pair by pair, as Krippendorff (2011) lays it out."""
    coincide = Counter()
    for passage in labels:
        values = [value for value in passage if value != MISSING]
        for one, other in itertools.permutations(values, 2):
            coincide[one, other] += 1 / (len(values) - 1)
    each = Counter()
    for (one, _), times in coincide.items():
        each[one] += times
    n = sum(each.values())
    observed = sum(times * distance(*pair) for pair, times in coincide.items())
    expected = sum(each[a] * each[b] * distance(a, b) for a in each for b in each)
    return 1 - (n - 1) * observed / expected if expected else None


def labels(most=4, coders=(2, 5)):
    width = st.integers(*coders)
    row = st.integers(MISSING, most - 1)
    return width.flatmap(lambda n: st.lists(st.lists(row, min_size=n, max_size=n), min_size=1, max_size=30))


@given(labels())
def test_alpha_is_that_of_the_coincidence_matrix(said):
    wanted = by_definition(said, lambda a, b: a != b)
    found = alpha(said)
    assert isinstance(found, Undefined) if wanted is None else found == pytest.approx(wanted, abs=1e-9)


@given(labels(most=6))
def test_alpha_over_sets_is_that_of_the_coincidence_matrix(said):
    sets = [set(), {"a"}, {"a", "b"}, {"b", "c"}, {"a", "b", "c"}, {"d"}]
    apart = masi(sets)
    wanted = by_definition(said, lambda a, b: apart[a, b])
    found = alpha(said, apart)
    assert isinstance(found, Undefined) if wanted is None else found == pytest.approx(wanted, abs=1e-9)


@given(labels(most=2))
def test_alpha_of_yes_and_no_is_the_short_formula(said):
    passages = [[v for v in row if v != MISSING] for row in said]
    read = [row for row in passages if len(row) > 1]
    n, yes = sum(map(len, read)), sum(map(sum, read))
    if not (found := yes * (n - yes)):
        assert isinstance(alpha(said), Undefined)
        return
    differ = sum(sum(row) * (len(row) - sum(row)) / (len(row) - 1) for row in read)
    assert alpha(said) == pytest.approx(1 - (n - 1) * differ / found, abs=1e-9)


@given(labels(coders=(2, 2)))
def test_kappa_and_f1_are_those_of_scikit_learn(said):
    read = [row for row in said if MISSING not in row]
    if len({value for row in read for value in row}) > 1:
        first, second = zip(*read, strict=True)
        assert kappa(said) == pytest.approx(cohen_kappa_score(first, second), abs=1e-9)
        if 1 in first + second:
            f1 = f1_score([v == 1 for v in first], [v == 1 for v in second])
            assert positive_agreement(said) == pytest.approx(f1, abs=1e-9)
    else:
        assert isinstance(kappa(said), Undefined)


@given(labels(most=2, coders=(3, 5)))
def test_positive_agreement_of_more_coders_is_over_all_their_pairs(said):
    both = either = 0
    for one, other in itertools.combinations(zip(*said, strict=True), 2):
        pairs = [pair for pair in zip(one, other, strict=True) if MISSING not in pair]
        both += 2 * pairs.count((1, 1))
        either += sum(a + b for a, b in pairs)
    assert positive_agreement(said) == (pytest.approx(both / either) if either else positive_agreement(said))


@given(labels(), st.randoms(use_true_random=False))
def test_the_order_of_passages_and_coders_and_the_names_of_labels_do_not_matter(said, random):
    order, names = list(range(len(said[0]))), list(range(4))
    random.shuffle(order)
    random.shuffle(names)
    turned = [[MISSING if row[i] == MISSING else names[row[i]] for i in order] for row in said]
    random.shuffle(turned)
    for measure in (alpha, kappa, percent_agreement):
        one, other = measure(said), measure(turned)
        assert other == (pytest.approx(one, abs=1e-9) if isinstance(one, float) else one)


@given(labels(), st.integers(0, 2))
def test_who_agree_on_everything_agree_wholly(said, extra):
    same = [[max(row[0], 0)] * (2 + extra) for row in said]
    everything = (alpha, percent_agreement, ac1) + (kappa,) * (extra == 0)
    for measure in everything:
        value = measure(same)
        assert value == Undefined(SAME) or value == pytest.approx(1, abs=1e-9)
    assert isinstance(alpha(same), Undefined) == (len({row[0] for row in same}) == 1)


def test_waves_of_real_coders_agree_as_published():
    if not MANIFESTOS.is_file():
        pytest.skip("the coded manifestos are not beside the checkout")
    found = {}
    items = [json.loads(line) for line in MANIFESTOS.read_text(encoding="utf-8").splitlines()]
    for wave in ("w1", "w2"):
        said = [[int(bool(codes)) for who, codes in i["coders"].items() if who.startswith(wave)] for i in items]
        most = max(map(len, said))
        labels = np.array([row + [MISSING] * (most - len(row)) for row in said])
        assert alpha(labels) == pytest.approx(by_definition(said, lambda a, b: a != b))
        found[wave] = alpha(labels)
    assert found == pytest.approx({"w1": 0.54, "w2": 0.55}, abs=0.006)
