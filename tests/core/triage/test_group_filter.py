"""The filter of a group lists every instance of that group that was read, whatever its message holds."""

from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.filter.detail_fields import read_fields
from wfdash.core.filter.fields import MatchContext
from wfdash.core.filter.query import parse
from wfdash.core.model.detail import read_detail
from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import filter_for
from wfdash.core.triage.fingerprint import fingerprint

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


@given(TEXT, TEXT, st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=12))
def test_an_instance_matches_the_filter_of_its_own_fingerprint(message, name, version):
    error = {"name": name, "message": message}
    attempt = {"start": None, "end": None, "success": False, "error": error}
    detail = read_detail(
        "orders",
        "a",
        {
            "status": "errored",
            "versionId": version,
            "error": error,
            "steps": [{"type": "step", "name": "charge card-1", "success": False, "attempts": [attempt]}],
        },
    )
    query = parse(filter_for(fingerprint(detail)))
    row = Instance("a", "errored", version=version)
    assert query.match(row, 0.0, MatchContext(details={"a": read_fields(detail)}))


def test_it_reads_as_a_person_would_write_it():
    error = {"name": "TimeoutError", "message": "gateway timed out after 3000 ms"}
    detail = read_detail(
        "orders",
        "a",
        {
            "status": "errored",
            "versionId": "9f2c0000-1111",
            "error": error,
            "steps": [{"type": "step", "name": "charge card-1", "success": False, "error": error}],
        },
    )
    said = filter_for(fingerprint(detail))
    assert said == 'status:errored version:9f2c0000 step~"charge card" error~"gateway timed out after"'
