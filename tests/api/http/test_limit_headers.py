"""How long the server asks to be left alone."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.api.http.limit_headers import parse_date, parse_retry_after

DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
LATER = "Sat, 21 Nov 2026 10:02:00 GMT"
AT = 1_795_255_200.0


@pytest.mark.parametrize(
    ("value", "date", "now", "wait"),
    [
        ("17", "", None, 17),
        (" 2.5 ", "", None, 2.5),
        ("999999999", "", None, 3600),
        (LATER, DATE, AT + 600, 120),
        (LATER, "", AT + 60, 60),
        (DATE, LATER, None, 0),
        (LATER, "", None, None),
        (LATER, "soon", None, None),
        ("soon", DATE, AT, None),
        ("-5", DATE, AT, None),
        ("nan", DATE, AT, None),
        ("1e300", "", None, 3600),
        ("1e3", DATE, AT, 1000),
        ("", "", AT, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value, date, now, wait):
    assert parse_retry_after(value, date, now) == wait


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_survived(value, date):
    wait = parse_retry_after(value, date, AT)
    assert wait is None or 0 <= wait <= 3600


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9998, 1, 1)))
def test_a_date_is_what_the_library_reads(moment):
    written = format_datetime(moment.replace(microsecond=0, tzinfo=UTC), usegmt=True)
    assert parse_date(written) == parsedate_to_datetime(written).timestamp()


@pytest.mark.parametrize(
    "date",
    [
        "Saturday, 21-Nov-26 10:00:00 GMT",
        "21 Nov 2026 10:00:00 GMT",
        "Sat, 21 Nov 2026 12:00:00 +0200",
        "Sat, 21 Nov 2026 10:00 GMT",
    ],
)
def test_an_older_form_of_a_date_is_read_too(date):
    assert parse_date(date) == AT
