"""The simulator in process, and what tests ask it of its lines."""

import asyncio

from msgspec.structs import replace

from tests.support.fakes.details import neighbours
from wfdash.api.interface import ListQuery
from wfdash.api.log_source import LogQuery
from wfdash.core.logs.place import place_lines
from wfdash.core.model.detail import read_detail

__all__ = ["START", "Time", "failed", "lines_of", "reached", "read"]

START = 1_795_000_000.0


class Time:
    now = START


async def failed(api) -> tuple[object, list[str]]:
    page = await api.list_instances("orders", ListQuery("errored"))
    return page.items[0]["id"], [row["id"] for row in page.items]


async def read(api, identity, lived=None):
    about = await api.get_workflow("orders")
    query = LogQuery("orders", identity, Time.now - 4 * 3600, Time.now, about.script_name, about.class_name)
    return await api.log_reader().read(replace(query, lived=lived))


async def lines_of(api):
    identity, ids = await failed(api)
    detail = read_detail("orders", identity, (await api.get_instance("orders", identity)).result)
    page = await read(api, identity, (detail.start, detail.end))
    placed = place_lines(page.lines, detail, others=neighbours(ids), invocations=page.invocations)
    return detail, placed, page


async def reached(true):
    """Waits for the other tasks until it is so."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
