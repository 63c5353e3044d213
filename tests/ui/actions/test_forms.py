"""What a form says of its fields, and of what became of its editor."""

from tests.support.harness.dashboard import drive


def test_why_there_is_no_editor_is_said_until_a_field_changes():
    """A terminal that was lent to an editor is taken back with its size, which is a resize."""

    async def script(d):
        await d.press("c", "ctrl+o")
        assert "no editor: " in d.text
        await d.pilot.resize_terminal(120, 40)
        await d.settled()
        assert "no editor: " in d.text
        await d.type("x")
        assert "no editor: " not in d.text

    drive(script)


def test_params_come_from_a_file_that_is_named(tmp_path):
    path = tmp_path / "params.json"

    async def script(d):
        await d.press("c", "tab")
        await d.type(f"@{path}")
        assert "could not be read: No such file" in " ".join(d.text.split())
        path.write_text('{"seat": "12A"}', encoding="utf-8")
        await d.type(" ")
        await d.until(lambda: "ready: enter asks" in d.text)
        assert d.app.screen.make_plan().new[0].params == {"seat": "12A"}

    drive(script, size=(140, 40))
