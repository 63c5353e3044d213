"""`python -m tests.watch [--minutes 10] [WORLD...]` watches the dashboard over calm, incident, huge and the
real engine, and prints how many of its statements were compared with the API and which were false."""

import argparse
import os
import tempfile
from pathlib import Path

from tests.conftest import homes
from tests.watch.worlds import WORLDS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.watch")
    parser.add_argument("worlds", nargs="*", default=list(WORLDS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--screens", type=Path, help="a folder for the screens with something false on them")
    options = parser.parse_args()
    for name in options.worlds:
        with tempfile.TemporaryDirectory() as folder:
            os.environ.update(homes(Path(folder)))
            tally = WORLDS[name](options.minutes * 60)
        print(f"-- {name}", *tally.lines(), sep="\n", flush=True)
        for number, screen in enumerate(tally.screens if options.screens else ()):
            options.screens.mkdir(parents=True, exist_ok=True)
            (options.screens / f"{name}-{number}.txt").write_text(screen, encoding="utf-8")


if __name__ == "__main__":
    main()
