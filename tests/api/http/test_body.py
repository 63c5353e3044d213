"""A body is unpacked once and to a bound, however it is cut and packed."""

import gzip

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdash.api.http.body import TooLarge, Undecodable, read_body

MOST = 1_000_000
CODINGS = st.sampled_from(["gzip", "X-GZip"])


class Parts(httpx.AsyncByteStream):
    def __init__(self, parts):
        self.parts, self.sent = parts, 0

    async def __aiter__(self):
        for part in self.parts:
            self.sent += len(part)
            yield part


def answer(*parts, status=200, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, stream=Parts(parts))


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=5000), max_size=4), st.integers(1, 200), st.sampled_from(["gzip", "X-GZip"])
)
async def test_packed_members_cut_anywhere_come_back_whole(members, size, coding):
    packed = b"".join(map(gzip.compress, members))
    parts = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert await read_body(answer(*parts, content_encoding=coding), MOST) == b"".join(members)


async def test_a_bomb_is_left_after_the_bound():
    bomb = gzip.compress(b" " * 50_000_000)
    response = answer(bomb[:40_000], bomb[40_000:], content_encoding="gzip")
    with pytest.raises(TooLarge):
        await read_body(response, MOST)
    assert response.stream.sent == 40_000


async def test_a_body_of_exactly_the_bound_is_taken():
    data = b"x" * MOST
    assert await read_body(answer(data), MOST) == data
    assert await read_body(answer(gzip.compress(data), content_encoding="gzip, identity"), MOST) == data
    with pytest.raises(TooLarge):
        await read_body(answer(data, b"x"), MOST)


async def test_a_length_beyond_the_bound_is_not_even_begun():
    response = answer(b"x", content_length=str(MOST + 1))
    with pytest.raises(TooLarge):
        await read_body(response, MOST)
    assert response.stream.sent == 0


@pytest.mark.parametrize("status", [302, 404, 429, 500])
async def test_an_errors_body_is_cut_instead(status):
    body = await read_body(answer(b"x" * 900_000, b"y" * 900_000, b"z", status=status), MOST)
    assert body.startswith(b"xxx")
    assert b"z" not in body


@pytest.mark.parametrize(
    ("coding", "words"),
    [
        ("gzip, gzip", "2 times over"),
        ("gzip,br , gzip", "3 times over"),
        ("br", "not asked for"),
        ("deflate", "not asked for"),
        ("gzip;q=1", "not asked for"),
    ],
)
async def test_other_codings_are_refused(coding, words):
    with pytest.raises(Undecodable, match=words):
        await read_body(answer(b"x", content_encoding=coding), MOST)


@pytest.mark.parametrize("cut", [1, 9, 20, -1])
async def test_a_packed_body_that_breaks_off_is_told(cut):
    with pytest.raises(Undecodable, match="broke off"):
        await read_body(answer(gzip.compress(b"words" * 99)[:cut], content_encoding="gzip"), MOST)


async def test_rubbish_after_the_last_member_is_told():
    with pytest.raises(Undecodable, match="not what its Content-Encoding"):
        await read_body(answer(gzip.compress(b"words") + b"rubbish", content_encoding="gzip"), MOST)
