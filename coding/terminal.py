"""Reviewing in a terminal, where there is no browser: the same queue, the same keys; keys in, lines out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import wrap

from coding.codebook import Code, nested
from coding.ledger import new_act
from coding.review import Card, Desk, Reading, Sitting
from coding.telling import harmless
from corpus.context import Said
from corpus.errors import EvidenceError

BATCH = 20  # readings after which the machine is asked to learn
KEYS = (
    ("1-9", "tick a code, or take the tick away"),
    ("/", "find a code by typing, and tick it"),
    ("Enter", "save what is ticked, no to the rest, and go on"),
    ("u", "undo the last reading; U brings it back"),
    ("s", "skip: it comes again at the end"),
    ("f", "flag the passage, with a note"),
    ("m", "write a memo on the passage"),
    ("d", "definition of the codes ticked last, or found"),
    ("w", "why a code is suggested"),
    ("?", "these keys"),
    ("q", "stop: what was saved is on the disk"),
)
WHY = {
    "audit": "drawn at random for the audit",
    "double": "drawn at random for double coding",
    "certain": "looks like",
    "uncertain": "uncertain",
    "diverse": "different from what was read",
    "manual": "chosen by hand",
    "reread": "read by you before",
}
NAMES = {
    "review": "Review",
    "audit": "Audit, blind",
    "double": "Double coding, blind",
    "reread": "Reading again, blind",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the screen; style: "", "bold", "dim", "passage" or "good"."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be typed: what the shell asks, and what becomes of the answer."""

    label: str
    answer: Callable[[str], None]


