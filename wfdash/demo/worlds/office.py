"""Billing, onboarding and what runs by the clock."""

from typing import Any

from wfdash.demo.engine.program import ALWAYS, All, Do, Program, Reply, RunContext, Sleep, StepFailure, Wait

__all__ = [
    "billing",
    "billing_params",
    "onboarding",
    "onboarding_params",
    "sync",
    "transcode",
    "transcode_params",
]

PLANS = ("free", "team", "business", "enterprise")


def billing_params(story: RunContext) -> dict[str, Any]:
    return {
        "account": f"acct_{story.seed:08x}",
        "period": "2026-11",
        "plan": story.choice("plan", *PLANS),
        "pages": 3 + int(story.luck("pages") * 40),
        "dryRun": False,
    }


def billing(story: RunContext) -> Program:
    """A loop of pages, some of which must be tried again, then an invoice with a long PDF."""
    params = story.params if isinstance(story.params, dict) else {}
    pages, usage = int(params.get("pages", 5)), 0
    for number in range(pages):
        trouble = story.fresh(f"page{number}")
        page = yield Do(
            "page",
            takes=story.between(f"page{number}", 0.5, 6),
            output={"page": number, "rows": 500, "units": int(trouble * 9000)},
            fails=2 if trouble < 0.02 else 1 if trouble < 0.06 else 0,
            error=StepFailure("Error", "D1_ERROR: database is locked: SQLITE_BUSY"),
            backoff="linear",
            delay="4 seconds",
        )
        usage += page["units"]
    yield Do("rate usage", takes=2, output={"units": usage, "lines": [f"line {n}" for n in range(200)]})
    broken = story.fresh("invoice") < 0.06
    yield Do(
        "render invoice",
        takes=4,
        stream=b"%PDF-1.7\n" + bytes(range(256)) * 64,
        fails=ALWAYS if broken else 0,
        error=StepFailure(
            "TypeError",
            "Cannot read properties of undefined (reading 'vatId')\n    at render (invoice.ts:88:17)",
        ),
        limit=2,
    )
    yield Sleep("grace period", "2 hours" if params.get("plan") == "enterprise" else "10 minutes")
    yield Do("post invoice", takes=1, output={"invoice": f"in_{story.seed:08x}", "units": usage})
    return usage


def onboarding_params(story: RunContext) -> dict[str, Any]:
    who = story.choice(
        "name", "Ana Sousa", "李小龙", "Zoë O’Hara", "Mehmet Öz", "Ingrid [Admin] Berg", "José"
    )
    return {"user": f"usr_{story.seed:08x}", "name": who, "email": f"user{story.seed % 9999}@example.com"}


def onboarding(story: RunContext) -> Program:
    """Mails days apart, and a verification that some never answer."""
    yield Do("create workspace", takes=1.4, output={"workspace": f"ws_{story.seed:08x}"})
    yield Do("send welcome", takes=0.3, output="queued", sensitive=True)
    chance = story.luck("verifies")
    reply = Reply(story.between("verifying", 20, 9000), {"verified": True}) if chance < 0.8 else None
    try:
        yield Wait("e-mail verified", "email-verified", timeout="3 hours", reply=reply)
    except StepFailure:
        yield Do("remind", takes=0.3, output="sent")
        yield Wait("e-mail verified at last", "email-verified", timeout="2 days")
    yield Sleep("first day", "1 day")
    yield Do("send tips", takes=0.4, output="sent")
    yield Sleep("first week", "6 days")
    return {"onboarded": True}


def sync(story: RunContext) -> Program:
    """Every half hour: fetch, compare in parallel, write."""
    yield Do("fetch stock", takes=story.between("fetch", 2, 9), output={"items": 1200 + story.seed % 300})
    shards = [
        Do("compare shard", takes=story.between(f"shard{n}", 4, 60), output={"shard": n, "changed": n * 3})
        for n in range(6)
    ]
    yield All([*shards])
    yield Do("write changes", takes=story.between("write", 3, 20), output={"written": 45}, limit=8)
    return {"written": 45}


def transcode_params(story: RunContext) -> dict[str, Any]:
    film = story.choice("film", "launch-keynote", "how-to-fold", "факел", "trailer-2")
    return {
        "source": f"r2://uploads/{film}-{story.seed % 997}.mov",
        "seconds": int(story.between("s", 30, 2400)),
    }


def transcode(story: RunContext) -> Program:
    """Long busy steps, few at a time: the queue is always in use."""
    yield Do("probe", takes=1.5, output={"codec": "prores", "width": 3840, "height": 2160})
    heights = (2160, 1080, 720)
    parts = [
        Do(
            f"encode {height}p",
            takes=story.between(f"encode{height}", 60, 420),
            output={"height": height, "bytes": height * 91_733},
            timeout="5 minutes",
            limit=1,
            delay="30 seconds",
            backoff="constant",
        )
        for height in heights
    ]
    try:
        yield All([*parts])
    except StepFailure:
        yield Do("encode in pieces", takes=90, output={"pieces": 12})
    yield Do("thumbnail", takes=3, stream=b"\x89PNG\r\n\x1a\n" + bytes(2000))
    return {"renditions": len(heights)}
