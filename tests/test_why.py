"""Why a code is suggested: the parts add up to the score, and what is named is the nearest that may be named."""

import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from coding_page import passages, read
from conftest import Words, with_encoder
from hypothesis import given
from hypothesis import strategies as st
from letters import at, decide, letters, of

import cli
from coding import ledger, queue, suggestions
from coding.drawing import draw_audit
from coding.ledger import Decision
from coding.reasons import Like, Line, Reasons
from coding.run import code
from coding.study import add, configure
from coding.telling import Telling
from coding.telling_why import of_why
from coding.why import Explainer, Opinion, Why, why
from corpus.errors import EvidenceError
from models.evidence import LIKENESS, SCORE, Evidence, Theme
from models.learn import learn
from models.why import contributions, nearest

WIDTH, KNOWN = 12, ["late money", "choir sings", "nobody asked", "late choir", "money money asked"]
TEXTS = [*KNOWN, "", "Late, unheard (late): MONEY."]
THEMES = [
    Theme("money", ("money",), ("late pay",), ("well paid",), ("paid in time",)),
    Theme("choir", ("choir",)),
    Theme("voice", ("voice",), ("nobody asked",)),
]


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def block(chance, count, first=0, sentences=None, texts=None):
    """Passages of random vectors; every second answers a question."""
    counts = chance.integers(0, 4, count) if sentences is None else np.full(count, sentences)
    context = unit(chance.normal(size=(count, WIDTH)))
    context[::2] = 0
    return Evidence(
        keys=first + np.arange(count),
        texts=[texts or chance.choice(KNOWN) for _ in range(count)],
        passages=unit(chance.normal(size=(count, WIDTH))),
        sentences=unit(chance.normal(size=(int(counts.sum()), WIDTH)) + 1e-6),
        owner=np.repeat(np.arange(count), counts),
        context=context,
    )


