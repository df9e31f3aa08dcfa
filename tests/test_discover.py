"""What is planted beside the codebook is found and nothing else is; it is made a code that says where it comes from."""

import json
import stat
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

import cli
from coding import discovering, drawing, draws, ledger, memos, suggestions, unfitting
from coding.discovering import described, discover, make, numbered
from coding.ledger import Decision
from coding.run import code
from coding.study import add, open_study
from coding.telling_discover import of_discovered
from corpus.errors import EvidenceError
from models import discover as models_discover
from models.discover import DOCUMENTS, LEAST, Group, central, enough, groups, nearest, telling

MONEY = "They pay us late every single year."


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def planted(*sizes, alone=60, close=1.2, seed=0, width=96):
    """Vectors of groups of these sizes, one after the other, and of so many that are like nothing; and documents."""
    random = np.random.default_rng(seed)
    middles = unit(random.normal(size=(len(sizes), width)))
    rows = [
        unit(random.normal(size=(size, width))) + close * middle for size, middle in zip(sizes, middles, strict=True)
    ]
    found = unit(np.concatenate([*rows, random.normal(size=(alone, width))]))
    return found.astype(np.float32), np.arange(len(found)) % 40


def partition(label):
    return {tuple(np.flatnonzero(label == one).tolist()) for one in np.unique(label)}


# Groups


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(0, 10_000), st.sampled_from([-0.2, 0.0, 0.1, 0.3, 0.6]))
def test_groups_are_those_of_average_linkage(count, seed, least):
    vectors = unit(np.random.default_rng(seed).normal(size=(count, 6)))
    alike = vectors @ vectors.T
    apart = squareform(np.clip(1 - alike, 0, None), checks=False)
    expected = fcluster(linkage(apart, "average"), 1 - least, "distance")
    assert partition(models_discover._linked(alike.copy(), least)) == partition(expected)


def test_what_is_the_same_is_one_group_and_ties_end():
    alike = np.ones((7, 7), np.float32)
    assert partition(models_discover._linked(alike, 0.3)) == {tuple(range(7))}
    assert partition(models_discover._linked(np.zeros((3, 3), np.float32), 0.3)) == {(0,), (1,), (2,)}


def test_planted_groups_are_found_largest_first():
    vectors, documents = planted(12, 20, 8)
    found = groups(vectors, documents, enough(vectors), 1)
    assert [sorted(group.rows.tolist()) for group in found] == [
        list(range(12, 32)),
        list(range(12)),
        list(range(32, 40)),
    ]
    assert all(0.6 <= group.held <= 1 for group in found)
    for group in found:
        nearness = vectors[group.rows] @ vectors[group.rows].mean(axis=0)
        assert (np.diff(nearness) <= 1e-6).all()


def test_the_same_seed_gives_the_same():
    vectors, documents = planted(12, 20, 8)
    first, second = (groups(vectors, documents, 0.2, 5) for _ in range(2))
    assert [(one.rows.tolist(), one.held) for one in first] == [(one.rows.tolist(), one.held) for one in second]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_where_there_is_nothing(seed):
    vectors, documents = planted(alone=300, seed=seed, width=384)
    assert groups(vectors, documents, enough(vectors), seed) == []


@pytest.mark.parametrize("count", [0, 1, 2, LEAST])
def test_few_passages_are_no_trouble(count):
    vectors, documents = planted(alone=count)
    assert groups(vectors, documents, enough(vectors), 0) == []


def test_a_group_has_enough_passages_and_documents():
    vectors, _ = planted(LEAST, LEAST - 1, alone=30)
    own = list(range(LEAST))
    many = np.arange(len(vectors))
    assert [sorted(one.rows.tolist()) for one in groups(vectors, many, 0.3, 0)] == [own]
    few = np.where(many < LEAST, many % (DOCUMENTS - 1), many)
    assert groups(vectors, few, 0.3, 0) == []


def test_what_does_not_hold_is_not_told():
    cloud = unit(np.random.default_rng(0).normal(size=(200, 5))).astype(np.float32)
    alike, documents = cloud @ cloud.T, np.arange(200)
    every = models_discover._large_enough(models_discover._linked(alike.copy(), 0.6), documents)
    held = models_discover._held(alike, every, 0.6, np.random.default_rng(0))
    kept = groups(cloud, documents, 0.6, 0)
    assert {tuple(sorted(group.rows.tolist())): group.held for group in kept} == {
        tuple(rows.tolist()): share for rows, share in zip(every, held, strict=True) if share >= 0.6
    }
    assert 0 < len(kept) < len(every)


