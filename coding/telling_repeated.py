"""What the shell says of repeated texts."""

from textwrap import shorten
from typing import TYPE_CHECKING

from coding.alike import LEAST, NEARLY
from coding.telling import Telling

if TYPE_CHECKING:
    from coding.repeated import Shown

LETTERS = 5  # groups of documents that are one letter, each in a sentence


def of_repeated(shown: "Shown") -> Telling:
    """The texts that were given more than once, and how to count them once."""
    near = f"From {NEARLY} words on, a text with small changes is the same one (80 % of its runs of four words are)."
    if not shown.families:
        none = f"no two of the {shown.compared:,} passages of {LEAST} words or more say the same"
        return Telling(before=[f"Nothing is repeated: {none}.", near])
    numbers = ("Times", "Documents", "Wordings")
    rows = [
        (
            *(f"{number:,}" for number in (one.copies, one.documents, one.wordings)),
            shorten(one.text, 60, placeholder=" ..."),
            one.passage,
        )
        for one in shown.largest
    ]
    rest = shown.families - len(shown.largest)
    after = [f"{rest:,} more: --most 0 prints all."] * (rest > 0)
    after += [
        f"{len(names):,} documents are copies of one letter: {', '.join(names[:3])}"
        f"{f' and {len(names) - 3:,} more' if len(names) > 3 else ''}."
        for names in shown.letters[:LETTERS]
    ]
    more = len(shown.letters) - LETTERS
    after += [f"{more:,} more letters came as more than one document."] * (more > 0)
    after += [
        f"Texts that came more than once: {shown.families:,}, in {shown.passages:,} of the {shown.compared:,} "
        f"passages of {LEAST} words or more.",
        near,
        "Counts take each as often as it came; `themis counts --once` takes each text once.",
    ]
    return Telling((), "Repeated texts", (*numbers, "First words", "First place"), rows, frozenset(numbers), after)
