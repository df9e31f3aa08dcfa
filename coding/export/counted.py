"""Counts as tidy rows: each estimate with all that it was made of, and the passages by which it can be made again."""

from collections.abc import Iterator
from math import inf

from coding.auditing import Counting
from coding.audits import Audit
from coding.counts import Count, counts
from coding.export.rows import Row, Rows
from coding.study import Study
from corpus.database import Connection, select
from corpus.tables import DOCUMENTS, LIVE, PASSAGES

COUNTED = {
    **dict.fromkeys(("code", "unit", "attribute", "group"), str),
    **dict.fromkeys(("suggested", "decided_yes", "decided_no", "read", "total", "unread", "accepted"), int),
    **dict.fromkeys(("estimate", "low", "high", "covered", "uncovered"), float),
    **{"audits": str, "seeds": str, "drawn": int, "positives": float, "method": str, "few": bool},
    **{"missed_at_most": int, "found_at_least": float, "confidence": float, "stale": str, "why": str},
}
ESTIMATED = {
    **dict.fromkeys(("code", "attribute", "group"), str),
    **dict.fromkeys(("layer", "draw"), int),
    "seed": str,
    "weight": float,
    "known": int,
    **dict.fromkeys(("known_yes", "known_open"), float),
    **dict.fromkeys(("rest", "drawn"), int),
    **dict.fromkeys(("positives", "mean_score", "lambda", "share", "variance", "n_eff", "low", "high"), float),
    "method": str,
}
AUDITED = {
    "draw": int,
    **dict.fromkeys(("document", "passage", "code", "part"), str),
    "position": int,
    **dict.fromkeys(("value", "score", "probability"), float),
}


def counted(study: Study, by: str | None = None, unit: str = "passage", once: bool = False) -> Rows:
    """One row for each code and group; empty cells where nothing supports an estimate, and why."""
    return Rows(COUNTED, (_row(count) for count in counts(study, by, unit, once=once)))


def estimated(study: Study, connection: Connection, by: str | None = None) -> Rows:
    """One row for each code, group, layer and audit: the terms of every estimate of passages."""
    found = Counting(study, connection).estimates(connection, by)

    def rows() -> Iterator[Row]:
        for one in found:
            for number, layer in enumerate(one.layers, start=1):
                for part in layer:
                    share = part.share
                    yield {
                        **{"code": one.code, "attribute": by or "", "group": one.group, "layer": number},
                        **{"draw": part.draw, "seed": part.seed, "weight": part.weight, "known": part.known},
                        **{"known_yes": part.known_yes, "known_open": part.known_open, "rest": share.size},
                        **{"drawn": share.n, "positives": share.positives, "mean_score": part.mean},
                        **{"lambda": share.weight, "share": share.value, "variance": share.variance},
                        **{
                            "n_eff": None if share.effective == inf else share.effective,
                            "low": share.low,
                            "high": share.high,
                            "method": share.method,
                        },
                    }

    return Rows(ESTIMATED, rows())


def audited(study: Study, connection: Connection) -> Rows:
    """One row for each audit, code and passage that it speaks of.

    part: "drawn", "rest", or "known", read before the draw. position: in which it was drawn, from 0. value: what was
    said within the audit, or agreed on of what was known, 1 yes, 0 no, 0.5 open. score: that of the draw's moment.
    """
    counting = Counting(study, connection)
    columns = PASSAGES.c.id, DOCUMENTS.c.name, PASSAGES.c.start, PASSAGES.c.end
    query = select(*columns).select_from(PASSAGES.join(DOCUMENTS)).where(LIVE)
    places = {key: (name, f"{name}:{start}-{end}") for key, name, start, end in connection.execute(query)}

    def rows() -> Iterator[Row]:
        for audit in counting.audits:
            for code in study.codebook.by_id:
                for key, said in _said(counting, audit, code):
                    document, passage = places[key]
                    yield {"draw": audit.draw.id, "document": document, "passage": passage, "code": code, **said}

    return Rows(AUDITED, rows())


def _said(counting: Counting, audit: Audit, code: str) -> Iterator[tuple[int, Row]]:
    """What an audit has of each passage that it speaks of."""
    scored, drawn = (
        audit.frame.scores.get(code),
        dict(zip(audit.sample.tolist(), audit.said[code].tolist(), strict=True)),
    )
    order = {row: position for position, row in enumerate(audit.sample.tolist())}
    for row, key in enumerate(audit.frame.passages.tolist()):
        value, inside = drawn.get(row), row in drawn
        yield (
            key,
            {
                "part": "drawn" if inside else "rest",
                "position": order.get(row),
                "value": None if value is None or value != value else value,
                "score": float(scored.values[row]) if scored else None,
                "probability": audit.draw.size / audit.draw.population,
            },
        )
    agreed = counting.corpus.agreed[code]
    if code not in audit.codes:
        return
    for key, row in zip(audit.frame.known.tolist(), counting.corpus.rows(audit.frame.known).tolist(), strict=True):
        value = float(agreed[row])
        empty = {"position": None, "score": None, "probability": None}
        yield key, {"part": "known", "value": None if value != value else value, **empty}


def _row(count: Count) -> Row:
    row: Row = {name: getattr(count, name, None) for name in COUNTED}
    one, recall = count.estimate, count.recall
    row |= {"estimate": None}
    if one:
        parts = [part for layer in one.layers for part in layer]
        row |= {"estimate": one.value, "low": one.low, "high": one.high}
        row |= {"covered": one.covered, "uncovered": one.uncovered, "audits": " ".join(map(str, one.draws))}
        row |= {"seeds": " ".join(dict.fromkeys(part.seed for part in parts)), "few": one.few if parts else None}
        row |= {"drawn": sum(part.share.n for part in parts), "positives": sum(part.share.positives for part in parts)}
        row |= {"method": " ".join(dict.fromkeys(part.share.method for part in parts))}
        row |= {"stale": " ".join(one.stale), "why": one.why}
    if recall:
        row |= {"missed_at_most": recall.missed, "found_at_least": recall.recall, "confidence": recall.confidence}
    return row
