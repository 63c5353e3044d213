"""A simulated world that is let go of leaves nothing behind."""

import gc
import weakref

from wfdash.demo.engine.world import World, build
from wfdash.demo.worlds import shop


def test_failure_that_many_meet_holds_none_of_what_ran():
    """One object is thrown in hundreds of instances; Python notes in it each frame that it came through."""
    now = 1_800_000_000.0
    world: World | None = build("incident", clock=lambda: now)
    failed = [each for each in world.workflows["orders"].walk(newest_first=True) if each.status == "errored"]
    gone = weakref.ref(world)
    assert failed
    assert [each for each in (shop.DECLINED, shop.TIMEOUT, shop.SUPPLIER) if each.__traceback__] == []
    del failed
    world = None
    gc.collect()
    assert gone() is None
