"""`python -m wfdash` and the console script."""

import gc
import os
import sys


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    gc.disable()  # loading makes no garbage, and looking for some is a tenth of it; what runs on enables it
    try:
        from wfdash.cli.main import run

        # As UTF-8 whatever the locale is, for that is what goes to the API.
        sys.exit(run([os.fsencode(word).decode("utf-8", "surrogateescape") for word in sys.argv[1:]]))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        # The interpreter looks for garbage several times while it ends: half a second of a dashboard's heap,
        # in which whoever pressed q, or the signal that asked it to end, waits for nothing.
        gc.freeze()


if __name__ == "__main__":
    main()
