"""A batch over an API that goes on telling the end before for some seconds after a restart."""

import pytest

from tests.support.fakes.late_answers import LateAnswers
from tests.support.harness.parcels import on_parcels, stubborn
from wfdash.live.actions.ending import Course
from wfdash.live.actions.operator import Operator

LAGS = pytest.mark.parametrize(("lists", "instances"), [(2, 2), (5, 5), (25, 2), (6, 0), (0, 6)])


def late_desk(desk, lists, instances):
    clock = desk.stage.loop.time
    desk.api = LateAnswers(desk.api, clock, lists=lists, instances=instances)
    desk.operator = Operator(desk.api, budget=desk.stage.budget, journal=desk.journal, clock=clock)


@LAGS
@pytest.mark.parametrize("many", [8, 30])
def test_end_before_the_restart_is_never_that_of_the_new_run(tmp_path, lists, instances, many):

    async def story(desk):
        late_desk(desk, lists, instances)
        mended = desk.rows(first=lambda given: not stubborn(given))[:many]
        results = await desk.redrive(mended, Course(canary=3, to_end=True))
        # Few are read one by one, and not by lists.
        assert desk.api.lagged or not instances
        sent = [result for result in results if result.sent_at is not None]
        assert len(sent) > many / 2
        assert {result.id: result.ended for result in sent} == {
            result.id: desk.parcels.by_id[result.id].status for result in sent
        }
        assert "complete" in {result.ended for result in sent}
        assert not [result.error for result in results if "held" in result.error]

    on_parcels(story, tmp_path, failed=60)


@LAGS
def test_canary_that_fails_holds_the_rest_by_its_own_failure(tmp_path, lists, instances):
    async def story(desk):
        late_desk(desk, lists, instances)
        ends = {row.id: row.ended for row in desk.rows()}
        results = await desk.redrive(desk.rows()[:30], Course(canary=3))
        sent = [result for result in results if result.sent_at is not None]
        assert len(sent) == 3
        assert {result.ended for result in sent} == {"errored"}
        assert all(desk.parcels.by_id[result.id].ended > ends[result.id] for result in sent)
        assert all("failed again at" in result.error for result in sent), [each.error for each in sent]

    on_parcels(story, tmp_path, failed=60, newest=False)
