"""Markdown from data renders as that data, and as nothing else."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from wfdash.core.text.clean import clean
from wfdash.core.text.markdown import code, escaped, table_row

GFM = MarkdownIt("gfm-like")
PIECES = st.sampled_from(
    [
        *"<>[]()!*_`~#|\\&;:@.-+=)\"'{}$^ é日\x1b\n\t\u202eaB7/",
        *("//", "www.", "1.", "  ", "word", "javascript:", "http", "https://", "data:", "mailto:x", "ftp://"),
        *("<script>", "</a>", "<img src=x>", "&lt;", "&#32;", "example.com", "a@b.co", "<b>", "---", "~~~"),
        *("[x](javascript:alert(1))", "![x](//evil.example/p.png)", "evil.рф", "xn--e1afmkfd.xn--p1ai"),
    ]
)
HOSTILE = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)


def shown(rendered: str) -> str:
    """What a person reads of the HTML, blanks as a browser shows them."""
    text = html.unescape(re.sub(r"<[^<>]*>", "", rendered))
    return " ".join(text.split())


def tags(rendered: str) -> set[str]:
    return set(re.findall(r"<(/?[a-zA-Z][a-zA-Z0-9]*[^<>]*)>", rendered))


def as_read(text: str) -> str:
    return " ".join(clean(text).split())


@given(HOSTILE)
def test_escaped_text_is_a_paragraph_of_itself(text):
    rendered = GFM.render(escaped(text))
    assert tags(rendered) <= {"p", "/p", "code", "/code"}
    assert shown(rendered) == as_read(text)


@given(HOSTILE)
def test_escaped_text_in_an_item_is_itself(text):
    rendered = GFM.render(f"- note: {escaped(text)}")
    assert tags(rendered) <= {"ul", "/ul", "li", "/li", "code", "/code"}
    assert shown(rendered) == f"note: {as_read(text)}".strip()


@given(st.lists(HOSTILE, min_size=1, max_size=4))
def test_a_table_row_keeps_its_cells(cells):
    head = table_row(["x"] * len(cells))
    rendered = GFM.render("\n".join([head, "|" + "---|" * len(cells), table_row(cells)]))
    body = rendered.partition("<tbody>")[2]
    found = re.findall(r"<td>(.*?)</td>", body, re.S)
    assert [shown(each) for each in found] == [as_read(each) for each in cells]
    assert tags(body) <= {"tr", "/tr", "td", "/td", "code", "/code", "/tbody", "/table"}


@given(HOSTILE)
@example("\u0df2")
def test_code_is_itself(text):
    rendered = GFM.render(f"see {code(text)}")
    if clean(text).strip():
        assert shown(rendered) == f"see {as_read(text)}"
    assert tags(rendered) <= {"p", "/p", "code", "/code"}


@pytest.mark.parametrize(
    "text",
    ["orders", "order-1", "errored", "2026-11-21T14:02:11.000Z", "9d9c63fe-fd85-5333-8977-7f7c2801ff4e"],
)
def test_plain_cells_stay_plain(text):
    assert table_row([text]) == f"| {text} |"


def test_long_text_takes_no_longer_than_its_length():
    escaped("a." * 200_000 + ":" * 200_000)