class Terminal:
    """One coder at one kind of work, as a state: `lines` is the screen, `press` what a key does.

    asking: set while something is to be typed. over: True once the coder has stopped. learn: called after each batch.
    """

    def __init__(self, desk: Desk, sitting: Sitting, learn: Callable[[], None] = lambda: None) -> None:
        self._desk, self._sitting, self._learn = desk, sitting, learn
        self._saved = 0
        self._said: list[Line] = []
        self._about: str | None = None
        self.asking: Question | None = None
        self.over = False
        self._show(desk.following(sitting))

    def lines(self, width: int = 100) -> list[Line]:
        """The screen, from the top, wrapped; characters that a terminal would obey are made harmless."""
        card = self._card
        found = [self._heading(), Line("")]
        if card is None:
            found.append(Line("Nothing is left to read here. Press q to stop, or u to undo the last reading.", "bold"))
        else:
            found += [*_context(card), Line(""), *self._codes(card), Line(""), self._button()]
        rows = [(row, line.style) for line in [*found, *self._said] for row in harmless(line.text).split("\n")]
        return [Line(part, style) for row, style in rows for part in wrap(row, width) or [""]]

    def press(self, key: str) -> None:
        """Do what a key means; one that means nothing here does nothing."""
        self._said = []
        actions: dict[str, Callable[[], None]] = {
            "\r": self._save, "\n": self._save, "u": self._undo, "U": self._redo, "s": self._skip, "/": self._find,
            "f": self._flag, "m": self._memo, "d": self._define, "w": self._why, "?": self._keys, "q": self._stop,
        }  # fmt: skip
        try:
            if key.isdecimal() and key != "0":
                self._toggle_number(int(key))
            elif key in actions and (self._card or key in "uU?q"):
                actions[key]()
        except EvidenceError as error:
            self._say(str(error))

    def type(self, text: str) -> None:
        """Answer the question that is asked; nothing typed answers nothing."""
        question, self.asking = self.asking, None
        if question and text.strip():
            try:
                question.answer(text.strip())
            except EvidenceError as error:
                self._say(str(error))

    @property
    def _codes_in_order(self) -> list[tuple[int, Code]]:
        return list(nested(self._desk.study.codebook))

    def _show(self, card: Card | None, ticked: frozenset[str] = frozenset()) -> None:
        own = {code for code, mine in card.mine.items() if mine.value} if card else set()
        self._card, self._ticked, self._began = card, set(ticked) | own, time.monotonic()
        self._alone = set(self._ticked)  # the others came along with one that is nested in them

    def _heading(self) -> Line:
        read, total = self._desk.progress(self._sitting)
        name = NAMES[self._sitting.mode]
        why = ""
        if self._card:
            wanted = self._desk.study.codebook.by_id.get(self._card.wanted or "")
            why = f": {WHY[self._card.why]}{f' “{wanted.name}”' if wanted else ''}"
        return Line(f"{name} · {self._sitting.coder} · {read:,} of {total:,} read{why}", "bold")

    def _codes(self, card: Card) -> list[Line]:
        hinted = {hint.code for hint in card.hints or ()}
        found = []
        for number, (depth, code) in enumerate(self._codes_in_order, start=1):
            key = str(number) if number < 10 else "/"
            mark = "x" if code.id in self._ticked else " "
            told = "  suggested (w: why)" if code.id in hinted else ""
            style = "good" if code.id in self._ticked else ""
            found.append(Line(f"{key} [{mark}] {'  ' * depth}{code.name}{told}", style))
        return found

    def _button(self) -> Line:
        names = [code.name for _, code in self._codes_in_order if code.id in self._ticked]
        return Line(f"Enter saves: {', '.join(names) or 'no code'}.   ? shows all keys", "bold")

    def _toggle_number(self, number: int) -> None:
        codes = self._codes_in_order
        if self._card and number <= len(codes):
            self._toggle(codes[number - 1][1])

    def _toggle(self, code: Code) -> None:
        """Tick a code with those above it, or take the tick from it, those below it, and those that came along."""
        book = self._desk.study.codebook
        self._about = code.id
        if code.id in self._ticked:
            self._ticked -= {code.id, *book.below(code.id)}
            for above in book.above(code.id):
                if above not in self._alone and not self._ticked & {*book.below(above)}:
                    self._ticked.remove(above)
            self._alone &= self._ticked
        else:
            self._alone.add(code.id)
            self._ticked |= {code.id, *book.above(code.id)}

    def _save(self) -> None:
        assert self._card
        reading = Reading(
            act=new_act(),
            passage=self._card.passage,
            yes=frozenset(self._ticked),
            why=self._card.why,
            quotes={code: mine.quote for code, mine in self._card.mine.items() if mine.quote and code in self._ticked},
            seconds=time.monotonic() - self._began,
        )
        self._desk.save(self._sitting, reading, self._card.codebook)
        self._saved += 1
        if self._saved % BATCH == 0:
            self._learn()
        self._show(self._desk.following(self._sitting))
        self._say("Saved.")

    def _undo(self) -> None:
        undone = self._desk.undo(self._sitting)
        if undone is None:
            self._say("There is nothing of yours to undo here.")
            return
        was = frozenset(code for code, mine in undone.was.items() if mine.value)
        self._show(self._desk.card(self._sitting, undone.passage), was)
        self._say("Undone. The ticks are as you had them: Enter saves them again.")

    def _redo(self) -> None:
        redone = self._desk.redo(self._sitting)
        if redone:
            self._show(self._desk.following(self._sitting))
        self._say("Brought back." if redone else "There is nothing to bring back.")

    def _skip(self) -> None:
        assert self._card
        self._desk.skip(self._sitting, self._card.passage)
        self._show(self._desk.following(self._sitting, but=self._card.passage))
        self._say("Skipped: it comes again at the end.")

    def _find(self) -> None:
        def answer(text: str) -> None:
            wanted = text.casefold()
            found = [c for _, c in self._codes_in_order if wanted in c.name.casefold() or wanted in c.id]
            exact = [c for c in found if wanted in (c.name.casefold(), c.id)] or found
            if len(exact) == 1:
                self._toggle(exact[0])
            else:
                self._say(f"{', '.join(c.name for c in exact) or 'No code'} has '{text}' in its name: type more of it.")

        self.asking = Question("Code", answer)

    def _flag(self) -> None:
        passage = self._card.passage if self._card else 0
        self.asking = Question(
            "What is doubtful", lambda note: self._tell(self._desk.flag(self._sitting.coder, passage, note), "Flagged.")
        )

    def _memo(self) -> None:
        passage = self._card.passage if self._card else 0
        self.asking = Question(
            "Memo", lambda text: self._tell(self._desk.memo(self._sitting.coder, text, passage), "Memo kept.")
        )

    def _define(self) -> None:
        book = self._desk.study.codebook
        chosen = [book.by_id[self._about]] if self._about in book.by_id else list(book.codes)
        for code in chosen:
            self._said.append(Line(f"{code.name}: {code.definition}", "bold"))
            for label in ("include", "exclude", "examples"):
                self._said += [Line(f"  {label}: {text}", "dim") for text in getattr(code, label)]

    def _why(self) -> None:
        assert self._card
        if self._card.hints is None:
            self._say("This is read blind: nothing is suggested here.")
        for hint in self._card.hints or ():
            name = self._desk.study.codebook.by_id[hint.code].name
            start, end = hint.sentence or (0, len(self._card.text))
            near = f" Nearest {hint.because}: {hint.text}" if hint.because else ""
            self._said.append(Line(f"{name}: “{self._card.text[start:end]}”{near}", "dim"))

    def _keys(self) -> None:
        self._said += [Line(f"{key:>6}  {what}", "dim") for key, what in KEYS]

    def _stop(self) -> None:
        self.over = True

    def _tell(self, _: str, said: str) -> None:
        self._say(said)

    def _say(self, text: str) -> None:
        self._said.append(Line(text, "dim"))


def _context(card: Card) -> list[Line]:
    attributes = " · ".join(f"{name}: {value}" for name, value in card.attributes.items())
    found = [Line(f"{card.document}{f' · {attributes}' if attributes else ''}", "dim")]
    for said in card.before[-2:]:
        found += _said(said, said.text[-400:])
    if card.question and not any(card.question in said.text for said in card.before[-2:]):
        found.append(Line(f"Question: {card.question}", "dim"))
    found += [Line(""), Line(f"{card.speaker or ''}{': ' if card.speaker else ''}{card.text}", "passage"), Line("")]
    return found + [line for said in card.after[:1] for line in _said(said, said.text[:200])]


def _said(said: Said, text: str) -> list[Line]:
    question = [Line(f"({said.question})", "dim")] if said.question else []
    return [*question, Line(f"{said.speaker or ''}{': ' if said.speaker else ''}{text}", "dim")]
