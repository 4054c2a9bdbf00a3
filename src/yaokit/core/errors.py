"""The errors that reach a user, each with its exit code.

YaokitError (70)
├── UsageError (2)        wrong option, path, setting; folder in use; no permission
├── NothingUsable (3)     the input holds nothing to work on
├── TooManyRejects (4)    done, but more rows rejected than allowed
└── Interrupted (5)       stopped or disk full: run again to continue
"""


class YaokitError(Exception):
    """What was wrong, where, and what to do; shown as one line."""

    exit_code = 70


class UsageError(YaokitError):
    exit_code = 2


class NothingUsable(YaokitError):
    exit_code = 3


class TooManyRejects(YaokitError):
    exit_code = 4


class Interrupted(YaokitError):
    exit_code = 5
