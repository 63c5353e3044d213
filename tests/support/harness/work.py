"""How much a call computes, counted and not timed: the same on any machine, however busy it is."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["instructions"]


def instructions(call: Callable[[], object]) -> int:
    """The bytecode instructions of Python that the call carries out, in this thread."""
    number = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal number
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        number += event == "opcode"
        return count

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()  # what others left behind ends in code of its own, which is none of the call
    sys.settrace(count)
    try:
        call()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return number
