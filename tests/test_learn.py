"""The room's story, on made vectors and with the real encoder: likeness to score, never in-sample, saved and loaded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import EvidenceError
from models import encoder, folder
from models.cuts import cuts
from models.evidence import Evidence, joined
from models.learn import LIKENESS, SCORE, Theme, learn

WIDTH = 16
THEMES = [
    Theme("risk", ("risk",), ("risk example", "risk example 2"), ("not risk",), ("risk near miss",)),
    Theme("brand", ("brand",)),
    Theme("power", ("power",), ("power example",)),
]


def direction(number):
    return np.eye(WIDTH, dtype=np.float32)[number]


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors():
    random = np.random.default_rng(3)
    found = {}
    for number, theme in enumerate(THEMES):
        for text in theme.texts():
            away = -1 if text in {*theme.exclude, *theme.near_misses} else 1
            found[text] = unit(away * direction(number) + 0.6 * random.normal(size=WIDTH) / 4)
    return found


def made(count, seed, first_key=0):
    """Evidence, labels, documents: passages of two sentences, the second carries each code at 20 %, under noise."""
    random = np.random.default_rng(seed)
    labels = (random.random((count, 3)) < 0.2).astype(float)
    sentences = 1.2 * random.normal(size=(count, 2, WIDTH)) / 4
    sentences[:, 1] += labels @ np.eye(WIDTH)[:3]
    passages = unit(sentences.mean(axis=1))
    texts = [" ".join(["plain", *(f"said{code}" for code in np.flatnonzero(row))]) for row in labels]
    evidence = Evidence(
        keys=first_key + np.arange(count),
        texts=texts,
        passages=passages,
        sentences=unit(sentences.reshape(-1, WIDTH)),
        owner=np.repeat(np.arange(count), 2),
        context=np.zeros_like(passages),
    )
    return evidence, labels, np.arange(count) // 10


@pytest.fixture(scope="module")
def corpus():
    return made(400, seed=0)


def none_of(corpus):
    evidence, labels, documents = corpus
    nothing = np.arange(0)
    return evidence.rows(nothing), labels[:0], documents[:0]


def first(corpus, count):
    evidence, labels, documents = corpus
    return evidence.rows(np.arange(count)), labels[:count], documents[:count]


def taught(corpus, vectors, count=120, **changed):
    evidence, labels, documents = first(corpus, count)
    return learn(THEMES, vectors, evidence, labels, documents, corpus[0].rows(np.arange(100, 400)), **changed)


def precision(scores, labels):
    from sklearn.metrics import average_precision_score

    return np.mean([average_precision_score(labels[:, code], scores[:, code]) for code in range(3)])


def test_without_labels_it_is_likeness_and_the_expected_share_is_suggested(corpus, vectors):
    evidence, labels, _ = corpus
    model = learn(THEMES, vectors, *none_of(corpus), evidence, expected=0.1)
    found = model.score(evidence)
    assert model.kind == (LIKENESS,) * 3
    np.testing.assert_allclose(found.suggested.mean(axis=0), 0.1, atol=0.005)
    np.testing.assert_array_equal(found.suggested, found.score >= model.thresholds)
    assert (found.score.dtype, found.score.shape) == (np.float32, (400, 3))
    assert precision(found.score, labels) > 0.5


def test_labels_help_on_documents_that_were_not_seen(corpus, vectors):
    unseen, labels, _ = made(400, seed=1, first_key=10_000)
    likeness = learn(THEMES, vectors, *none_of(corpus), corpus[0])
    before, after = likeness.score(unseen), taught(corpus, vectors).score(unseen)
    assert precision(after.score, labels) > precision(before.score, labels)
    hits = (after.suggested & (labels == 1)).sum()
    assert 2 * hits / (after.suggested.sum() + labels.sum()) > 0.75


def test_a_code_moves_to_a_score_when_yes_and_no_were_decided(corpus, vectors):
    evidence, labels, documents = first(corpus, 60)
    labels = labels.copy()
    labels[:, 1] = np.where(labels[:, 1] == 1, 1, np.nan)
    labels[:, 2] = np.nan
    model = learn(THEMES, vectors, evidence, labels, documents, corpus[0])
    likeness = learn(THEMES, vectors, *none_of(corpus), corpus[0])
    assert model.kind == (SCORE, LIKENESS, LIKENESS)
    found, before = model.score(corpus[0]), likeness.score(corpus[0])
    np.testing.assert_array_equal(found.score[:, 1:], before.score[:, 1:])
    np.testing.assert_array_equal(model.thresholds[1:], likeness.thresholds[1:])
    assert ((found.score[:, 0] > 0) & (found.score[:, 0] < 1)).all()


def test_what_was_trained_on_is_scored_out_of_fold(corpus, vectors):
    """With labels that are pure chance an in-sample score finds them again; an out-of-fold score cannot."""
    evidence, _, documents = first(corpus, 200)
    chance = (np.random.default_rng(5).random((200, 3)) < 0.3).astype(float)
    model = learn(THEMES, vectors, evidence, chance, documents, corpus[0])
    other_keys = Evidence(**{**vars(evidence), "keys": evidence.keys + 50_000})
    held, in_sample = (precision(model.score(given).score, chance) for given in (evidence, other_keys))
    assert held < 0.4 < in_sample - 0.05


def test_presumed_negatives_are_scored_out_of_fold_too(corpus, vectors):
    model = taught(corpus, vectors)
    assert set(model.trained.keys) > set(range(120))
    assert len(model.trained.keys) == 220


def test_blocks_of_any_size_and_order_give_the_same(corpus, vectors):
    model, evidence = taught(corpus, vectors), corpus[0]
    whole = model.score(evidence)
    parts = [model.score(evidence.rows(np.arange(start, start + 40))) for start in range(0, 400, 40)]
    for name in ("suggested", "sentence", "because"):
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name))
    np.testing.assert_allclose(np.concatenate([part.score for part in parts]), whole.score, atol=1e-6)
    empty = model.score(evidence.rows(np.arange(0)))
    assert (empty.score.shape, empty.because.shape) == ((0, 3), (0, 3))


def test_the_same_input_and_seed_give_the_same_model(corpus, vectors):
    one, two, other = (taught(corpus, vectors, seed=seed).score(corpus[0]).score for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("documents", ["one", "each its own", "one has every yes"])
def test_few_documents_are_no_obstacle(corpus, vectors, documents):
    evidence, labels, _ = first(corpus, 30)
    groups = {"one": np.zeros(30, int), "each its own": np.arange(30), "one has every yes": (labels[:, 0] == 1) * 1}
    model = learn(THEMES, vectors, evidence, labels, groups[documents], corpus[0])
    assert np.isfinite(model.score(corpus[0]).score).all()


def decided(corpus, yes, no, code=0):
    """So many decisions of one code and none of the others, as when people begin with what looks like it."""
    evidence, labels, documents = corpus
    rows = np.sort(np.concatenate([np.flatnonzero(labels[:, code] == kind)[:n] for kind, n in ((1, yes), (0, no))]))
    given = np.full((len(rows), 3), np.nan)
    given[:, code] = labels[rows, code]
    return evidence.rows(rows), given, documents[rows]


@pytest.mark.parametrize(("yes", "no", "kind"), [(3, 1, LIKENESS), (3, 9, LIKENESS), (9, 3, LIKENESS), (4, 4, SCORE)])
def test_few_decisions_leave_a_code_as_it_was(corpus, vectors, yes, no, kind):
    model = learn(THEMES, vectors, *decided(corpus, yes, no), corpus[0])
    likeness = learn(THEMES, vectors, *none_of(corpus), corpus[0])
    assert model.kind == (kind, LIKENESS, LIKENESS)
    np.testing.assert_array_equal(model.thresholds[1:], likeness.thresholds[1:])
    assert (model.thresholds[0] == likeness.thresholds[0]) == (kind == LIKENESS)


@pytest.mark.parametrize(("yes", "no"), [(4, 4), (8, 4), (20, 10)])
def test_decisions_that_are_mostly_yes_do_not_make_most_of_the_corpus_suggested(corpus, vectors, yes, no):
    given = decided(corpus, yes, no)
    found = learn(THEMES, vectors, *given, corpus[0]).score(corpus[0])
    unread = ~np.isin(corpus[0].keys, given[0].keys)
    assert found.suggested[unread, 0].mean() <= 2 * (yes + 5) / (yes + no + 100)


def test_a_corpus_that_was_read_to_the_end_has_the_best_cut_of_its_decisions(corpus, vectors):
    evidence, labels, documents = decided(corpus, 20, 10)
    model = learn(THEMES, vectors, evidence, labels, documents, evidence)
    nothing = np.full((len(labels), 1), np.nan)
    assert model.thresholds[0] == cuts(model.trained.held, labels[:, :1], nothing, 0.05)[0]


def test_the_first_score_orders_the_corpus_much_as_likeness_did(corpus, vectors):
    model = learn(THEMES, vectors, *decided(corpus, 4, 4), corpus[0])
    likeness = learn(THEMES, vectors, *none_of(corpus), corpus[0])
    new, old = (each.score(corpus[0]).score[:, 0] for each in (model, likeness))
    assert np.corrcoef(np.argsort(np.argsort(new)), np.argsort(np.argsort(old)))[0, 1] > 0.6


def test_disagreement_is_half_a_yes(corpus, vectors):
    evidence, labels, documents = first(corpus, 120)
    yes = np.flatnonzero(labels[:, 0] == 1)
    halved, denied = labels.copy(), labels.copy()
    halved[yes[: len(yes) // 2], 0] = 0.5
    denied[yes[: len(yes) // 2], 0] = 0
    unseen = made(100, seed=2, first_key=10_000)[0]
    sure = learn(THEMES, vectors, evidence, labels, documents, corpus[0]).score(unseen).score[:, 0]
    torn = learn(THEMES, vectors, evidence, halved, documents, corpus[0]).score(unseen).score[:, 0]
    against = learn(THEMES, vectors, evidence, denied, documents, corpus[0]).score(unseen).score[:, 0]
    assert against.sum() < torn.sum() < sure.sum()


def test_the_question_is_read_with_the_answer(corpus, vectors):
    """Here the code is in the question alone, so only a model that reads it can find it."""
    evidence, labels, documents = corpus
    random = np.random.default_rng(9)
    noise = unit(direction(5) + 0.05 * random.normal(size=(400, WIDTH)) * (np.arange(WIDTH) > 2))
    asked = unit(labels @ np.eye(WIDTH)[:3] + 0.05 * random.normal(size=(400, WIDTH)))
    silent = replace(evidence, texts=["plain"] * 400, passages=noise, sentences=noise, owner=np.arange(400))
    heard = replace(silent, context=asked)
    rows = np.arange(200)
    found = []
    for given in (silent, heard):
        model = learn(THEMES, vectors, given.rows(rows), labels[rows], documents[rows], given)
        found.append(precision(model.score(given).score, labels))
    assert found[0] < 0.3 < found[1] - 0.1


def test_a_model_comes_back_from_its_folder_as_it_was(corpus, vectors, tmp_path):
    for name, model in {
        "taught": taught(corpus, vectors),
        "untaught": learn(THEMES, vectors, *none_of(corpus), corpus[0]),
    }.items():
        folder.save(model, tmp_path / name)
        again = folder.load(tmp_path / name)
        assert (again.codes, again.kind, again.reasons) == (model.codes, model.kind, model.reasons)
        one, two = model.score(corpus[0]), again.score(corpus[0])
        for part in ("score", "suggested", "sentence", "because"):
            np.testing.assert_array_equal(getattr(one, part), getattr(two, part))
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "taught").iterdir()} == {0}
    assert {path.name for path in (tmp_path / "taught").iterdir()} == {"arrays.npz", "model.json"}


@pytest.mark.parametrize("damage", [b"", b"{}", b"PK nonsense", b'{"format": 99}'])
@pytest.mark.parametrize("name", ["model.json", "arrays.npz"])
def test_a_damaged_model_is_one_sentence(corpus, vectors, tmp_path, name, damage):
    folder.save(learn(THEMES, vectors, *none_of(corpus), corpus[0]), tmp_path)
    (tmp_path / name).write_bytes(damage)
    with pytest.raises(EvidenceError, match="run `themis code` to learn it anew"):
        folder.load(tmp_path)


def test_halves_of_two_models_are_no_model(corpus, vectors, tmp_path):
    for name, expected in (("a", 0.1), ("b", 0.2)):
        folder.save(learn(THEMES, vectors, *none_of(corpus), corpus[0], expected=expected), tmp_path / name)
    (tmp_path / "a" / "arrays.npz").replace(tmp_path / "b" / "arrays.npz")
    with pytest.raises(EvidenceError, match="is damaged"):
        folder.load(tmp_path / "b")


def test_no_model_is_one_sentence(tmp_path):
    with pytest.raises(EvidenceError, match="There is no model in"):
        folder.load(tmp_path)


def test_the_real_encoder_finds_a_theme_from_its_definition_alone():
    themes = [
        Theme("risk_transfer", ("Risk transfer", "Late payment leaves a smaller organisation carrying the cash flow.")),
        Theme("brand_capture", ("Brand capture", "A charity's name or logo is used in a bid without fair return.")),
    ]
    texts = [
        "We were paid ninety days late and had to borrow to cover the wages.",
        "They put our logo on the tender and we never heard from them again.",
        "The garden is open on Tuesdays and the volunteers bring cake.",
        "I started here in 2009 as a driver.",
        "Our building is near the station.",
        "The council invoices come in arrears, so we carry the cost for months.",
    ]
    ours = encoder.load()
    given = [text for theme in themes for text in theme.texts()]
    passages = ours.encode(texts)
    evidence = Evidence(np.arange(6), texts, passages, passages, np.arange(6), np.zeros_like(passages))
    nobody = evidence.rows(np.arange(0))
    known = dict(zip(given, ours.encode(given), strict=True))
    model = learn(themes, known, nobody, np.zeros((0, 2)), np.arange(0), evidence, expected=0.34)
    assert np.argwhere(model.score(evidence).suggested[:, 0]).ravel().tolist() == [0, 5]
    assert model.score(evidence).score[:, 1].argmax() == 1


def test_joined_blocks_keep_their_sentences(corpus):
    evidence = corpus[0]
    both = joined(evidence.rows(np.arange(5)), evidence.rows(np.arange(5, 9)))
    np.testing.assert_array_equal(both.sentences, evidence.rows(np.arange(9)).sentences)


def test_models_import_no_heavy_library():
    import subprocess
    import sys

    code = "import sys, models.learn, models.folder, models.vectors, models.encoder; print(*sys.modules)"
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert not {"torch", "sklearn", "scipy", "sentence_transformers", "lmdb"} & set(done.stdout.split())
