"""The bodies of requests and answers. Made by `make clients`; do not edit."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict
from typing_extensions import TypeAliasType

from trivium_client.model import Model


class AccountDeletion(Model):
    """The password, so that an unlocked device is not enough."""

    model_config = ConfigDict(
        extra="forbid",
    )
    password: str


class AccountResponse(Model):
    """The caller's own account."""

    id: int
    email: str
    roles: list[str]
    status: str
    email_verified: bool


class AccountUpdate(Model):
    """The fields to change; others stay. Passwords and addresses cannot be set here."""

    model_config = ConfigDict(
        extra="forbid",
    )
    status: Literal["active", "disabled"] | None = None
    roles: list[Role] | None = None
    """All roles of the account."""


Action = TypeAliasType(
    "Action",
    Literal[
        "registered",
        "signed-in",
        "sign-in-refused",
        "sign-in-throttled",
        "signed-out",
        "refresh-token-reused",
        "refresh-token-reissued",
        "session-ended",
        "other-sessions-ended",
        "all-sessions-ended",
        "password-changed",
        "password-refused",
        "password-reset-requested",
        "password-reset",
        "email-verification-sent",
        "email-verified",
        "email-change-requested",
        "email-changed",
        "username-changed",
        "roles-changed",
        "account-deletion-asked",
        "account-deleted",
        "status-changed",
        "tokens-revoked",
        "content-removed",
        "service-secret-changed",
        "key-created",
        "key-activated",
        "key-retired",
        "key-revoked",
    ],
)
"""The kinds of events. Values are stored and shown, so they never change."""


class AddressGiven(Model):
    """The address to write to."""

    model_config = ConfigDict(
        extra="forbid",
    )
    email: str


