"""`python -m wfdash` and the console script."""

import gc
import os
import stat
import sys

_ENDLESS_OR_EMPTY = ("/dev/null", "/dev/zero")
"""Devices that are read without harm; another one may wait for a person."""


_TUNE_A_LIBRARY = ("WEBSOCKETS_", "PROMETHEUS_", "prometheus_multiproc_dir", "WEB_CONCURRENCY")
"""Meant for servers. Libraries read them as numbers and folders when they are loaded, and fail unnamed."""


def _drop_variables() -> None:
    for name in [each for each in os.environ if each.startswith(_TUNE_A_LIBRARY)]:
        del os.environ[name]


def _pipe_for_a_library() -> str:
    """The sentence about a variable by which a C library would wait at a pipe for ever; "" for none.

    OpenSSL reads its file when it is loaded: no `except` could end that.
    """
    for name in ("OPENSSL_CONF", "HOSTALIASES"):
        path = os.environ.get(name, "")
        try:
            mode = os.stat(path).st_mode if path else 0
        except (OSError, ValueError):
            continue
        if stat.S_ISFIFO(mode) or (stat.S_ISCHR(mode) and os.path.realpath(path) not in _ENDLESS_OR_EMPTY):
            return f"{name}: {ascii(path)[1:-1]} is a pipe or a device, not a file. Correct or unset it."
    return ""


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    if wrong := _pipe_for_a_library():
        sys.stderr.write(f"wfdash: {wrong}\n")
        sys.exit(2)
    _drop_variables()
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
