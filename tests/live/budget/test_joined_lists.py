"""Several walks of one list at a time: each has every row, none older than its beginning, of few requests."""

import asyncio
import random
import stat

import pytest

from tests.support.clocks.simulated_time import simulate
from wfdash.api.interface import NEWEST, InstancePage, ListQuery
from wfdash.api.paging import walk
from wfdash.live.budget.joined_lists import JoinedLists, page_file

PAGE = 10
LATENCY = 0.2


class Server:
    """A list of rows, newest first, whose cursors name the row before the page; rows arrive meanwhile."""

    def __init__(self, rows, note=None):
        self.rows = list(range(rows))
        self.note = note
        self.asked = []
        self.hangs = False

    def arrive(self):
        self.rows.append(len(self.rows))

    async def list_instances(self, workflow, query=NEWEST):
        self.asked.append((asyncio.get_running_loop().time(), query.cursor))
        if self.hangs:
            await asyncio.sleep(3600)
        below = int(query.cursor) if query.cursor else len(self.rows)
        now = asyncio.get_running_loop().time()
        items = [
            {"id": f"row-{n}", "read_at": now, "note": self.note}
            for n in range(below - 1, max(-1, below - 1 - PAGE), -1)
        ]
        await asyncio.sleep(LATENCY)
        last = below - len(items)
        return InstancePage(items, str(last) if last > 0 else None, len(self.rows))


async def walked(server, path, query=NEWEST, *, pages=None):
    """The ids of one walk and when each was read; `pages` ends it early, as a person does."""
    lists = JoinedLists(server, path, clock=asyncio.get_running_loop().time)
    rows = []
    try:
        async for page in walk(lists, "orders", query):
            rows += page.items
            if pages and len(rows) >= pages * PAGE:
                break
    finally:
        lists.close()
    return rows


def ids(rows):
    return [row["id"] for row in rows]


def all_of(number):
    return [f"row-{n}" for n in range(number - 1, -1, -1)]


def test_two_walks_begun_together_ask_for_each_page_once(tmp_path):
    async def main():
        server = Server(200)
        both = await asyncio.gather(*(walked(server, tmp_path / "pages") for _ in range(2)))
        assert all(ids(rows) == all_of(200) for rows in both)
        assert len(server.asked) <= 20 + 2
        assert not list(tmp_path.iterdir())

    simulate(main())


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(("note", "asked"), [("a\ud800", 22), ("\\ud800 é", 22), (None, 40)], ids=range(3))
def test_walks_go_on_whatever_the_rows_hold(tmp_path, note, asked):
    """Half a surrogate pair is shared all the same; what no line can say is asked for by each."""
    note = note or deep()

    async def main():
        server = Server(200, note)
        both = await asyncio.gather(*(walked(server, tmp_path / "pages") for _ in range(2)))
        assert all(ids(rows) == all_of(200) for rows in both)
        assert all(row["note"] == note or asked == 40 for rows in both for row in rows)
        assert len(server.asked) <= asked

    simulate(main())


@pytest.mark.parametrize("arrivals", [0, 1, 7])
def test_walk_begun_later_takes_what_is_read_since(tmp_path, arrivals):
    async def main():
        server, loop = Server(200), asyncio.get_running_loop()
        first = asyncio.create_task(walked(server, tmp_path / "pages"))
        await asyncio.sleep(10 * LATENCY)
        (kept,) = tmp_path.iterdir()
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        for _ in range(arrivals):
            server.arrive()
        began = loop.time()
        second = await walked(server, tmp_path / "pages")
        assert ids(second) == all_of(200 + arrivals)
        assert all(row["read_at"] >= began for row in second)
        assert ids(await first) == all_of(200)
        assert len(server.asked) <= 20 + 13
        assert not list(tmp_path.iterdir())

    simulate(main())


def test_walk_goes_on_alone_when_the_other_stops_answering(tmp_path):
    async def main():
        stopped, server = Server(200), Server(200)
        first = asyncio.create_task(walked(stopped, tmp_path / "pages"))
        second = asyncio.create_task(walked(server, tmp_path / "pages"))
        await asyncio.sleep(5 * LATENCY)
        stopped.hangs = True
        assert ids(await second) == all_of(200)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert not list(tmp_path.iterdir())

    simulate(main())


def test_spoilt_file_of_pages_is_survived(tmp_path):
    async def main():
        server, path = Server(60), tmp_path / "pages"
        first = asyncio.create_task(walked(server, path))
        await asyncio.sleep(2 * LATENCY)
        with path.open("ab") as file:
            file.write(b'\x00{"torn\n[1,2]\n["a",1e400,{},[{"id":7}]]\n["x"')
        assert ids(await walked(server, path)) == all_of(60)
        assert ids(await first) == all_of(60)

    simulate(main())


def test_pages_are_shared_of_the_same_list_alone(tmp_path):
    counter = tmp_path / "requests-abc.json"
    files = {
        page_file(counter, "acme", "orders", NEWEST),
        page_file(counter, "other", "orders", NEWEST),
        page_file(counter, "acme", "refunds", NEWEST),
        page_file(counter, "acme", "orders", ListQuery("errored")),
        page_file(counter, "acme", "orders", ListQuery(direction="asc")),
        page_file(counter, "acme", "orders", ListQuery(date_start=1.0)),
    }
    assert len(files) == 6
    assert page_file(counter, "acme", "orders", ListQuery(date_end=1.0)) in files
    assert page_file(None, "acme", "orders", NEWEST) is None


@pytest.mark.parametrize("seed", range(20))
def test_any_mix_of_walks_misses_no_row(tmp_path, seed):
    chance = random.Random(seed)

    async def single(server):
        await asyncio.sleep(chance.uniform(0, 5))
        began, there = asyncio.get_running_loop().time(), len(server.rows)
        pages = chance.choice([None, None, chance.randint(1, 12)])
        rows = await walked(server, tmp_path / "pages", pages=pages)
        numbers = [int(identity.removeprefix("row-")) for identity in ids(rows)]
        assert all(row["read_at"] >= began for row in rows)
        assert numbers == list(range(numbers[0], numbers[-1] - 1, -1))
        assert numbers[0] >= there - 1
        assert pages or numbers[-1] == 0

    async def main():
        server = Server(chance.randint(1, 300))

        async def arrive():
            for _ in range(20):
                await asyncio.sleep(chance.uniform(0, 1))
                server.arrive()

        await asyncio.gather(arrive(), *(single(server) for _ in range(chance.randint(2, 6))))
        assert not list(tmp_path.iterdir())

    simulate(main())
