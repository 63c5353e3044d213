"""A simulator of failed parcels: SIGUSR1 deploys the last fix and starts the faults.

At SIGUSR2 it prints how often each instance was restarted.
"""

import json
import os
import re
import signal
import time

from wfdash.demo.http import serve
from wfdash.demo.http.faults import InjectedFault
from wfdash.demo.worlds.scenarios import half_fixed_deploy

FAULTS = {"429": 1, "reset-before": 1, "reset-after": 2, "500": 1}


def main(failed: int) -> None:
    world = half_fixed_deploy(time.time, "wfdash", failed=failed)
    parcels = world.workflows["parcels"]
    faults = [InjectedFault(kind, 0, re.compile("^PATCH ")) for kind in FAULTS]

    def mend(*_: object) -> None:
        parcels.deploy(world.look())
        for fault in faults:
            fault.times = FAULTS[fault.kind]

    def tell(*_: object) -> None:
        # Not print: who has read the line may ask again before a flush of it has returned.
        line = json.dumps({value.id: value.restarts for value in parcels.by_id.values()})
        os.write(1, f"{line}\n".encode())

    signal.signal(signal.SIGUSR1, mend)
    signal.signal(signal.SIGUSR2, tell)
    serve.build = lambda *_args, **_options: world
    serve.serve(0, faults=faults, latency=0.02)
