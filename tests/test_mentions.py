"""Units that mention a code are estimated from draws of whole units, or larger ones, and from nothing else."""

import random
import shutil
from collections import defaultdict
from dataclasses import replace
from itertools import chain, combinations, pairwise
from math import ceil, floor, prod

import numpy as np
import pytest
from click.testing import CliRunner
from reading_audits import decide, read, some, suggest, survey

import cli
from coding import draws, explaining, units
from coding.agreement import Undefined
from coding.auditing import Corpus, Counting
from coding.audits import Audit
from coding.counts import counts
from coding.drawing import draw_audit, draw_ranked, draw_units
from coding.draws import Draw
from coding.estimate import Sample, audited
from coding.estimate_designs import Documents, clusters
from coding.estimate_groups import by_design, combined_counts, within
from coding.explaining import explained
from coding.frames import Frame
from coding.mentions import Seen, cells, mentions, parts, seen, spoken
from coding.study import add, configure, open_study, remove
from corpus.read.options import Options

SIZES = (1, 2, 3, 4, 2)  # answers of each respondent, and again
WORDS = {1: "first", 2: "second", 3: "third", 4: "fourth"}


def answers(study, folder, number, organisation=lambda n: n // 3, name="answers.csv", replace=False):
    """A document of each of so many respondents, with one to four answers; keys of its passages, by document."""
    columns = [f"What came {word}?" for word in WORDS.values()]
    rows = [
        ",".join(
            [f"R{n:03}", f"O{organisation(n):03}", f"K{n % 2}"]
            + [f"{word} answer of {name} {n}" if k <= SIZES[n % 5] else "" for k, word in WORDS.items()]
        )
        for n in range(number)
    ]
    (folder / name).write_text("\n".join([",".join(["id", "Organisation", "Kind", *columns]), *rows]) + "\n")
    with study.store.database.reading() as connection:
        before = set(study.store.passage_keys(connection))
    add(study, [folder / name], Options(id="id", attributes=("Organisation", "Kind")), replace=replace)
    found = defaultdict(list)
    with study.store.database.reading() as connection:
        for key, document, _ in study.store.places_in_order(connection):
            if key not in before:
                found[document].append(key)
    return list(found.values())


def machine(study, truth, seed=5, code="money"):
    """Suggests what is mostly right; the scores as they are stored, by passage."""
    chance = random.Random(seed)
    scores = {key: round(min(0.99, 0.5 * (code in said) + chance.random() * 0.4), 3) for key, said in truth.items()}
    suggest(study, {key: {code: score} for key, score in scores.items()})
    return {key: float(np.float32(score)) for key, score in scores.items()}


@pytest.fixture
def world(empty, tmp_path):
    """120 respondents, 40 organisations of three, 288 answers of which every seventh is about money."""
    documents = answers(empty, tmp_path, 120)
    keys = [key for document in documents for key in document]
    truth = dict(zip(keys, some(len(keys), 1 / 7, seed=2), strict=True))
    return empty, documents, truth, machine(empty, truth)


def found(study, unit="document", by=None, code="money"):
    with study.store.database.reading() as connection:
        return {one.group: one for one in mentions(study, connection, unit, by) if one.code == code}


def money(study, unit="document", **how):
    return found(study, unit, **how)[""]


def bounds(one):
    return one.low, one.value, one.high


def scaled(share, size, known=0):
    low, value, high = (known + size * part for part in (share.low, share.value, share.high))
    return [floor(low), value, ceil(high)]


def mentioned(truth, unit, code="money"):
    return any(code in truth[key] for key in unit)


def as_drawn(truth, scores, units, drawn):
    """What an audit of these whole units says, of which some were drawn."""
    f = {id(unit): 1 - prod(1 - scores[key] for key in unit) for unit in units}
    y = np.array([float(mentioned(truth, unit)) for unit in drawn])
    mean = float(np.mean(list(f.values())))
    return audited(Sample(y, np.array([f[id(unit)] for unit in drawn]), mean, len(units)))


def those_read(units, keys):
    return [unit for unit in units if set(unit) <= set(keys)]


def organisations(documents):
    return [[*chain(*documents[n : n + 3])] for n in range(0, len(documents), 3)]


def test_documents_that_were_drawn_whole_are_the_textbook_s(world):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "document", 40), truth)
    drawn = those_read(documents, keys)
    one, share = money(study), as_drawn(truth, scores, documents, drawn)
    assert (len(drawn), sum(map(len, drawn)), share.method) == (40, len(keys), "ppi")
    assert bounds(one) == pytest.approx(scaled(share, 120))
    assert (one.covered, one.uncovered, one.draws, one.why, one.stale) == (120, 0, (1,), "", ())
    assert [part.share.n for layer in one.layers for part in layer] == [40]
    assert one.low <= sum(mentioned(truth, unit) for unit in documents) <= one.high