class Adapted:
    """An encoder adapted to decisions: it knows something of the first code, nothing of the second, not the third."""

    fingerprint = "adapted"

    def __init__(self, labels):
        self.labels = labels

    def held(self, evidence):
        said = np.random.default_rng(1).normal(size=(len(evidence.keys), 3))
        said[: len(self.labels), 0] += 2 * self.labels[:, 0]
        said[:, 2] = np.nan
        return said

    def logits(self, evidence):
        return np.array([[len(text), -len(text), np.nan] for text in evidence.texts]) / 9


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "adapted"])
def model(request):
    """Two codes that are learned and one that is a likeness; also with an encoder adapted to decisions."""
    chance = np.random.default_rng(4)
    texts = [text for theme in THEMES for text in theme.texts()]
    known = dict(zip(texts, unit(chance.normal(size=(len(texts), WIDTH))), strict=True))
    evidence = block(chance, 120)
    labels = (chance.random((120, 3)) < (0.2, 0.1, 0.3)).astype(float)
    labels[:, 0] = np.abs(labels[:, 0] - ["money" in text for text in evidence.texts])
    labels[:, 2] = np.nan
    background = block(chance, 60, first=1000)
    deep = Adapted(labels) if request.param else None
    return learn(THEMES, known, evidence, labels, np.arange(120) // 10, background, deep=deep)


@given(
    seed=st.integers(0, 2**32),
    sentences=st.integers(0, 3),
    text=st.sampled_from([*KNOWN, "", "Late, unheard (late): MONEY."]),
)
def test_the_parts_add_up_to_the_score(model, seed, sentences, text):
    evidence = block(np.random.default_rng(seed), 1, first=5000, sentences=sentences, texts=text or " ")
    scored = model.score(evidence).score[0]
    assert model.kind == (SCORE, SCORE, LIKENESS)
    for column, kind in enumerate(model.kind):
        parts = contributions(model, evidence, column)
        each = [parts.start, parts.meaning, parts.include, parts.exclude, parts.adapted, *parts.words]
        assert parts.score == pytest.approx(scored[column], abs=1e-6)
        assert parts.total == pytest.approx(sum(each), abs=1e-12)
        if kind == SCORE:
            assert parts.score == pytest.approx(1 / (1 + np.exp(-sum(each))), abs=1e-9)
        wanted = set(re.findall(r"\w+", text.lower())) if kind == SCORE else set()
        assert set(parts.terms) <= wanted
        assert set(parts.terms) >= wanted - {"unheard"}
        assert len(set(parts.terms)) == len(parts.terms) == len(parts.words)
        assert not parts.held


def test_what_a_term_adds_is_what_the_score_lacks_without_it(model):
    evidence = block(np.random.default_rng(8), 1, first=5000, sentences=2, texts="Late, money.")
    parts = contributions(model, evidence, 0)
    bare = contributions(model, Evidence(**{**vars(evidence), "texts": [""]}), 0)
    assert (parts.terms, bare.terms) == (("late", "money"), ())
    without = parts.total - parts.words.sum() - parts.adapted
    assert without == pytest.approx(bare.total - bare.adapted, abs=1e-12)
    assert len({round(float(adds), 6) for adds in parts.words}) == 2


def test_a_passage_that_was_learned_from_is_said_to_have_another_score(model):
    learned = block(np.random.default_rng(8), 1, first=3, sentences=1)
    parts = contributions(model, learned, 0)
    assert parts.held
    assert bool(parts.adapted) == (model.trained.deep is not None) == bool(0 < model.adapted[0] < 1)
    assert parts.score != pytest.approx(model.score(learned).score[0, 0], abs=1e-3)
    assert not contributions(model, learned, 2).held


def test_the_nearest_is_near_to_the_passage_or_to_its_sentence():
    vectors = np.eye(4, dtype=np.float32)
    one = Evidence(
        keys=np.array([1]),
        texts=["a"],
        passages=unit(np.array([[1, 0.5, 0.4, 0]])),
        sentences=unit(np.array([[0, 1, 0.3, 0.2], [0, 0, 0.1, 1]])),
        owner=np.array([0, 0]),
        context=np.zeros((1, 4)),
    )
    centre = np.zeros(4, np.float32)
    orders = [nearest(one, sentence, vectors, centre).tolist() for sentence in (-1, 0, 1)]
    assert orders == [[0, 1, 2, 3], [1, 0, 2, 3], [3, 0, 1, 2]]
    moved = nearest(one, -1, vectors, np.array([1, 0, 0, 0], np.float32))
    assert moved.tolist() == [1, 2, 3, 0]
    assert nearest(one, 0, vectors[:0], centre).tolist() == []


# On a study


@pytest.fixture
def large(study, tmp_path):
    return letters(study, tmp_path / "letters")


def test_codes_are_those_that_the_run_suggests_with_its_scores(large):
    with large.store.database.reading() as connection:
        run = suggestions.latest(connection)
        found = suggestions.of_documents(connection, run.id, large.store.names(connection).values())
    total, explainer = 0, Explainer(large)
    for key in passages(large):
        stored = {one.code: one for one in found[key]}
        told = explainer.why(key).codes
        assert [one.code for one in told] == [id for id in large.codebook.by_id if stored[id].suggested]
        for one in told:
            assert one.score == pytest.approx(stored[one.code].score, abs=1e-6)
            assert (one.kind, one.threshold) == (run.kinds[one.code], pytest.approx(run.thresholds[one.code]))
            assert one.held or one.whole == pytest.approx(one.score, abs=1e-6)
            total += 1
    assert total > 10


def test_the_nearest_decided_passages_are_named_on_either_side(large):
    key = at(large, "letter11.md:0-26")
    (one,) = why(large, of(large, key), "Money").codes
    assert (one.code, one.kind, one.yes, one.no) == ("money", SCORE, 10, 10)
    assert [like.words for like in one.like_yes] == [f"They paid invoice {n} late." for n in nearest_of(large, key)]
    assert len(one.like_no) == 3
    assert all(like.words.startswith("The choir sang") for like in one.like_no)
    assert {like.passage for like in one.like_yes} <= {of(large, like.key) for like in one.like_yes}
    assert [adds for _, adds in one.words_for] == sorted((adds for _, adds in one.words_for), reverse=True)
    assert [adds for _, adds in one.words_against] == sorted(adds for _, adds in one.words_against)
    assert {"paid", "invoice", "late"} < {term for term, _ in one.words_for}
    assert all(adds > 0 for _, adds in one.words_for)
    (choir,) = why(large, of(large, at(large, "letter11.md:27-53")), "money").codes
    assert {"choir", "sang"} < {term for term, _ in choir.words_against}
    assert all(adds < 0 for _, adds in choir.words_against)
    assert sum(adds for _, adds in one.parts) == pytest.approx(np.log(one.whole / (1 - one.whole)), abs=1e-6)


def nearest_of(study, key):
    """Numbers of the letters of money nearest to a passage by what the encoder says, of those decided."""
    with study.store.database.reading() as connection:
        texts = {one: study.store.words(connection, one) for one in passages(study)}
        yes = [one for one, values in ledger.agreed(connection, study.codebook) if values.get("money") == 1]
    vectors = dict(zip(texts, study.vectors.get(list(texts.values())), strict=True))
    centre = np.mean(list(vectors.values()), axis=0)
    own = unit(vectors[key] - centre)
    ranked = sorted(yes, key=lambda one: -float(unit(vectors[one] - centre) @ own))
    return [int(re.search(r"\d+", texts[one])[0]) for one in ranked[:3]]


def test_a_likeness_says_so_and_names_the_codebook(study):
    code(study)
    key = next(key for key in passages(study) if of(study, key).startswith("interview.txt:"))
    decide(study, ("anna", passages(study)[-1], "money", True))
    (one,) = why(study, of(study, key), "money").codes
    assert (one.kind, one.yes, one.no, one.held) == (LIKENESS, 0, 0, False)  # the run knows of no decision
    assert one.like_yes == one.like_no == one.words_for == one.words_against == ()
    assert one.like_for[0].kind in ("name", "definition", "include", "example")
    against = {Line("exclude", "money well spent"), Line("near miss", "The money came on time and was enough.")}
    assert set(one.like_against) == against
    assert one.whole == pytest.approx(one.score, abs=1e-6)
    assert dict(one.parts)["start"] == dict(one.parts)["words"] == 0


def test_a_passage_names_neither_itself_nor_a_copy_twice_nor_what_coders_differ_about(large, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    for n, said in enumerate(["late", "late", "late", "so late", "very late"]):
        (folder / f"copy{n}.md").write_text(f"They paid invoice 77 {said}.\n")
    add(large, [folder])
    *copies, differ, other = (key for key in passages(large) if of(large, key).startswith("copy"))
    decide(large, *(("anna", key, "money", True) for key in (*copies, differ, other)), ("ben", differ, "money", False))
    code(large)
    (own,), (else_,) = (why(large, of(large, key), "money").codes for key in (copies[1], other))
    assert [like.key for like in own.like_yes[:2]] == [copies[0], other]
    assert [like.key for like in else_.like_yes[:1]] == [copies[0]]
    assert len({like.words for like in own.like_yes}) == len(own.like_yes) == 3
    assert not {differ, other} & {like.key for like in (*else_.like_yes, *else_.like_no)}


def test_nothing_is_told_of_what_is_to_be_read_blind(large):
    money = [key for key in passages(large) if of(large, key).endswith(":0-26")]
    asked, explainer = at(large, "letter11.md:0-26"), Explainer(large)
    before = explainer.why(asked, ["money"]).codes[0]
    assert len(before.like_yes) == 3
    draw = draw_audit(large, len(passages(large)) - 8)
    with large.store.database.reading() as connection:
        drawn = {row.passage for row in connection.execute(queue.select(queue.DRAWN))}
    assert drawn & {like.key for like in before.like_yes}
    for how in (explainer, Explainer(large)):
        told = how.why(asked, ["money"])
        named = {like.key for one in told.codes for like in (*one.like_yes, *one.like_no)}
        assert not named & drawn
        assert told == Explainer(large).why(asked, ["money"])
    sealed = next(key for key in money if key in drawn)
    with pytest.raises(EvidenceError, match="was drawn to be read blind"):
        why(large, of(large, sealed))
    read(large, "anna", sealed, "money", draw=draw.id, why="audit")
    assert why(large, of(large, sealed)).key == sealed


def test_what_was_learned_stays_until_there_is_something_else(large):
    explainer, asked = Explainer(large), passages(large)[-1]
    first = explainer.why(asked, ["money"])
    lesson = explainer._lesson
    assert explainer.why(asked, ["money"]) == first
    assert explainer._lesson is lesson
    decide(large, ("ben", asked, "money", True))
    assert explainer.why(asked, ["money"]) == first  # the newest run does not know of it
    code(large)
    assert explainer.why(asked, ["money"]) != first


def test_of_the_queue_it_is_what_the_queue_was_learned_from(large):
    asked = passages(large)[0]
    later = [key for key in passages(large) if of(large, key).startswith("letter1")][-4:]
    decide(large, *(("anna", key, "money", False) for key in later))
    with large.store.database.writing() as connection:
        queue.replace(connection, ledger.last(connection), [], [])
    decide(large, ("anna", passages(large)[1], "money", False))  # the queue does not know of it
    explainer = Explainer(large)
    assert [explainer.why(asked, ["money"], queued=queued).codes[0].no for queued in (True, False)] == [14, 10]


def test_what_people_say_of_the_passage_is_told_with_what_that_says_above(large):
    key = passages(large)[0]
    version = large.codebook.version
    decide(large, ("anna", key, "late", True), ("ben", key, "late", False), ("ben", key, "voice", False))
    decide(large, ("dan", key, "late", True), ("dan", key, "money", False), ("dan", key, "gone", True))
    settled = Decision("cat", key, "late", True, version, "adjudication", reason="slip")
    with large.store.database.writing() as connection:
        ledger.record(connection, [settled])
    assert set(why(large, of(large, key)).said) == {
        Opinion("late", "anna", True),
        Opinion("money", "anna", True),
        Opinion("late", "ben", False),
        Opinion("late", "dan", True),
        Opinion("money", "dan", False),
        Opinion("voice", "ben", False),
        Opinion("late", None, True),
        Opinion("money", None, True),
    }


def test_a_code_within_one_that_is_not_suggested_says_so(large):
    explainer = Explainer(large)
    found = [explainer.why(key, ["late"]).codes[0] for key in passages(large)]
    assert {(one.above, one.suggested) for one in found} == {("money", False), (None, False)}
    for one in found:
        assert (one.score >= one.threshold) == (one.suggested or one.above is not None)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("interview.txt:1-2", "there is no passage 'interview.txt:1-2': the nearest are interview.txt:"),
        ("interview.txt", "there is no passage 'interview.txt': the nearest are interview.txt:"),
        ("intervew.txt:76-174", "'intervew.txt:76-174' is in no document of the study: did you mean 'interview.txt'?"),
        ("76-174", "'76-174' is in no document of the study: `themis documents` lists them"),
        ("", "'' is in no document of the study: `themis documents` lists them"),
        ("interview.txt:٧-٨", "there is no passage 'interview.txt:٧-٨': the nearest are interview.txt:"),
    ],
)
def test_a_place_that_is_not_there_is_one_sentence(study, asked, said):
    code(study)
    with pytest.raises(EvidenceError) as caught:
        why(study, asked)
    assert str(caught.value).startswith(said)


