"""What a terminal shows once all is painted, however painting and changing fall."""

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from wfdash.ui.widgets.drawn_lines import DrawnLines
from wfdash.ui.widgets.strips import blank, strip_of

WIDTH = 30
STYLES = st.sampled_from([Style(), Style(dim=True)])
LINE = st.lists(st.tuples(st.text("ab 12:界", max_size=9), STYLES), max_size=5)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.integers(0, 2), LINE),
        st.sampled_from([("ask",), ("paint",), ("ask for all",)]),
    ),
    max_size=30,
)


class Painter:
    """Paints like Textual: later than it is asked to, and only the regions it was asked for."""

    def __init__(self):
        self.lines = [[], [], []]
        self.drawn = DrawnLines(lambda y: strip_of(self.lines[y], WIDTH))
        self.screen = [blank(WIDTH) for _ in self.lines]
        self.wanted, self.kept = [], {}
        self.ask_for_all()

    def change(self, y, pieces):
        self.lines[y] = pieces

    def ask(self):
        self.ask_for(self.drawn.changes(range(len(self.lines))))

    def ask_for_all(self):
        self.drawn.forget()
        self.ask_for([(0, y, WIDTH, 1) for y in range(len(self.lines))])

    def ask_for(self, regions):
        self.wanted += regions
        for _, y, _, _ in regions:
            self.kept.pop(y, None)

    def paint(self):
        for x, y, width, _ in self.wanted:
            line = self.kept.setdefault(y, self.drawn.strip(y))
            before = self.screen[y]
            parts = [before.crop(0, x), line.crop(x, x + width), before.crop(x + width, WIDTH)]
            self.screen[y] = type(line).join(parts)
        self.wanted = []


def cells_of(strip):
    return [(character, style) for text, style, _ in strip for character in text]


@given(DEEDS)
def test_painted_lines_are_those_that_were_asked_for(deeds):
    painter = Painter()
    for deed, *arguments in deeds:
        getattr(painter, deed.replace(" ", "_"))(*arguments)
    painter.ask()
    painter.paint()
    for pieces, line in zip(painter.lines, painter.screen, strict=True):
        assert cells_of(line) == cells_of(strip_of(pieces, WIDTH))
