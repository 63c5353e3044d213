"""The credential in use, found inside the data of an instance, is on no screen and in no file."""

import pytest
import resvg_py

from tests.support.harness.dashboard import drive
from wfdash.api.interface import NewInstance
from wfdash.demo.http.credentials import TOKEN
from wfdash.ui.terminal.rendering import FONTS

HIDDEN = "[hidden]"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def leaky(script):
    """The detail of an instance with the token in its id and its params, alone on the list."""
    identity = f"leak_{TOKEN}"

    async def on_a_leak(d):
        api = d.app.session.api
        await api.create_instance(
            "refunds", NewInstance(identity, {"auth": f"Bearer {TOKEN.upper()}"}, has_params=True)
        )
        d.app.pages.show_workflow("refunds")
        await d.until(lambda: any(identity == row.id for row in d.app.session.poller.store))
        await script(d, identity)

    drive(on_a_leak, size=(200, 40))


def test_no_screen_shows_the_credential():
    async def script(d, identity):
        assert f"leak_{HIDDEN}" in d.text
        d.app.pages.show_instance("refunds", identity)
        await d.settled()
        for keys in ((), ("copy.menu",), ("layer.close", "note.write"), ("layer.close", "help.open")):
            await d.press(*keys)
            assert TOKEN not in d.text.lower()
        await d.press("layer.close", "instance.create_again")
        assert TOKEN not in d.text.lower()

    leaky(script)


def test_no_export_holds_the_credential(folder):
    async def script(d, identity):
        d.app.pages.show_instance("refunds", identity)
        await d.settled()
        d.app.session.poller.poll_now()
        await d.press("note.write", *"x", "enter")
        for key in "hscnjmv":
            before = len(list(folder.iterdir()))
            await d.press("export.menu", key)
            await d.until(lambda before=before: len(list(folder.iterdir())) > before)
        files = {path.suffix: path.read_text() for path in folder.iterdir()}
        assert set(files) == {".jsonl", ".md", ".csv", ".ndjson", ".json", ".svg"}
        for path in folder.iterdir():
            assert TOKEN not in path.read_text().lower(), path.name
        for ending in (".csv", ".ndjson", ".json"):
            assert HIDDEN in files[ending]

    leaky(script)


def test_a_picture_names_no_server_and_shows_its_text(folder):
    async def script(d):
        await d.press("export.menu", "v")
        await d.until(lambda: list(folder.glob("*.svg")))
        svg = next(folder.glob("*.svg")).read_text()
        assert "url(http" not in svg
        assert "@font-face" not in svg
        assert "Fira" not in svg
        assert FONTS in svg

    drive(script)


def test_a_picture_is_drawn_without_a_network():
    """Held against the same picture without its letters: only text can make the difference."""

    async def script(d):
        svg = d.app.export_screenshot(title="wfdash", simplify=True)
        blank = svg.replace("<text", "<desc").replace("</text>", "</desc>")
        assert len(drawn(svg)) > 3 * len(drawn(blank))

    drive(script)


def drawn(svg):
    """A PNG by a renderer that never asks a network; the more there is on it, the longer it is."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, font_dirs=["/usr/share/fonts"]))
