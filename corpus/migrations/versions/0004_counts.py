"""What counts rest on: the passages a draw was drawn from, the scores of that moment, and what was accepted unread."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

KEPT = {  # append-only, as draws are: by table, what makes a row the one that is there
    "frames": "draw = new.draw",
    "frozen": "draw = new.draw and code = new.code",
    "proposals": "draw = new.draw",
    "acceptances": "draw = new.draw",
    "withdrawals": "draw = new.draw",
}


def upgrade() -> None:
    op.add_column("draws", sa.Column("unit", sa.Text, nullable=False, server_default="passage"))
    op.add_column("draws", sa.Column("units", sa.Integer))
    op.add_column("draws", sa.Column("of_units", sa.Integer))
    op.add_column("draws", sa.Column("code", sa.String(64)))
    op.create_table(
        "frames",
        _draw(),
        sa.Column("passages", sa.LargeBinary, nullable=False),
        sa.Column("known", sa.LargeBinary, nullable=False),
        sa.Column("scored", sa.String(32)),
        sa.Column("encoder", sa.Text),
    )
    op.create_table(
        "frozen",
        _draw(),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("scores", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "proposals",
        _draw(),
        sa.Column("precision", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("cuts", sa.Text, nullable=False),
    )
    op.create_table(
        "acceptances",
        _draw(),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("time", sa.String(32), nullable=False),
    )
    op.create_table("withdrawals", _draw(), sa.Column("time", sa.String(32), nullable=False))
    for table, same in KEPT.items():
        said = f"begin select raise(abort, '{table} are never changed: add another one'); end"
        there = f"when exists (select 1 from {table} where {same})"
        for event, when in (("update", ""), ("delete", ""), ("insert", there)):
            op.execute(f"create trigger {table}_no_{event} before {event} on {table} {when} {said}")


def _draw() -> sa.Column[int]:
    return sa.Column("draw", sa.Integer, sa.ForeignKey("draws.id"), primary_key=True)
