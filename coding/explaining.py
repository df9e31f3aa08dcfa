"""The method of this study's counts, as a report needs it: what was drawn and read, the formulas, one worked out."""

from collections.abc import Iterable, Sequence
from math import inf

from coding import draws, frames
from coding.counts import Count
from coding.draws import RANK, Draw
from coding.frames import Frame
from coding.layers import STOPPED, Estimated, Part
from coding.study import Study
from coding.telling_counts import stale
from coding.units import several

REFERENCES = (
    "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. J. Am. Stat. "
    "Assoc. 22, 209-212.",
    "Cassel, C. M., Sarndal, C.-E. and Wretman, J. H. (1976). Some results on generalized difference estimation and "
    "generalized regression estimation for finite populations. Biometrika 63, 615-620.",
    "Cochran, W. G. (1977). Sampling Techniques, 3rd ed. Wiley.",
    "Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion. Stat. Sci. 16, "
    "101-133.",
    "Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures. Stat. Med. 27, "
    "1693-1702.",
    "Angelopoulos, A. N., Duchi, J. C. and Zrnic, T. (2023). PPI++: Efficient prediction-powered inference. "
    "arXiv 2311.01453.",
)
METHOD = (
    "For each theme, a count is what is known plus what is estimated: count = K + N × p. K is the number of "
    "passages with the theme among those that people read before the audit was drawn (one that coders differ about "
    "counts half, and at the bounds not at all or in full). N is the number of all other passages, from which the "
    "audit was drawn, and p the share of them with the theme.",
    "p is estimated from the audit's answers y (1 yes, 0 no) and the machine's scores f (0 to 1), which were kept "
    "when the audit was drawn and so know nothing of its answers: p = λ × mean of f over all N + mean of (y − λ × "
    "f) over the n drawn, with λ = cov(y, f) / var(f) in the sample, no less than 0 and no more than 1. This is "
    "the regression estimator of survey sampling, PPI++ in newer words. It is right on average however wrong the "
    "scores are; good scores make it sharper.",
    "Its variance is V = (1 − n/N) × s² / n, with s² the sample variance of y − λ × f. The interval is Wilson's, for "
    "n_eff = p (1 − p) / (V + (1 − n/N) / n²) readings: as if one of the n were wrong. With z = 1.96 "
    "its bounds are (p n_eff + z²/2 ± z √(p (1 − p) n_eff + z²/4)) / (n_eff + z²).",
    "Where the audit holds fewer than 5 yes, or fewer than 5 no, or λ is 0, the scores are left out: p = yes / n and "
    "n_eff = n / (1 − n/N); of one, two or three yes the lower bound of p is at most 0.0513, 0.3554 or 0.8177 divided "
    "by n (Brown et al. 2001), and of as few no the upper bound at least 1 less that. Where all N were read no doubt "
    "is left.",
    "Bounds of a count are rounded outward to whole passages. No count is below the number of passages with a yes that "
    "people agree on, nor above all passages less those with a no.",
)
SEVERAL = (
    "Several audits are each worked out so, and put together with weights in proportion to 1 / (N² (1/n − 1/N)), which "
    "do not depend on what was found; the bounds are put together by the root of the sum of squares of "
    "their distances from the estimates (MOVER); where one of them has fewer than 5 yes or no, they are no "
    "nearer than Wilson's for as many readings as have the variance of all together. Passages that were added between "
    "two audits are a layer of their own, for which only the later audits speak; the layers are added up."
)
RANKED = (
    "In an audit for one theme, p is the mean of the strata's own shares, weighted by their sizes W, and its "
    "variance the sum of W² (1 − n/N) q (1 − q) / n, with q = (yes + ½) / (n + 1) in each, so that a stratum "
    "without a yes is not taken for certain; the interval is Wilson's as above. Scores serve to rank only (Fisch "
    "et al. 2024, arXiv 2406.04291)."
)
UNITS = (
    "Here K, N, n, y, f and p are of {units} and not of passages: y is 1 where any passage of one was said to hold the "
    "theme, and f is 1 − Π (1 − f) over its unread passages. One in which people had found the theme before the draw "
    "is in K, whatever else it holds. Passages that are drawn here and there say nothing of {units}, so whole ones "
    "were drawn, or larger ones in which each of them lies whole."
)
WHOLE = (
    "Where whole units were drawn and what lies in them is counted, such as the passages of documents, p = λ × mean "
    "of f over all N + Σ (Y − λ F) / n: Y and F are the sums of y and f in each of the G units drawn, of D, m is the "
    "number of what is counted in it, and n the sum of m. λ is the slope of Y − m × ΣY / n on F − m × ΣF / n, no less "
    "than 0 and no more than 1. V = G × (1 − G/D) × s² / n², with s² the variance of what that line leaves of each "
    "unit, more of the long ones and of those that pull at the line (a jackknife). The interval is on the logit "
    "scale, with Student's t for G − 1 and the variance V + (1 − G/D) / n², and needs a G of 20. Where fewer than 5 "
    "of the G have a yes, or a no, p = ΣY / n, and the interval is Wilson's for G / (1 − G/D) readings."
)
ENDED = (
    "Because an audit was given up half read, every audit is reckoned as if it might have been ended for what it "
    "showed, without scores: the bounds are the least and the most yes among the N for which the hypergeometric "
    "chance of what was found is no less than d times its chance under Jeffreys' prior (beta-binomial with ½ and "
    "½). d is 5 %, of which the audits have 1/2, 1/4, ... in turn (and each layer its part), and what they leave "
    "in common is shown (Waudby-Smith and Ramdas 2020, NeurIPS 33)."
)
TRUTH = (
    "What is counted is what the people who read the audit would say of every passage. How far they agree with "
    "each other is another question, which `themis agree` answers. An interval speaks of the documents of this "
    "study as they are, not of people or organisations that are not in it."
)


