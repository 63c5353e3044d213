"""What reaches a prompt from a terminal: byte sequences, at gaps, at prompts; only a bare key confirms."""

import random
import re
from functools import partial

import pytest

from tests.support.harness.dashboard import drive as drive_at_a_size
from tests.support.harness.typing import Keyboard
from wfdash.config.settings import Recording
from wfdash.ui.actions.prompt import PromptScreen

drive = partial(drive_at_a_size, size=(80, 24))  # bytes do not hang on it, and less is drawn for each

AT_ANY_GAP = [
    [b"\x1b", b"%c"],
    [b"\x1b%c", b""],
    [b"\x1b\x1b", b"%c"],
    [b"\x1b\x1b%c", b""],
    [b"\x1b[27u", b"%c"],
    [b"\x1b[", b"%c"],
    [b"\x1bO", b"%c"],
    [b"\x1b[?2026;2$", b"%c"],
    [b"\x1b[1;5", b"%c"],
    [b"\x1b]0;", b"%c\x07"],
    [b"\x1bP%c", b"%c\x1b\\"],
    [b"\x1b[200~%c\x1b[20", b"1~"],
    [b"%c\x1b", b"j"],
    [b"\x1b[Mxx%c", b""],
]
"""Two reads; %c stands for the character that would confirm."""
SAME_READ = [
    b"\x1b[%d;3u",
    b"\x1b[%d;3;%du",
    b"\x1b[%d;5;%du",
    b"\x1b[%d;9;%du",
    b"\x1b[%d;1:2;%du",
    b"\x1b[%d;1:3;%du",
    b"\x1b[%d:89;;%du",
    b"\x1b[1085::%d;;1085u",
    b"\x1b[%d;;%d:%du",
    b"\x1b[%d;0u",
    b"\x1b[%d;0;%du",
    b"\x1b[%d;01u",
    b"\x1b[0%du",
    b"\x1b[%d;u",
    b"\x1b[%d;;u",
    b"\x1b[%d;;0%du",
    b"\x1b[%d;1;%d:u",
    b"\x1b[%d;257u",
    b"\x1b[%d~",
    b"\x1b[%dA",
    b"\x1b[1;1;%dA",
    b"\x1b[27;1;%d~",
    b"\x1b[200~%c\x1b[201~",
    b"\x1b[<0;5;5m%c%c",
    b"%c%c",
    b"%c\r",
    b"\n%c",
    b"j%c",
    b"%cj",
    b"%c\xcc\x81",
    b"%c\x1b[A",
    b"%c\x1b[200~x\x1b[201~",
    b"\xff%c",
    b"\x9b%c",
    b"\x00%c",
    b"\x1b[?997;1n%c",
    b"%c\x1b[?997;1n",
    b"\x1b[>1;2;3c%c",
    b"%c\x1b[99z",
    b"\x1b[<35;5;5M%c",
    b"%c\x1b[<35;5;5M",
    b"\x1b[M   %c",
    b"\x1b[I%c",
    b"\x1b[O%c",
    b"%c\x1b[I",
    b"\x1b]11;rgb:0/0/0\x07%c",
    b"%c\x1b_G\x1b\\",
    b"\x1b[48;40;140;0;0t%c",
    b"%c\xc3",
    b"\x1b[200~\x1b[201~%c",
    b"\x1b[201~%c",
    b"%c\x1b[201~",
]
LETTER_ONLY = [b"Y", b"\x19", "\u0443".encode(), "\uff59".encode(), b"\x1b[97;;121u", b"\x1b[0;;121u"]
LETTER_ONLY += [b"\x1b[121;2;121u", b"\x1b[121;2;89u", b"\x1b[121;65;89u", b"\x1b[121;66;121u"]
TOO_CLOSE = [[b"j", b"%c"], [b"%c", b"j"], [b"%c", b"%c"], [b"%c", b"\x1b[27u"], [b"%c", b"\x1b"]]
TOO_CLOSE += [[b"\x1b[I", b"%c"], [b"%c", b"\x1b[<35;5;5M"], [b"\x1b[99z", b"%c"], [b"%c", b"\xc3"]]
GAPS = (0.0, 0.02, 0.09, 0.12, 0.25, 0.6, 2.0)
RANDOM_SEQUENCES = 40
FEW_GAPS = (0.0, 0.09, 0.25)
SPELLINGS = {
    b"%c": [b"y"],
    b"\x1b[%d;;%du": [b"\x1b[121;;121u", b"\x1b[121;1;121u", b"\x1b[121;129;121u"],
    b"\x1b[%du": [b"\x1b[121u", b"\x1b[121;1u", b"\x1b[121;129u"],
}
"""How terminals tell a key that makes a character, and a `y` told so: each terminal has one of these ways."""
CONFIRMING = [answer for answers in SPELLINGS.values() for answer in answers]