def test_what_holds_is_the_share_of_reruns_that_have_half_of_it():
    vectors, _ = planted(20, 20, 20, close=3.0)
    asked = [np.arange(20), np.arange(8), np.arange(60), np.array([0, 25, 50, 70, 90])]
    held = models_discover._held(vectors @ vectors.T, asked, 0.3, np.random.default_rng(0))
    assert held[0] == 1
    assert held[1] < 0.5
    assert held[2:].tolist() == [0, 0]


def test_long_and_varied_passages_need_be_less_alike():
    near, far = planted(30, 30, alone=0, close=3.0)[0], planted(20, 20, alone=200, close=0.8)[0]
    assert (enough(near), enough(planted(alone=200, width=384)[0])) == (0.3, 0.15)
    assert 0.15 < enough(far) < 0.3


def test_others_are_given_to_the_group_that_they_are_like():
    vectors, documents = planted(30, 30, alone=60)
    known = np.r_[0:20, 30:50, 60:120]
    found = groups(vectors[known], documents[known], 0.25, 0)
    given_to = nearest(vectors[np.r_[20:30, 50:60]], found, 0.25)
    which = [0 if 0 in group.rows else 1 for group in found]
    assert [which[number] for number in given_to] == [0] * 10 + [1] * 10
    assert (nearest(-vectors[:3], found, 0.25) == -1).all()


def test_what_stands_for_a_group_is_not_said_twice():
    vectors, _ = planted(6, alone=0)
    rows = np.array([0, 0, 1, 2, 3])
    twice = vectors[rows]
    group = Group(np.arange(5), 1.0, twice.mean(axis=0))
    assert central(twice, group, 3).tolist() == [0, 2, 3]
    assert central(twice[:2], Group(np.arange(2), 1.0, twice[0]), 3).tolist() == [0]


def test_words_that_tell_a_group_from_the_others():
    said = [["the", "choir", "sings"], ["the", "choir", "choir"], ["the", "choir", "sings", "alone"]]
    said += [["the", "bus", str(number)] for number in range(30)]
    group = Group(np.arange(3), 1.0, np.zeros(2))
    assert telling(said, [group]) == [["choir", "sings"]]


# Studies


def written(folder, more=()):
    """Eight documents: in each two paragraphs about a choir, one about money, twelve about all sorts, and `more`."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for number in range(8):
        said = [random.choice(400, 6, replace=False) for _ in range(14)]
        lines = [" ".join(f"w{word}x" for word in words) for words in said]
        lines[:2] = [f"The choir sings hymns {line[:9]}" for line in lines[:2]]
        (folder / f"d{number}.md").write_text("\n\n".join([*lines, MONEY, *more]) + "\n", encoding="utf-8")


@pytest.fixture
def choir(empty, tmp_path):
    """A study with a theme that no code is for, and a coder's word that it is none of those that there are."""
    written(tmp_path / "written")
    add(empty, [tmp_path / "written"])
    return coded(empty)


def coded(study):
    code(study)
    decide(study, "ada", dict.fromkeys(of(study, "choir"), False))
    code(study)
    return study


def passages(study):
    with study.store.database.reading() as connection:
        return {key: passage.text for kept in study.store.kept(connection) for key, passage in kept.passages}


def decide(study, coder, values, codes=("money", "late", "voice")):
    with study.store.database.writing() as connection:
        ledger.keep(connection, study.codebook)
        version = study.codebook.version
        made = [Decision(coder, key, one, value, version) for key, value in values.items() for one in codes]
        ledger.record(connection, made)


def of(study, word):
    return {key for key, text in passages(study).items() if word in text}


def test_the_theme_that_nobody_named_is_found(choir):
    found = discover(choir)
    [theme] = found.themes
    assert set(theme.passages) == of(choir, "choir")
    assert (theme.documents, len(theme.passages), len(theme.shown)) == (8, 16, 3)
    assert theme.passages[:3] == theme.shown
    assert theme.words[:3] == ("choir", "hymns", "sings")
    assert theme.held >= models_discover.HOLDS
    assert (found.passages, found.compared, found.learned) == (120, found.texts, False)
    assert discover(choir) == found


