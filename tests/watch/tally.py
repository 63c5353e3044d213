"""How many statements were held against the API, of which kinds, and which of them were false."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.watch.cells import Foretold

__all__ = ["Tally"]


@dataclass
class Tally:
    """How many statements of each kind were held against the API, and those that were false."""

    compared: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    """Statements whose form the watcher does not know, which are no proof of anything."""
    false: list[str] = field(default_factory=list)
    foretold: list[Foretold] = field(default_factory=list)
    screen: Sequence[str] = ()
    """What stood there when what is compared now was read."""
    screens: list[str] = field(default_factory=list)
    """Each screen with something false on it, below what that was."""
    errors: list[float] = field(default_factory=list)
    """By how many seconds the next try came outside what was foretold of it; 0 within."""

    def note(self, kind: str, true: bool | None, what: str) -> None:
        if true is None:
            self.unknown[f"{kind}: {what.split(' states ')[-1]}"] += 1
            return
        self.compared[kind] += 1
        if not true:
            self.false.append(f"{kind}: {what}")
            self.screens.append("\n".join((self.false[-1], *(line.rstrip() for line in self.screen))))

    def lines(self) -> list[str]:
        """What it found, to be read by a person."""
        total = sum(self.compared.values())
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in self.compared.most_common())
        said = [f"{total:,} statements compared ({kinds}), {len(self.false)} false"]
        if self.errors:
            said.append(
                f"{len(self.errors):,} next tries foretold, the worst off by {max(self.errors):.1f} s"
            )
        said += [f"  false  {each}" for each in self.false[:60]]
        said += [f"  not understood {number}x  {each}" for each, number in self.unknown.most_common(20)]
        return said
