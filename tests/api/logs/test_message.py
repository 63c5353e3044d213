"""What was printed, from the arguments that are kept of it."""

import pytest

from wfdash.api.logs.message import cut_text, message_of


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["a", {"b": [1, None]}, 2], 'a {"b": [1, null]} 2'),
        ("plain", "plain"),
        ({"a": "ü"}, '{"a": "ü"}'),
        (None, "null"),
        ([], ""),
    ],
)
def test_message_of_arguments(args, words):
    assert message_of(args) == words


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ('"a line\\nof two', "a line\nof two"),
        ('"cut in an escape\\', "cut in an escape"),
        ('"the first",{"second":1', "the first"),
        ('{"a":[1,2', '{"a":[1,2'),
        ("", ""),
    ],
)
def test_cut_text_is_what_is_left_of_the_arguments(kept, words):
    assert cut_text(kept) == words
