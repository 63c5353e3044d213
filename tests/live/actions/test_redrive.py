"""Redrive of many on the simulator: the canary, what it holds, the rest after the fix, each written once."""

import asyncio
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.stage import Stage
from wfdash.core.model.instance import Instance
from wfdash.demo.http.faults import InjectedFault
from wfdash.demo.worlds.repair import MENDED
from wfdash.demo.worlds.scenarios import fixed_deploy
from wfdash.live.actions.ending import Course
from wfdash.live.actions.operator import Operator
from wfdash.live.actions.redrive import plan_redrive
from wfdash.live.polling.read_instance import read_answer
from wfdash.live.records.journal import Journal


def on_parcels(story, folder, *, newest=True, failed=300):
    async def main():
        clock = asyncio.get_running_loop().time
        stage = Stage(fixed_deploy(clock, "wfdash", failed=failed, newest=newest), latency=0.02, limit=10**9)
        api = await stage.connect()
        journal = Journal(folder, profile="", account="", clock=clock)
        try:
            await story(Desk(stage, api, journal))
        finally:
            journal.close()
            await api.close()

    simulate(main())


class Desk:
    def __init__(self, stage, api, journal):
        self.stage, self.api, self.journal = stage, api, journal
        self.operator = Operator(api, budget=stage.budget, journal=journal, clock=stage.loop.time)

    @property
    def parcels(self):
        self.stage.world.look()
        return self.stage.world.workflows["parcels"]

    def rows(self, first=lambda one: True):
        """Those that errored, the ones to be `first` before the rest."""
        found = [one for one in self.parcels.by_id.values() if one.status == "errored"]
        found.sort(key=lambda one: not first(one))
        return [Instance(one.id, one.status, one.created, ended=one.ended) for one in found]

    async def plan(self, rows, **options):
        async def read(identity):
            return read_answer("parcels", identity, await self.api.get_instance("parcels", identity))

        now = self.stage.loop.time()
        return await plan_redrive("parcels", rows, read, now=now, guard=self.operator.guard, **options)

    async def redrive(self, rows, course, **options):
        plan = (await self.plan(rows, **options)).plan
        return await self.operator.carry_out(plan, lambda event: None, course)

    def writes(self):
        patches = [one for one in self.stage.app.state.requests if one.method == "PATCH"]
        return Counter(one.path.split("/")[-2] for one in patches)


def stubborn(one):
    return one.story().luck("stubborn") < 0.04 and one.story().luck("undone") >= 0.04


def test_a_failed_canary_holds_the_rest_until_the_fix(tmp_path):
    async def story(desk):
        rows = desk.rows()
        late = desk.rows(first=stubborn)[:1]
        plain = [row for row in rows if not stubborn(desk.parcels.by_id[row.id])]
        rows = [*plain[:4], *late, *[row for row in rows if row not in plain[:4] and row.id != late[0].id]]
        results = await desk.redrive(rows, Course(canary=5), late=True)
        assert len(results) == len(rows) >= 300
        sent = [result for result in results if result.sent_at is not None]
        assert len(sent) == 5
        assert Counter(result.ended for result in sent) == {"complete": 4, "errored": 1}
        held = [result for result in results if result.error.startswith("held: ")]
        assert all("1 of the first 5 did not complete" in result.error for result in held)
        assert sum(desk.writes().values()) == 5
        assert len([entry for entry in desk.journal.read() if entry.event == "held"]) == len(held)

        desk.parcels.deploy(desk.stage.loop.time())
        assert desk.parcels.current.index == MENDED
        rows = desk.rows()
        results = await desk.redrive(rows, Course(canary=5, to_end=True), late=True)
        told = Counter((result.outcome, result.ended) for result in results)
        rolled_back = [result for result in results if "rolled back" in result.error]
        assert told == {("done", "complete"): len(rows) - len(rolled_back), ("skipped", ""): len(rolled_back)}
        assert [row.id for row in desk.rows()] == [result.id for result in rolled_back]
        assert desk.writes()[late[0].id] == 2, "once before the fix and once after it"
        assert Counter(desk.writes().values()) == {1: len(desk.writes()) - 1, 2: 1}

    on_parcels(story, tmp_path)


def test_lost_answers_and_a_limit_write_each_id_once(tmp_path):
    async def story(desk):
        desk.parcels.deploy(desk.stage.loop.time())
        rows = [row for row in desk.rows() if not stubborn(desk.parcels.by_id[row.id])][:40]
        faults = desk.stage.app.state.faults
        faults += [
            InjectedFault.parse(text) for text in ("429:1@PATCH", "reset-after:2@PATCH", "500:1@PATCH")
        ]
        results = await desk.redrive(rows, Course(to_end=True))
        for result in results:
            restarts = desk.parcels.by_id[result.id].restarts
            assert restarts == (result.ended == "complete"), result
        assert sum(result.ended == "complete" for result in results) >= len(rows) - 8

    on_parcels(story, tmp_path, failed=120)


def test_a_restart_on_the_old_version_says_where_it_failed(tmp_path):
    async def story(desk):
        rows = [row for row in desk.rows() if not desk.parcels.by_id[row.id].story().luck("undone") < 0.04]
        results = await desk.redrive(rows[:8], Course(to_end=True))
        assert {(result.ended, result.exit_code) for result in results} == {("errored", 1)}
        assert all(result.error.startswith('failed again at "') for result in results)
        ended = [entry for entry in desk.journal.read() if entry.event == "ended"]
        assert Counter(entry.after for entry in ended) == {"errored": 8}
        sent = [entry for entry in desk.journal.read() if entry.event == "sent"]
        assert [entry.start for entry in sent] == [result.restart_from for result in results]
        assert all(entry.end and "@" in entry.who for entry in sent)

    on_parcels(story, tmp_path, newest=False, failed=30)


KINDS = ("429", "500", "403", "html", "truncate", "reset-before", "reset-after", "slow", "nulls", "unknown")
FAULT = st.builds(
    lambda kind, times, method: f"{kind}:{times}@^{method}",
    st.sampled_from(KINDS),
    st.integers(1, 3),
    st.sampled_from(["GET", "PATCH"]),
)


@settings(max_examples=60, deadline=None)
@given(faults=st.lists(FAULT, max_size=5), canary=st.integers(0, 3), to_end=st.booleans(), many=st.booleans())
def test_no_network_restarts_an_instance_twice(faults, canary, to_end, many):
    async def story(desk):
        rows = desk.rows()[: 24 if many else 6]
        plan = (await desk.plan(rows)).plan
        desk.stage.app.state.faults += [InjectedFault.parse(text) for text in faults]
        course = Course(canary, to_end=to_end, timeout=600.0)
        results = await desk.operator.carry_out(plan, lambda event: None, course)
        assert [result.id for result in results] == [row.id for row in rows]
        for result in results:
            restarts = desk.parcels.by_id[result.id].restarts
            assert restarts <= 1
            if result.outcome in ("done", "under way"):
                assert restarts == 1, result
            elif result.outcome != "unknown":
                assert restarts == 0, result

    with TemporaryDirectory() as folder:
        on_parcels(story, Path(folder), failed=30)