def test_a_yes_fits_a_code_and_a_no_to_what_is_suggested_does_not(choir):
    before = discover(choir)
    with choir.store.database.reading() as connection:
        run = suggestions.shown(connection)
        marked = {one.passage for one in suggestions.suggested(connection, run.id)} - of(choir, "choir")
        none = unfitting.unfitting(choir, connection, run)
    assert marked
    assert not marked & {key for keys in none.texts for key in keys}
    first = min(marked)
    decide(choir, "ben", {first: False})
    assert discover(choir).fitting_none == before.fitting_none + 1
    theme = before.themes[0]
    decide(choir, "ben", {theme.passages[0]: True}, codes=["voice"])
    after = discover(choir)
    assert after.fitting_none == before.fitting_none
    assert theme.passages[0] not in {key for one in after.themes for key in one.passages}


def test_the_nearest_code_is_the_one_with_the_highest_share_of_its_threshold(choir):
    theme = discover(choir).themes[0]
    with choir.store.database.reading() as connection:
        run = suggestions.shown(connection)
        rows = suggestions.of_passages(connection, run.id, list(theme.passages))
    share = {
        id: np.mean([one.score / run.thresholds[id] for one in rows if one.code == id]) for id in choir.codebook.by_id
    }
    assert theme.code == max(share, key=share.get)
    assert theme.near == pytest.approx(share[theme.code], abs=0.001)


def test_copies_are_compared_once_and_counted_as_often_as_they_came(empty, tmp_path):
    written(
        tmp_path / "written", ["THE CHOIR SINGS HYMNS, on Fridays!", "The choir sings hymns on Fridays.", "No comment."]
    )
    add(empty, [tmp_path / "written"])
    found = discover(coded(empty))
    [theme] = found.themes
    copies = of(empty, "Fridays")
    assert len(copies) == 16
    assert copies <= set(theme.passages)
    assert (len(theme.passages), len(set(theme.passages))) == (32, 32)
    assert len(copies & set(theme.shown)) <= 1
    assert found.brief == 8
    assert found.texts == len({text for key, text in passages(empty).items() if key in fitting_none(empty)}) - 2


def fitting_none(study):
    with study.store.database.reading() as connection:
        none = unfitting.unfitting(study, connection, suggestions.shown(connection))
    brief = of(study, "No comment")
    assert not brief & {key for keys in none.texts for key in keys}
    return {key for keys in none.texts for key in keys} | brief


def test_what_was_not_compared_is_given_to_the_themes(choir, monkeypatch):
    whole = discover(choir)
    monkeypatch.setattr(models_discover, "MOST", 70)
    monkeypatch.setattr(discovering, "BLOCK", 5)
    (choir.cache / "discovered.json").unlink()
    found = discover(choir)
    assert (found.compared, found.texts) == (70, whole.texts)
    [theme] = found.themes
    assert set(theme.passages) == of(choir, "choir")
    assert theme.documents == 8


def test_what_is_to_be_read_blind_is_left_out(choir):
    before = discover(choir)
    draw = drawing.draw_double(choir, 20, ["ben", "cat"])
    with choir.store.database.reading() as connection:
        apart = draws.awaited(connection)
    assert len(apart) == draw.size
    after = discover(choir)
    assert after.passages == before.passages - len(apart)
    assert not apart & {key for theme in after.themes for key in theme.passages}


def test_what_was_found_holds_until_the_study_is_another(choir):
    found = discover(choir)
    path = choir.cache / "discovered.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert numbered(choir, 1) == found.themes[0]
    with pytest.raises(EvidenceError, match=f"there is no theme 99: `themis discover` found {len(found.themes)}"):
        numbered(choir, 99)
    decide(choir, "ben", {min(of(choir, "w1")): False})
    with pytest.raises(EvidenceError, match="run `themis discover`, and choose again"):
        numbered(choir, 1)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"state": null}'])
def test_a_damaged_memory_is_made_anew(choir, damage):
    found = discover(choir)
    path = choir.cache / "discovered.json"
    path.write_text(damage, encoding="utf-8")
    assert discover(choir) == found
    assert numbered(choir, 1) == found.themes[0]
    kept = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**kept, "themes": [{"passages": [1]}]}), encoding="utf-8")
    assert discover(choir) == found


