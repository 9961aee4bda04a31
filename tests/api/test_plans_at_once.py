"""Plans through real workers: editors at the same time, and a worker that is killed while it publishes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from api.settings import StoreSettings
from data.store import Store, open_store
from data.store.models import Block, Buurt, DraftEntry, DraftRow, Plan

CODE = "99003"
EDITORS = 4
EDITS = 10


@pytest.fixture
def store(store_settings: StoreSettings) -> Iterator[Store]:
    store = open_store(store_settings.store_url)
    yield store
    with store.writing() as session:
        for row in session.scalars(select(DraftRow).where(DraftRow.municipality_code == CODE)):
            session.delete(row)
        session.flush()
        for plan in session.scalars(select(Plan).where(Plan.drawn, Plan.municipality_code == CODE)):
            session.delete(plan)
    store.close()


def begin(client: httpx2.Client) -> str:
    made = client.post(f"/v1/municipalities/{CODE}/plans", json={})
    assert made.status_code == 201, made.text
    draft_id: str = made.json()["id"]
    return draft_id


def rename_until_done(client: httpx2.Client, draft_id: str, editor: int) -> int:
    """Rename the buurt `EDITS` times, reading the draft again whenever somebody else was faster."""
    conflicts, revision = 0, 1
    for number in range(EDITS):
        while True:
            operation = {"op": "rename_buurt", "buurt": f"{CODE}-01", "names": {"nl": f"{editor}-{number}"}}
            answer = client.post(
                f"/v1/plans/{draft_id}/operations",
                json={"operation": operation},
                headers={"If-Match": f'"{revision}"'},
            )
            revision = int(answer.headers["etag"].strip('"'))
            if answer.status_code == 200:
                break
            assert answer.status_code == 412, answer.text
            conflicts += 1
    return conflicts


@pytest.mark.slow
def test_editors_at_the_same_time_lose_no_edit(serve: Any, store: Store, admin: dict[str, str]) -> None:
    with (
        serve(2) as server,
        httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client,
        ThreadPoolExecutor(EDITORS) as editors,
    ):
        draft_id = begin(client)
        working = [editors.submit(rename_until_done, client, draft_id, editor) for editor in range(EDITORS)]
        conflicts = sum(each.result() for each in working)
        log = client.get(f"/v1/plans/{draft_id}/log").json()["entries"]
    assert conflicts > 0
    names = [entry["operation"]["names"]["nl"] for entry in log]
    assert sorted(names) == sorted(f"{editor}-{number}" for editor in range(EDITORS) for number in range(EDITS))
    assert [entry["revision"] for entry in log] == list(range(2, EDITORS * EDITS + 2))
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(DraftEntry).where(DraftEntry.draft_id == draft_id)) == 40


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.005, 0.02, 0.05])
def test_a_worker_that_is_killed_while_it_publishes_leaves_all_or_nothing(
    serve: Any, store: Store, admin: dict[str, str], delay: float
) -> None:
    with store.reading() as session:
        before = session.scalars(select(Plan).where(Plan.municipality_code == CODE)).all()
        blocks = session.scalar(select(func.count()).select_from(Block).where(Block.plan_id == before[0].id))
    with serve(1) as server, httpx2.Client(base_url=server.url, headers=admin, timeout=60) as client:
        draft_id = begin(client)
        body = {"valid_from": str(datetime.now(UTC).date()), "reason": "killed in the middle"}

        def ask() -> int | None:
            try:
                answer = client.post(f"/v1/plans/{draft_id}:publish", json=body, headers={"If-Match": '"1"'})
            except httpx2.TransportError:
                return None
            return answer.status_code

        with ThreadPoolExecutor(1) as editor:
            asked = editor.submit(ask)
            time.sleep(delay)
            # A single worker is its own supervisor.
            server.process.kill()
            status = asked.result()
    with store.reading() as session:
        drawn = session.scalars(select(Plan).where(Plan.drawn, Plan.municipality_code == CODE)).all()
        state = session.scalars(select(DraftRow.state).where(DraftRow.id == draft_id)).one()
        assert len(drawn) == (1 if state == "published" else 0)
        if status == 200:
            assert state == "published"
        for plan in drawn:
            assert session.scalar(select(func.count()).select_from(Block).where(Block.plan_id == plan.id)) == blocks
            assert session.scalar(select(func.count()).select_from(Buurt).where(Buurt.plan_id == plan.id)) == 1
