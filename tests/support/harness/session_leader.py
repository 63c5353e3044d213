"""The shell's part in a terminal: gives a program the foreground, tells what becomes of it, survives it.

Run as `python -I -S session_leader.py STATUS_FD PROGRAM ARGUMENT...` on the terminal as its standard streams.
It writes lines to STATUS_FD: `pid N`, `stopped N`, `continued`, then `exited CODE` or `killed SIGNAL`.
"""

import fcntl
import os
import signal
import sys
import termios


def main(status: int, argv: list[str]) -> None:
    if not lead(status):
        os.execvp(argv[0], argv)


def lead(status: int) -> bool:
    """False in the program that is to be, and True once that has ended."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.set_inheritable(status, False)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        return False

    def say(line: str) -> None:
        os.write(status, f"{line}\n".encode())

    def hand_on(number: int, _frame: object) -> None:
        os.kill(-pid, number)

    def bring_back(_number: int, _frame: object) -> None:
        os.tcsetpgrp(0, pid)
        os.kill(-pid, signal.SIGCONT)

    signal.signal(signal.SIGHUP, hand_on)
    signal.signal(signal.SIGUSR1, bring_back)
    say(f"pid {pid}")
    while True:
        _, how = os.waitpid(pid, os.WUNTRACED | os.WCONTINUED)
        if os.WIFSTOPPED(how):
            os.tcsetpgrp(0, os.getpid())
            say(f"stopped {os.WSTOPSIG(how)}")
        elif os.WIFCONTINUED(how):
            say("continued")
        elif os.WIFSIGNALED(how):
            say(f"killed {os.WTERMSIG(how)}")
            return True
        else:
            say(f"exited {os.WEXITSTATUS(how)}")
            return True


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
