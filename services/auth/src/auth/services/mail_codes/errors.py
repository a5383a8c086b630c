"""Errors of codes by mail."""

from common.errors import NotFound, Unauthenticated


class MailCodesOff(NotFound):
    """This site does not send codes for signing in (MAIL_CODES)."""

    code = "mail-codes-off"


class MailCodeNotValid(Unauthenticated):
    """The code is wrong, used or expired, or was asked for in another browser. The answer never tells which."""

    code = "code-not-valid"
