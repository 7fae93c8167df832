"""How backing up and restoring can fail; `code` is the exit code of the command line."""


class BackupFailed(Exception):
    """A program or a server failed; whatever was begun is left aside, marked as unfinished."""

    code = 1


class Refused(BackupFailed):
    """The archive can't be used as it is: damaged, unfinished, without its keys, of another key.

    Nothing was changed.
    """

    code = 3


class TargetInUse(BackupFailed):
    """The database to restore into holds something, or somebody uses it. Nothing was changed."""

    code = 4
