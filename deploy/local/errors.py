"""The one kind of error that is told to the person as a line, without a traceback."""


class StackError(Exception):
    """The stack cannot do what was asked; the message says why and what to do about it."""
