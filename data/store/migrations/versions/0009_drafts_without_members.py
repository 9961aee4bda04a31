"""Drafts without members: their counts and their logs had those of every block as they were, down to a single home."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DRAFT = sa.table("draft", sa.column("id", sa.String), sa.column("counts", sa.JSON))
ENTRY = sa.table(
    "draft_entry",
    sa.column("draft_id", sa.String),
    sa.column("number", sa.Integer),
    sa.column("change", sa.JSON),
)


def upgrade() -> None:
    """Take the members away; shapes, households and dwellings stay as they are, to the byte."""
    _rewrite(lambda counts: counts.pop("members", None))


def downgrade() -> None:
    """Put none in their place: the members of a block are not known any more."""
    _rewrite(lambda counts: counts.update(members=0))


def _rewrite(rewrite: Callable[[dict[str, Any]], object]) -> None:
    store = op.get_bind()
    for draft_id in store.scalars(sa.select(DRAFT.c.id)).all():
        counts = store.scalars(sa.select(DRAFT.c.counts).where(DRAFT.c.id == draft_id)).one()
        for of_block in counts.values():
            rewrite(of_block)
        store.execute(sa.update(DRAFT).where(DRAFT.c.id == draft_id).values(counts=counts))
    # One change at a time: a log can be long, and a change can hold a whole plan.
    for draft_id, number in store.execute(sa.select(ENTRY.c.draft_id, ENTRY.c.number)).all():
        this = sa.and_(ENTRY.c.draft_id == draft_id, ENTRY.c.number == number)
        change = store.scalars(sa.select(ENTRY.c.change).where(this)).one()
        for step in change["blocks"].values():
            for block in step:
                if block is not None:
                    rewrite(block["counts"])
        store.execute(sa.update(ENTRY).where(this).values(change=change))
