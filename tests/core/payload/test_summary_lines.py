"""The facts in a line under the sentence of an open instance."""

from wfdash.core.model.detail import read_detail
from wfdash.core.payload.summary_lines import result_line, summary_facts
from wfdash.core.why.why import TimeWords

ENDED = {"status": "complete", "start": "2026-11-21T10:00:00Z", "end": "2026-11-21T10:00:05Z", "steps": []}


def summary(*, local, retention=None):
    detail = read_detail("orders", "a", ENDED)
    return summary_facts(detail, None, TimeWords(1795255300.0), local=local, retention=retention)


def test_ended_run_is_kept_as_answered_and_for_good_when_local():
    assert summary(local=False)[-1] == "retained 3 to 30 days"
    assert summary(local=False, retention=3600.0)[-1] == "retained 1 h"
    assert summary(local=True, retention=3600.0)[-1] == "retained 1 h"
    assert summary(local=True)[-1] == "took 5 s"


def test_json_in_a_text_is_shown_as_json():
    assert result_line("output", '{"seat": "12A"}') == 'output {"seat": "12A"}'
    assert result_line("output", "plain") == 'output "plain"'
    assert result_line("output", "[not recorded]") == "output not recorded"
