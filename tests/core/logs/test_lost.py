"""What a dev session's store has lost, as it is said over the lines."""

from tests.support.fakes.details import T0
from wfdash.core.logs.line import LogLine, PlacedLine
from wfdash.core.logs.lost import LostCalls


def printed(call, trace="t", **more):
    return PlacedLine(
        LogLine(T0, "log", "x", **{"source": "local", "request": call, "trace": trace} | more), True
    )


def test_calls_without_a_row_are_counted_once():
    lines = [printed("a"), printed("a"), printed("b"), printed("c")]
    # Of a request handler, of what has no trace that is known, and of the cloud there never is one.
    lines += [printed("h", foreign=True), printed("q", "u"), printed("r", source="telemetry")]
    lost = LostCalls.among(lines, {"c"}, {"t"})
    assert lost == LostCalls(2, 3)
    assert lost.words.startswith("2 of 3 calls that printed these have no row")