def test_organisations_are_one_each_in_however_many_documents(world):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "Organisation", 15), truth)
    whole = organisations(documents)
    share = as_drawn(truth, scores, whole, those_read(whole, keys))
    assert bounds(money(study, "Organisation")) == pytest.approx(scaled(share, 40))


def test_what_people_had_found_before_is_known_and_the_rest_of_it_cannot_change_that(world):
    study, documents, truth, scores = world
    with_money = [unit for unit in documents if mentioned(truth, unit) and len(unit) > 1]
    found_before = [next(key for key in unit if truth[key]) for unit in with_money[:8]]  # the others of it unread
    nothing = [unit for unit in documents if not mentioned(truth, unit)][:10]  # read to the end
    decide(study, truth, [*found_before, *(key for unit in nothing for key in unit)])
    keys = read(study, draw_units(study, "document", 40), truth)
    left = [unit for unit in documents if unit not in nothing]
    rest = [unit for unit in left if unit not in with_money[:8]]
    drawn = [unit for unit in rest if set(unit) <= set(keys)]
    share = as_drawn(truth, scores, rest, drawn)
    one = money(study)
    assert [(p.known, p.known_yes, p.known_open, p.share.size) for layer in one.layers for p in layer] == [
        (18, 8, 0, 102)
    ]
    assert bounds(one) == pytest.approx(scaled(share, 102, known=8))


def test_coders_who_differed_before_leave_a_unit_open(world):
    study, documents, truth, scores = world
    twice = [unit for unit in documents if len(unit) > 1 and not mentioned(truth, unit)][:6]
    first = [unit[0] for unit in twice]
    decide(study, truth, first)
    decide(study, {key: {"money"} for key in first}, first, "ben")
    keys = read(study, draw_units(study, "document", 40), truth)
    rest = [unit for unit in documents if unit not in twice]
    share = as_drawn(truth, scores, rest, those_read(rest, keys))
    low, value, high = scaled(share, 114)
    assert bounds(money(study)) == pytest.approx([low, value + 3, high + 6])


def test_groups_are_of_their_own_passages(world):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "document", 60), truth)
    groups = found(study, by="Kind")
    assert list(groups) == ["K0", "K1"]
    for number, one in enumerate(groups.values()):
        mine = documents[number::2]
        assert bounds(one) == pytest.approx(scaled(as_drawn(truth, scores, mine, those_read(mine, keys)), 60))


def test_a_unit_of_several_groups_is_in_each_with_its_passages_there(world):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "Organisation", 20), truth)
    for number, one in enumerate(found(study, "Organisation", by="Kind").values()):
        mine = [[key for n, d in three if n % 2 == number for key in d] for three in by_three(documents)]
        assert bounds(one) == pytest.approx(scaled(as_drawn(truth, scores, mine, those_read(mine, keys)), 40))


def by_three(documents):
    numbered = list(enumerate(documents))
    return [numbered[n : n + 3] for n in range(0, len(numbered), 3)]


