"""`python -m wfdash` and the console script."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from wfdash.cli import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
