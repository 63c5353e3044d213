"""What a command asks beside an instance's answer, and what the dashboard knows, say one sentence of it."""

from tests.support.harness.stage import staged
from wfdash.cli.commands.why_facts import WhyFacts
from wfdash.cli.session import CommandSession
from wfdash.config.settings import Settings
from wfdash.core.model.status import is_final


def of_each_status(rows, most=2):
    found = {}
    for row in rows:
        of_status = found.setdefault(row.status, [])
        if len(of_status) < most:
            of_status.append(row)
    return [row for of_status in found.values() for row in of_status]


@staged("incident")
async def test_a_command_says_the_sentence_of_the_dashboard(on):
    poller = on.poller
    facts = WhyFacts(CommandSession(Settings(), on.api, on.budget, clock=on.loop.time))
    compared = set()
    for workflow in ("orders", "media-transcode", "inventory-sync"):
        poller.show(workflow)
        await on.until(lambda: poller.status_counts is not None and len(poller.store))
        for row in of_each_status(poller.store):
            poller.open(row.id)
            await on.until(lambda row=row: (state := poller.detail(row.id)) and state.detail)
            detail, listed = poller.detail(row.id).detail, poller.store.get(row.id)
            if detail.status == "queued" or is_final(detail.status):
                await on.until(lambda: poller._feeds.versions.by_id)
            now = on.loop.time()
            ours = poller.why_context(detail, listed).why(detail, now=now, row=listed).sentence
            theirs = await facts.context(detail)
            assert theirs.why(detail, now=now, row=listed).sentence == ours, (workflow, row)
            compared.add(detail.status)
    assert compared >= {"running", "waiting", "errored", "complete", "queued"}
