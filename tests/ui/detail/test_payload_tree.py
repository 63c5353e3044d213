"""How a value's rows are drawn."""

from wfdash.ui.detail.payload_tree import PayloadTree


def test_row_under_the_cursor_keeps_the_colour_of_its_kind():
    tree = PayloadTree()
    tree.fill({"total": 383.59})
    colours = {
        cursor: [style.color for text, style, _ in tree.render_row(0, 40, cursor) if "383.59" in text]
        for cursor in (False, True)
    }
    assert colours[True] == colours[False]
    assert colours[True][0] is not None
