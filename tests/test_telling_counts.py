"""The table of counts fits its window, and loses the least of what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_audits import read, some, suggest, survey
from surveyed import surveyed

from coding.counts import counts
from coding.drawing import draw_ranked
from coding.telling_counts import PICTURE, audits, of_counts, picture


@pytest.fixture
def found(empty, tmp_path):
    surveyed(empty, tmp_path)
    return lambda **how: counts(empty, **how)


def wide(told):
    """Characters of the widest line, as the shell prints it: two between columns."""
    columns = [[name, *cells] for name, *cells in zip(told.columns, *told.rows, strict=True)]
    return sum(max(map(len, column)) for column in columns) + 2 * (len(columns) - 1)


FULL = ["Code", "Count", "95 %", PICTURE, "Yes", "Differ", "Read", "Of", "Audit", "Found", "Machine", "Notes"]


def without(*names):
    return [name for name in FULL if name not in names]


@pytest.mark.parametrize(
    ("room", "columns"),
    [
        (120, FULL),
        (90, without("Of", "Differ")),
        (80, without("Of", "Differ", PICTURE)),
        (60, without("Of", "Differ", PICTURE, "Audit")),
    ],
)
def test_what_matters_least_gives_way_and_is_named(found, room, columns):
    told = of_counts(found(), room=room)
    assert told.columns == columns
    assert wide(told) <= room
    left = [name for name in FULL if name not in (*columns, PICTURE)]
    assert told.after[-1] == f"A wider window shows more: {', '.join(left)}." or not left


@pytest.mark.parametrize("how", [{"by": "Size"}, {"unit": "Size"}, {"unit": "document", "by": "Size"}])
@pytest.mark.parametrize("room", [80, 100, 120])
def test_groups_and_units_fit_too(found, how, room):
    told = of_counts(found(**how), room=room)
    assert wide(told) <= room
    assert len(told.rows) == len(found(**how))


def test_the_machine_alone_fits_a_small_window(empty, tmp_path):
    surveyed(empty, tmp_path, audit=0)
    told = of_counts(counts(empty), room=50)
    assert told.columns == ["Code", "Suggested", "Unread", "Yes", "No", "Read"]
    assert wide(told) <= 50


def test_an_audit_is_as_large_as_all_groups_together(found):
    (one,), (other,) = audits(found()), audits(found(by="Size"))
    assert one == other
    assert (one.n, one.size) == (120, 370)


numbers = st.integers(0, 10**6)


@given(st.lists(numbers, min_size=3, max_size=3), numbers, st.integers(16, 60))
def test_a_picture_is_as_wide_as_it_is_asked_to_be(bounds, machine, width):
    low, dot, high = sorted(bounds)
    drawn = picture((low, dot, high), machine, max(high, machine), width)
    assert len(drawn) == width
    assert drawn.count("●") + drawn.count("⊗") == 1
    assert set(drawn) <= set(" ├─┤●×⊗")


def test_an_audit_for_one_code_is_called_so(empty, tmp_path):
    truth = some(100, 0.2, seed=1)
    truth = dict(zip(survey(empty, tmp_path, truth), truth, strict=True))
    suggest(empty, {key: {"money": 0.4 + 0.2 * bool(said)} for key, said in truth.items()})
    draw = draw_ranked(empty, "money", 40)
    read(empty, draw, truth)
    told = of_counts(counts(empty)).after
    assert f"Audit 1: 40 of 100 read, drawn at random, by rank for money alone, by seed {draw.seed}." in told
