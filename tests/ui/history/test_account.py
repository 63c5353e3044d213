"""History of all workflows: the same charts over every list, and each workflow's rate below."""

import asyncio

from tests.support.clocks.simulated_time import simulate
from tests.support.harness.dashboard import opened
from wfdash.demo.engine.world import build


def test_all_workflows_count_what_the_world_holds():
    async def main():
        world = build("incident", clock=asyncio.get_running_loop().time)
        async with opened(world=world, size=(140, 40)) as d:
            await d.press("history.open", "history.all")
            screen = d.app.screen
            await d.until(
                lambda: screen.of_all and screen.loaded.floor is not None and not screen.is_reading, 60
            )
            await d.until(lambda: "errors rose" in d.text)
            assert "all workflows" in d.lines[0]
            now = d.app.context.clock()
            instances = {
                name: list(workflow.walk(newest_first=True)) for name, workflow in world.workflows.items()
            }
            edge = screen.loaded.edge(now).both
            assert now - edge == 3 * 3600, "inventory-sync keeps a success for 3 hours"
            assert any(edge <= bucket.start for bucket in screen.loaded.buckets(now))
            for bucket in screen.loaded.buckets(now):
                if bucket.end > now - 60 or bucket.start < edge:
                    continue
                ended = [
                    instance
                    for group in instances.values()
                    for instance in group
                    if instance.ended is not None and bucket.start <= instance.ended < bucket.end
                ]
                assert bucket.errored == sum(instance.status == "errored" for instance in ended)
                assert bucket.complete == sum(instance.status == "complete" for instance in ended)
            fared = screen.loaded.history.versions()
            assert fared["orders"].errored > fared["refunds"].errored > 0
            assert d.line("  orders   ").split()[1].isdigit()
            d.server.state.requests.clear()
            await d.passes(70)
            lists = d.server.state.requests.of("GET", "/refunds/instances")
            assert 1 <= len(lists) <= 3, "what changed is read once a minute"
            await d.press("history.span", "history.span")
            await d.until(lambda: "by analytics" in d.text, 60)
            loaded = screen.loaded
            edge = loaded.edge(d.app.context.clock()).both
            older = [bucket for bucket in loaded.buckets(d.app.context.clock()) if bucket.end <= edge]
            assert older
            assert all(bucket.counted for bucket in older)
            await d.press("pane.next")
            assert d.app.screen is screen, "steps are of one workflow"
            await d.press("history.all")
            await d.until(lambda: "ccf99991  since" in d.text)

    simulate(main())