def explained(study: Study, counts: Sequence[Count], once: bool = False) -> list[str]:
    """The method in plain words with this study's numbers, a paragraph a line, empty lines between."""
    with study.store.database.reading() as connection:
        known = {draw.id: draw for draw in draws.draws(connection)}
        documents, passages = study.store.size(connection)
        frozen = {number: frames.frame(connection, number) for number in known}
    estimates = [count.estimate for count in counts if count.estimate]
    used = [known[number] for number in sorted({number for one in estimates for number in one.draws})]
    unit = counts[0].unit if counts else "passage"
    begin = (
        f"Themes were counted in {several(unit)}. The study has {documents:,} documents with {passages:,} passages; "
        f"the codebook is of version {study.codebook.version[:12]}."
    )
    if once:
        begin += (
            " Texts that are repeated count once: each of w copies counts 1/w, and y and f below are 1/w of what they "
            "are elsewhere. Where λ is 0 and there are 5 yes and 5 no, V below with λ = 0 holds then."
        )
    if not used:
        why = next((one.why for one in estimates if one.why), "everything was read")
        return [begin, "", f"There is no estimate to explain: {why}."]
    paragraphs = [begin, *(_drawn(draw, frozen[draw.id]) for draw in used), *METHOD]
    paragraphs[len(used) + 1 : len(used) + 1] = [*_unused(known.values(), estimates), *stale(counts)]
    whole = any(part.share.method == "clusters" for one in estimates for part in _parts(one))
    paragraphs += [UNITS.format(units=several(unit))] * (unit != "passage") + [WHOLE] * whole
    given_up = any(part.share.method == STOPPED for one in estimates for part in _parts(one))
    paragraphs += [RANKED] * any(draw.code for draw in used) + [SEVERAL] * (len(used) > 1) + [ENDED] * given_up
    paragraphs += [_example(estimates, unit), *_certified(counts), _many(estimates), TRUTH, _again(unit)]
    lines = [line for paragraph in paragraphs if paragraph for line in (paragraph, "")]
    return [*lines, "References", *REFERENCES]


def _drawn(draw: Draw, frame: Frame | None) -> str:
    what = f"{draw.size:,} of the {draw.population:,} passages that nobody had read to the end"
    if draw.code:
        what = (
            f"{draw.size:,} of the {draw.population:,} passages that nobody had read to the end, 20 % of them from "
            f"the twentieth that ranked highest for {draw.code}, 25 % from the next three twentieths and 55 % from "
            "the rest,"
        )
    if draw.units:
        what = (
            f"{draw.units:,} of {draw.of_units:,} {several(draw.unit)}, whole, with {draw.size:,} passages to be read,"
        )
    whole = f"the {several(draw.unit)} in the order of the first passage of each"
    over = whole if draw.units else "the passages in the order of documents and places"
    chance = f"random.Random('{draw.seed}')" if not draw.code else f"random.Random('{draw.seed}:0'), ':1' and ':2'"
    who = " or ".join(draw.coders) or "whoever came"
    closed = ""
    if draw.closed:
        closed = (
            f" It was given up on {draw.closed[:10]}, and counts as far as it was read in the order drawn, with bounds "
            "that hold whenever and for whatever reason one stops."
        )
    return (
        f"Audit {draw.id}: on {draw.made[:10]}, {what} were drawn at random without replacement (Python's "
        f"{chance}.sample over {over}{', stratum by stratum' * bool(draw.code)}), and read by {who}, one reader each, "
        f"who saw neither the machine's suggestions nor what others said.{closed} {_scores(frame)}"
    )


