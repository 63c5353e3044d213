"""Collects each sentence of the program: `python -m tests.support.harness.sentences` lists them.

A sentence is a string of the source, not a docstring, with a blank between words; a value in it is `{}`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import wfdash

__all__ = ["Sentence", "sentences"]

ROOT = Path(wfdash.__file__).parent
_WORDS = re.compile(r"[A-Za-z\"'{}%)]{2,},? [a-z({\"']")
_ELSEWHERE = ("demo",)
"""The simulator speaks as Cloudflare does."""


class Sentence(NamedTuple):
    """What one string of the source says, and where it stands."""

    text: str
    place: str


@cache
def sentences() -> list[Sentence]:
    """All of them, in the order of their files."""
    return [found for path in sorted(ROOT.rglob("*.py")) if _speaks(path) for found in _of_file(path)]


def _speaks(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] not in _ELSEWHERE


def _of_file(path: Path) -> Iterator[Sentence]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = _docstrings(tree)
    for node in ast.walk(tree):
        text = _text(node)
        if text is None or id(node) in skipped or not _WORDS.search(text):
            continue
        yield Sentence(text, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")


def _docstrings(tree: ast.AST) -> set[int]:
    """The strings that stand alone, and the parts of those with values, which count within them."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    return alone | parts


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


if __name__ == "__main__":
    for sentence in sentences():
        print(f"{sentence.place}\t{sentence.text!r}")
