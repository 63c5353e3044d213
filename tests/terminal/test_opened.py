"""What was named on the command line is open at once, and nothing is loaded that can wait."""

import re

import pytest

_WAITS = re.compile(
    r"pydantic|humanize|uvicorn|starlette|click|pygments|cryptography|tomllib|sqlite3"
    r"|rich\.(?:progress|syntax|markdown)|textual\.(?:widgets\._markdown|widgets\._data_table)"
    r"|wfdash\.(?:demo|core\.text\.chance|cli\.commands|cli\.manual|cli\.completion|ui\.(?:pages|setup|errors))\b.*"
    r"|wfdash\.live\.(?:reads\.past_rows|budget\.(?:joined_lists|joined_reads|shared_lines))"
    r"|wfdash\.ui\.(?:actions\.(?:prompt|bulk|create|send_event)|detail\.(?:screen|inspector|compare))"
)
"""Modules that are loaded when what needs them is opened or read."""


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (140, 40)])
def test_an_instance_named_at_the_start_is_open(terminal, still, columns, lines):
    waiting = next(row["id"] for row in still.listing("orders", status="waiting"))
    shell = terminal("-w", "orders", "-i", waiting, columns=columns, lines=lines, env=still.env)
    shell.wait_for(waiting, "started", "STEP")
    shell.press("escape")
    shell.wait_for("BLOCKED ON", waiting)
    shell.press("q")
    assert shell.wait_exit() == 0
    assert shell.not_as_found() == []


def test_first_rows_load_nothing_that_can_wait(terminal, still):
    shell = terminal("-w", "orders", columns=140, env=still.env | {"PYTHONPROFILEIMPORTTIME": "1"})
    shell.wait_for(lambda screen: b"order-" in shell.written)
    # A busy machine reads what follows the first rows in the same go.
    until = bytes(shell.written).partition(b"order-")[0]
    loaded = re.findall(rb"import time: +\d+ \| +\d+ \| +([\w.]+)", until)
    names = [name.decode() for name in loaded]
    # Connecting takes its time: what that needs comes before what draws the answer.
    assert names.index("httpcore") < names.index("textual.app")
    assert not [name for name in names if _WAITS.fullmatch(name)]
