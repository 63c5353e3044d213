"""Draws this folder's pictures from the demo: `python screenshots/make.py [--png FOLDER] [NAME...]`.

A fixed seed and a clock that stops at the same moment make two runs alike. `--png` also writes bitmaps.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC).timestamp()
RUNS = 5.0
"""Seconds for which the clock runs before it stands: the first polls and what they lead to."""
FIRST_ROWS = "order-"
SIZES = {"80x24": (80, 24), "140x40": (140, 40)}
_PATIENCE = 120.0
_BRIGHT = [
    (128, 132, 136),
    (255, 123, 114),
    (139, 224, 120),
    (255, 214, 92),
    (121, 176, 255),
    (224, 160, 255),
    (96, 224, 240),
    (255, 255, 255),
]
_OWN = ("CLOUDFLARE_", "CF_", "WFDASH_", "TEXTUAL", "XDG_", "NO_COLOR", "SSH_", "TMUX", "COLORTERM")


class Scene(NamedTuple):
    """`keys` are pressed one by one, each once the screen stands still; `until` must be on the last one."""

    name: str
    until: str
    scenario: str = "calm"
    status: str = ""
    """Opens the newest instance with this status."""
    filter: str = ""
    keys: tuple[str, ...] = ()
    early: tuple[str, ...] = ()
    """Keys that are pressed while the clock still runs."""
    runs: float = RUNS
    settings: Mapping[str, Any] = {}
    """In place of the usual ones: a theme, no colours, ASCII alone."""
    sizes: tuple[str, ...] = ("80x24", "140x40")


_SEEN: dict[str, Any] = {"scenario": "incident", "filter": "status:errored,waiting", "sizes": ("140x40",)}
SCENES = [
    Scene("instances", "order-"),
    Scene("incident", "order-", scenario="incident"),
    Scene("filter", "errored", scenario="incident", filter="status:errored"),
    Scene("detail", "errored", scenario="incident", status="errored"),
    Scene("waiting", "waiting", status="waiting"),
    Scene("prompt", "terminate", status="waiting", keys=("t",)),
    Scene("help", "Filter", keys=("?",)),
    Scene("errors", "only on version", scenario="incident", early=("E",), runs=45.0),
    Scene("history", "as they stand now", scenario="incident", early=("H",), runs=30.0),
    Scene("workflows", "errors rose", scenario="incident", early=("w",), runs=25.0),
    Scene("compare", "failed here and", scenario="incident", status="errored", early=("=",)),
    Scene("inspector", "attempts", scenario="incident", status="errored", keys=("enter",)),
    Scene("logs", " errors · ", scenario="incident", status="errored", early=("l",), runs=8.0),
    Scene("budget", "are left for this user", scenario="incident", keys=("B",)),
    Scene("events", "approve", early=("v",), runs=20.0),
    Scene("sixteen", "errored", settings={"theme": "ansi-contrast"}, **_SEEN),
    Scene("light", "errored", settings={"theme": "light"}, **_SEEN),
    Scene("colour-blind", "errored", settings={"theme": "colour-blind"}, **_SEEN),
    Scene("no-color", "errored", settings={"no_color": True}, **_SEEN),
    Scene("ascii", "errored", settings={"ascii": True}, **_SEEN),
]


def alone() -> None:
    """Forget whatever of this person's environment would change a picture."""
    for name in list(os.environ):
        if name.startswith(_OWN):
            del os.environ[name]
    home = tempfile.mkdtemp(prefix="wfdash-pictures-")
    os.environ.update(HOME=home, TZ="UTC", TERM="xterm-256color", TEXTUAL_ANIMATIONS="none")


class Clock:
    """Stands at NOW, runs from `began`, and stands `runs` seconds later once it is `stopped`."""

    runs = RUNS
    began: float | None = None
    stopped = False

    def __call__(self) -> float:
        if self.stopped:
            return NOW + self.runs
        return NOW + (time.monotonic() - self.began if self.began else 0.0)


