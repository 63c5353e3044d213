"""No markup parser ever sees data: the package uses nothing that has one."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "wfdash"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PLAIN_WIDGETS = {"Input"}
"""Of Textual's own; all the others read markup, leak, or write what they are given to the terminal."""
PARSERS = {"from_markup", "from_ansi", "render_markup", "Markdown", "to_content", "visualize"}
MARKED_UP = {"tooltip", "border_title", "border_subtitle"}


def wrong(tree):
    """What of a module could hand data to a parser of markup, one line each."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            if node.module.startswith("textual.widgets"):
                yield from names - PLAIN_WIDGETS
            if node.module.startswith(("rich.markup", "rich.markdown", "textual.markup", "textual.content")):
                yield node.module
            yield from names & PARSERS
        elif isinstance(node, ast.keyword) and node.arg == "markup":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield "markup="
        elif isinstance(node, ast.Attribute) and node.attr in PARSERS | MARKED_UP:
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg in MARKED_UP:
            yield node.arg


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_that_parses_markup_is_used(path):
    assert list(wrong(ast.parse(path.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "line",
    [
        "from textual.widgets import Static",
        "from textual.widgets import Input, DataTable",
        "from textual.widgets._footer import Footer",
        "x.update(text, markup=True)",
        "x.update(text, markup=flag)",
        "Text.from_markup(name)",
        "from textual.content import Content",
        "from rich.markdown import Markdown",
        "self.border_title = name",
        "Input(tooltip=name)",
    ],
)
def test_each_of_these_is_seen(line):
    assert list(wrong(ast.parse(line)))