def test_the_nearest_places_are_named_first(study):
    code(study)
    ids = [of(study, key) for key in passages(study) if of(study, key).startswith("interview.txt:")]
    name, start, end = re.fullmatch(r"(.*):(\d+)-(\d+)", ids[1]).groups()
    with pytest.raises(EvidenceError, match=f"the nearest are {re.escape(ids[1])}, "):
        why(study, f"{name}:{int(start) + 1}-{end}")


def test_places_of_another_unit_are_not_there(study):
    code(study)
    whole = of(study, passages(study)[0])
    sentences = configure(study, {"unit": "sentence"})
    with pytest.raises(EvidenceError, match="there is no passage"):
        why(with_encoder(sentences, Words()), whole)


def test_what_is_missing_is_said(study):
    key = of(study, passages(study)[0])
    with pytest.raises(EvidenceError, match="nothing has been suggested yet: run `themis code` first"):
        why(study, key)
    code(study)
    with pytest.raises(EvidenceError, match="the codebook has no code 'monye': did you mean 'money'"):
        why(study, key, "monye")


def test_vectors_that_were_deleted_are_made_again(study):
    code(study)
    for explainer in (Explainer(study), Explainer(study)):
        before = explainer.why(passages(study)[0], ["money"])
        for file in study.vectors.folder.iterdir():
            file.unlink()
        assert explainer.why(passages(study)[0], ["money"]) == before


