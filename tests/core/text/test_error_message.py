"""Of an error's text the line that says what failed, with the class that was thrown."""

import pytest

from wfdash.core.text.error_message import main_line

_FRAMES = 'Traceback (most recent call last):\n  File "b.py", line 9\n'
LINES = {
    "words after a traceback": (
        f"{_FRAMES}my.AppError: import broke\n\nThe workflow was stopped.",
        ("my.AppError", "import broke"),
    ),
    "one exception while another was handled": (
        f"{_FRAMES}ValueError: bad\n\nDuring handling of the above exception, another exception occurred:\n\n"
        f"{_FRAMES}KeyError: 'sku'",
        ("KeyError", "'sku'"),
    ),
    "an exception without a message": (f"{_FRAMES}StopIteration\nstopped", ("", "StopIteration")),
    "a cause behind what wraps it": (
        "java.lang.RuntimeException: wrapped\n\tat a.B.c(B.java:3)\n"
        "Caused by: java.io.IOException: closed\n\tat x.Y\n"
        "Caused by: java.net.ConnectException: refused\n\tat z",
        ("java.net.ConnectException", "refused"),
    ),
    "words that speak of a cause": ("not shipped. Caused by: rain", ("", "not shipped. Caused by: rain")),
    "JSON in a field of JSON": (
        '{"statusCode":422,"body":"{\\"message\\":\\"sku missing\\"}"}',
        ("", "code 422: sku missing"),
    ),
    "a JSON text of JSON": ('"{\\"message\\":\\"quota used up\\"}"', ("", "quota used up")),
    "a quotation that is no JSON": ('"no stock" said the shop', ("", '"no stock" said the shop')),
}


@pytest.mark.parametrize("case", LINES)
def test_main_line_is_what_tells_one_failure_from_another(case):
    message, right = LINES[case]
    assert main_line("Error", message) == right
