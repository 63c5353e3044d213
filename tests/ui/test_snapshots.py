"""Every screen that is drawn here, at both sizes, in colour, without colour and in ASCII.

After a wanted change delete the file under snapshots/, run, look at what was written, run again.
"""

import pytest

from tests.support.dashboard import drive
from tests.support.snapshot import check_snapshot, described

SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
LOOKS = {"colour": {}, "no-colour": {"no_color": True}, "ascii": {"ascii": True}}
STEPS = {
    "instances": ("j", "space", "j"),
    "filter": ("/", "s", "t", "a", "t", "u", "s", ":", "e", "r", "r", "o", "r", "e", "d"),
    "no-match": ("/", "z", "z", "z"),
    "help": ("?",),
    "palette": ("ctrl+p", "m", "a", "r", "k"),
    "goto": (":", "o"),
    "copy": ("y",),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
def test_screens_look_as_they_did(size, look):
    """All in one run of the app, because starting it is what takes time."""
    failures = []

    async def script(d):
        await d.passes(20)
        for name, keys in STEPS.items():
            await d.press(*keys)
            await d.passes(0.5)
            try:
                check_snapshot(f"{name}-{size}-{look}", described(d.app.screen, beside=69))
            except AssertionError as difference:
                failures.append(f"{name}: {difference}")
            await d.press("escape")
            if name == "filter":
                await d.until(lambda: "no filter" in d.text)

    drive(script, size=SIZES[size], **LOOKS[look])
    assert not failures, "\n".join(failures)
