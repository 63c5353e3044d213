"""What reaches stdout is JSON for every reader of it."""

import json

import pytest

from wfdash.cli.output import json_line


@pytest.mark.parametrize(
    ("answered", "printed"),
    [
        ('{"a":[1e400,-1e400]}', '{"a":[1.7976931348623157e+308,-1.7976931348623157e+308]}'),
        ('{"a":NaN}', '{"a":null}'),
        ('{"a":12345678901234567890123,"b":-0.0}', '{"a":12345678901234567890123,"b":-0.0}'),
    ],
)
def test_numbers_that_no_double_holds_are_still_json(capsys, answered, printed):
    json_line(json.loads(answered))
    assert capsys.readouterr().out == printed + "\n"