class AuditEventPage(Model):
    items: list[AuditEventResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class AuditEventResponse(Model):
    """One line of the audit trail."""

    id: int
    at: AwareDatetime
    action: str
    account_id: int | None
    """The account that it concerns; null if all, or none known."""
    actor: str
    """An account's id, `server` or `anonymous`."""
    ip: str | None
    detail: dict[str, Any]
    """Details, by the kind of action."""


class AuthorResponse(Model):
    """The author. The name is null if it is not known at the moment."""

    id: int
    name: str | None
    avatar_url: str | None


class BlockedPage(Model):
    items: list[BlockedResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class BlockedResponse(Model):
    """A person whom the caller has blocked."""

    id: int
    name: str
    avatar_url: str | None
    since: AwareDatetime


class CommentCreate(Model):
    """The text of a comment, new or changed."""

    model_config = ConfigDict(
        extra="forbid",
    )
    body: str


class CommentPage(Model):
    items: list[CommentResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class CommentResponse(Model):
    """A comment."""

    id: int
    post_id: int
    body: str
    author: AuthorResponse | None
    """Null once the author is deleted."""
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ExportResponse(Model):
    """
    All data that the services hold about an account. Later releases may add services, sections, and fields.

    `complete` is the last member. Without it the export is incomplete, and the document is invalid JSON: request it
    again.
    """

    account_id: int
    exported_at: AwareDatetime
    auth: dict[str, list[dict[str, Any]]]
    """The data that auth holds, as a list for each section."""
    users: dict[str, list[dict[str, Any]]]
    """The data that users holds, as a list for each section."""
    posts: dict[str, list[dict[str, Any]]]
    """The data that posts holds, as a list for each section."""
    complete: bool
    """Always true, and the last member."""


class FieldError(Model):
    """An invalid part of the request. The value itself is not repeated."""

    loc: list[str | int]
    msg: str
    type: str


class FollowerPage(Model):
    items: list[FollowerResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class FollowerResponse(Model):
    """A follower, or a followed person."""

    id: int
    name: str
    avatar_url: str | None
    since: AwareDatetime


class KeySet(Model):
    """The answer of `/.well-known/jwks.json`."""

    keys: list[PublicKey]


class LinkOpened(Model):
    """The token of a mailed link, from behind its `#`."""

    model_config = ConfigDict(
        extra="forbid",
    )
    token: str


class ManagedAccountPage(Model):
    items: list[ManagedAccountResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class ManagedAccountResponse(Model):
    """An account as admins see it."""

    id: int
    email: str
    roles: list[str]
    status: str
    email_verified: bool
    name: str
    """As given at sign-up; empty, like `email`, if it is `deleted`."""
    created_at: AwareDatetime


class NewAddress(Model):
    """A new address for the caller's account."""

    model_config = ConfigDict(
        extra="forbid",
    )
    email: str
    password: str


class NumberedPage(Model):
    """A page by its place in a list, and the length of the whole list."""

    items: list[PostSummary]
    total: int
    """Exact for one tag, one author and the feed; other lists are counted up to 10,000."""


class OAuthProblem(Model):
    """An error of the token and revocation endpoints, also as RFC 6749, section 5.2, requires. `error` is stable."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str
    errors: list[FieldError] | None = None
    """Validation errors only."""
    error: str
    error_description: str


class PasswordChange(Model):
    """The current password, so that an unlocked device is not enough, and the new one."""

    model_config = ConfigDict(
        extra="forbid",
    )
    current_password: str
    new_password: str


class PasswordChosen(Model):
    """A new password, with the token of a mailed link."""

    model_config = ConfigDict(
        extra="forbid",
    )
    token: str
    new_password: str


class PostCreate(Model):
    """A new post."""

    model_config = ConfigDict(
        extra="forbid",
    )
    title: str
    description: str | None = ""
    body: str
    tags: list[str] | None = None
    status: Literal["draft", "published"] | None = "published"


class PostPage(Model):
    items: list[PostResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class PostResponse(Model):
    """A post."""

    id: int
    slug: str
    """Its name in addresses; changes with the title."""
    title: str
    description: str
    tags: list[str]
    status: Literal["draft", "published"]
    author: AuthorResponse | None
    """Null once the author is deleted."""
    created_at: AwareDatetime
    updated_at: AwareDatetime
    published_at: AwareDatetime | None
    """Null while it is a draft."""
    likes_count: int
    comments_count: int
    liked: bool | None
    """Whether the caller likes it; null when anonymous."""
    body: str


class PostSummary(Model):
    """A post without its text."""

    id: int
    slug: str
    """Its name in addresses; changes with the title."""
    title: str
    description: str
    tags: list[str]
    status: Literal["draft", "published"]
    author: AuthorResponse | None
    """Null once the author is deleted."""
    created_at: AwareDatetime
    updated_at: AwareDatetime
    published_at: AwareDatetime | None
    """Null while it is a draft."""
    likes_count: int
    comments_count: int
    liked: bool | None
    """Whether the caller likes it; null when anonymous."""


class PostUpdate(Model):
    """The fields to change; others stay."""

    model_config = ConfigDict(
        extra="forbid",
    )
    title: str | None = None
    description: str | None = None
    body: str | None = None
    tags: list[str] | None = None
    status: Literal["draft", "published"] | None = None
    """Publishing is one-way."""


class Problem(Model):
    """The form of every error (RFC 9457). `code` is stable; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str
    errors: list[FieldError] | None = None
    """Validation errors only."""


class ProfilePage(Model):
    items: list[ProfileResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class ProfileResponse(Model):
    """A profile. The address is null, except for its owner and for admins."""

    id: int
    email: str | None
    name: str
    username: str | None
    """Unique in any case of letters; most people have none."""
    bio: str
    avatar_url: str | None
    followers_count: int
    following_count: int
    posts_count: int
    following: bool | None
    """Whether the caller follows this person; null when anonymous."""
    blocked: bool | None
    """Whether the caller has blocked this person; null when anonymous. No profile and no list shows who blocks the caller; only an attempt to follow them is refused as `blocked-by-them`."""


class ProfileUpdate(Model):
    """The fields to change; others stay. Only the avatar can be removed, with null."""

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None
    """https only; never fetched by us."""


class PublicKey(Model):
    """A public ES256 key (RFC 7518, section 6.2.1)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"
    kid: str
    x: str
    y: str


class RevokeForm(Model):
    """RFC 7009. The hint is not needed: a token shows its kind."""

    token: str | None = None
    token_type_hint: str | None = None


Role = TypeAliasType("Role", Literal["moderator", "admin"])
"""All roles. Values are stored, and are part of tokens."""


class ServerMetadata(Model):
    """RFC 8414."""

    issuer: str
    token_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    response_types_supported: list[str]
    """There is no authorization endpoint; RFC 8414 wants the member all the same."""
    scopes_supported: list[str]


class SessionPage(Model):
    items: list[SessionResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class SessionResponse(Model):
    """One of the caller's sessions."""

    id: UUID
    created_at: AwareDatetime
    """When it signed in."""
    last_used_at: AwareDatetime
    """When it last got an access token."""
    user_agent: str
    ip: str
    """Address of its sign-in."""
    current: bool
    """Whether it is the session of this request."""


class TagPage(Model):
    items: list[TagResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class TagResponse(Model):
    """A tag."""

    name: str
    posts_count: int
    """How many published posts carry it."""


class TokenForm(Model):
    """RFC 6749: parameters of all grants in one form; unknown ones are ignored, so it is not `Incoming`."""

    grant_type: str | None = "password"
    """password, refresh_token or client_credentials"""
    username: str | None = None
    """The e-mail address."""
    password: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    audience: str | None = None
    """The service that a service's token is for."""
    client_id: str | None = None
    """Services only."""
    client_secret: str | None = None
    """Services only."""


class TokenResponse(Model):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """Seconds."""
    refresh_token: str | None = None
    """Left out for services."""
    scope: str


class UserCreate(Model):
    """The body of a registration."""

    model_config = ConfigDict(
        extra="forbid",
    )
    email: str
    password: str
    name: str


class UserResponse(Model):
    """The fields of an account or a profile that every service knows."""

    id: int
    email: str | None
    name: str
