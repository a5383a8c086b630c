"""The error that the user sees as one line, without a traceback."""


class StackError(Exception):
    """A command failed; the message says why, and what to do."""