def test_two_audits_of_whole_units_are_put_together_by_their_design(world):
    study, documents, truth, scores = world
    first = those_read(documents, read(study, draw_units(study, "document", 30), truth))
    keys = read(study, draw_units(study, "document", 40), truth)
    rest = [unit for unit in documents if unit not in first]
    second = those_read(rest, keys)
    known = sum(mentioned(truth, unit) for unit in first)
    one = within(0, 0, as_drawn(truth, scores, documents, first), 120)
    two = within(known, 0, as_drawn(truth, scores, rest, second), 120)
    count = combined_counts([one, two], by_design([(30, 120), (40, 90)]))
    yes = known + sum(mentioned(truth, unit) for unit in second)
    no = 70 - yes
    outward = floor(count.low), count.value, ceil(count.high)
    assert bounds(money(study)) == pytest.approx([min(max(part, yes), 120 - no) for part in outward])
    assert money(study).draws == (1, 2)


def by_clusters(truth, scores, whole, drawn, inner):
    """What an audit of whole units says of the smaller ones in them; inner: those of one whole."""

    def of(unit):
        return 1 - prod(1 - scores[key] for key in unit)

    totals = [
        (sum(mentioned(truth, u) for u in inner(one)), sum(map(of, inner(one))), len(inner(one))) for one in drawn
    ]
    said, f, sizes = (np.array(each, float) for each in zip(*totals, strict=True))
    everything = [unit for one in whole for unit in inner(one)]
    mean = float(np.mean([of(unit) for unit in everything]))
    return clusters(Documents(said, f, sizes, mean, len(whole), len(everything))), len(everything)


def test_documents_and_passages_of_organisations_that_were_drawn_whole(world):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "Organisation", 22), truth)
    whole = organisations(documents)
    drawn = those_read(whole, keys)
    inside = {
        "document": lambda one: [document for document in documents if set(document) <= set(one)],
        "passage": lambda one: [[key] for key in one],
    }
    for unit, inner in inside.items():
        share, size = by_clusters(truth, scores, whole, drawn, inner)
        one = money(study, unit)
        assert share.method == "clusters"
        assert bounds(one) == pytest.approx(scaled(share, size))
        assert [part.share.method for layer in one.layers for part in layer] == ["clusters"]


def test_passages_of_passages_are_as_counted_without_units(world):
    study, documents, truth, _ = world
    both = [key for document in documents[:20] for key in document]
    decide(study, truth, both)
    decide(study, {key: truth[key] ^ {"money"} for key in both}, both[:9], "ben")
    read(study, draw_audit(study, 60), truth)
    read(study, draw_audit(study, 50), truth)
    with study.store.database.reading() as connection:
        other = {(e.code, e.group): e for e in Counting(study, connection).estimates(connection, "Kind")}
        for one in mentions(study, connection, "passage", "Kind"):
            assert bounds(one) == pytest.approx(bounds(other[one.code, one.group]))
            assert (one.covered, one.uncovered, one.draws, one.stale) == (
                other[one.code, one.group].covered,
                other[one.code, one.group].uncovered,
                other[one.code, one.group].draws,
                other[one.code, one.group].stale,
            )


def passages(study):
    with study.store.database.reading() as connection:
        return next(one for one in Counting(study, connection).estimates(connection) if one.code == "money")


def test_passages_are_counted_by_whole_units_until_an_audit_of_passages_was_read(world):
    study, _, truth, _ = world
    assert passages(study).why == "there is no random audit: `themis audit`"
    read(study, draw_units(study, "document", 12), truth)
    assert passages(study).why == (
        "fewer than 20 whole documents were read here in one audit: draw 20 or more, or passages: `themis audit`"
    )
    read(study, draw_units(study, "document", 30), truth)
    one = passages(study)
    assert one == money(study, "passage")
    assert [part.share.method for layer in one.layers for part in layer] == ["clusters"]
    draw = draw_audit(study, 60)
    assert passages(study) == one
    read(study, draw, truth)
    assert passages(study).draws == (3,)


def test_audits_of_other_units_are_not_put_together(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 30), truth)
    read(study, draw_units(study, "Organisation", 25), truth)
    assert (money(study, "passage").draws, money(study).draws) == ((2,), (1,))
    read(study, draw_audit(study, 30), truth)
    read(study, draw_units(study, "Organisation", 3), truth)
    assert money(study, "passage").draws == (3,)


