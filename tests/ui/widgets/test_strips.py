"""What a terminal shows once all is painted, however painting and changing fall."""

from hypothesis import example, given
from hypothesis import strategies as st
from rich.style import Style

from wfdash.ui.widgets.strips import DrawnLines, blank, strip_of

WIDTH = 30
STYLES = st.sampled_from([Style(), Style(dim=True)])
LINE = st.lists(st.tuples(st.sampled_from(["was: ", "sleeps until ", "02:14", "界"]), STYLES), max_size=3)
CHANGES = st.tuples(st.just("change"), st.integers(0, 1), LINE)
DEEDS = st.lists(
    st.one_of(CHANGES, st.sampled_from([("ask",), ("paint",), ("ask for all",)])), min_size=4, max_size=20
)


class Painter:
    """Paints like Textual: later than it is asked to, and only the regions it was asked for."""

    def __init__(self):
        self.lines = [[], []]
        self.drawn = DrawnLines(lambda: lambda y: strip_of(self.lines[y], WIDTH))
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


NEXT_MINUTE = [("sleeps until ", Style()), ("02:15", Style())]
OLD = [("was: ", Style(dim=True)), *NEXT_MINUTE]


@given(DEEDS)
@example([("paint",), ("change", 0, NEXT_MINUTE), ("ask",), ("change", 0, OLD), ("paint",)])
def test_painted_lines_are_those_that_were_asked_for(deeds):
    painter = Painter()
    for deed, *arguments in deeds:
        getattr(painter, deed.replace(" ", "_"))(*arguments)
    painter.ask()
    painter.paint()
    for pieces, line in zip(painter.lines, painter.screen, strict=True):
        assert cells_of(line) == cells_of(strip_of(pieces, WIDTH))
