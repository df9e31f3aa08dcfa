"""Which labels are speakers: decided over whole documents, by tables of both kinds."""

import pytest

from corpus.passage import Block, Draft
from corpus.transcript import document


def said(text: str) -> list[tuple[str | None, str]]:
    draft = Draft("t.txt", tuple(Block(line) for line in text.strip("\n").split("\n") if line.strip()))
    found = document(draft)
    return [(turn.speaker, found.text[turn.start : turn.end]) for turn in found.turns]


def times(text: str) -> list[float | None]:
    return [turn.time for turn in document(Draft("t.txt", tuple(Block(line) for line in text.split("\n")))).turns]


TALK = ("So how did it go?", "We lost the contract.", "And then?", "We closed.")
STYLES = {
    "name": ("Anna: {0}", "Ben: {0}"),
    "bold name": ("**Anna**: {0}", "**Ben**: {0}"),
    "bold name and colon": ("**Anna:** {0}", "**Ben:** {0}"),
    "underscores": ("__Anna__: {0}", "__Ben__: {0}"),
    "capitals": ("ANNA: {0}", "BEN: {0}"),
    "brackets": ("[Anna] {0}", "[Ben] {0}"),
    "brackets and colon": ("[Anna]: {0}", "[Ben]: {0}"),
    "angle brackets": ("<Anna>: {0}", "<Ben>: {0}"),
    "no space": ("Anna:{0}", "Ben:{0}"),
    "space before colon": ("Anna : {0}", "Ben : {0}"),
    "tab": ("Anna\t{0}", "Ben\t{0}"),
    "colon and tab": ("Anna:\t{0}", "Ben:\t{0}"),
    "dash": ("Anna – {0}", "Ben – {0}"),
    "time after": ("Anna (00:12:03): {0}", "Ben (00:12:09): {0}"),
    "short time after": ("Anna [00:12]: {0}", "Ben [00:13]: {0}"),
    "time without colon": ("Anna 00:12:03\n{0}", "Ben 00:12:09\n{0}"),
    "time after colon": ("Anna: [00:12:03] {0}", "Ben: [00:12:09] {0}"),
    "time before": ("(00:12) Anna: {0}", "(00:13) Ben: {0}"),
    "bare time before": ("00:12:03 Anna: {0}", "00:12:09 Ben: {0}"),
    "time span before": ("[00:12:03 - 00:12:08] Anna: {0}", "[00:12:09 - 00:12:30] Ben: {0}"),
    "time and tab": ("00:12:03\tAnna\t{0}", "00:12:09\tBen\t{0}"),
    "otter": ("Anna  0:12  \n{0}", "Ben  0:13  \n{0}"),
    "teams": ("Anna   0:03\n{0}", "Ben   0:07\n{0}"),
    "rev": ("Anna (00:03):\n{0}", "Ben (00:07):\n{0}"),
    "time line first": ("0:03 Anna\n{0}", "0:07 Ben\n{0}"),
    "name on its own line": ("Anna:\n{0}", "Ben:\n{0}"),
    "q and a": ("Q: {0}", "A: {0}"),
    "q and a with points": ("Q. {0}", "A. {0}"),
    "q and a with spaces": ("Q    {0}", "A    {0}"),
    "question and answer": ("Question: {0}", "Answer: {0}"),
    "i and r": ("I: {0}", "R: {0}"),
    "i and r with tabs": ("I\t{0}", "R\t{0}"),
    "i and p1": ("I: {0}", "P1: {0}"),
    "moderator and codes": ("M1: {0}", "FG2P3: {0}"),
    "interviewer and participant": ("Interviewer: {0}", "Participant 3: {0}"),
    "lower case roles": ("interviewer: {0}", "participant: {0}"),
    "speakers": ("Speaker 1: {0}", "Speaker 2: {0}"),
    "otter unknown": ("Unknown Speaker  0:03\n{0}", "Speaker 2  0:09\n{0}"),
    "voices": ("Male voice: {0}", "Second female voice: {0}"),
    "initials": ("JS: {0}", "A.B.: {0}"),
    "titles": ("Sir Wyn Williams: {0}", "Dr J. O'Brien-Smith: {0}"),
    "the witness": ("Mr Beer: {0}", "The Witness: {0}"),
    "particles": ("Angela van den Bogerd: {0}", "Lord Arbuthnot of Edrom: {0}"),
    "part in brackets": ("Anna (manager): {0}", "Ben (trustee): {0}"),
    "accents": ("Zoë Ó Súilleabháin: {0}", "Łukasz Żak: {0}"),
    "curly apostrophe": ("Mary O’Neill: {0}", "Siân ap Rhys: {0}"),
    "arabic": ("سارة: {0}", "عمر: {0}"),
    "cyrillic": ("Дмитрий: {0}", "Анна: {0}"),
    "fullwidth colon": ("田中：{0}", "佐藤：{0}"),
    "chinese": ("王小明：{0}", "李老师：{0}"),
    "welsh": ("Cyfwelydd: {0}", "Cyfranogwr 2: {0}"),
    "german": ("Interviewerin: {0}", "Befragte: {0}"),
    "broadcast captions": (">> ANNA: {0}", ">> BEN: {0}"),
    "select committee": ("Q1 The Chair: {0}", "Sally Smith: {0}"),
    "messages": ("[03/05/2024, 10:02:11] Anna: {0}", "[03/05/2024, 10:03:01] Ben: {0}"),
    "messages with a dash": ("03/05/2024, 10:02 - Anna: {0}", "03/05/2024, 10:03 - Ben: {0}"),
    "letters": ("A: {0}", "B: {0}"),
    "bullets": ("- Anna: {0}", "- Ben: {0}"),
    "numbered turns": ("12 Anna: {0}", "13. Ben: {0}"),
    "times at the end": ("I: {0} #00:12:03-4#", "B: {0} #00:12:09-1#"),
    "times in brackets at the end": ("Anna: {0} [00:12:03]", "Ben: {0} (00:12:09)"),
    "zoom saved": ("[Anna Smith] 10:32:01\n{0}", "[Ben Jones] 10:32:09\n{0}"),
    "happy scribe": ("00:00:05 [Anna]\n{0}", "00:00:09 [Ben]\n{0}"),
    "word online": ("00:00:05 Speaker 1\n{0}", "00:00:09 Speaker 2\n{0}"),
    "fireflies": ("Anna Smith - 00:05\n{0}", "Ben Jones - 00:09\n{0}"),
    "role and name": ("Interviewer 1 (Jane): {0}", "Participant (Ben): {0}"),
    "right to left marks": ("\u200fسارة\u200f: {0}", "\u200fعمر\u200f: {0}"),
    "underscored codes": ("INT_1: {0}", "Participant_03: {0}"),
    "names that are words": ("Will: {0}", "Grace: {0}"),
}


