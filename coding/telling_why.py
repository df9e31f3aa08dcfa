"""What the shell says of why a passage is suggested for its codes."""

from collections.abc import Iterable, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING

from coding.telling import Telling

if TYPE_CHECKING:
    from coding.reasons import Like, Line, Reasons
    from coding.why import Opinion, Why

LEAST = 0.005  # what a word adds is not printed as +0.00
LONGEST = 240  # characters of a text of the codebook
PARTS = {
    "start": "Where every passage starts",
    "meaning": "What it means (vectors)",
    "include": "Likeness to what the code includes",
    "exclude": "Likeness to what the code excludes",
    "adapted": "What the encoder adapted to decisions says",
    "words": "Its words",
}
LINES = {
    "name": "its name",
    "definition": "its definition",
    "include": "what it includes",
    "example": "an example",
    "exclude": "what it excludes",
    "near miss": "a near miss",
}
SCALES = {
    "score": "A score puts passages in order by what people decided so far, and is no probability. What adds to it "
    "adds on a scale on which 0 is a score of 0.50.",
    "likeness": "A likeness is counted in standard deviations above this study's usual passage. It says where to "
    "look, not how sure: a fixed share of all passages is suggested by it.",
}


def of_why(why: "Why") -> list[Telling]:
    """The passage, then code by code what speaks for it and against, and what its numbers mean."""
    head = [f"{why.passage}{f' · {why.speaker}' if why.speaker else ''}", f"“{why.text}”"]
    head += [why.caution] * bool(why.caution)
    if not why.codes:
        head.append(f"Nothing is suggested of it. Of any code: themis why '{why.passage}' --code CODE")
    told = [Telling(before=head)]
    told += [_of_code(one, why.text, [said for said in why.said if said.code == one.code]) for one in why.codes]
    kinds = dict.fromkeys(one.kind for one in why.codes)
    return [*told, Telling(before=["", *(SCALES[kind] for kind in kinds)])] if kinds else told


def _of_code(one: "Reasons", text: str, said: "Sequence[Opinion]") -> Telling:
    before = ["", f"{one.name} ({one.code}) is {'suggested' if one.suggested else 'not suggested'}. {_number(one)}"]
    if one.sentence:
        carried = "carried by" if one.suggested else "nearest to it"
        before.append(f"  {carried}: “{text[slice(*one.sentence)]}”")
    before += [*_likes("yes", one.like_yes), *_likes("no", one.like_no)]
    before += [*_lines("for", one.like_for), *_lines("against", one.like_against)]
    before += [*_terms("for", one.words_for), *_terms("against", one.words_against)]
    before += _people(said)
    pull = sum(abs(adds) for name, adds in one.parts if name != "start")
    rows = [
        (PARTS[name], f"{adds:+.2f}", "" if name == "start" or not pull else f"{abs(adds) / pull:.0%}")
        for name, adds in one.parts
        if adds
    ]
    numbers = ("Adds", "Share of pull")
    columns = ("What adds to it", *numbers)
    return Telling(before, "", columns, rows, frozenset(numbers), _sum(one))


def _number(one: "Reasons") -> str:
    """The score or likeness, and the one from which the code is suggested."""
    learned = f"learned from {one.yes:,} yes and {one.no:,} no"
    if one.kind == "likeness":
        from models.learn import FEWEST

        learned = f"{one.yes:,} yes and {one.no:,} no so far, and it is learned from {FEWEST} of each on"
    above = f" It is enough, but '{one.above}', which it is nested in, is not suggested." if one.above else ""
    return f"Its {one.kind} is {one.score:.2f}, and from {one.threshold:.2f} on it is suggested ({learned}).{above}"


def _sum(one: "Reasons") -> list[str]:
    total = sum(adds for _, adds in one.parts)
    makes = f"They add up to {total:+.2f}" + (f", a score of {one.whole:.2f}." if one.kind == "score" else ".")
    if not one.held:
        return [makes]
    return [f"{makes} They are of the model that learned from this very passage; its score is of one that had not."]


def _likes(said: str, likes: "Iterable[Like]") -> list[str]:
    lines = [f"    “{like.words}” ({like.passage})" for like in likes]
    return [f"  people said {said} to, nearest first:", *lines] if lines else [f"  people said {said} to: nothing yet"]


def _lines(side: str, lines: "Iterable[Line]") -> list[str]:
    named = [f"    {LINES[line.kind]}: “{shorten(line.text, LONGEST, placeholder=' ...')}”" for line in lines]
    return [f"  in the codebook, {side} it, nearest first:", *named] if named else []


def _terms(side: str, terms: Iterable[tuple[str, float]]) -> list[str]:
    named = ", ".join(f"{term} {adds:+.2f}" for term, adds in terms if abs(adds) >= LEAST)
    return [f"  words {side} it: {named}"] if named else []


def _people(said: "Sequence[Opinion]") -> list[str]:
    """Who said what of the passage, and what was settled."""
    told = [(one.coder or "settled", "yes" if one.value else "no") for one in said]
    return [f"  of this passage: {', '.join(f'{who}: {value}' for who, value in told)}"] if told else []
