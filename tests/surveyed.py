"""A survey of 400 answers with two themes in it, scored by a machine that says too much, and audited if wanted."""

import random

from reading_audits import decide, read, some, suggest, survey

from coding.drawing import draw_audit


def surveyed(study, folder, audit=120, most=None):
    """The truth by passage: every eighth is about money, and every fifth has a voice. audit: how many are drawn of it.

    most: so many of these are read, all without it.
    """
    both = zip(some(400, 0.125, seed=3), some(400, 0.2, seed=4, code="voice"), strict=True)
    said = [money | voice for money, voice in both]
    truth = dict(zip(survey(study, folder, said), said, strict=True))
    chance = random.Random(5)
    codes = ("money", "voice")
    suggest(
        study, {key: {c: 0.4 * (c in one) + 0.6 * chance.random() for c in codes} for key, one in truth.items()}, 0.4
    )
    decide(study, truth, list(truth)[:30])
    if audit:
        read(study, draw_audit(study, audit), truth, most)
    return truth