def filled(piece, character):
    return piece.replace(b"%c", character).replace(b"%d", str(ord(character)).encode())


def spelt(text, spelling):
    """The keys of a text as a terminal tells them that has this way."""
    return b"".join(filled(spelling, bytes([code])) for code in text)


def spelling_of(pieces):
    """The way of the terminal that would send them, for the keys before."""
    kitty = re.search(rb"\x1b\[(?!27u)[\d:]+(;[\d:]*)?(;[\d:]*)?u", b"".join(pieces))
    if kitty is None:
        return b"%c"
    return b"\x1b[%du" if kitty[2] is None else b"\x1b[%d;;%du"


def rows(character, gaps):
    """Every sequence at every gap, made of this character."""
    pairs = [(pair, gap) for pair in AT_ANY_GAP for gap in gaps]
    pairs += [(pair, gap) for pair in TOO_CLOSE for gap in gaps if gap < 0.1]
    pairs += [([each], 0.3) for each in SAME_READ + (LETTER_ONLY if character == b"y" else [])]
    return [([filled(piece, character) for piece in pieces], gap) for pieces, gap in pairs]


def of_kind(kind):
    """All of them at the prompt that is met most, a part at each other: they read keys by the same code."""
    *_, character, gaps = PROMPTS[kind]
    every = rows(character, gaps)
    parts = [other for other in PROMPTS if other != "one"]
    return every if kind == "one" else every[parts.index(kind) :: len(parts)]


def sent(dash):
    return [request for request in dash.server.state.requests if request.method in ("PATCH", "POST")]


def prompt(dash):
    return dash.app.screen if isinstance(dash.app.screen, PromptScreen) else None


async def leave(dash, keyboard):
    """Back on the list, whatever was left open, and long enough for the row to be a new one."""
    await keyboard.rest(1.2)
    # Once at least: behind half a sequence the next letter passes for its late end, and an escape does not.
    await keyboard.type(b"\x1b[27u", gap=0.4)
    # A `/` out of half a report of a colour edits the filter.
    while len(dash.app.screen_stack) > 1 or dash.app.root.editing:
        await keyboard.type(b"\x1b[27u", gap=0.4)
    dash.app.root.rows.marks.clear()


async def ask(dash, keyboard, key, status, many=1, spelling=b"%c"):
    """The prompt of this key, on so many instances in this status, read and ready."""
    await keyboard.type(spelt(b"k", spelling), gap=0.2)  # the first key of another terminal is none yet
    store = dash.app.session.poller.store
    chosen = [identity for identity in store.ids() if store.get(identity).status == status][:many]
    dash.app.root.table.move_to_key(chosen[0])
    if many > 1:
        dash.app.root.rows.marks.mark(chosen)
    await keyboard.type(spelt(key, spelling), gap=0.6)
    assert prompt(dash) is not None, dash.text


PROMPTS = {
    "one": (b"t", "waiting", 1, b"", b"y", GAPS),
    "count": (b"t", "waiting", 2, b"2", b"y", FEW_GAPS),
    "name": (b"t", "waiting", 1, b"orders", b"y", FEW_GAPS),
    "insist": (b"p", "complete", 1, b"", b"!", FEW_GAPS),
}
"""Key, status, how many, what is typed first, what confirms, the gaps tried."""


@pytest.mark.parametrize("kind", PROMPTS)
def test_only_a_bare_key_that_came_alone_confirms(kind):
    key, status, many, first, *_ = PROMPTS[kind]
    fell = []

    async def script(dash):
        keyboard = Keyboard(dash)
        dash.app.action_poll_freeze()
        for pieces, gap in of_kind(kind):
            spelling = spelling_of(pieces)
            await ask(dash, keyboard, key, status, many, spelling)
            if first:
                await keyboard.type(spelt(first, spelling), gap=0.2)
            asked = prompt(dash)
            await keyboard.type(*pieces, gap=gap)
            await keyboard.rest(0.3)
            if sent(dash) or asked.asking.refused:
                fell.append((pieces, gap))
                dash.server.state.requests.clear()
            await leave(dash, keyboard)

    drive(script, production=kind == "name")
    assert fell == []