def test_a_code_is_made_with_its_examples_and_where_it_comes_from(choir):
    theme = discover(choir).themes[0]
    examples = tuple(at.text for at in described(choir, theme).passages)
    done = make(choir, "ada", theme, "Singing")
    made = open_study(choir.folder).codebook.by_id[done.code]
    assert (made.name, made.examples, made.parent) == ("Singing", examples, None)
    assert made.definition == f"Speaks of {', '.join(theme.words)}."
    with choir.store.database.reading() as connection:
        [memo] = memos.about(connection, code=done.code)
    assert memo.author == "ada"
    assert memo.text.startswith("Made of 16 passages in 8 documents that fitted no code.")
    assert "exploratory" in memo.text


def test_what_was_made_a_code_is_no_new_theme(choir):
    [theme] = discover(choir).themes
    make(choir, "ada", theme, "Singing", "People sing in choirs.", "voice")
    again = open_study(choir.folder)
    again.__dict__["encoder"] = choir.encoder
    assert again.codebook.by_id["singing"].parent == "voice"
    assert discover(again).stale == "The suggestions are those of an earlier codebook: run `themis code`."
    again.store.database.close()


# Words


def test_the_shell_tells_what_was_found_and_makes_a_code(choir):
    shell = CliRunner()
    where = ["--study", str(choir.folder)]
    theme = discover(choir).themes[0]
    result = shell.invoke(cli.main, ["discover", *where])
    assert result.exit_code == 0, result.output
    assert f"1. {', '.join(theme.words)}\n" in result.output
    assert "16 passages in 8 documents" in result.output
    shown = shell.invoke(cli.main, ["discover", *where, "--show", "1"])
    assert shown.output.count("“") == len(theme.passages) + 1
    made = shell.invoke(cli.main, ["discover", *where, "--make", "1", "--name", "Singing", "--coder", "ada"])
    assert made.exit_code == 0, made.output
    assert made.output.startswith("Made the code “Singing” (singing) in codebook.yml, with 3 passages as its examples")
    assert "exploratory" in made.output
    again = shell.invoke(cli.main, ["discover", *where, "--make", "1", "--name", "Other", "--coder", "ada"])
    assert (again.exit_code, again.output.count("choose again")) == (1, 1)


@pytest.mark.parametrize("wrong", [["--make", "1"], ["--name", "x"], ["--make", "1", "--name", "x", "--show", "1"]])
def test_wrong_use_is_refused(study, wrong):
    result = CliRunner().invoke(cli.main, ["discover", "--study", str(study.folder), *wrong])
    assert result.exit_code == 2
    assert "go together" in result.output


@pytest.mark.parametrize("wrong", [["--definition", "x"], ["--under", "singing"], ["--coder", "ada"]])
def test_what_belongs_to_making_a_code_is_refused_without_it(study, wrong):
    result = CliRunner().invoke(cli.main, ["discover", "--study", str(study.folder), *wrong])
    assert result.exit_code == 2
    assert "go with --make" in result.output


def test_what_cannot_be_kept_is_said(choir):
    path = choir.cache / "discovered.json"
    path.unlink(missing_ok=True)
    path.mkdir()
    try:
        with pytest.raises(EvidenceError, match="which cannot be written"):
            discover(choir)
    finally:
        path.rmdir()


def test_nothing_is_found_before_the_first_run(study):
    result = CliRunner().invoke(cli.main, ["discover", "--study", str(study.folder)])
    assert result.exit_code == 1
    assert result.output == "Error: nothing has been suggested yet: run `themis code` first\n"


def test_where_there_is_too_little_it_is_said(study):
    code(study)
    found = discover(study)
    assert found.themes == ()
    few = replace(found, texts=LEAST - 1)
    assert of_discovered(few, []).before[-2] == (
        f"That is too little to find a theme in: it takes {LEAST} passages that say nearly the same, from {DOCUMENTS} "
        "documents."
    )
    many = of_discovered(replace(found, texts=LEAST), []).before
    assert many[-2] == f"No {LEAST} of them, from {DOCUMENTS} documents, say nearly the same: nothing new was found."
    assert any("Nobody has decided enough yet" in line for line in many)
