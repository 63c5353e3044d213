"""Any verbs and any jumps of the clock: what must hold all the same."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.demo.bench import Bench
from wfdash.demo.engine.instance import FINAL, STATUSES, Retention
from wfdash.demo.engine.program import ALWAYS, All, Do, Program, RunContext, Sleep, StepFailure, Undo, Wait

VERBS = st.sampled_from(["pause", "resume", "terminate", "rollback", "restart", "from"])
JUMPS = st.sampled_from([0.0, 0.01, 0.3, 2.0, 11.0, 45.0, 600.0, 5000.0])


def program(story: RunContext) -> Program:
    """A bit of everything, its course drawn from the story's luck."""
    yield Do("load", takes=story.between("load", 0.1, 5), undo=Undo(takes=2))
    limit = int(story.luck("limit") * 4)
    try:
        yield All(
            [
                Do(
                    "part",
                    takes=3,
                    fails=int(story.fresh("p") * 6),
                    limit=limit,
                    delay="5 seconds",
                    undo=Undo(),
                ),
                Do("part", takes=8, undo=Undo(fails=ALWAYS if story.luck("stuck") < 0.3 else 0, limit=1)),
                Sleep("nap", "30 seconds"),
            ]
        )
    except StepFailure:
        yield Do("mend")
    if story.luck("asks") < 0.6:
        yield Wait("approval", "go", timeout="10 minutes")
    for _ in range(3):
        yield Do("page", fails=int(story.fresh("page") * 4), limit=2, backoff="constant")
    return story.id


class Machine(RuleBasedStateMachine):
    """Drives one workflow with room for three at once, and compares what is told before and after."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(program, concurrency=3, retention=Retention(4000, 9000))
        self.created = 0
        self.seen: dict[str, tuple[str, int]] = {}
        """Status and restarts, as last told."""
        self.restarts: dict[str, int] = {}

    def _any(self, place: int) -> str:
        rows = self.bench.listing(per_page=100)["result"]
        return rows[place % len(rows)]["id"] if rows else ""

    @rule()
    def create(self) -> None:
        self.created += 1
        self.bench.create(f"i{self.created}")

    @rule(seconds=JUMPS)
    def jump(self, seconds: float) -> None:
        self.bench.later(seconds)

    @precondition(lambda self: self.created)
    @rule(verb=VERBS, place=st.integers(0, 50), count=st.integers(1, 3))
    def act(self, verb: str, place: int, count: int) -> None:
        target = self._any(place)
        if not target:
            return
        before = self.bench.status(target)
        body = {
            "rollback": {"status": "terminate", "rollback": True},
            "from": {"status": "restart", "from": {"name": "page", "count": count}},
        }.get(verb, {"status": verb})
        http, envelope = self.bench.ask("PATCH", f"/jobs/instances/{target}/status", body)
        if body["status"] == "restart" and http == 200:
            self.restarts[target] = self.restarts.get(target, 0) + 1
        if before in FINAL:
            expected = {"terminate": 409, "rollback": 409, "pause": 200, "resume": 200, "restart": 200}
            assert http == expected.get(verb, http)
            assert verb in ("restart", "from") or self.bench.status(target) == before
        else:
            assert http == 200 or verb == "from"
        assert http != 200 or envelope["result"]["status"] == self.bench.status(target)

    @precondition(lambda self: self.created)
    @rule(place=st.integers(0, 50))
    def send(self, place: int) -> None:
        if target := self._any(place):
            self.bench.ask("POST", f"/jobs/instances/{target}/events/go", {"n": place})

    @invariant()
    def final_is_final(self) -> None:
        for row in self.bench.listing(per_page=100)["result"]:
            status, restarts = self.seen.get(row["id"], ("queued", 0))
            now = self.restarts.get(row["id"], 0)
            assert row["status"] in STATUSES
            if status in FINAL and restarts == now:
                assert row["status"] == status
            assert (row["ended_on"] is not None) == (row["status"] in FINAL)
            self.seen[row["id"]] = (row["status"], now)

    @invariant()
    def totals_are_sums(self) -> None:
        total = self.bench.listing()["result_info"]["total_count"]
        by_status = {s: self.bench.listing(status=s) for s in STATUSES}
        assert total == sum(value["result_info"]["total_count"] for value in by_status.values())
        counts = self.bench.good("GET", "/jobs")["instances"]
        for status, answer in by_status.items():
            assert counts[status] == len(answer["result"]) == answer["result_info"]["total_count"]
            assert {row["status"] for row in answer["result"]} <= {status}

    @invariant()
    def logs_make_sense(self) -> None:
        for row in self.bench.listing(per_page=100)["result"]:
            detail = self.bench.detail(row["id"])
            assert detail["status"] == row["status"]
            starts = [step["start"] for step in detail["steps"] if "start" in step]
            assert starts == sorted(starts)
            for step in detail["steps"]:
                attempts = step.get("attempts", [])
                if attempts:
                    assert len(attempts) <= step["config"]["retries"]["limit"] + 1
                    assert all(attempt["end"] is not None for attempt in attempts[:-1])
                    assert all(attempt["success"] is not True for attempt in attempts[:-1])


Machine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestRules = Machine.TestCase