def by_chance(chance):
    """Reads with the gaps behind them, of whole sequences, halves of them and letters."""
    every = [piece for row in rows(b"y", (0.0,)) for piece in row[0] if piece] + CONFIRMING * 9 + [b"y"] * 30
    reads = []
    for _ in range(chance.randint(1, 6)):
        read = b"".join(chance.choice(every) for _ in range(chance.choice((1, 1, 1, 2, 3))))
        cut = chance.choice((0, len(read), chance.randrange(len(read) + 1)))
        for part in (read[:cut], read[cut:]):
            if part:
                reads.append((part, chance.choice((0.0, 0.03, 0.09, 0.11, 0.2, 0.5, 1.3))))
    return reads


def may_confirm(reads):
    """Whether one of them is the bare key, far from every other one."""
    padded = [(b"", 1.0), *reads]
    return any(
        padded[number][0] in CONFIRMING and padded[number - 1][1] > 0.1 and padded[number][1] > 0.1
        for number in range(1, len(padded))
    )


def test_no_sequence_by_chance_confirms():
    seed = random.randrange(2**32)
    fell = []

    async def script(dash):
        keyboard = Keyboard(dash)
        dash.app.action_poll_freeze()
        for number in range(RANDOM_SEQUENCES):
            reads = by_chance(random.Random(f"{seed}/{number}"))
            await ask(dash, keyboard, b"t", "waiting")
            for data, gap in reads[:-1]:
                await keyboard.type(data, gap=gap)
            await keyboard.type(reads[-1][0], gap=0.6)
            if sent(dash) and not may_confirm([*reads[:-1], (reads[-1][0], 0.6)]):
                fell.append((seed, number, reads))
            dash.server.state.requests.clear()
            await leave(dash, keyboard)

    # Without a record: a `<` out of half a mouse report shows that, where nothing can be asked for.
    drive(script, record=Recording(on=False))
    assert fell == []


def test_there_are_enough_of_them():
    assert sum(len(of_kind(kind)) for kind in PROMPTS) >= 200


@pytest.mark.parametrize(
    ("spelling", "answer"), [(way, each) for way, answers in SPELLINGS.items() for each in answers]
)
def test_a_bare_y_confirms_as_its_terminal_tells_keys(spelling, answer):
    async def script(dash):
        keyboard = Keyboard(dash)
        await ask(dash, keyboard, b"p", "waiting", spelling=spelling)
        await keyboard.type(answer)
        assert len(sent(dash)) == 1

    drive(script)


def test_a_y_told_in_another_way_than_other_keys_is_text():
    """Such as what a method of input sends beside the keys of the kitty protocol."""
    others = [(way, each) for way in SPELLINGS for each in CONFIRMING if each not in SPELLINGS[way]]
    fell, pressed_again = [], []

    async def script(dash):
        keyboard = Keyboard(dash)
        dash.app.action_poll_freeze()
        for spelling, answer in others:
            await ask(dash, keyboard, b"t", "waiting", spelling=spelling)
            await keyboard.type(answer, gap=0.3)
            if sent(dash):
                fell.append((spelling, answer))
                dash.server.state.requests.clear()
            await leave(dash, keyboard)
        await ask(dash, keyboard, b"t", "waiting")
        await keyboard.type(b"\x1b[121;;121u", b"\x1b[121;;121u", gap=0.3)  # another terminal took over
        pressed_again.extend(sent(dash))

    drive(script)
    assert (fell, len(pressed_again)) == ([], 1)


@pytest.mark.parametrize("gap", [0.0, 0.05, 0.1, 0.2, 0.28])
def test_a_y_before_the_prompt_could_be_read_is_dropped(gap):
    async def script(dash):
        keyboard = Keyboard(dash)
        await ask(dash, keyboard, b"t", "waiting")
        await leave(dash, keyboard)
        await keyboard.type(b"t", b"y", gap=gap)
        await keyboard.rest(1)
        assert prompt(dash) is not None
        assert sent(dash) == []

    drive(script)


@pytest.mark.parametrize(
    "typed",
    [
        b"\x1b2",
        b"\x1b[50;3;50u",
        b"\x1b[50~",
        b"\x1b[200~2\x1b[201~",
        b"\x1b[200~2",
        "\uff12".encode(),
        b"2\x7f",
    ],
)
def test_the_count_is_typed_with_bare_keys(typed):
    async def script(dash):
        keyboard = Keyboard(dash)
        await ask(dash, keyboard, b"t", "waiting", 2)
        await keyboard.type(typed)
        await keyboard.type(b"y")
        assert sent(dash) == []

    drive(script)