def test_repeated_texts_are_not_counted_once_by_whole_units(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 30), truth)
    with study.store.database.reading() as connection:
        counting = Counting(study, connection, lambda keys: np.linspace(0.5, 1, len(keys)))
        assert {one.value for one in counting.estimates(connection)} == {None}


# Without support there is no number


def why(study, unit="document", **how):
    one = money(study, unit, **how)
    assert one.value is one.low is one.high is None
    assert one.layers == ()
    return one.why


PASSAGES = "a draw of passages says nothing of how many documents mention a code: `themis audit --unit document`"


def test_without_an_audit_there_is_none(world):
    study, documents, truth, _ = world
    assert why(study) == "there is no random audit of whole documents: `themis audit --unit document`"
    decide(study, truth, [key for unit in documents[:100] for key in unit])
    assert why(study) == "there is no random audit of whole documents: `themis audit --unit document`"
    decide(study, truth, [key for unit in documents[100:] for key in unit])
    yes = sum(mentioned(truth, unit) for unit in documents)
    assert bounds(money(study)) == (yes, yes, yes)


def test_a_draw_of_passages_says_nothing_of_documents_however_large(world):
    study, _, truth, _ = world
    read(study, draw_audit(study, 280), truth)
    assert why(study) == PASSAGES
    assert {one.why for one in found(study, by="Kind").values()} == {PASSAGES}
    assert why(study, "Organisation") == (
        "a draw of passages says nothing of how many values of Organisation mention a code: "
        "`themis audit --unit Organisation`"
    )


def test_a_draw_of_passages_is_one_of_documents_where_each_has_just_one(empty, tmp_path):
    truth = some(200, 0.2, seed=1)
    keys = survey(empty, tmp_path, truth)
    truth = dict(zip(keys, truth, strict=True))
    machine(empty, truth)
    read(empty, draw_audit(empty, 80), truth)
    with empty.store.database.reading() as connection:
        passages = next(e for e in Counting(empty, connection).estimates(connection) if e.code == "money")
    before = money(empty)
    assert bounds(before) == pytest.approx(bounds(passages))
    assert before.covered == 200
    answers(empty, tmp_path, 10)
    assert (bounds(money(empty)), money(empty).covered, money(empty).uncovered) == (bounds(before), 200, 10)


def test_one_document_with_two_passages_is_enough_to_refuse_a_draw_of_passages(empty, tmp_path):
    documents = answers(empty, tmp_path, 2)
    truth = some(100, 0.2, seed=1)
    keys = [*survey(empty, tmp_path, truth), *documents[0], *documents[1]]
    truth = dict(zip(keys, [*truth, set(), set(), set()], strict=True))
    read(empty, draw_audit(empty, 80), truth)
    assert why(empty) == PASSAGES


def test_a_draw_of_documents_says_nothing_of_organisations_with_several(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 100), truth)
    assert why(study, "Organisation") == (
        "a draw of documents says nothing of how many values of Organisation mention a code, since some lie in several "
        "documents: `themis audit --unit Organisation`"
    )


def test_organisations_of_one_document_each_are_drawn_as_documents(empty, tmp_path):
    documents = answers(empty, tmp_path, 60, organisation=lambda n: n)
    keys = [key for document in documents for key in document]
    truth = dict(zip(keys, some(len(keys), 0.2, seed=4), strict=True))
    read(empty, draw_units(empty, "document", 10), truth)
    assert bounds(money(empty, "Organisation")) == bounds(money(empty))


def test_fewer_than_twenty_whole_ones_say_nothing_of_what_is_in_them(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "Organisation", 19), truth)
    assert why(study) == (
        "fewer than 20 whole values of Organisation were read here in one audit: draw 20 or more, or documents: "
        "`themis audit --unit document`"
    )
    assert why(study, "passage").endswith("draw 20 or more, or passages: `themis audit`")
    assert money(study, "Organisation").value is not None


