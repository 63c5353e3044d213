"""wfdash with a census: at each SIGUSR1 it adds a line of what it holds to the file in WFDASH_CENSUS."""

import asyncio
import gc
import json
import os
import signal
import threading

from wfdash.__main__ import main


def _census(*_: object) -> None:
    """Between two turns of the loop or within one: it may be asked for at any moment."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    held = {
        "tasks": len(asyncio.all_tasks(loop)),
        "timers": len(loop._scheduled),  # type: ignore[attr-defined]
        "threads": threading.active_count(),
        "objects": len(gc.get_objects()),
    }
    with open(os.environ["WFDASH_CENSUS"], "a", encoding="ascii") as file:
        file.write(json.dumps(held) + "\n")


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _census)
    main()
