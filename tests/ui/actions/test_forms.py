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
