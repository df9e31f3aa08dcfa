"""Speaker labels: what one line offers as the name of who speaks, and how much the words alone look like a name.

A line on its own cannot be trusted ("There are three things: ..." and "Anna: ..." have one shape), so this module only
proposes; `corpus.speakers` decides over the whole document.
"""

import re
from dataclasses import dataclass

INTERVIEWER_WORDS = frozenset(
    """interviewer int i iv intv moderator mod facilitator fac researcher res q question questioner host presenter
    examiner counsel interviewerin fragesteller fragestellerin moderatorin befrager enquêteur enquêtrice entrevistador
    entrevistadora intervistatore cyfwelydd holwr ymchwilydd interviewers facilitators moderators""".split()
)
OTHER_WORDS = frozenset(
    """interviewee participant respondent speaker informant witness patient client carer parent mother father teacher
    student pupil child volunteer manager trustee attendee member male female man woman group all everyone
    several others both answer r p a ip pt resp part spk voice chair chairman chairwoman chairperson chairwomen clerk
    registrar judge transcriber reporter interpreter translator befragte befragter teilnehmer teilnehmerin enquêté
    participante participants entrevistado entrevistada cyfranogwr unidentified audience crowd floor interpretation
    observer notetaker delegate panellist resident tenant unknown""".split()
)
QUALIFIERS = frozenset(
    """the male female unknown unidentified voice speaker first second third lead co main other new fg focus
    group court from man woman adult young older online phone telephone video and""".split()
)
_ALONE = frozenset({"question", "answer", "q", "a", "i"})  # "Question 4" and "The answer" are headings, not roles
HONORIFICS = frozenset(
    """mr mrs ms miss mx dr prof professor sir dame lord lady baroness baron rev reverend father sister cllr councillor
    judge justice hon mp ms. mr. mrs. dr. prof. rev. herr frau m. mme monsieur madame señor señora""".split()
)
PARTICLES = frozenset(
    "van von de der den di da del della du la le el al bin ibn ap ab y e of the and zu ter ten".split()
)
# First words of headings, of letters, of forms and of quoted e-mails: never people, however often they come.
NOT_SPEAKERS = frozenset(
    """note notes nb re date dates time subject from to cc bcc sent http https ftp mailto www tel phone mobile fax
    email e-mail web website url address location place venue duration recording recorded transcript
    transcription transcribed interview file title author source sources reference references ref figure fig
    table box chart appendix annex section chapter part page paragraph para item step stage phase point example
    examples eg ie summary background introduction context aim aims objective objectives purpose method methods
    results findings discussion conclusion conclusions recommendation recommendations key issue issues problem
    problems solution solutions action actions outcome outcomes risk risks cost costs benefit benefits strength
    strengths weakness weaknesses opportunity opportunities threat threats pros cons advantage advantages
    disadvantage disadvantages funding staffing budget total evidence impact recommended response responses
    comment comments feedback questions answers agenda minutes present apologies attendees attendance keywords
    keyword abstract overview scope definition definitions warning important update status version name names
    position organisation organization role age gender sex ethnicity occupation job region postcode id number no
    yes day monday tuesday wednesday thursday friday saturday sunday january february march july september
    october november december morning afternoon evening option options theme themes topic lesson lessons theory
    principle principles criterion criteria factor factors reason reasons result tip tips task tasks goal goals
    target targets deadline contact contacts signed dear regards sincerely laughter laughs laughing pause
    silence inaudible unintelligible crosstalk music applause crying sighs coughs continued betreff datum
    uhrzeit hinweis anmerkung zusammenfassung objet sujet remarque resumen nota crynodeb dyddiad nodyn first
    firstly second secondly third thirdly finally lastly also however therefore because so but and or if when at
    under over in on by that's it's now then there here this that these those what which who why how where is
    was are we you it he she they my our your their his her its one two three four five six let can could would
    should do does did have has had case cases fact facts myth learning learnings activity activities service
    services project programme partner partners quote quotes verbatim""".split()
)
_ALSO_NAMES = frozenset({"will", "may", "april", "june", "august"})  # weak alone, no name before a number
CODE = re.compile(r"(?!Q|H\d|T\d)[A-Z]{1,3}[ _-]?\d{1,3}[A-Za-z]?(?:[ _-]?[A-Z]{1,2}\d{1,2})?$")
CODE_OF_A_PERSON = re.compile(r"(?:P|R|S|M|F|I|IV|INT|FG|SP|SPK|MOD|FAC|PT|PX|ID|IP|B)[ _-]?\d")

# How sure the words alone make us that they name a speaker.
NO, WEAK, NAME, ROLE = range(4)