def test_a_draw_of_units_that_is_half_read_or_given_up_gives_none(world):
    study, documents, truth, _ = world
    draw = draw_units(study, "document", 40)
    with study.store.database.reading() as connection:
        keys = [key for key, _ in draws.drawn(connection, draw.id)]
    where = {key: number for number, document in enumerate(documents) for key in document}
    order = list(dict.fromkeys(where[key] for key in keys))
    assert all(where[a] == where[b] or order.index(where[a]) < order.index(where[b]) for a, b in pairwise(keys))
    cut = next(n for n in range(50, len(keys)) if where[keys[n]] == where[keys[n - 1]])  # within a document
    decide(study, truth, keys[:cut], draw=draw)
    assert why(study) == f"audit 1 is not read to the end ({cut} of {len(keys)}): read it with `themis review`"
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    assert why(study) == (
        f"audit 1 was given up after {cut} of {len(keys)} passages, perhaps for what they showed: "
        "`themis audit --unit document`"
    )
    read(study, draw_units(study, "document", 30), truth)
    assert money(study).draws == (2,)
    assert "Audit 1 was given up half read: if for what it showed, the others are no sample." in money(study).stale


def test_one_that_was_closed_unread_gives_none(world):
    study, _, _, _ = world
    draw = draw_units(study, "document", 40)
    with study.store.database.writing() as connection:
        draws.close(connection, draw.id)
    assert why(study) == "audit 1 was closed before it was read: `themis audit --unit document`"


def test_of_two_that_are_unread_the_one_of_these_units_is_asked_for(world):
    study, _, _, _ = world
    draw = draw_units(study, "document", 40)
    draw_units(study, "Organisation", 30)
    assert why(study) == f"audit 1 is not read to the end (0 of {draw.size}): read it with `themis review`"


def test_units_that_came_later_are_not_covered(world, tmp_path):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 40), truth)
    before = money(study)
    answers(study, tmp_path, 30, name="later.csv")
    now = money(study)
    assert (bounds(now), now.covered, now.uncovered) == (bounds(before), 120, 30)
    assert now.stale == (
        "30 documents are not covered, such as those that came or changed since the last audit: "
        "`themis audit --unit document` draws from them too.",
    )


