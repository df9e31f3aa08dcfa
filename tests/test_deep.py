"""An encoder adapted to decisions, on a tiny BERT with random weights: it learns, and never trusts itself."""

import numpy as np
import pytest

from models import encoder
from models.classifier import folds
from models.deep import Adapted, Deep, Lesson, adapt, logits, points
from models.evidence import Evidence
from models.mixing import average_precision, mixed
from models.vectors import Vectors

FILLERS = [f"word{number}" for number in range(40)]
SIGNS = ["money", "late", "voice", "heard"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A folder with a BERT of 2 layers, 32 wide, that has learned nothing."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-bert")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *SIGNS, *FILLERS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **sizes)).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    return folder


def toy(count=160, seed=0):
    """Texts of two codes, each said by either of two words; labels (n, 2); documents of ten texts."""
    random = np.random.default_rng(seed)
    labels = (random.random((count, 2)) < 0.3).astype(float)
    texts = []
    for row in labels:
        words = random.choice(FILLERS, 6).tolist()
        words += [random.choice(SIGNS[2 * code : 2 * code + 2]) for code in np.flatnonzero(row)]
        texts.append(" ".join(random.permutation(words).tolist()))
    return texts, labels, np.arange(count) // 10


def lesson(texts, labels, documents, seed=0):
    return Lesson(texts, labels, folds(labels, documents, 3), seed)


def evidence(texts):
    nothing = np.zeros((len(texts), 2), np.float32)
    return Evidence(np.arange(len(texts)), texts, nothing, nothing, np.arange(len(texts)), nothing)


def deep_of(own, folder, encoder_):
    kept = Vectors(folder / "said", Adapted(encoder_, folder / "models"))
    return Deep(kept, 2, np.arange(2), dict(enumerate(own.fold.tolist())))


def ranked_right(labels, scores):
    """The share of pairs of a yes and a no in which the yes is higher."""
    yes, no = scores[labels == 1], scores[labels == 0]
    return float((yes[:, None] > no).mean())


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    own = lesson(*toy())
    adapt(encoder.load(str(tiny)), own, folder / "models")
    return own, folder


def test_it_learns_what_two_words_mean_and_tells_of_texts_it_never_saw(tiny, made):
    own, folder = made
    deep = deep_of(own, folder, encoder.load(str(tiny)))
    texts, labels, _ = toy(seed=1)
    assert ranked_right(labels, deep.logits(evidence(texts))) > 0.85
    assert ranked_right(own.labels, deep.held(evidence(list(own.texts)))) > 0.85


def test_a_decided_passage_hears_only_the_model_that_did_not_see_it(tiny, made):
    own, folder = made
    deep = deep_of(own, folder, encoder.load(str(tiny)))
    block = evidence([*own.texts, "voice word1"])
    deep.kept.embed(block.texts)
    each = logits(deep.kept.get(block.texts), 2)
    expected = [*each[np.arange(len(own.fold)), own.fold], each[-1].mean(axis=0)]
    assert np.array_equal(deep.held(block), np.array(expected))
    assert np.array_equal(deep.logits(block), each.mean(axis=1))


def test_of_labels_dealt_at_random_nothing_is_learned_out_of_fold(tiny, tmp_path):
    texts, labels, documents = toy(240)
    own = lesson(texts, np.random.default_rng(5).permutation(labels), documents)
    adapt(encoder.load(str(tiny)), own, tmp_path / "models")
    deep = deep_of(own, tmp_path, encoder.load(str(tiny)))
    held, seen = deep.held(evidence(texts)), deep.logits(evidence(texts))
    assert abs(ranked_right(own.labels, held) - 0.5) < 0.08  # what saw them would know them: the leak this would show
    assert ranked_right(own.labels, seen) > 0.6
    ordinary = np.log(own.labels.mean(axis=0) / (1 - own.labels.mean(axis=0))) + np.zeros_like(own.labels)
    assert mixed(ordinary, held, own.labels).share.tolist() == [0, 0]


def test_the_same_decisions_give_the_same_models_and_another_seed_others(tiny, made, tmp_path):
    own, folder = made
    adapt(encoder.load(str(tiny)), own, tmp_path / "again")
    adapt(encoder.load(str(tiny)), lesson(*toy(), seed=1), tmp_path / "other")
    prints = [Adapted(encoder.load(str(tiny)), place).fingerprint for place in (folder / "models", tmp_path / "again")]
    assert prints[0] == prints[1] != Adapted(encoder.load(str(tiny)), tmp_path / "other").fingerprint


