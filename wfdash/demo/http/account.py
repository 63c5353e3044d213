"""What wrangler and the SDK ask beside the workflows: who am I, which account, is my token good."""

from typing import Any, Final

from wfdash.demo.engine.world import World
from wfdash.demo.http.credentials import ACCOUNT_ID, ACCOUNT_NAME, EMAIL
from wfdash.demo.http.envelope import SimulatedAnswer, success
from wfdash.demo.http.requests import Ask
from wfdash.demo.http.routes import Handler

__all__ = ["ROUTES"]

_ACCOUNT: Final = {
    "id": ACCOUNT_ID,
    "name": ACCOUNT_NAME,
    "type": "standard",
    "settings": {"enforce_twofactor": False},
    "created_on": "2024-02-01T09:00:00.000Z",
}
_USER: Final = {"id": "0ddba11000000000000000000000dead", "email": EMAIL, "username": "demo"}


def _page(items: list[dict[str, Any]], ask: Ask) -> SimulatedAnswer:
    """Answers with all items on page 1; later pages are empty, which ends a walk by page."""
    page, per_page = ask.number("page", 1), ask.number("per_page", 20, most=1000)
    shown = items if page == 1 else []
    counts = {"count": len(shown), "total_count": len(items), "total_pages": 1}
    return success(shown, info={"page": page, "per_page": per_page, **counts})


def user(world: World, ask: Ask) -> SimulatedAnswer:
    return success(_USER)


def verify(world: World, ask: Ask) -> SimulatedAnswer:
    answer = success({"id": "7e57000000000000000000000000beef", "status": "active"})
    assert answer.envelope is not None
    said = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    answer.envelope["messages"] = [said]
    return answer


def accounts(world: World, ask: Ask) -> SimulatedAnswer:
    return _page([dict(_ACCOUNT)], ask)


def account(world: World, ask: Ask) -> SimulatedAnswer:
    return success(_ACCOUNT)


def memberships(world: World, ask: Ask) -> SimulatedAnswer:
    return _page(
        [
            {
                "id": "3333000000000000000000000000cafe",
                "account": _ACCOUNT,
                "status": "accepted",
                "roles": ["Super Administrator - All Privileges"],
            }
        ],
        ask,
    )


ROUTES: Final[list[tuple[str, tuple[str, ...], Handler]]] = [
    ("GET", ("user",), user),
    ("GET", ("user", "tokens", "verify"), verify),
    ("GET", ("accounts",), accounts),
    ("GET", ("accounts", "*"), account),
    ("GET", ("accounts", "*", "tokens", "verify"), verify),
    ("GET", ("memberships",), memberships),
]
