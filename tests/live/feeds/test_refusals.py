"""One instance that the server cannot answer for: the others are read all the same, and it is said."""

import pytest

from wfdash.api.errors import NotReached, OtherServer, ServerFailed
from wfdash.api.interface import DetailAnswer, InstancePage
from wfdash.core.filter.query import parse
from wfdash.core.model.times import iso
from wfdash.core.why.context import WhyContext
from wfdash.live.feeds.failures.error_samples import ErrorSamples
from wfdash.live.feeds.row_details import RowDetails
from wfdash.live.feeds.search.filter_search import FilterSearch
from wfdash.live.feeds.watched import Watched
from wfdash.live.polling.context import FeedContext
from wfdash.live.polling.refusals import Refusals
from wfdash.live.records.pins import Pin

NOW = 1_795_255_200.0
FAILED = ServerFailed("the server failed", http=500, code=10001)


class Server:
    """Answers for all but one of ten."""

    local = False
    account_id = "acme"
    poisoned = "order-0"

    def __init__(self, status):
        self.status = status
        self.asked = []

    async def list_instances(self, workflow, query):
        row = {"status": self.status, "created_on": iso(NOW - 60), "ended_on": None}
        return InstancePage([{"id": f"order-{n}", **row} for n in range(10)], None, 10)

    async def get_instance(self, workflow, identity, *, simple=False):
        self.asked.append(identity)
        if identity == self.poisoned:
            raise FAILED
        return DetailAnswer({"status": self.status, "steps": [], "error": {"name": "Error", "message": "no"}})


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


async def ask_often(job, clock, times):
    """As the scheduler does, each second, a failure being told and waited out."""
    for _ in range(times):
        clock.now += 1.0
        due = job.due(clock.now)
        if due is None or due > clock.now:
            continue
        try:
            await job.ask()
        except ServerFailed:
            continue


async def test_row_that_is_refused_holds_up_no_other(clock):
    server = Server("running")
    context = FeedContext(server, clock, lambda event: None, workflow="orders")
    details = RowDetails(context, lambda detail: WhyContext(), missed=lambda: (), opened=lambda: None)
    page = await server.list_instances("orders", None)
    context.store.apply(page.items, seq=1, now=NOW)
    details.wanted = tuple(f"order-{n}" for n in range(10))
    await ask_often(details, clock, 12)
    assert details.progress == (9, 10)
    assert context.refusals.words("orders", "order-0") == "no answer: HTTP 500"
    assert server.asked.count("order-0") == 2
    server.poisoned = ""
    await ask_often(details, clock, 25)
    assert details.progress == (10, 10)
    assert context.refusals.words("orders", "order-0") == ""


async def test_sample_that_is_refused_is_counted_and_passed_over(clock):
    server = Server("errored")
    context = FeedContext(server, clock, lambda event: None, workflow="orders")
    samples = ErrorSamples(
        context,
        read=lambda detail: None,
        deployed=dict,
        all_listed=lambda: True,
        errored=lambda: 10,
        look_up=lambda created: None,
    )
    samples.wanted = True
    await ask_often(samples, clock, 14)
    assert samples.progress == (9, 10)
    assert samples.queue.refused == ["order-0"]
    assert server.asked.count("order-0") <= 2
    samples.queue.leave_others()


async def test_watched_one_that_is_refused_leaves_the_others_watched(clock):
    server = Server("running")
    context = FeedContext(server, clock, lambda event: None, workflow="orders")
    watched = Watched(context)
    watched.follow([Pin("acme", "orders", f"order-{n}") for n in range(3)])
    await ask_often(watched, clock, 8)
    assert [state.status for state in watched.states] == ["", "running", "running"]
    server.poisoned = ""
    await ask_often(watched, clock, 15)
    assert [state.status for state in watched.states] == ["running"] * 3


async def test_filter_reads_past_what_is_refused(clock):
    server = Server("errored")
    context = FeedContext(server, clock, lambda event: None, workflow="orders")
    details = RowDetails(context, lambda detail: WhyContext(), missed=lambda: (), opened=lambda: None)
    search = FilterSearch(context, details)
    page = await server.list_instances("orders", None)
    context.store.apply(page.items, seq=1, now=NOW)
    search.look_for(parse("error~no"))
    await ask_often(search, clock, 12)
    assert (search.searched.read, search.searched.candidates, search.searched.over) == (9, 10, False)
    server.poisoned = ""
    await ask_often(search, clock, 30)
    assert (search.searched.read, search.searched.over) == (10, True)
    search.leave_others()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FAILED, "no answer: HTTP 500"),
        (NotReached("no way to it"), ""),
        (OtherServer("a page to sign in at"), ""),
    ],
)
def test_what_is_no_answer_of_the_server_holds_nothing(error, words):
    refusals = Refusals()
    refusals.failed("orders", "order-0", error, NOW)
    assert refusals.words("orders", "order-0") == words
    assert (refusals.until("orders", "order-0") > NOW) is bool(words)
    assert refusals.until("refunds", "order-0") == 0.0


def test_several_in_a_row_may_be_the_server():
    refusals = Refusals()
    alone = []
    for n in range(4):
        refusals.failed("orders", f"order-{n}", FAILED, NOW)
        alone.append(refusals.passing)
    assert alone == [True, True, True, False]
    refusals.answered("orders", "order-9")
    refusals.failed("orders", "order-1", FAILED, NOW)
    assert refusals.passing
    refusals.failed("orders", "order-2", NotReached("no way to it"), NOW)
    assert not refusals.passing


def test_refused_again_it_rests_longer_up_to_a_minute():
    refusals, rests = Refusals(), []
    for _ in range(5):
        refusals.failed("orders", "order-0", FAILED, NOW)
        rests.append(refusals.until("orders", "order-0") - NOW)
    assert rests == [10, 20, 40, 60, 60]


def test_of_refusals_only_the_last_are_kept_and_no_error():
    """An error holds each frame that it came through, and what was read there."""
    refusals = Refusals()
    for number in range(1_200):
        refusals.failed("orders", f"i{number}", FAILED, NOW)
    assert [*refusals._held] == [("orders", f"i{number}") for number in range(200, 1_200)]
    assert refusals._held["orders", "i1199"] == (1, NOW + 10, 500)