# What is said

SCORED = Reasons(
    code="late",
    name="Late payment",
    kind=SCORE,
    score=0.61,
    threshold=0.4,
    suggested=True,
    above=None,
    yes=1200,
    no=9,
    sentence=(0, 5),
    like_yes=(Like(7, "a.md:0-9", 1, None, "Paid late ..."),),
    like_no=(),
    like_for=(Line("example", "The invoice was late."), Line("definition", "Money comes late.")),
    like_against=(Line("near miss", "It came in time."),),
    parts=(("start", -1.0), ("meaning", 0.5), ("include", 0.75), ("exclude", -0.25), ("words", 0.5)),
    whole=0.62,
    held=False,
    words_for=(("late", 0.62), ("paid", 0.004)),
    words_against=(("soon", -0.12),),
)
LIKE = replace(
    SCORED,
    kind=LIKENESS,
    score=1.25,
    threshold=1.0,
    suggested=False,
    above="money",
    yes=3,
    no=0,
    sentence=None,
    like_yes=(),
    like_against=(),
    parts=(("start", 0.0), ("meaning", 0.0), ("include", 1.5), ("exclude", -0.25), ("words", 0.0)),
    whole=1.25,
    words_for=(),
    words_against=(),
)
WHY = Why(3, "b.md:0-30", "Mair", "Never. They pay when it suits.", (SCORED,), (Opinion("late", "ben", True),), "Old.")
A_SCORE = (
    "A score puts passages in order by what people decided so far, and is no probability. What adds to it adds on a "
    "scale on which 0 is a score of 0.50."
)
A_LIKENESS = (
    "A likeness is counted in standard deviations above this study's usual passage. It says where to look, not how "
    "sure: a fixed share of all passages is suggested by it."
)


