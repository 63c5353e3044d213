"""How much a call computes, counted and not timed: the same on any machine, however busy it is."""

import gc
import sys
from collections.abc import Callable
from threading import get_ident
from types import FrameType
from typing import Any

__all__ = ["instructions"]

_TOOL = 4
"""Of the numbers that `sys.monitoring` has for tools one that it keeps for none in particular."""


def instructions(call: Callable[[], object]) -> int:
    """The bytecode instructions of Python that the call carries out, in this thread."""
    collects = gc.isenabled()
    gc.disable()  # what others left behind ends in code of its own, which is none of the call
    try:
        # From 3.13 on a tracer misses what is called for the first time while it looks on.
        return _monitored(call) if sys.version_info >= (3, 12) else _traced(call)
    finally:
        if collects:
            gc.enable()


def _monitored(call: Callable[[], object]) -> int:
    number, thread, monitoring = 0, get_ident(), sys.monitoring

    def count(code: Any, offset: int) -> None:
        nonlocal number
        number += get_ident() == thread

    monitoring.use_tool_id(_TOOL, "instructions")
    try:
        monitoring.register_callback(_TOOL, monitoring.events.INSTRUCTION, count)
        monitoring.set_events(_TOOL, monitoring.events.INSTRUCTION)
        call()
    finally:
        monitoring.set_events(_TOOL, 0)
        monitoring.free_tool_id(_TOOL)
    return number


def _traced(call: Callable[[], object]) -> int:
    number = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal number
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        number += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        call()
    finally:
        sys.settrace(before)
    return number