async def draw(scene: Scene, columns: int, lines: int) -> str:
    """The scene as SVG."""
    import httpx
    from msgspec.structs import replace

    from wfdash.api.connect import connect
    from wfdash.api.interface import ListQuery, Observer, Workflows
    from wfdash.config.precedence import load
    from wfdash.config.settings import Options
    from wfdash.demo.engine.world import build
    from wfdash.demo.http.api import create_app
    from wfdash.demo.http.credentials import ACCOUNT_ID, TOKEN
    from wfdash.ui.app import WfdashApp

    clock = Clock()
    clock.runs = scene.runs
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="wfdash-pictures-")
    settings = load(Options(demo=scene.scenario, demo_account=ACCOUNT_ID, demo_token=TOKEN), os.environ)
    settings = replace(settings, **scene.settings)
    server = httpx.ASGITransport(app=create_app(build(scene.scenario, clock=clock)))

    async def connected(observer: Observer) -> Workflows:
        return await connect(settings, observer=observer, transport=server, clock=clock)

    instance = ""
    if scene.status:
        client = await connected(lambda exchange: None)
        instance = (await client.list_instances("orders", ListQuery(scene.status))).items[0]["id"]
        await client.close()
    app = WfdashApp(
        settings, lambda _: connected, workflow="orders", instance=instance, filter=scene.filter, clock=clock
    )
    async with app.run_test(size=(columns, lines)) as pilot:
        clock.began = time.monotonic()
        await settle(app, pilot, FIRST_ROWS, least=0.0 if scene.early else scene.runs)
        if scene.early:
            await pilot.press(*scene.early)
            await settle(app, pilot, scene.until, least=scene.runs)
        clock.stopped = True
        await settle(app, pilot)
        for key in scene.keys:
            await pilot.press(key)
            await settle(app, pilot)
        await settle(app, pilot, scene.until)
        return app.export_screenshot(title="wfdash")


def text_of(app: Any) -> str:
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


async def settle(app: Any, pilot: Any, until: str = "", *, least: float = 0.0) -> None:
    """Return once `least` seconds are over, the picture shows `until` and it stood still for a while."""
    last, since, loop = "", 0.0, asyncio.get_running_loop()
    began = loop.time()
    deadline = began + _PATIENCE
    while loop.time() < deadline:
        await pilot.pause(0.05)
        if (now := text_of(app)) != last:
            last, since = now, loop.time()
        elif until in now and loop.time() - since > 0.4 and loop.time() - began > least:
            return
    raise SystemExit(f"{until!r} did not appear on\n{last}")


def sixteen_colours() -> None:
    """A terminal's colours for the pictures: rich's own, but a dark black and bright bright ones."""
    from rich import console, terminal_theme

    usual = terminal_theme.SVG_EXPORT_THEME
    normal = [tuple(usual.ansi_colors[n]) for n in range(8)]
    console.SVG_EXPORT_THEME = terminal_theme.TerminalTheme(
        tuple(usual.background_color), tuple(usual.foreground_color), [(16, 18, 20), *normal[1:]], _BRIGHT
    )


def bitmap(svg: str) -> bytes:
    import resvg_py

    from wfdash.ui.terminal.rendering import FONTS

    single = svg.replace(FONTS, "DejaVu Sans Mono")
    return bytes(resvg_py.svg_to_bytes(svg_string=single, font_dirs=["/usr/share/fonts"]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--png", type=Path)
    options = parser.parse_args()
    alone()
    sys.path.insert(0, str(HERE.parent))
    sixteen_colours()
    for scene in SCENES:
        if options.names and scene.name not in options.names:
            continue
        for size in scene.sizes:
            columns, lines = SIZES[size]
            svg = asyncio.run(draw(scene, columns, lines))
            (HERE / f"{scene.name}-{size}.svg").write_text(svg, encoding="utf-8")
            if options.png:
                options.png.mkdir(parents=True, exist_ok=True)
                (options.png / f"{scene.name}-{size}.png").write_bytes(bitmap(svg))
            sys.stdout.write(f"{scene.name}-{size}\n")


if __name__ == "__main__":
    main()
