"""Errors in other languages and scripts than English: which are of one cause."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdash.core.text.chance import plain_message, without_chance
from wfdash.core.text.unspaced import BREAK
from wfdash.core.why.step_names import plain_step

PAIRS = json.loads((Path(__file__).parent / "errors_in_languages.json").read_text(encoding="utf-8"))
SIGNS = "注文エラーコード주문오류ไม่พบ用户「」『』„“«»：（）０１9A7bF -_./:#" + BREAK


@pytest.mark.parametrize(("left", "right"), PAIRS["same"])
def test_one_cause_in_any_language_is_one(left, right):
    assert plain_message(left) == plain_message(right)


@pytest.mark.parametrize(("left", "right"), PAIRS["apart"])
def test_two_causes_in_any_language_stay_two(left, right):
    assert plain_message(left) != plain_message(right)


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        ("注文1000が見つかりません", "注文<n>が見つかりません"),
        ("订单A20261130001重复", "订单<id>重复"),
        ("エラーコード1062が発生", "エラーコード1062が発生"),
        ("错误代码：１０６２", "错误代码：1062"),
        ("คำสั่งซื้อ811ไม่พบ", "คำสั่งซื้อ<n>ไม่พบ"),
        ("Kunde „Müller“ gesperrt", "Kunde <name> gesperrt"),
    ],
)
def test_letters_around_a_number_stay(message, plain):
    assert plain_message(message) == plain


@given(st.text(SIGNS, max_size=60))
def test_breaks_between_scripts_are_never_told(text):
    plain = without_chance(text)
    assert BREAK not in plain
    assert "\n" not in plain


@pytest.mark.parametrize(
    ("left", "right"),
    [("手順1-1", "手順2-1"), ("注文を保存-1", "在庫を保存-1"), ("メール送信1000-1", "請求送信1000-1")],
)
def test_steps_in_scripts_without_blanks_stay_apart(left, right):
    assert plain_step(left) != plain_step(right)


def test_one_step_for_many_orders_is_one():
    assert plain_step("注文4711を処理-1") == plain_step("注文88を処理-1")