CLOCK = r"\d{1,3}:[0-5]\d(?::[0-5]\d){0,2}(?:[.,]\d{1,3})?|(?:\d+h\s?)?\d+m\s?\d+s"
SPAN = rf"(?:{CLOCK})(?:\s*(?:-->|[-–—])\s*(?:{CLOCK}))?"
STAMP = rf"(?:[\[(<{{#]\s*{SPAN}\s*[\])>}}#]|{SPAN})"
_WORDS = r"[^\W\d_](?:[^\n\r\t:：\[\]*<>“”\"?!;…–—(){}]|-(?!-)){0,60}?(?:\s?\([^()\n\d:]{1,30}\))?"
# What may stand before a label: marks of direction, ">>" in captions, a bullet, the number of the line, the turn or the
# question ("Q12 Mr Jones:" in parliament), the date and clock of a message.
_BEFORE = r"""[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*
    (?:(?:>{1,3}|[-–—•]|Q?\d{1,4}[.)]?(?=\s)|
    \[?\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?\s\d{1,2}:\d\d(?::\d\d)?(?:\s?[AP]M)?\]?(?:\s-(?=\s))?)\s*)?"""

_COLON = re.compile(
    rf"""{_BEFORE}(?P<before>{STAMP}\s*[-–,]?\s+|{STAMP}(?=[^\W\d_\[*]))?
    [*_]{{0,3}}(?P<open>[\[(<])?(?P<name>{_WORDS})\s*(?(open)[\])>])[*_]{{0,3}}
    \s*(?P<inside>[\[(]\s*{SPAN}\s*[\])]|\s{SPAN})?[*_]{{0,3}}
    [\s\u200e\u200f]?[:：][*_]{{0,3}}(?=[^\d/\\]|\s|$)
    \s*(?P<after>[\[(]\s*{SPAN}\s*[\])](?=\s|$))?\s*""",
    re.VERBOSE,
)
_OWN_LINE = re.compile(
    rf"\s*[*_]{{0,3}}(?P<name>{_WORDS})[*_]{{0,3}}[,|]?(?:\s+[-–|]\s*|\s+)(?P<after>{STAMP})[*_]{{0,3}}\s*$"
)
_TIME_FIRST = re.compile(rf"\s*(?P<before>{STAMP})\s*[-–|]?\s*[*_]{{0,3}}(?P<name>{_WORDS})[*_]{{0,3}}\s*$")
_BRACKET = re.compile(rf"\s*(?P<before>{STAMP}\s*)?\[(?P<name>{_WORDS})\]\s*(?P<after>{STAMP})?\s*")
_LETTER = re.compile(r"\s*(?P<name>[QA]|THE WITNESS|THE COURT)(?:[.)]\s+|\t\s*|\s{2,}|\s*$)(?=\S|$)")
_TAB = re.compile(rf"\s*(?P<before>{STAMP}\s+)?(?P<name>{_WORDS})\t+(?P<after>{STAMP}\s+)?(?=\S)")
_DASH = re.compile(rf"\s*(?P<name>{_WORDS})\s[-–—]\s+(?=\S)")

COLON, OWN_LINE, TIME_FIRST, BRACKET, LETTER, TAB, DASH, MARKED = (
    "colon",
    "own line",
    "time first",
    "bracket",
    "letter",
    "tab",
    "dash",
    "marked",
)
# In this order: the first shape whose words could be a name is what the line offers.
_SHAPES = (
    (COLON, _COLON),
    (OWN_LINE, _OWN_LINE),
    (TIME_FIRST, _TIME_FIRST),
    (BRACKET, _BRACKET),
    (LETTER, _LETTER),
    (TAB, _TAB),
    (DASH, _DASH),
)
_WHOLE_LINE = frozenset({OWN_LINE, TIME_FIRST})
_REACH = 160  # characters of a line in which a label must end
_MAY_HOLD_A_LABEL = re.compile(
    r"[^\n]{0,110}?(?:[:：\]\t]|\s[-–—]\s|\d[ms]\b)|\s*[QA](?:[.)]|\s|$)|THE (?:WITNESS|COURT)"
)
_LEADING_STAMP = re.compile(
    rf"\s*(?:[\[(<{{#]\s*(?P<a>{SPAN})\s*[\])>}}#]\s*[-–:]?\s*|(?P<b>\d{{1,2}}:\d\d:\d\d(?:[.,]\d+)?)(?:\s+[-–]?\s*|$))"
)
_TRAILING_STAMP = re.compile(rf"\s*(?:\[\s*{SPAN}\s*\]|\(\s*{SPAN}\s*\)|#\s*{SPAN}(?:-\d{{1,2}})?\s*#)$")


@dataclass(frozen=True, slots=True)
class Label:
    """What a line offers as its speaker.

    name: as written, without brackets, stars and times. key: the same for every spelling of one name.
    end: where the words begin within the line. time: seconds, None where the label has none. grade: NO to ROLE.
    rest: the first character of the words, "" where the label has its line for itself.
    """

    name: str
    key: str
    end: int
    time: float | None
    shape: str
    grade: int
    rest: str