def names(style: str) -> tuple[str, ...]:
    return tuple(part.replace("{0}", "").replace("*", "").replace("_", "") for part in STYLES[style])


@pytest.mark.parametrize("style", STYLES)
def test_every_way_to_write_a_speaker(style):
    lines = [STYLES[style][number % 2].format(words) for number, words in enumerate(TALK)]
    turns = said("\n".join(lines))
    assert [words for _, words in turns] == list(TALK)
    speakers = [speaker for speaker, _ in turns]
    assert None not in speakers
    assert speakers == speakers[:2] * 2
    assert speakers[0] != speakers[1]


NOT_SPEAKERS = {
    "addresses": "http://a.org is one\nhttps://b.org is two\nhttp://c.org is three\nhttps://d.org is four",
    "file names": "Data://a\nFile://b\nData://c\nFile://d\nData://e",
    "times": "10:30 we left\n11:45 we came\n12:00 lunch\n14:15 end",
    "one note": "Note: the hall was cold.\nWe met in March.\nNote: nobody came.\nNote: we left early.",
    "letter": "To: the council\nFrom: the charity\nDate: 3 May\nRe: grants\nDear Sir,\nWe are writing to say no.",
    "email headers twice": "From: Anna Smith\nTo: Ben\nSubject: Hi\nOne.\nFrom: Ben\nTo: Anna Smith\nSubject: Re\nOk.",
    "questions": "Question 1: How are you?\nWell.\nQuestion 2: Why?\nBecause.\nQuestion 3: When?\nNow.",
    "numbered questions": "Q1: How are you?\nWell.\nQ2: Why?\nBecause.\nQ3: When?\nNow.",
    "headings": "Recommendations: pay us.\nSummary: we are small.\nFunding: there is none.\nStaffing: two people.",
    "headings again and again": "Strengths: warm.\nWeaknesses: poor.\nStrengths: kind.\nWeaknesses: late.",
    "sentences": "There are three things: money.\nWe ask for this: time.\nThey said: no.\nIn short: it failed.",
    "counts": "Three lessons: one, two.\nTwo problems: a and b.\nThree lessons: again.\nTwo problems: more.",
    "words that the text uses": (
        "Cost: the cost is high.\nThe quality is low.\nQuality: more quality.\nWe fear the cost.\nCost: more.\nMore.\n"
        "Quality: poor.\nThat is all we can say.\nPlease act now.\nThank you."
    ),
    "words that the text uses, twice each": (
        "Food: the food is bad.\nHousing: the housing is worse.\nFood: more food.\nHousing: less housing.\nWe wait.\n"
        "We hope.\nWe write.\nWe ask you to act."
    ),
    "list by letters": "A. Money\nB. Time\nC. People\nA. More money\nB. More time",
    "list of answers": "A. Money\nB. Time\nQ. What",
    "agenda": "10:00 Welcome\n10:30 Coffee\n11:00 Talks\n12:00 Lunch\n15:00 Coffee",
    "dates": "Monday 10:30\nTuesday 11:30\nMonday 12:30\nTuesday 14:00",
    "dashes": "Money – we have none.\nTime – we have none.\nWe are tired – all of us.\nPeople – too few.",
    "ratios": "We won 2:1 and lost 3:2.\nIt was 1:1 support.\nA 3:1 ratio.",
    "verses": "John 3:16\nMark 4:12\nJohn 3:17\nWords of the sermon.",
    "bracketed sounds": "[laughter] Yes.\n[inaudible] No.\n[laughter] Yes.\n[inaudible] Well.",
    "one name once": "Anna: I left.\nWe think the fund was slow.\nIt asked for reports.\nNobody read them.",
    "two names once": "Background: we help.\nRobert Jones: founder.\nIt began in 1990.\nIt closed in 2020.",
    "form": (
        "Question 1: what do you do?\nAnswer: we feed people.\nQuestion 2: who pays?\nAnswer: nobody does.\n"
        "Question 3: and then?\nAnswer: we stop."
    ),
    "form with a in front": "1. Why?\nA: because.\n2. When?\nA: now.\n3. Who?\nA: we.",
    "report that quotes": (
        "We spoke to nine people.\nMany were tired of it all.\nParticipant 3: “I am tired.”\nOthers were angry at it.\n"
        "Participant 4: “I am angry.”\nNobody was glad.\nSome would have left.\nParticipant 5: “I left.”\nSo it goes."
    ),
    "glossary": "Risk transfer: who pays.\nBrand capture: whose name.\nPower: who decides.\nRisk transfer: see above.",
    "table of contents": "Chapter 1: Start\nChapter 2: Middle\nChapter 3: End\nAppendix A: More",
    "submission": (
        "Submission to the inquiry\nSummary: we are a small charity.\nWe run a bank.\nThe contract moved risk to us.\n"
        "Background: born in 1990.\nOur work: we feed people.\nEvidence: see the table.\nTheir logo was on our van.\n"
        "Conclusion: think again."
    ),
}


def test_a_form_at_the_head_names_nobody():
    talk = "Interviewer: So how did it go?\nP7: Badly.\nInterviewer: Why?\nP7: No money."
    form = "Interviewer: Jane Smith\nParticipant: P7\nDate: 3 May 2024\nPlace: Cardiff"
    assert said(f"{form}\n{talk}") == [*((None, line) for line in form.split("\n")), *said(talk)]


@pytest.mark.parametrize("kind", NOT_SPEAKERS)
def test_what_looks_like_a_speaker_and_is_none(kind):
    turns = said(NOT_SPEAKERS[kind])
    assert {speaker for speaker, _ in turns} == {None}
