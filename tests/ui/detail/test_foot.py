"""An error in the foot of the detail: all its lines, JSON indented, a page cut to its title."""

from wfdash.core.model.step import Failure
from wfdash.ui.detail.foot import error_lines


def said(message, *, name="Error", width=60, room=20):
    lines = error_lines(Failure(name, message), width, room, "enter shows all of it")
    return ["".join(text for text, _ in line).strip() for line in lines]


def test_an_error_of_several_lines_is_shown_with_all_of_them():
    assert said("line one\nline two\n  indented") == ["line one", "line two", "indented"]
    assert said("bad delay", name="TypeError") == ["TypeError: bad delay"]
    assert "".join(said("x" * 500)) == "x" * 500
    assert said("", name="") == ["an error without a message"]


def test_the_rest_of_a_long_error_is_a_key_away():
    lines = said("\n".join(f"line {n}" for n in range(40)), room=4)
    assert lines[:3] == ["line 0", "line 1", "line 2"]
    assert lines[3] == "line 3 … enter shows all of it"


def test_json_is_indented_and_a_page_is_its_title():
    assert said('upstream: {"code": 7, "message": "no"}') == [
        "upstream:",
        "{",
        '"code": 7,',
        '"message": "no"',
        "}",
    ]
    page = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>x</body></html>"
    assert said(page) == ["502 Bad Gateway", f"(an HTML page of {len(page)} characters)"]


def test_hostile_text_stays_text():
    assert all(line.isprintable() for line in said("\x1b[2J\u202e{broken\n[\x07"))
