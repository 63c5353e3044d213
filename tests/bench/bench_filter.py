"""Filtering 100,000 rows as on each key, beside the plainest comprehension that says the same."""

from functools import partial

from tests.bench.line import Line, alternately, seconds
from wfdash.core.filter.query import parse
from wfdash.core.model.instance import Instance

NOW = 1_700_000_000.0
_STATUSES = ("complete",) * 7 + ("errored", "running", "waiting")
_ROUNDS = 7


def run() -> list[Line]:
    rows = [
        Instance(
            f"order-{n:06d}-Ab",
            _STATUSES[n % 10],
            NOW - n,
            NOW - n + 5,
            NOW - n + 1,
            NOW - n + 5,
            "ab12",
            "api",
        )
        for n in range(100_000)
    ]

    def matching(text: str) -> list[Instance]:
        test = parse(text).matcher(NOW)
        return [row for row in rows if test(row)]

    def plain_word() -> list[Instance]:
        return [row for row in rows if "ab" in row.id.lower()]

    def plain_terms() -> list[Instance]:
        return [
            row
            for row in rows
            if row.status in ("errored", "waiting")
            and row.created is not None
            and row.created >= NOW - 7200
            and "1" in row.id
        ]

    lines = []
    for text, plain in (("ab", plain_word), ("status:errored,waiting since:2h 1", plain_terms)):
        assert [row.id for row in matching(text)] == [row.id for row in plain()]
        times = alternately(_ROUNDS, *(partial(seconds, call) for call in (partial(matching, text), plain)))
        lines.append(
            Line(f"filter 100,000 rows: {text}", times[0] * 1000, "ms", "comprehension", times[1] * 1000, 4.0)
        )
        lines.append(Line(f"the same, a keystroke: {text}", times[0] * 1000, "ms", aim=50.0))
    return lines
