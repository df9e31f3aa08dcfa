"""What people's reading needs: acts, what holds, memos, flags, draws, the queue and the reviewers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEPT = {  # append-only, as decisions are: by table, what makes a row the one that is there
    "memos": "id = new.id or act = new.act",
    "flags": "id = new.id or act = new.act",
    "draws": "id = new.id or key = new.key",
    "drawn": "draw = new.draw and (position = new.position or passage = new.passage)",
    "closings": "draw = new.draw",
}
HOLD = """insert into held (passage, lane, coder, code, decision, value)
    select {row}.passage, {lane}, {coder}, {row}.code, {row}.id, {row}.value {source}
    on conflict (passage, lane, coder, code) do update set decision = excluded.decision, value = excluded.value"""
SETTLED = "{row}.why = 'adjudication'"
LANES = [  # the lane, whose row it is there, and which decisions are in it
    (f"case when {SETTLED} then -1 else 0 end", f"case when {SETTLED} then '' else {{row}}.coder end", "true"),
    ("{row}.draw", "{row}.coder", "{row}.draw is not null"),
]


def upgrade() -> None:
    for name, kind in (("act", sa.String(36)), ("undoes", sa.String(36)), ("reason", sa.String(16))):
        op.add_column("decisions", sa.Column(name, kind))
    op.create_index("decisions_act", "decisions", ["act"])
    op.create_index("decisions_coder", "decisions", ["coder", "id"])
    _held()
    _remarks()
    _draws()
    _queue()
    for table, same in KEPT.items():
        said = f"begin select raise(abort, '{table} are never changed: add another one'); end"
        there = f"when exists (select 1 from {table} where {same})"  # an insert that replaces fires no other trigger
        for event, when in (("update", ""), ("delete", ""), ("insert", there)):
            op.execute(f"create trigger {table}_no_{event} before {event} on {table} {when} {said}")


def _held() -> None:
    """Each coder's newest decision, kept by the database itself: nothing has to be searched for what holds."""
    op.create_table(
        "held",
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), primary_key=True),
        sa.Column("lane", sa.Integer, primary_key=True),
        sa.Column("coder", sa.Text, primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("decision", sa.Integer, sa.ForeignKey("decisions.id"), nullable=False),
        sa.Column("value", sa.Boolean),
        sqlite_with_rowid=False,
    )
    for number, (lane, coder, when) in enumerate(LANES):
        parts = {"lane": lane.format(row="new"), "coder": coder.format(row="new")}
        keep = HOLD.format(row="new", source="where true", **parts)
        condition = f"when {when.format(row='new')}"
        op.execute(f"create trigger decisions_held_{number} after insert on decisions {condition} begin {keep}; end")
        parts = {"lane": lane.format(row="decisions"), "coder": coder.format(row="decisions")}
        source = f"from decisions where {when.format(row='decisions')} order by id"
        op.execute(HOLD.format(row="decisions", source=source, **parts))


def _remarks() -> None:
    op.create_table(
        "memos",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("act", sa.String(36), nullable=False, unique=True),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("document", sa.Integer, sa.ForeignKey("documents.id")),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id")),
        sa.Column("code", sa.String(64)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("time", sa.String(32), nullable=False),
        sa.Column("replaces", sa.String(36)),
    )
    op.create_index("memos_passage", "memos", ["passage"])
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("act", sa.String(36), nullable=False, unique=True),
        sa.Column("coder", sa.Text, nullable=False),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("raised", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("time", sa.String(32), nullable=False),
    )
    op.create_index("flags_passage", "flags", ["passage"])


def _draws() -> None:
    op.create_table(
        "draws",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(36), nullable=False, unique=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("coders", sa.Text, nullable=False),
        sa.Column("every", sa.Boolean, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("codebook", sa.String(64), sa.ForeignKey("codebooks.version"), nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint("kind in ('audit', 'double')", name="draws_kind"),
    )
    op.create_table(
        "drawn",
        sa.Column("draw", sa.Integer, sa.ForeignKey("draws.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.UniqueConstraint("draw", "passage"),
    )
    op.create_index("drawn_passage", "drawn", ["passage"])
    op.create_table(
        "closings",
        sa.Column("draw", sa.Integer, sa.ForeignKey("draws.id"), primary_key=True),
        sa.Column("time", sa.String(32), nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("draw", sa.Integer, primary_key=True),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), primary_key=True),
        sa.Column("coder", sa.Text, primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("skipped", sa.Boolean, nullable=False),
    )


def _queue() -> None:
    op.create_table(
        "queues",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("decisions", sa.Integer, nullable=False),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("made", sa.String(32), nullable=False),
    )
    op.create_table(
        "queued",
        sa.Column("queue", sa.Integer, sa.ForeignKey("queues.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("passage", sa.Integer, sa.ForeignKey("passages.id"), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64)),
        sa.Column("suggestions", sa.Text, nullable=False),
    )
    op.create_table(
        "reviewers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("secret", sa.String(64)),
        sa.Column("lead", sa.Boolean, nullable=False),
        sa.Column("added", sa.String(32), nullable=False),
        sa.Column("removed", sa.String(32)),
    )