def test_an_organisation_with_a_document_more_is_another(world, tmp_path):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "Organisation", 15), truth)
    answers(study, tmp_path, 4, organisation=lambda n: n // 2, name="later.csv")
    whole = organisations(documents)[2:]  # of the first two there is more now
    one = money(study, "Organisation")
    changed = organisations(documents)[:2]
    known = sum(any(truth[key] and key in keys for key in one) for one in changed)  # a yes is one whatever came to it
    assert (one.covered, one.uncovered) == (38 + known, 2 - known)
    share = as_drawn(truth, scores, whole, those_read(whole, keys))
    assert bounds(one) == pytest.approx([known + part for part in scaled(share, 38)])


def test_documents_that_are_removed_leave_population_and_sample(world):
    study, documents, truth, scores = world
    keys = read(study, draw_units(study, "document", 60), truth)
    with study.store.database.reading() as connection:
        names = list(study.store.names(connection))[:30]
    remove(study, names)
    left = documents[30:]
    assert bounds(money(study)) == pytest.approx(scaled(as_drawn(truth, scores, left, those_read(left, keys)), 90))
    gone = sum(key not in {key for one in left for key in one} for key in keys)
    assert money(study).stale == (  # nothing is put back here
        f"{gone} of the {len(keys)} passages that audit 1 drew are not here any more: if they went for what was found "
        "in them, this says too little or too much; `themis audit` draws a new one.",
    )


def test_units_that_are_divided_anew_say_so(world, tmp_path):
    study, _, truth, _ = world
    read(study, draw_units(study, "Organisation", 20), truth)
    assert money(study, "Organisation").value is not None
    answers(study, tmp_path, 120, organisation=lambda n: n // 6, replace=True)
    assert why(study, "Organisation") == (
        "the values of Organisation of audit 1 are others now: `themis audit --unit Organisation`"
    )
    answers(study, tmp_path, 120, organisation=lambda n: n, replace=True)
    assert why(study, "Organisation").startswith("the values of Organisation of audit 1 are others now")


TALK = """Interviewer: How was talk {n}?
Mair: We waited {n} months. The money came late.
Interviewer: And you?
Tom: It was fine. Nobody asked us {n} times.
"""


@pytest.fixture
def talks(empty, tmp_path):
    """30 talks with two people, who each say two sentences."""
    folder = tmp_path / "talks"
    folder.mkdir()
    for n in range(30):
        (folder / f"talk{n:02}.txt").write_text(TALK.format(n=n))
    add(empty, [folder])
    with empty.store.database.reading() as connection:
        keys = [key for key, _, _ in empty.store.places_in_order(connection)]
        assert len(units.sizes(connection, "speaker")) == len(keys) == 60
    return empty, [keys[n : n + 2] for n in range(0, 60, 2)], dict(zip(keys, some(60, 0.3, seed=8), strict=True))


def test_speakers_of_documents_that_were_drawn_whole(talks):
    study, documents, truth = talks
    keys = read(study, draw_units(study, "document", 22), truth)
    none = dict.fromkeys(truth, 0.0)
    share, size = by_clusters(truth, none, documents, those_read(documents, keys), lambda one: [[key] for key in one])
    assert size == 60
    assert bounds(money(study, "speaker")) == pytest.approx(scaled(share, 60))
    assert bounds(money(study, "passage")) == pytest.approx(scaled(share, 60))


def test_a_draw_of_speakers_says_nothing_of_documents_with_two(talks):
    study, _, truth = talks
    read(study, draw_units(study, "speaker", 50), truth)
    assert why(study) == (
        "a draw of speakers says nothing of how many documents mention a code, since some lie in several speakers: "
        "`themis audit --unit document`"
    )
    assert money(study, "speaker").covered == 60


def test_passages_that_are_split_anew_are_not_what_was_drawn(talks):
    study, _, truth = talks
    read(study, draw_units(study, "document", 22), truth)
    assert money(study).value is not None
    again = configure(study, {"unit": "sentence"})
    assert why(again) == "nothing that audit 1 drew is there any more: `themis audit --unit document`"
    assert money(configure(again, {"unit": "turn"})) == money(study)


def test_a_group_of_which_none_was_drawn_says_so(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 4), truth)
    groups = found(study, by="Organisation")
    none = next(one for one in groups.values() if one.value is None)
    assert none.why == ("none of the documents that audit 1 drew lies here: `themis audit --unit document` draws more")
    assert sum(one.value is not None for one in groups.values()) <= 4


def test_a_changed_definition_and_a_new_code_are_said(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 40), truth)
    path = study.folder / "codebook.yml"
    path.write_text(path.read_text().replace("Money is short or late.", "Money is late."))
    path.write_text(path.read_text() + "  - id: cake\n    name: Cake\n    definition: Cake is served.\n")
    later = study.latest()
    assert found(later, code="cake")[""].why == "audit 1 was read without this code: `themis audit --unit document`"
    assert money(later).stale == (
        "The code's meaning has changed since audit 1 was read: `themis audit --unit document` draws a new one.",
    )
    read(later, draw_units(later, "document", 30), truth)
    assert (money(later).draws, found(later, code="voice")[""].draws) == ((2,), (1, 2))


def test_an_attribute_is_no_rank_whatever_it_is_called(empty, tmp_path):
    """The unit of an audit for one code is "rank": a draw of an attribute of this name is not taken for one."""
    (tmp_path / "s.csv").write_text(
        "id,rank,Q?\n" + "\n".join(f"R{n},A{n // 4},Answer {n} to what there was" for n in range(120)) + "\n"
    )
    add(empty, [tmp_path / "s.csv"], Options(id="id", attributes=("rank",)))
    with empty.store.database.reading() as connection:
        keys = [key for key, _, _ in empty.store.places_in_order(connection)]
    truth = dict(zip(keys, some(120, 0.2, seed=1), strict=True))
    machine(empty, truth)
    draw = draw_units(empty, "rank", 25)
    with empty.store.database.reading() as connection:
        keys = [key for key, _ in draws.drawn(connection, draw.id)]
    decide(empty, truth, keys, draw=draw)
    one = money(empty, "rank")
    assert [part.share.n for layer in one.layers for part in layer] == [25]
    assert [part.share.method for layer in passages(empty).layers for part in layer] == ["clusters"]
    read(empty, draw_ranked(empty, "money", 40), truth)
    assert money(empty, "rank").draws == (1,)
    assert passages(empty).draws == (2,)


