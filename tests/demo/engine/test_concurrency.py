"""Never more than the limit run: who leaves a wait or a sleep takes a slot, or queues for one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.demo.bench import Bench
from wfdash.demo.engine.program import Do, Sleep, Wait


def test_event_without_a_free_slot_sends_it_to_the_queue():
    bench = Bench([Wait("w", "go"), Do("work", takes=60)], concurrency=1)
    for identity in ("one", "two"):
        bench.create(identity)
        bench.later(1)
    assert (bench.status("one"), bench.status("two")) == ("waiting", "waiting")
    bench.send("go", identity="one")
    bench.send("go", identity="two")
    assert (bench.status("one"), bench.status("two")) == ("running", "queued")
    assert bench.names("two") == ["w-1"], "its event came, and its next step has not begun"
    bench.later(61)
    assert (bench.status("one"), bench.status("two")) == ("complete", "running")
    begun = bench.step("work-1", "two")["start"]
    assert begun >= bench.step("work-1", "one")["end"]
    bench.later(61)
    assert bench.status("two") == "complete"


def test_queued_run_with_done_steps_terminates_and_restarts():
    bench = Bench([Wait("w", "go"), Do("work", takes=60)], concurrency=1)
    for identity in ("one", "two", "six"):
        bench.create(identity)
        bench.later(1)
        bench.send("go", identity=identity)
    assert [bench.status(each) for each in ("one", "two", "six")] == ["running", "queued", "queued"]
    assert bench.change("terminate", "two") == "terminated"
    assert bench.change("restart", "six") == "queued"
    assert bench.change("terminate", "one") == "terminated"
    bench.later(1)
    assert bench.status("six") == "waiting", "it began anew"
    assert bench.work.counts["running"] == 0


PROGRAM = st.lists(
    st.one_of(
        st.floats(0.5, 20).map(
            lambda takes: Do("work", takes=takes, fails=int(takes) % 2, delay="3 seconds")
        ),
        st.integers(1, 20).map(lambda n: Sleep("nap", f"{n} seconds")),
        st.integers(1, 20).map(lambda n: Wait("w", "go", timeout=f"{n} seconds")),
    ),
    min_size=1,
    max_size=4,
)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["pause", "resume", "restart", "terminate", "event", "nothing"]),
        st.integers(0, 5),
        st.floats(0.1, 8),
    ),
    max_size=15,
)


@settings(max_examples=60)
@given(PROGRAM, ACTS, st.integers(1, 3))
def test_whatever_happens_no_more_than_the_limit_run(program, acts, limit):
    bench = Bench(program, concurrency=limit)
    for number in range(6):
        bench.create(f"i{number}")
    for act, number, passes in acts:
        identity = f"i{number}"
        if act == "event":
            bench.ask("POST", f"/jobs/instances/{identity}/events/go", {})
        elif act != "nothing":
            bench.tried(act, identity)
        assert bench.work.counts["running"] <= limit
        until = bench.now + passes
        while bench.now < until:
            bench.later(0.25)
            bench.world.look()
            assert bench.work.counts["running"] <= limit
    for number in range(6):
        bench.tried("resume", f"i{number}")
    bench.later(10_000)
    bench.world.look()
    left = {bench.status(f"i{number}") for number in range(6)}
    assert left <= {"complete", "errored", "terminated"}, "nobody is left in the queue for ever"
