"""What stands over every page: whose data it is, also on the pages without a header of their own."""

import re

from tests.support.harness.dashboard import drive

PAGES = [(), ("enter",), ("enter", "enter"), ("enter", "="), ("v",), ("J",), ("B",), ("E",), ("w",), ("?",)]


def test_every_page_says_that_it_is_a_demo():
    async def script(d):
        for keys in PAGES:
            for key in keys:
                await d.press(key)
                await d.passes(3)
            assert (d.app.screen is d.app.root) == (not keys), keys
            assert "DEMO calm" in d.lines[0], keys
            while d.app.screen is not d.app.root:
                await d.press("escape")

    drive(script, size=(80, 24))


def test_a_final_instance_does_not_grow_old():
    async def script(d):
        await d.press("/", *"status:complete", "enter")
        await d.until(lambda: "✓ complete" in d.text)
        await d.press("enter")
        await d.until(lambda: "final, read" in d.text)
        await d.passes(60)
        age = re.search(r"as of (?:now|(\d+) s) ", d.lines[0])
        assert age is not None
        assert int(age[1] or 0) < 15

    drive(script, size=(80, 24))


def test_the_journal_of_the_demo_says_why_it_is_empty():
    async def script(d):
        await d.press("J")
        assert "The demo keeps no journal." in d.text

    drive(script, size=(80, 24))


def test_what_a_menu_cuts_ends_in_an_ellipsis():
    async def script(d):
        await d.press("y")
        assert d.line("curl").endswith("…")

    drive(script, size=(80, 24))


async def forbidding(scope, receive, send):
    body = b'{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}'
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def test_empty_message_is_uncut_on_a_narrow_screen():
    async def script(d):
        await d.until(lambda: "may not list" in d.text)
        said = " ".join(" ".join(d.lines).split())
        assert "(403, code 10000, Authentication error" in said
        assert "`wfdash doctor` says what to check." in said
        assert "nothing loaded yet" in d.lines[1]
        assert said.count("may not list") == 1

    drive(script, size=(60, 24), serve=forbidding)
