"""A step that is looked at, followed from one answer of its instance to the next."""

import pytest

from tests.support.fakes.details import detail, done, step
from wfdash.core.payload.inspect import index_in

LOAD, CHARGE = done("load-1", 0, 1), step("charge-1", 1)
BEFORE = detail("running", [LOAD, CHARGE])


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([LOAD, done("charge-1", 1, 9)], 1),
        ([LOAD, CHARGE, done("mail-1", 9, 10)], 1),
        ([LOAD, done("other-1", 1, 2), CHARGE], 2),
        ([LOAD], None),
        ([LOAD, step("charge-1", 50)], None),
        ([LOAD, done("mail-1", 1, 2)], None),
        ([], None),
    ],
)
def test_where_a_step_went(steps, place):
    assert index_in(detail("running", steps), BEFORE, 1) == place


def test_a_step_that_had_not_begun_is_the_same_once_it_has():
    pending = detail("running", [step("charge-1", None, attempts=[])])
    assert index_in(detail("running", [CHARGE]), pending, 0) == 0
    assert index_in(BEFORE, pending, 7) is None