def seconds(stamp: str) -> float | None:
    """Seconds of the first time in a stamp, None without one: "(00:12:03)" is 723.0, "0:12" 12.0 and "1m 5s" 65.0."""
    found = re.search(CLOCK, stamp)
    if not found:
        return None
    if ":" not in found[0]:
        units = {"h": 3600, "m": 60, "s": 1}
        return float(sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([hms])", found[0])))
    parts = found[0].replace(",", ".").split(":")[:3]
    total = 0.0
    for part in parts:
        total = total * 60 + float(part)
    return round(total, 3)


def leading_stamp(line: str) -> tuple[int, float | None]:
    """Length and seconds of a time at the start of a line, (0, None) where there is none.

    Bare times need hours, minutes and seconds: "10:30 we left" is talk, "00:10:30 We left" is a time mark.
    """
    found = _LEADING_STAMP.match(line)
    if not found:
        return 0, None
    return found.end(), seconds(found["a"] or found["b"])


def without_trailing_stamp(text: str) -> int:
    """Length of a text without a time in brackets or hashes at its end ("... we left. #00:12:03-4#")."""
    found = _TRAILING_STAMP.search(text[-40:])
    return len(text) - len(text[-40:]) + found.start() if found else len(text)


def key_of(name: str) -> str:
    """One key for every way a document writes one name: "MR BEER", "Mr  Beer" and "Mr. Beer" are the same."""
    return " ".join(name.replace(".", " ").split()).casefold()


def words_of_role(name: str) -> set[str]:
    """The role words in a name that consists of nothing else: {"participant"} for "Female Participant 3", else none."""
    tokens = [token for token in re.split(r"[\s_#/.-]+", re.sub(r"\(.*", "", name).casefold()) if token]
    words = [
        re.sub(r"(?<=[^\W\d]{2})\d{1,3}$", "", token) for token in tokens if not re.fullmatch(r"\d{1,3}|n[o°]", token)
    ]
    if len(words) > 1 and len(words[-1]) == 1:
        words.pop()
    roles = {word for word in words if word in INTERVIEWER_WORDS or word in OTHER_WORDS}
    if len(tokens) > 1 and roles & _ALONE:
        return set()
    return roles if roles and all(word in roles or word in QUALIFIERS for word in words) else set()


def grade(name: str) -> int:
    """How much the words alone look like a speaker: NO, WEAK (one lower-case word), NAME, ROLE (a role or a title)."""
    words = [word for word in re.split(r"[\s/]+", re.sub(r"\s?\(.*\)$", "", name)) if word not in {"&", "-"}]
    if not words or len(words) > 6 or len(name) > 60:
        return NO
    if CODE.fullmatch(name):
        return ROLE if CODE_OF_A_PERSON.match(name) else NAME
    if words_of_role(name):
        return ROLE
    if words[0].casefold() in _ALSO_NAMES and (len(words) == 1 or words[1][0].isdigit()):
        return WEAK if len(words) == 1 else NO
    if "," in name or re.sub(r"[\d.]+$", "", words[0]).casefold() in NOT_SPEAKERS:
        return NO
    return _grade_of_words(words)


def _grade_of_words(words: list[str]) -> int:
    if words[0].casefold() in HONORIFICS:
        return ROLE if len(words) > 1 and all(_capital(word) or word in PARTICLES for word in words) else NO
    if not all(_capital(word) or word in PARTICLES for word in words) or any(word[0].isdigit() for word in words[:-1]):
        return WEAK if len(words) == 1 and words[0].isalpha() and len(words[0]) <= 15 else NO
    return NAME


def _capital(word: str) -> bool:
    """A word that can be part of a name: a capital, a letter of a script without capitals, or a number at the end."""
    first = word.lstrip("'’‘(")[:1]
    return first.isupper() or first.isdigit() or (first.isalpha() and first.upper() == first.lower()) or first == "ʻ"


def offered(line: str, marked: int = 0) -> Label | None:
    """The label that a line offers, or None. marked: length of the leading run that the format marks as a name."""
    if not _MAY_HOLD_A_LABEL.match(line) and not marked:
        return None
    head = line[:_REACH]
    for shape, pattern in _SHAPES:
        found = pattern.match(head) if len(line) <= _REACH or shape not in _WHOLE_LINE else None
        if found and (how := grade(name := " ".join(found["name"].split()))):
            name, groups = name.strip("\u200e\u200f"), found.groupdict()
            times = [groups[place] for place in ("before", "inside", "after") if groups.get(place)]
            time = seconds(times[0]) if times else None
            shape = MARKED if marked and shape in {TAB, DASH} else shape
            return Label(name, key_of(name), found.end(), time, shape, how, line[found.end() : found.end() + 1])
    return _marked(line, marked) if marked else None


def _marked(line: str, marked: int) -> Label | None:
    head = line[:marked]
    name = " ".join(re.sub(STAMP, " ", head).strip(" \t*_:：[]()-–—,").split())
    how = grade(name) if name and re.fullmatch(_WORDS, name) else NO
    if not how:
        return None
    end = marked + len(line[marked:]) - len(line[marked:].lstrip(" \t:：-–—"))
    length, time = leading_stamp(line[end:])
    end += length
    return Label(name, key_of(name), end, time if length else seconds(head), MARKED, how, line[end : end + 1])
