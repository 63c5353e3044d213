"""Others at the same account: seen in the top line, gone to with `:`, heard of in prompts."""

from contextlib import contextmanager

import pytest
from platformdirs import user_state_path

from tests.support.harness.dashboard import BASE, drive
from wfdash.live.pairing.folder import PairingFolder
from wfdash.live.pairing.presence import PeerAction, Presence, account_key
from wfdash.live.records.person import name_of, person


@contextmanager
def present(*presences: Presence):
    """Others, each in the folder as its own dashboard would write it; taken away at the end."""
    key = account_key(BASE.base_url, BASE.account_id)
    folders = [PairingFolder(user_state_path("wfdash") / "here", key, shared=False) for _ in presences]
    for folder, presence in zip(folders, presences, strict=True):
        folder.tell(presence)
    yield
    for folder in folders:
        folder.leave()


def test_the_top_line_says_who_is_here_and_where():
    async def script(d):
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", "order-12")):
            await d.until(lambda: "with ana" in d.lines[0])
        await d.until(lambda: "with ana" not in d.lines[0])

    drive(script, demo=False)


def test_goto_completes_to_where_somebody_is():
    async def script(d):
        identity = next(iter(d.app.pages.listing.ids()))
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", identity)):
            await d.until(lambda: "with ana" in d.lines[0])
            await d.press("goto.open")
            await d.until(lambda: f"orders/{identity} (ana)" in d.text)
            await d.type("orders/")
            await d.press("tab", "enter")
            await d.until(lambda: d.app.pages.place == ("orders", identity))

    drive(script, demo=False)


def test_a_prompt_warns_of_who_acts_on_the_same():
    async def script(d):
        await d.press("/", *"status:waiting", "enter")
        await d.until(lambda: "◌ waiting" in d.text)
        identity = d.app.pages.listing.instance
        now = d.app.context.clock()
        ours = PeerAction("restart", "orders", (identity,), 1, now - 12)
        over = PeerAction("terminate", "orders", (identity,), 1, now - 50, over=True)
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", actions=(over, ours))):
            await d.until(lambda: "with ana" in d.lines[0])
            await d.press("p")
            await d.until(lambda: "ana restarts this one, begun 10s ago" in d.text)
            assert "terminate" not in "".join(d.app.screen.asking.others)
            await d.press("escape")

    drive(script, demo=False)


def test_what_was_done_before_this_one_started_is_dated():
    async def script(d):
        said = "1 terminated, 1 refused"
        done = PeerAction("terminate", "orders", ("a", "b"), 2, d.app.context.clock() - 300, True, said)
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", actions=(done,))):
            await d.until(
                lambda: "ana asked to terminate 2 in orders, 5m ago: 1 terminated, 1 refused" in d.text
            )

    drive(script, demo=False)


def test_what_others_write_there_cannot_act_on_the_terminal():
    async def script(d):
        action = PeerAction("\x1b[2Jpause", "or\x07ders", ("\x1b]0;x\x07",), 1, d.app.context.clock())
        with present(Presence("1-a", "\x1b[31mana@desk", "pts/1", "\x1b[2J", "[red]x[/]", (action,))):
            await d.until(lambda: "with" in d.lines[0])
            assert "\x1b" not in d.text
            await d.press("goto.open")
            assert "\x1b" not in d.text

    drive(script, demo=False)


def test_journal_shows_what_the_others_do_while_it_is_open():
    async def script(d):
        await d.press("journal.open")
        await d.until(lambda: "No action was sent from this machine yet" in d.text)
        now = d.app.context.clock()
        hostile = "order-12\x1b]0;evil\x07"
        acts = (PeerAction("pause", "orders", (hostile,), 1, now - 3),)
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", actions=acts)):
            await d.until(lambda: "under way" in d.text)
            assert "ana@desk" in d.text
            assert "\x1b" not in d.text
            await d.press("mark.toggle")
            assert len(d.app.pages.listing.marks) == 0
            assert "this machine, and 1 that others tell of" in d.lines[0]
        over = (PeerAction("pause", "orders", (hostile,), 1, now - 3, True, "1 paused\x1b]0;evil\x07"),)
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", actions=over)):
            await d.until(lambda: "1 paused" in d.text)
            assert "\x1b" not in d.text
        silent = (PeerAction("pause", "orders", (hostile,), 1, now - 3, over=True),)
        with present(Presence("1-a", "ana@desk", "pts/1", "orders", actions=silent)):
            await d.until(lambda: "over; their dashboard does not say how it ended" in d.text)

    drive(script, demo=False)


@pytest.mark.parametrize(
    ("users", "said"),
    [
        (("ana", "ben"), ["with ana, ben", "with 2 others"]),
        (("OWN",), ["with OWN", "with 1 other"]),
    ],
)
def test_where_there_is_little_room_people_are_still_named(users, said):
    """Of one of the same login the terminal goes before the name, and a bare number is no person."""
    own = person().partition("@")[0]
    users = [own if user == "OWN" else user for user in users]

    async def script(d):
        here = [Presence(f"{n}-a", f"{user}@desk", "pts/1", "orders") for n, user in enumerate(users)]
        with present(*here):
            await d.until(lambda: f"with {users[0]}" in d.lines[0])
            words = d.app.people.words()
            assert words[-2:] == tuple(each.replace("OWN", own) for each in said[-2:])

    drive(script, demo=False)


def test_one_of_the_same_login_is_told_with_all_that_is_known():
    """Whose action it was: the login says nothing where several people use it."""
    seat = "pts/4 from 10.0.0.7 (ana by sudo)"

    async def script(d):
        identity = next(iter(d.app.pages.listing.ids()))
        begun = PeerAction("terminate_rollback", "orders", (identity, "b"), 2, d.app.context.clock())
        other = Presence("1-a", person(), "pts/4", "orders", actions=(begun,), seat=seat)
        user = name_of(person())
        with present(other):
            await d.until(lambda: f"{user} on {seat} terminates 2 in orders with rollback" in d.text)
            assert f"with {user} on pts/4" in d.lines[0]
            assert d.app.people.warnings("orders", [identity]) == [
                f"{user} on {seat} terminates this one with rollback, begun just now"
            ]

    drive(script, demo=False, size=(140, 40))


def test_of_what_others_did_only_what_they_tell_is_remembered():
    async def script(d):
        at = d.app.context.clock()
        for number in range(3):
            action = PeerAction("restart", "orders", (f"i{number}",), 1, at + number)
            with present(Presence("1-a", "ana@desk", "pts/1", "orders", actions=(action,))):
                await d.until(lambda key=(("1-a", "restart", at + number)): key in d.app.people._announced)
                assert len(d.app.people._announced) == 1
        await d.until(lambda: not d.app.people._announced)

    drive(script, demo=False)
