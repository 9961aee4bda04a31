"""The audit trail: what was done, when and in which municipality; never to whom."""

from datetime import datetime

from sqlalchemy.orm import Session

from data.store.household_models import AuditEntry


def record(
    session: Session,
    action: str,
    now: datetime,
    *,
    municipality_code: str | None = None,
    buurt_code: str | None = None,
    **detail: str | int,
) -> None:
    """Add a line to the trail, in the transaction of what it tells of.

    Parameters
    ----------
    action
        Stable name, such as `sign-up-verified`.
    detail
        Codes and counts alone: no address, person, key or token.
    """
    session.add(
        AuditEntry(at=now, action=action, municipality_code=municipality_code, buurt_code=buurt_code, detail=detail)
    )
