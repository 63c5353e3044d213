"""The themes: readable by the numbers, also for eyes that mix up colours; unknown ones are refused."""

import pytest
from rich.color import Color
from rich.style import Style
from textual.filter import NoColor

from tests.support.harness.dashboard import drive
from wfdash.config.file import ConfigError, parse
from wfdash.config.schema import THEMES
from wfdash.core.model.status import STATUSES
from wfdash.ui.terminal.filters import ColourlessFilter
from wfdash.ui.terminal.palettes import PALETTES, PaletteFilter, drawn
from wfdash.ui.widgets.theme import look

TRUE = {name: palette for name, palette in PALETTES.items() if not name.startswith("ansi-")}
ALIVE = [status for status in STATUSES if status not in ("complete", "queued")]
# Linear RGB as seen without the long or the middle cones: Viénot, Brettel and Mollon, 1999.
EYES = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def linear(colour):
    """Red, green and blue of 0 to 1, as light adds up."""
    parts = [part / 255 for part in Color.parse(colour).triplet]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour):
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(left, other):
    low, high = sorted((luminance(left), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_config_knows_the_themes_there_are():
    assert {"ansi-dark", "ansi-light", *PALETTES} == set(THEMES)


@pytest.mark.parametrize("name", TRUE)
def test_text_has_at_least_4_5_to_1(name):
    palette = TRUE[name]
    for colour in (palette.text, palette.quiet, *palette.colours):
        assert contrast(colour, palette.ground) >= 4.5, colour


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("status", STATUSES)
def test_glyphs_have_at_least_3_to_1(name, status):
    style = drawn(TRUE[name], look(status).style)
    assert contrast(style.color.name, style.bgcolor.name) >= 3


def seen(colour, eye):
    return [sum(weight * part for weight, part in zip(row, linear(colour), strict=True)) for row in EYES[eye]]


@pytest.mark.parametrize("eye", EYES)
def test_statuses_stay_apart_for_eyes_that_mix_up_red_and_green(eye):
    palette = TRUE["colour-blind"]
    colours = {drawn(palette, look(status).style).color.name for status in ALIVE}
    pairs = [(each, other) for each in colours for other in colours if each < other]
    assert len(pairs) >= 6
    for each, other in pairs:
        distance = sum((a - b) ** 2 for a, b in zip(seen(each, eye), seen(other, eye), strict=True)) ** 0.5
        assert distance > 0.12, (each, other)


def test_nothing_is_left_to_the_terminal_or_faint():
    for palette in TRUE.values():
        for style in (Style.null(), Style(dim=True), Style(color="red", dim=True), Style(reverse=True), None):
            strip = drawn(palette, style)
            assert strip.color.triplet
            assert strip.bgcolor.triplet
            assert not strip.dim


def test_the_contrast_theme_keeps_to_the_sixteen_colours():
    for status in STATUSES:
        strip = drawn(PALETTES["ansi-contrast"], look(status).style)
        assert strip.color.number is not None
        assert strip.bgcolor.number == 0
        assert not strip.dim


def grounds_on(d):
    strips = d.app.screen._compositor.render_strips()
    return {segment.style.bgcolor.name for strip in strips for segment in strip if segment.style}


def cells_of(d, line):
    """What is seen of them; what a click on one would do is no part of that."""
    strip = d.app.screen._compositor.render_strips()[line]
    return [
        (each, segment.style.clear_meta_and_links()) for segment in strip.crop(0, 60) for each in segment.text
    ]


@pytest.mark.parametrize("name", PALETTES)
def test_the_whole_screen_is_on_the_ground_of_its_theme(name):
    async def script(d):
        assert any(isinstance(each, PaletteFilter) for each in d.app.get_line_filters())
        assert grounds_on(d) == {PALETTES[name].ground}
        titles = cells_of(d, 2)
        await d.press("note.write")
        assert grounds_on(d) == {PALETTES[name].ground}
        assert cells_of(d, 2) == titles

    drive(script, theme=name)


def test_no_color_goes_before_any_theme():
    async def script(d):
        filters = d.app.get_line_filters()
        assert not any(isinstance(each, PaletteFilter) for each in filters)
        assert any(isinstance(each, ColourlessFilter) for each in filters)
        assert not any(isinstance(each, NoColor) for each in filters)
        assert d.app.theme == "ansi-dark"

    drive(script, theme="light", no_color=True)


def test_without_colours_the_cursor_in_a_field_is_still_seen():
    async def script(d):
        await d.press("/", "a")
        line = d.app.screen._compositor.render_strips()[1]
        assert [segment.text for segment in line if segment.style.reverse] == ["g"]

    drive(script, no_color=True)


def test_an_unknown_theme_is_refused_with_the_nearest_one():
    with pytest.raises(ConfigError, match=r'line 2: display\.theme: .*"ansi-drak".*"ansi-dark"'):
        parse('[display]\ntheme = "ansi-drak"\n', "config.toml")
