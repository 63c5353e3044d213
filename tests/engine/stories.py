"""What is done to an instance, and what each action was answered; the same for either side."""

from collections.abc import Callable
from typing import Any

from tests.engine.sides import Json, Side

__all__ = ["STORIES"]


def _steps(many: int) -> Callable[[Json], bool]:
    return lambda detail: len(detail["steps"]) >= many


def _is(*statuses: str) -> Callable[[Json], bool]:
    return lambda detail: detail["status"] in statuses


def _failed(times: int) -> Callable[[Json], bool]:
    def true(detail: Json) -> bool:
        attempts = detail["steps"][-1]["attempts"] if detail["steps"] else []
        return len(attempts) == times and all(attempt["end"] for attempt in attempts)

    return true


def _ends(kind: str, **params: Any) -> Callable[[Side], list[Any]]:
    def story(side: Side) -> list[Any]:
        side.create(kind, **params)
        side.until(_is("complete", "errored"))
        return [side.change("pause"), side.change("resume"), side.change("terminate")]

    return story


def approved(side: Side) -> list[Any]:
    side.create("approval")
    side.until(_steps(2))
    side.send("approve", {"by": "ada"})
    side.until(_is("complete"))
    return []


def approved_early(side: Side) -> list[Any]:
    """Sent while nobody waits, kept, and given to the wait when it comes."""
    side.create("approval")
    side.send("approve", {"early": True})
    side.until(_is("complete"))
    return []


def held_in_sleep(side: Side) -> list[Any]:
    side.create("sleeper", long="1 second")
    side.until(_steps(2))
    answers = [side.change("pause"), side.change("pause"), side.detail()["status"], side.change("resume")]
    side.until(_is("complete"))
    return answers


def held_between_attempts(side: Side) -> list[Any]:
    side.create("slowRetry")
    side.until(_failed(1))
    answers = [side.change("pause"), side.detail()["status"], side.change("resume"), side.change("terminate")]
    return [*answers, side.detail()["status"]]


def held_while_busy(side: Side) -> list[Any]:
    side.create("busy", gate=side.id)
    side.until(_steps(2))
    answers = [side.change("pause"), side.change("pause"), side.detail()["status"]]
    side.release()
    side.until(_is("paused"))
    answers.append(side.change("resume"))
    side.until(_is("complete"))
    return answers


def held_and_let_go(side: Side) -> list[Any]:
    side.create("busy", gate=side.id)
    side.until(_steps(2))
    answers = [side.change("pause"), side.change("resume"), side.detail()["status"]]
    side.release()
    side.until(_is("complete"))
    return answers


def held_in_parallel(side: Side) -> list[Any]:
    side.create("parallel", gate=side.id)
    side.until(lambda detail: [bool(step["end"]) for step in detail["steps"]] == [True, False, False, True])
    answers = [side.change("pause")]
    side.release()
    side.until(_is("paused"))
    side.change("resume")  # nothing is left to run: the real one may be complete before it answers
    side.until(_is("complete"))
    return answers


def ended_in_sleep(side: Side) -> list[Any]:
    side.create("sleeper")
    side.until(_steps(2))
    return [side.change("terminate"), side.change("resume"), side.change("terminate")]


def ended_while_held(side: Side) -> list[Any]:
    side.create("sleeper")
    side.until(_steps(2))
    return [side.change("pause"), side.change("terminate")]


def undone(side: Side) -> list[Any]:
    side.create("booking")
    side.until(_steps(4))
    answers = [side.change("terminate", rollback=True)]
    side.until(_is("terminated"))
    return answers


def again(side: Side) -> list[Any]:
    side.create("sleeper", long="1 second")
    side.until(_steps(2))
    side.change("terminate")
    answers = [side.change("restart")]
    side.until(_is("complete"))
    return answers


def again_from_a_step(side: Side) -> list[Any]:
    side.create("loop")
    side.until(_is("complete"))
    before = [step["start"] for step in side.detail()["steps"]]
    side.change("restart", **{"from": {"name": "load page", "count": 2}})
    side.until(_is("complete"))
    after = [step["start"] for step in side.detail()["steps"]]
    kept = [each == two for each, two in zip(before, after)]
    return [kept, side.change("restart", **{"from": {"name": "load page-1"}})]


STORIES: dict[str, Callable[[Side], list[Any]]] = {
    "quick": _ends("quick", order=9),
    "flaky": _ends("flaky"),
    "flaky, failed": _ends("flaky", failures=99, delay=20),
    "exhausted": _ends("exhausted"),
    "fatal": _ends("fatal"),
    "crash": _ends("crash"),
    "loop": _ends("loop", count=4, pause=50),
    "approval, timed out": _ends("approval", timeout=700),
    **{
        story.__name__.replace("_", " "): story
        for story in (
            approved,
            approved_early,
            held_in_sleep,
            held_between_attempts,
            held_while_busy,
            held_and_let_go,
            held_in_parallel,
            ended_in_sleep,
            ended_while_held,
            undone,
            again,
            again_from_a_step,
        )
    },
}
