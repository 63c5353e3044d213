"""Parcels: a workflow that an old version breaks in six places, and that the newest one runs to its end."""

from typing import Any, Final

from wfdash.demo.engine.program import ALWAYS, All, Do, Program, RunContext, Sleep, StepFailure, Undo, Wait

__all__ = ["FIXED", "MENDED", "parcel", "parcel_params"]

FIXED: Final = 1
"""Index of the version that mends all but the stubborn ones."""
MENDED: Final = 2
"""Index of the version that mends those too."""
_PLACES: Final = ("read order", "reserve item", "weigh", "write invoice", "courier is there", "print label")
_STUBBORN: Final = 0.04
_UNDONE: Final = 0.04
_MOVED: Final = StepFailure("ConfigError", "depot api moved: 410 Gone")


def parcel_params(story: RunContext) -> dict[str, Any]:
    return {"parcelId": story.id, "depot": story.choice("depot", "Lisboa", "Kraków", "Austin"), "items": 3}


def parcel(story: RunContext, *, all_mended: bool = False) -> Program:
    """Loads, reserves in a loop, rests, weighs, two things at once, a wait, a label.

    Where it breaks follows from its id; unless the fix has `all_mended`, a few are stubborn, and a few undo
    what they reserved.
    """
    place = story.choice("place", *_PLACES)
    stubborn = story.luck("stubborn") < _STUBBORN and not all_mended
    broken = story.version < FIXED or (stubborn and story.version < MENDED)
    undo = Undo(takes=0.2, output="released") if story.luck("undone") < _UNDONE and not all_mended else None

    def do(name: str, *, at: str = "", takes: float = 0.2, undo: Undo | None = None) -> Do:
        fails = ALWAYS if broken and (at or name) == place else 0
        return Do(name, takes, {"done": name}, fails, _MOVED, limit=1, delay="1 second", undo=undo)

    yield do("read order")
    for number in range(3):
        yield do("reserve item", at="reserve item" if number == 1 else "nowhere", undo=undo)
    yield Sleep("let it settle", "2 seconds")
    yield do("weigh")
    yield All([do("book van", takes=0.8), do("write invoice", takes=0.4), do("tell customer", takes=0.3)])
    if place == "courier is there" and broken:
        yield Wait("courier is there", "courier", timeout="3 seconds")
    # The version that mends it calls the step by another name too.
    yield do("print label" if story.version < FIXED else "print shipping label", at="print label")
    yield do("hand over")
    return {"parcel": story.id}
