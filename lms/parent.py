"""A process that ends when the one that started it ends, whatever ended that.

As a script it becomes another program, on another account if asked:
`parent.py <parent pid> <signal> <uid>:<gid>|same <program> <argument>...`
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def end_with(parent: int, signal: int) -> None:
    """Has the kernel send `signal` to this process when `parent` ends; now, if it already has.

    Only Linux can do this. Elsewhere a supervisor that is killed outright leaves its children.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal)


def become(account: str) -> None:
    """Gives up this process's account, and with it every group, for `uid:gid`."""
    uid, gid = (int(number) for number in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main(arguments: list[str]) -> None:
    """Runs as described above. Changing the account first: it would undo the signal."""
    parent, signal, account, *command = arguments
    if account != "same":
        become(account)
    end_with(int(parent), int(signal))
    os.execv(command[0], command)  # noqa: S606 - the caller names the program, no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
