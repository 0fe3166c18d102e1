"""Run a command as the foreground process group of the terminal: `foreground.py COMMAND ARG…`.

Ctrl-C goes to the whole foreground group. Below `make` that would hit `make` as well, and it then
reports an interrupt however well the command ended. In a group of its own the command alone hears
Ctrl-C, and its exit code is what the user gets. Without a terminal this is a plain exec.
"""

import os
import signal
import sys


def take_terminal() -> None:
    """Move this process into a group of its own and give that group the terminal."""
    # Giving the terminal away from a background group raises SIGTTOU.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(sys.stdin.fileno(), os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    # Ctrl-Z would stop the command but not `make`, and nobody would have the terminal.
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)


if __name__ == "__main__":
    if sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp() != os.getpid():
        take_terminal()
    os.execv(sys.argv[1], sys.argv[1:])