def test_a_score_is_told_with_all_that_made_it():
    assert of_why(WHY) == [
        Telling(before=["b.md:0-30 · Mair", "“Never. They pay when it suits.”", "Old."]),
        Telling(
            before=[
                "",
                "Late payment (late) is suggested. Its score is 0.61, and from 0.40 on it is suggested (learned from "
                "1,200 yes and 9 no).",
                "  carried by: “Never”",
                "  people said yes to, nearest first:",
                "    “Paid late ...” (a.md:0-9)",
                "  people said no to: nothing yet",
                "  in the codebook, for it, nearest first:",
                "    an example: “The invoice was late.”",
                "    its definition: “Money comes late.”",
                "  in the codebook, against it, nearest first:",
                "    a near miss: “It came in time.”",
                "  words for it: late +0.62",
                "  words against it: soon -0.12",
                "  of this passage: ben: yes",
            ],
            columns=("What adds to it", "Adds", "Share of pull"),
            rows=[
                ("Where every passage starts", "-1.00", ""),
                ("What it means (vectors)", "+0.50", "25%"),
                ("Likeness to what the code includes", "+0.75", "38%"),
                ("Likeness to what the code excludes", "-0.25", "12%"),
                ("Its words", "+0.50", "25%"),
            ],
            numbers=frozenset({"Adds", "Share of pull"}),
            after=["They add up to +0.50, a score of 0.62."],
        ),
        Telling(before=["", A_SCORE]),
    ]


def test_a_likeness_is_told_as_one():
    told = of_why(replace(WHY, codes=(LIKE,), caution=""))
    assert told[0].before == ["b.md:0-30 · Mair", "“Never. They pay when it suits.”"]
    assert told[1].before == [
        "",
        "Late payment (late) is not suggested. Its likeness is 1.25, and from 1.00 on it is suggested (3 yes and 0 no "
        "so far, and it is learned from 4 of each on). It is enough, but 'money', which it is nested in, is not "
        "suggested.",
        "  people said yes to: nothing yet",
        "  people said no to: nothing yet",
        "  in the codebook, for it, nearest first:",
        "    an example: “The invoice was late.”",
        "    its definition: “Money comes late.”",
        "  of this passage: ben: yes",
    ]
    assert [row[1:] for row in told[1].rows] == [("+1.50", "86%"), ("-0.25", "14%")]
    assert (told[1].after, told[2].before) == (["They add up to +1.25."], ["", A_LIKENESS])
    assert of_why(replace(WHY, codes=(SCORED, LIKE, SCORED)))[-1].before == ["", A_SCORE, A_LIKENESS]


def test_another_model_than_the_one_that_scored_is_named():
    told = of_why(replace(WHY, codes=(replace(SCORED, held=True, suggested=False),)))[1]
    assert told.before[2] == "  nearest to it: “Never”"
    assert told.after == [
        "They add up to +0.50, a score of 0.62. They are of the model that learned from this very passage; its score "
        "is of one that had not."
    ]


def test_nothing_suggested_is_said():
    (told,) = of_why(replace(WHY, codes=(), caution=""))
    assert told.before[2:] == ["Nothing is suggested of it. Of any code: themis why 'b.md:0-30' --code CODE"]


def test_the_command_says_it(large, monkeypatch):
    monkeypatch.setattr("coding.study.open_study", lambda folder: large)  # which has the encoder that is fast
    asked = of(large, passages(large)[-1])

    def said(*words):
        result = CliRunner().invoke(cli.main, ["why", *words])
        assert (result.exception is None) == (result.exit_code == 0)
        return result.exit_code, result.output

    done, output = said(asked, "--code", "Money")
    lines = [line for told in of_why(why(large, asked, "money")) for line in (*told.before, *told.after)]
    assert done == 0
    assert [line for line in lines if line not in output.splitlines()] == []
    assert said("nowhere.md:1-2") == (
        1,
        "Error: 'nowhere.md:1-2' is in no document of the study: `themis documents` lists them\n",
    )