# What the estimates are worth


def in_memory(sizes, keys, drawn, unit="document", fixed=None):
    """A corpus of documents of these sizes, and an audit of some of them; keys: by passage, whether it is a yes."""
    documents = np.repeat(np.arange(len(sizes)), sizes)
    one = Corpus(np.arange(len(documents)), documents, {"money": np.full(len(documents), np.nan)})
    sample = np.flatnonzero(np.isin(documents, drawn))
    said = {"money": keys[sample].astype(float)}
    draw = Draw(1, "", "audit", (), False, len(sample), len(keys), "", "", 0, "", "", unit, len(drawn), len(sizes))
    frame = Frame(one.keys, scores=fixed or {})
    audit = Audit(draw, frame, sample, said, frozenset(), len(sample), len(sample))
    return one, audit, {key: (document, None) for key, document in enumerate(documents.tolist())}


def test_the_mean_over_all_samples_is_the_truth():
    sizes, chance = (1, 4, 2, 3, 1, 2, 5, 1), np.random.default_rng(4)
    for share in (0.1, 0.3):
        yes = chance.random(sum(sizes)) < share
        values = []
        for drawn in combinations(range(8), 3):
            one, audit, place = in_memory(sizes, yes, drawn)
            cell = cells(one, place, np.zeros(len(yes), np.int64))
            (part,) = parts(np.ones(8, bool), [spoken(one, cell, seen(one, cell, audit, "document", place), "money")])
            assert (part.share.n, part.share.size) == (3, 8)
            values.append(8 * part.share.value)
        documents = np.repeat(np.arange(8), sizes)
        assert np.mean(values) == pytest.approx(len(set(documents[yes].tolist())))


def divided(after, drawn, there=None):
    """What is said of an audit of four pairs, of which some were drawn, where they are other units now."""
    one, audit, _ = in_memory((2,) * 4, np.zeros(8, bool), drawn)
    if there is not None:  # the others were removed
        kept = np.isin(one.keys, there)
        sample = np.searchsorted(one.keys[kept], audit.frame.passages[audit.sample])
        audit = replace(audit, frame=Frame(one.keys[kept]), sample=sample)
        one = Corpus(one.keys[kept], one.documents[kept], {"money": one.agreed["money"][kept]})
    place = {key: (unit, None) for key, unit in zip(one.keys.tolist(), after, strict=True)}
    cell = cells(one, place, np.zeros(len(one.keys), np.int64))
    return seen(one, cell, audit, "document", place)


def test_units_are_those_that_were_drawn_or_there_is_no_estimate():
    said = "the documents of audit 1 are others now"
    assert isinstance(divided([0, 0, 1, 1, 2, 2, 3, 3], (0, 1)), Seen)
    assert divided([0, 0, 1, 2, 2, 2, 3, 3], (0, 1)) == said  # half of one that was drawn went to one that was not
    assert divided([0, 0, 1, 1, 1, 2, 3, 3], (0, 1)) == said  # one that was drawn got half of one that was not
    assert divided([0, 0, 1, 1, 2, 2, 2, 2], (0, 1)) == said  # two that were not drawn are one
    assert divided([0, 4, 1, 1, 2, 2], (0, 1), there=range(6)) == said  # one that was drawn is two
    assert divided([0, 0, 1, 2, 3, 4], (0,), there=range(6)) == said  # there are more than there were
    assert isinstance(divided([0, 0, 1, 1, 2, 2], (0, 1), there=range(6)), Seen)


