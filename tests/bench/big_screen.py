"""`python -m tests.bench.big_screen ROWS` is the dashboard with so many rows; `table ROWS` is a DataTable.

Both answer `j`. SIGUSR1 lets a minute go by in the dashboard, with what came in it.
"""

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import cast

import wfdash.ui
from wfdash.api.interface import (
    NEWEST,
    DetailAnswer,
    InstancePage,
    ListQuery,
    Observer,
    Version,
    WorkflowPage,
    Workflows,
)
from wfdash.core.model.times import iso
from wfdash.core.model.workflow import Workflow

NOW = 1_790_000_000.0
A_MINUTE = 35
"""Instances that come in a minute."""
minutes: list[int] = []
"""Those that have gone by."""
_TIMES = {"queued": "created", "start": "started", "end": "ended"}
STATUSES = ["complete"] * 17 + ["errored", "waiting", "running"]


def item(number: int) -> dict[str, object]:
    """A row as the API sends it; the higher the number, the older."""
    status = STATUSES[number * 7919 % 20]
    created = NOW - number * 1.7
    final = status in ("complete", "errored")
    return {
        "id": f"order-{9_000_000 - number}-{number * 7919 % 65536:04x}-{number * 104729 % 65536:04x}",
        "status": status,
        "created_on": iso(created),
        "modified_on": iso(created + 31),
        "started_on": iso(created + 0.2),
        "ended_on": iso(created + 31) if final else None,
        "version_id": "5b4ad3de-58b6-4ffb-8a5f-6c7e55a2d2f4",
        "workflow_id": "deb54eaf-9952-5d6a-9cd5-b554ef48bade",
        "trigger_source": "binding",
    }


class Still:
    """Of an API in which nothing happens what a dashboard reads: the newest page, and no older one."""

    local = False
    watch_only = ""
    account_id = ""

    async def list_workflows(self, **_: object) -> WorkflowPage:
        return WorkflowPage([Workflow("orders")], 1)

    async def get_workflow(self, workflow: str) -> Workflow:
        return Workflow(workflow, counts={"complete": 1})

    async def list_instances(self, workflow: str, query: ListQuery = NEWEST) -> InstancePage:
        newest = -A_MINUTE * len(minutes)
        items = [] if query.status else [item(number) for number in range(newest, newest + 100)]
        return InstancePage(items, None, 100)

    async def get_instance(self, workflow: str, instance: str, **_: object) -> DetailAnswer:
        """What the list says of it: by another status or another time it would have been restarted."""
        row = item(9_000_000 - int(instance.split("-")[1]))
        times = {key: row[f"{name}_on"] for key, name in _TIMES.items()}
        return DetailAnswer({"status": row["status"], **times, "steps": [], "step_count": 0})

    async def list_versions(self, workflow: str, **_: object) -> list[Version]:
        return []

    async def analytics(self, workflow: str, **_: object) -> None:
        return

    async def close(self) -> None:
        pass


def dashboard(rows: int) -> None:
    from wfdash.config.settings import Settings
    from wfdash.core.rows.store import Delta
    from wfdash.live.polling.events import Update
    from wfdash.ui.app import WfdashApp
    from wfdash.ui.session import Connect

    class Big(WfdashApp):
        """Loads its rows a page at a time, as the poller does."""

        CSS_PATH = str(Path(wfdash.ui.__file__).parent / "wfdash.tcss")

        def _started(self) -> None:
            super()._started()
            self.run_worker(self._load())

        async def _load(self) -> None:
            assert self.session is not None
            poller = self.session.poller
            for first in range(100, rows, 100):
                page = [item(number) for number in range(first, min(first + 100, rows))]
                delta: Delta = poller.store.apply(page, seq=0, now=NOW)
                poller._context.contiguous.note_ends(page)
                poller._context.contiguous.reach_down(NOW - (first + 99) * 1.7)
                poller._context.notify(Update(delta=delta))
                if first % 1000 == 0:
                    await asyncio.sleep(0)

    def reach(_: Settings) -> Connect:
        async def connect(_: Observer) -> Workflows:
            return cast(Workflows, Still())

        return connect

    signal.signal(signal.SIGUSR1, lambda *_: minutes.append(60))
    settings, began = Settings(account_id="0" * 32, demo="bench"), time.monotonic()

    def clock() -> float:
        return NOW + time.monotonic() - began + sum(minutes)

    Big(settings, reach, workflow="orders", clock=clock).run()


def table(rows: int) -> None:
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    class Table(App[None]):
        BINDINGS = [("j", "app.down", "down")]

        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            names = list(item(0))
            table.add_columns(*names)
            table.add_rows([[str(value) for value in item(number).values()] for number in range(rows)])

        def action_down(self) -> None:
            self.query_one(DataTable).action_cursor_down()

    Table().run()


if __name__ == "__main__":
    dashboard(int(sys.argv[1])) if sys.argv[1] != "table" else table(int(sys.argv[2]))