def _unused(known: Iterable[Draw], estimates: Sequence[Estimated]) -> list[str]:
    """Audits that no number of a theme rests on, so that nobody is shown only those that please."""
    used: dict[str, set[int]] = {}
    for one in estimates:
        used.setdefault(one.code, set()).update(one.draws)
    said = []
    for draw in (draw for draw in known if draw.kind == "audit"):
        without = [code for code in used if draw.id not in used[code] and draw.code in (None, code)]
        if without and (draw.code is None or draw.unit == RANK):
            closed = f", and closed on {draw.closed[:10]}" if draw.closed else ""
            said.append(
                f"Audit {draw.id}, of {draw.size:,} passages, was drawn on {draw.made[:10]}{closed}; nothing rests on "
                f"it of {', '.join(without)}, as it was not read so far, or by another meaning, or drew other units."
            )
    return said


def _scores(frame: Frame | None) -> str:
    if frame is None or frame.scored is None:
        return "The machine had suggested nothing by then, so no scores are used."
    return (
        f"The scores are those of the run that ended on {frame.scored[:10]} (encoder {frame.encoder}); passages that "
        "people had decided in part by then have what they said in place of a score."
    )


def _example(estimates: Sequence[Estimated], unit: str) -> str:
    """One estimate with its numbers in the formulas, audit by audit; the plainest there is."""
    worked = [one for one in estimates if one.layers and one.value is not None]
    worked = [one for one in worked if all(part.share.method != "clusters" for part in _parts(one))]
    shown = min(worked, key=lambda one: (len(_parts(one)), -sum(p.share.weight > 0 for p in _parts(one))), default=None)
    if shown is None or unit != "passage":
        return ""
    where = f" ({shown.group})" if shown.group else ""
    said = [f"For example {shown.code}{where}:", *(_worked(part, len(_parts(shown))) for part in _parts(shown))]
    said.append(f"Count = {shown.value:,.1f}, from {shown.low:,.1f} to {shown.high:,.1f}.")
    return " ".join(said)


def _parts(one: Estimated) -> list[Part]:
    return [part for layer in one.layers for part in layer]


def _worked(part: Part, several: int) -> str:
    """The terms of one audit, in the words of the formulas."""
    share = part.share
    said = [f"K = {_known(part)}, N = {share.size:,}, n = {share.n:,}, of which {share.positives:g} yes."]
    if share.method == "ppi":
        said.append(f"Mean score over N {part.mean:.6f}, λ = {share.weight:.6f}, V = {share.variance:.3e}.")
    if share.effective != inf:
        said.append(f"n_eff = {share.effective:.2f}.")
    said.append(f"p = {share.value:.6f}, from {share.low:.6f} to {share.high:.6f}.")
    if several > 1:
        said = [f"by audit {part.draw}, of weight {part.weight:.4f}:", *said]
    return " ".join(said)


def _known(part: Part) -> str:
    return f"{part.known_yes + part.known_open / 2:g} (of {part.known:,} read before)"


def _certified(counts: Sequence[Count]) -> list[str]:
    """What is promised of the share that was found."""
    attempts = [count.recall for count in counts if count.recall]
    if not attempts:
        return []
    last = max(one.attempt for one in attempts)
    shares = " and ".join(f"1/{2**number}" for number in range(1, last + 1))
    return [
        "Found at least: with x yes among the n drawn of N, U is the largest number of yes among the N for which x "
        "or fewer would be drawn with a chance above d (hypergeometric); what was drawn and not read in order, in "
        "an audit that was closed, counts as yes. All that was found, divided by U plus the passages outside the N "
        "that hold it or are not settled, is then the least share found. d is 10 % in all, of which the audits have "
        f"{shares} in turn."
    ]


def _many(estimates: Sequence[Estimated]) -> str:
    several = sum(one.value is not None and bool(one.layers) for one in estimates)
    if several < 2:
        return ""
    return (
        f"There are {several} intervals here, each made to hold in 95 % of audits: about {several * 0.05:.1f} of "
        "them are to be expected to miss."
    )


def _again(unit: str) -> str:
    if unit != "passage":
        return ""
    return (
        "To do it again by hand: `themis export audited FILE.csv` has, for each audit and theme, every passage "
        "with its part (known, drawn, rest), y as value, and f as score; `themis export estimates FILE.csv` has "
        "every term."
    )
