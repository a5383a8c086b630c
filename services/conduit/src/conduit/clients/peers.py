"""Calls to the other services on behalf of one caller: answers are checked, refusals become conduit's errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from common.calls.service_client import IDEMPOTENT, Params, PeerUnavailable, ServiceClient
from common.errors import DomainError
from common.tokens.claims import InvalidToken
from common.tokens.replies import Reply
from conduit.services import errors

A = TypeVar("A", bound=BaseModel)

REFUSALS: Final[Mapping[str, type[DomainError]]] = {
    "invalid-grant": errors.CredentialsInvalid,
    "email-taken": errors.EmailTaken,
    "username-taken": errors.UsernameTaken,
    "username-needed": errors.UsernameNeeded,
    "user-not-found": errors.ProfileNotFound,
    "blocked-by-them": errors.ProfileForbidden,
    "blocked-by-you": errors.ProfileForbidden,
    "cannot-follow-yourself": errors.CannotFollowYourself,
    "post-not-found": errors.ArticleNotFound,
    "comment-not-found": errors.CommentNotFound,
    "not-the-author": errors.NotYourArticle,
    "blocked": errors.NotYourArticle,
}
"""conduit's error by the code of another service's."""
FIELDS: Final = {
    "picture-not-found": "image",
    "weak-password": "password",
    "special-use-domain": "email",
    "address-needs-smtputf8": "email",
}
"""The field that a rule of auth refuses, by its code."""
NAMES: Final = {"tags": "tagList", "avatar_url": "image"}
"""Fields that have another name in the RealWorld API."""
THROTTLED: Final = 429


class Refusal(BaseModel):
    """A problem of another service."""

    code: str
    detail: str = ""
    errors: list[dict[str, Any]] = []


@dataclass(frozen=True, slots=True)
class Peer:
    """One other service, with one caller's token and headers."""

    client: ServiceClient

    async def call(
        self, method: str, path: str, *, params: Params | None = None, body: Mapping[str, Any] | None = None
    ) -> Reply:
        """The answer to a request that succeeds.

        Raises:
            DomainError: the service refuses it.
            PeerUnavailable: there is no answer, or not as agreed.
        """
        reply = await self.client.send(method, path, params=params, body=body)
        if reply.status == 401 and method not in IDEMPOTENT:
            # The access token was refused, so nothing has happened yet; the client has dropped it.
            reply = await self.client.send(method, path, params=params, body=body)
        if reply.status < 400:
            return reply
        raise self._refused(path, reply)

    async def fetch(self, method: str, path: str, answer: type[A], **options: Any) -> A:
        """As `call`, with the answer read as `answer`; unknown fields are ignored."""
        reply = await self.call(method, path, **options)
        try:
            return answer.model_validate_json(reply.body)
        except ValidationError as error:
            raise self._unavailable(path, f"not as agreed: {error.error_count()} errors") from error

    def _refused(self, path: str, reply: Reply) -> Exception:
        try:
            refusal = Refusal.model_validate_json(reply.body)
        except ValidationError:
            return self._unavailable(path, f"status {reply.status}")
        if reply.status == THROTTLED:
            seconds = reply.headers.get("retry-after", "1")
            pause = timedelta(seconds=int(seconds) if seconds.isdecimal() else 1)
            return errors.CallerThrottled(refusal.detail, retry_after=pause)
        if refusal.code in REFUSALS:
            return REFUSALS[refusal.code](refusal.detail)
        if reply.status == 401:
            return InvalidToken("The token is not valid.")
        if refusal.code in FIELDS:
            return errors.FieldsRefused({FIELDS[refusal.code]: [refusal.detail]})
        if reply.status == 422 and refusal.errors:
            return errors.FieldsRefused(fields_of(refusal.errors))
        return self._unavailable(path, f"status {reply.status} {refusal.code}")

    def _unavailable(self, path: str, reason: str) -> PeerUnavailable:
        return self.client.unavailable(path, reason)


def fields_of(items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The messages of another service's validation, by the field's name here."""
    fields: dict[str, list[str]] = {}
    for item in items:
        name = next((str(part) for part in item.get("loc", ())[1:2]), "body")
        fields.setdefault(NAMES.get(name, name), []).append(str(item.get("msg", "is invalid")))
    return fields