def test_few_documents_are_undefined_for_what_is_in_them():
    one, audit, place = in_memory((2,) * 40, np.zeros(80, bool), range(19))
    passages = {key: (0, key) for key in range(80)}
    cell = cells(one, passages, np.zeros(80, np.int64))
    found = seen(one, cell, audit, "passage", place)
    assert not found.alone
    assert isinstance(parts(np.ones(80, bool), [spoken(one, cell, found, "money")]), Undefined)


def test_the_whole_protocol_holds_as_often_as_it_says(empty, tmp_path):
    """Some are read first, the likeliest, then whole organisations are drawn, each time in a copy of the study."""
    documents = answers(empty, tmp_path, 150, organisation=lambda n: n // 2)
    chance = random.Random(11)
    keys = [key for document in documents for key in document]
    scores = {key: {"money": chance.random() ** 2, "voice": chance.random() ** 2} for key in keys}
    suggest(empty, scores)
    truth = {key: {code for code, p in scores[key].items() if chance.random() < p * 0.7} for key in keys}
    decide(empty, truth, sorted(keys, key=lambda key: -scores[key]["money"])[:30])
    whole = {
        "Organisation": [[*chain(*documents[n : n + 2])] for n in range(0, 150, 2)],
        "document": documents,
        "passage": [[key] for key in keys],
    }
    empty.store.database.close()
    hits, widths = defaultdict(list), defaultdict(list)
    for seed in range(25):
        folder = tmp_path / str(seed)
        shutil.copytree(empty.folder, folder)
        study = configure(open_study(folder), {"seed": str(seed)})
        read(study, draw_units(study, "Organisation", 30), truth)
        for unit, all_of_them in whole.items():
            with study.store.database.reading() as connection:
                each = [one for one in mentions(study, connection, unit) if one.code != "late"]
            for one in each:
                hits[unit].append(one.low <= sum(mentioned(truth, u, one.code) for u in all_of_them) <= one.high)
                widths[unit].append((one.high - one.low) / len(all_of_them))
        study.store.database.close()
    assert {unit: np.mean(held) >= 0.88 for unit, held in hits.items()} == dict.fromkeys(whole, True)
    assert {unit: np.mean(width) < 0.3 for unit, width in widths.items()} == dict.fromkeys(whole, True)


# What the shell says


def themis(*words, code=0):
    result = CliRunner().invoke(cli.main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def test_a_draw_of_whole_units_says_how_many_passages_that_makes(world):
    study, _, _, _ = world
    at = ("--study", study.folder)
    study.store.database.close()
    said = themis("audit", "--unit", "document", *at)
    with study.store.database.reading() as connection:
        (draw,) = draws.draws(connection)
        size = len(draws.drawn(connection, draw.id))
    assert (draw.units, draw.of_units) == (30, 120)
    assert said.splitlines()[0] == (
        "Draw 1: 30 of the 120 documents with passages that nobody has read to the end, at random, each with "
        f"probability 0.25 (seed {draw.seed}). They have {size} such passages to read, of 288."
    )
    said = themis("audit", "--unit", "Organisation", "--n", 5, *at)
    assert said.startswith("Draw 2: 5 of the 40 values of Organisation with passages that nobody")
    assert "audit by Organisation (5 of 40)" in themis("audit", "--list", *at)
    assert "'person' is no counting unit" in themis("audit", "--unit", "person", *at, code=1)
    assert "Give --precision by itself" in themis("audit", "--unit", "speaker", "--precision", 0.1, *at, code=2)


def test_the_method_is_told_as_it_is(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 40), truth)

    def told(unit):
        return "\n".join(explained(study, counts(study, unit=unit)))

    assert "40 of 120 documents, whole, with " in told("document")
    assert [explaining.WHOLE in told(unit) for unit in ("document", "passage", "speaker")] == [False, True, False]
    assert explaining.UNITS.format(units="documents") in told("document")
    assert "For example" not in told("passage")
    assert told("Organisation").startswith("Themes were counted in values of Organisation. ")


def test_the_counts_have_them(world):
    study, _, truth, _ = world
    read(study, draw_units(study, "document", 40), truth)
    one = next(count for count in counts(study, unit="document") if count.code == "money")
    assert one.estimate == money(study)
