"""`python -m wfdash` and the console script."""

import _signal  # type: ignore[import-not-found]  # 10 ms before signal, which loads enum: ctrl+c may come then
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


def _end_by_ctrl_c() -> None:
    """Lets ctrl+c end the process as SIGTERM does, until a loop that can be interrupted takes it.

    Python would raise it amid a module that is being loaded, and print where, or lose it there. One that
    whoever started us ignores stays ignored.
    """
    # On Windows no loop takes a signal: there the task is cancelled by what Python raises.
    if os.name == "posix" and _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def main() -> None:
    """Runs the command line and leaves with its exit code."""
    try:
        _end_by_ctrl_c()
        if wrong := _pipe_for_a_library():
            sys.stderr.write(f"wfdash: {wrong}\n")
            sys.exit(2)
        _drop_variables()
        gc.disable()  # loading makes no garbage, looking for some is a tenth of it; who runs on enables it
        from wfdash.libraries import spare

        spare()
        from wfdash.cli.main import run

        # As UTF-8 whatever the locale is, for that is what goes to the API.
        sys.exit(run([os.fsencode(word).decode("utf-8", "surrogateescape") for word in sys.argv[1:]]))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        _end_by_ctrl_c()  # nobody is left to take it; a loop that ends puts Python's own way back
        # The interpreter looks for garbage several times while it ends: half a second of a dashboard's heap,
        # in which whoever pressed q, or the signal that asked it to end, waits for nothing.
        gc.freeze()


if __name__ == "__main__":
    main()