def test_killed_between_models_it_goes_on_and_ends_the_same(tiny, made, tmp_path):
    own, folder = made
    calls = []

    def killed(done, total):
        calls.append((done, total))
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt(encoder.load(str(tiny)), own, tmp_path, killed)
    assert [path.name for path in tmp_path.iterdir()] == ["fold-0.npz"]
    first = (tmp_path / "fold-0.npz").stat().st_mtime_ns
    calls.clear()
    adapt(encoder.load(str(tiny)), own, tmp_path, lambda *call: calls.append(call))
    done = [done for done, _ in calls]
    assert done == sorted(done)
    assert calls[-1][0] == calls[-1][1]
    assert done[0] > calls[-1][1] / 4  # the first model was not made again
    assert (tmp_path / "fold-0.npz").stat().st_mtime_ns == first
    assert (
        Adapted(encoder.load(str(tiny)), tmp_path).fingerprint
        == Adapted(encoder.load(str(tiny)), folder / "models").fingerprint
    )


def test_a_text_is_told_of_by_itself_alone(tiny, made):
    _, folder = made
    adapted = Adapted(encoder.load(str(tiny)), folder / "models")
    texts = ["money", "word1 word2 voice", "", " ".join(FILLERS)]
    together = adapted.encode(texts)
    assert np.allclose(together, np.concatenate([adapted.encode([text]) for text in texts]), atol=1e-6)


def test_points_hold_logits():
    given = np.random.default_rng(0).normal(0, 8, (20, 6))
    halves = points(given).astype(np.float16).astype(np.float32)
    assert np.allclose(np.linalg.norm(points(given), axis=1), 1, atol=1e-6)
    assert np.abs(logits(halves, 2).reshape(20, 6) - given).max() < 0.05


def dealt(quality, count=400, seed=2):
    """Labels of one code at 20 %, and logits that know them so well."""
    random = np.random.default_rng(seed)
    labels = (random.random((count, 1)) < 0.2).astype(float)
    return labels, [q * (labels - 0.2) - 1.4 + random.normal(size=labels.shape) for q in quality]


def test_what_is_better_gets_the_larger_share_and_what_is_worse_none():
    labels, (weak, strong) = dealt([1, 4])
    assert mixed(weak, strong, labels).share[0] >= 0.5
    for seed in range(20):
        labels, (strong, noise) = dealt([4, 0], seed=seed)
        assert mixed(strong, noise, labels).share[0] == 0


def test_a_code_that_it_puts_in_no_better_order_has_no_share():
    labels, (weak, strong, noise) = dealt([1, 4, 0])
    both = np.hstack([labels, labels, labels])
    found = mixed(np.hstack([weak, weak, strong]), np.hstack([strong, strong, noise]), both)
    assert found.share[0] == found.share[1] > 0
    assert found.share[2] == 0


def test_how_sure_a_code_is_in_all_does_not_count():
    labels, (weak, strong) = dealt([1, 4])
    assert np.allclose(mixed(weak, strong, labels).share, mixed(weak + 2, strong - 3, labels).share, atol=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_is_that_of_the_library(seed):
    from sklearn.metrics import average_precision_score

    random = np.random.default_rng(seed)
    yes, scores = random.random(60) < 0.3, random.integers(0, 12, 60).astype(float)
    assert average_precision(yes, scores) == pytest.approx(average_precision_score(yes, scores))


def test_codes_that_were_not_adapted_stay_as_they_are_to_the_last_bit():
    labels, (weak, strong) = dealt([1, 4])
    ordinary = np.hstack([weak, weak])
    deep = np.hstack([strong, np.full_like(strong, np.nan)])
    mix = mixed(ordinary, deep, np.hstack([labels, labels]))
    assert mix.share[1] == 0
    assert np.array_equal(mix.of(ordinary, deep)[:, 1], ordinary[:, 1])
    assert not np.isnan(mix.of(ordinary, deep)).any()
    assert mixed(ordinary, deep, np.full_like(ordinary, np.nan)).share.tolist() == [0, 0]
