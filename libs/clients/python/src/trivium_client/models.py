"""The bodies of requests and answers. Made by `make clients`; do not edit."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field
from typing_extensions import TypeAliasType

from trivium_client.model import Model


class AccountDeletion(Model):
    """The password, so that an unlocked device is not enough."""

    model_config = ConfigDict(
        extra="forbid",
    )
    password: str | None = None
    """Left out only by an account that has none: its session must have a recent proof."""


class AccountDeletionByAdmin(Model):
    """Why an admin deletes somebody's account."""

    model_config = ConfigDict(
        extra="forbid",
    )
    reason: str


class AccountResponse(Model):
    """The caller's own account."""

    id: int
    email: str
    roles: list[str]
    status: str
    email_verified: bool
    has_password: bool
    """Not so after a sign-up by a provider, until one is set."""
    locale: str | None
    """The language of mails, as in BCP 47; null: that of the site."""


class AccountSessionPage(Model):
    items: list[AccountSessionResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class AccountSessionResponse(Model):
    """A place where somebody is signed in."""

    id: UUID
    created_at: AwareDatetime
    """When it signed in."""
    last_used_at: AwareDatetime
    """When it last got an access token."""
    user_agent: str
    ip: str
    """Address of its sign-in."""


class AccountUpdate(Model):
    """The fields to change; others stay. Passwords and addresses cannot be set here."""

    model_config = ConfigDict(
        extra="forbid",
    )
    status: Literal["active", "disabled"] | None = None
    roles: list[Role] | None = None
    """All roles of the account."""
    reason: str | None = None
    """Why; it stays in the audit trail."""


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
        "sign-in-code-sent",
        "locale-changed",
        "second-factor-asked",
        "second-factor-refused",
        "second-factor-on",
        "second-factor-off",
        "second-factor-reset",
        "recovery-codes-made",
        "recovery-code-used",
        "stepped-up",
        "device-trusted",
        "trusted-device-ended",
        "passkey-added",
        "passkey-removed",
        "passkey-copied",
        "identity-linked",
        "identity-unlinked",
        "roles-changed",
        "account-deletion-asked",
        "account-deleted",
        "status-changed",
        "tokens-revoked",
        "content-removed",
        "event-replayed",
        "event-dropped",
        "reports-dismissed",
        "service-secret-changed",
        "api-key-created",
        "api-key-revoked",
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


class ApiKeyCreate(Model):
    """What the key may do, and for how long."""

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str
    """Tells the owner's keys apart; no two have the same."""
    scopes: list[Literal["auth:read", "users:read", "users:write", "posts:read", "posts:write"]]
    expires_in_days: int | None = 90
    """null: never, where the site allows that."""


class ApiKeyCreated(Model):
    """A new key with its text, which is never shown again."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    """null: never."""
    expired: bool
    last_used_at: AwareDatetime | None
    """When it was last exchanged, at most five minutes too early."""
    key: str


class ApiKeyList(Model):
    """The caller's keys, the newest first. They are so few that there is one page."""

    items: list[ApiKeyResponse]


class ApiKeyResponse(Model):
    """One of the caller's keys, without its text."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    """null: never."""
    expired: bool
    last_used_at: AwareDatetime | None
    """When it was last exchanged, at most five minutes too early."""


class AssertionResponse(Model):
    """An authenticator's answer: a signature."""

    clientDataJSON: str
    authenticatorData: str
    signature: str
    userHandle: str
    """The `user.id` with which the passkey was made."""


class AttestationResponse(Model):
    """An authenticator's answer: the new credential."""

    clientDataJSON: str
    attestationObject: str
    transports: list[str] | None = None


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


class AuthenticatorSelection(Model):
    """Demands on the authenticator."""

    residentKey: Literal["required"]
    requireResidentKey: bool
    userVerification: Literal["preferred"]


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


class CasePage(Model):
    items: list[CaseResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class CaseReportPage(Model):
    items: list[CaseReportResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class CaseReportResponse(Model):
    """A report, as moderators see it."""

    id: int
    post_id: int
    comment_id: int | None
    """Null: the post itself."""
    reason: ReportReason
    note: str
    created_at: AwareDatetime
    reporter_id: int


class CaseResponse(Model):
    """All reports of one post or comment, until a moderator decides."""

    id: int
    post_id: int
    comment_id: int | None
    """Null: the post itself."""
    status: Literal["open", "dismissed"]
    title: str
    """Of the post."""
    excerpt: str
    """The first 500 characters."""
    reports_count: int
    reasons: dict[str, int]
    """How many reports have each."""
    opened_at: AwareDatetime
    latest_at: AwareDatetime
    """Time of the last report."""
    decided_at: AwareDatetime | None
    """Null while it is open."""
    author: AuthorResponse | None
    """Null once the author is deleted."""


class CodeAsked(Model):
    """What belongs to the mailed code. Keep it where the code will be typed."""

    challenge: str
    expires_in: int
    """Seconds."""


class CodeGiven(Model):
    """The mailed code, with the challenge of the same request."""

    model_config = ConfigDict(
        extra="forbid",
    )
    challenge: str
    code: str


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


class ExcludedPasskey(Model):
    """A passkey that the account has already."""

    type: Literal["public-key"]
    id: str
    transports: list[str] | None = None


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


class FactorOff(Model):
    """The password, if the account has one, and a code, unless the session has proven the second factor lately."""

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str | None = None
    recovery_code: str | None = None
    password: str | None = None


class FactorReset(Model):
    """Why an admin turns somebody's second factor off; it stands in the audit trail."""

    model_config = ConfigDict(
        extra="forbid",
    )
    reason: str


class FieldError(Model):
    """An invalid part of the request. The value itself is not repeated."""

    loc: list[str | int]
    msg: str
    type: str


class FirstCode(Model):
    """A code of the authenticator that is being set up."""

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str


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


class FormAnswer(Model):
    """What Apple's form tells. Other fields are ignored, as OAuth demands."""

    code: str | None = None
    state: str | None = None
    iss: str | None = None
    error: str | None = None


class IdentityList(Model):
    """All of an account, by provider."""

    items: list[IdentityResponse]


class IdentityResponse(Model):
    """One of an account's identities at providers."""

    provider: str
    email: str | None
    """As the provider told it last. The account's address does not follow."""
    created_at: AwareDatetime
    """When it was linked."""
    last_used_at: AwareDatetime
    """When it was last used to sign in."""


class KeySet(Model):
    """The answer of `/.well-known/jwks.json`."""

    keys: list[PublicKey]


class KnownApiKey(Model):
    """An API key, without what it is used with."""

    name: str
    scopes: list[str]
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    """null: never."""
    expired: bool
    last_used_at: AwareDatetime | None


class KnownPasskey(Model):
    """A passkey, without what it is used with."""

    name: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None
    backed_up: bool


class LeakedApiKey(Model):
    """A key that was found where others can read it."""

    model_config = ConfigDict(
        extra="forbid",
    )
    key: str


class LinkAddress(Model):
    """The provider's page, where the browser goes next."""

    address: str


class LinkOpened(Model):
    """The token of a mailed link, from behind its `#`."""

    model_config = ConfigDict(
        extra="forbid",
    )
    token: str


class LinkRequest(Model):
    """Where to return to; by default the site's page."""

    model_config = ConfigDict(
        extra="forbid",
    )
    return_to: str | None = None


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
    password: str | None = None
    """Left out only by an account that has none: its session must have a recent proof."""


class NewFactorResponse(Model):
    """An authenticator that waits for its first code. It is shown once."""

    secret: str
    """In base32, to be typed."""
    uri: str
    """For a QR code."""
    expires_in: int
    """Seconds within which its first code must come."""


class NewPasskeyAnswer(Model):
    """`RegistrationResponseJSON`."""

    id: str
    rawId: str
    type: Literal["public-key"]
    response: AttestationResponse


class NewSession(Model):
    """The tokens of a new session, as `/auth/token` issues them."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """Seconds."""
    refresh_token: str | None = None
    """Left out for services."""
    scope: str
    state: Literal["signed-in"] = "signed-in"
    trusted_device: str | None = None
    """The token of this device, if it is trusted from now on. Shown once."""


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


class OwnAccountUpdate(Model):
    """The fields to change; others stay."""

    model_config = ConfigDict(
        extra="forbid",
    )
    locale: str | None = None
    """The language of mails, as in BCP 47; null: that of the site."""


class OwnRemovalPage(Model):
    items: list[OwnRemovalResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class OwnRemovalResponse(Model):
    """A post or comment of the caller that a moderator has removed."""

    id: int
    post_id: int
    """The post, or the one below which the comment was."""
    comment_id: int | None
    """Null: the post itself."""
    title: str
    """Empty for a comment."""
    description: str
    body: str
    tags: list[str]
    reason: ReportReason
    note: str
    """The moderator's words to the author."""
    removed_at: AwareDatetime


class ParkedEventAct(Model):
    """Which event, in the version that was seen, and why."""

    model_config = ConfigDict(
        extra="forbid",
    )
    target: str
    type: str
    subject: str
    version: int
    reason: str


class ParkedEventPage(Model):
    items: list[ParkedEventResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class ParkedEventResponse(Model):
    """An event that its target has refused too often."""

    target: str
    """The service that refused it; `smtp`: the mail server."""
    type: str
    subject: str
    version: int
    occurred_at: AwareDatetime
    parked_at: AwareDatetime
    attempts: int
    """How often it was refused."""
    last_error: str | None
    """The reason of the last refusal."""
    data: str | None
    """JSON, cut after 2000 characters; it may hold personal data. Null if it is larger than 64 KiB, or a mail, which would tell a link to sign in with."""


class PasskeyAlgorithm(Model):
    """A signature algorithm, by its number in COSE: ES256, EdDSA or RS256."""

    type: Literal["public-key"]
    alg: int


class PasskeyAnswer(Model):
    """`AuthenticationResponseJSON`."""

    id: str
    rawId: str
    type: Literal["public-key"]
    response: AssertionResponse


class PasskeyCreate(Model):
    """A passkey that a browser has just made, and its name."""

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str
    credential: NewPasskeyAnswer


class PasskeyCreation(Model):
    """What a browser needs to make a passkey: `PublicKeyCredentialCreationOptionsJSON`."""

    rp: Site
    user: PasskeyOwner
    challenge: str
    """Works once, for five minutes, for this session."""
    pubKeyCredParams: list[PasskeyAlgorithm]
    timeout: int
    """In milliseconds."""
    excludeCredentials: list[ExcludedPasskey]
    authenticatorSelection: AuthenticatorSelection
    attestation: Literal["none"]


class PasskeyEndpoints(Model):
    """Where people add and manage passkeys."""

    enroll: str
    manage: str


class PasskeyList(Model):
    """All passkeys of the caller, at most ten, the newest first."""

    items: list[PasskeyResponse]


class PasskeyOwner(Model):
    """The account that a passkey is for, as authenticators show it. `id` is random, and not the account's number."""

    id: str
    name: str
    displayName: str


class PasskeyRequest(Model):
    """What a browser needs to ask for a passkey: `PublicKeyCredentialRequestOptionsJSON`."""

    challenge: str
    """Works once, for five minutes."""
    timeout: int
    """In milliseconds."""
    rpId: str
    userVerification: Literal["preferred"]


class PasskeyResponse(Model):
    """One of the caller's passkeys."""

    id: int
    name: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime | None
    backup_eligible: bool
    """Whether it may be copied to other devices."""
    backed_up: bool
    """Whether it was, at its last use."""


class PasskeySignInBody(Model):
    """A passkey's answer."""

    model_config = ConfigDict(
        extra="forbid",
    )
    credential: PasskeyAnswer


class PasskeyUpdate(Model):
    """The new name."""

    model_config = ConfigDict(
        extra="forbid",
    )
    name: str


class PasswordChange(Model):
    """The current password, so that an unlocked device is not enough, and the new one."""

    model_config = ConfigDict(
        extra="forbid",
    )
    current_password: str | None = None
    """Left out only by an account that has none, for its first password."""
    new_password: str


class PasswordChosen(Model):
    """A new password, with the token of a mailed link."""

    model_config = ConfigDict(
        extra="forbid",
    )
    token: str
    new_password: str


class PasswordSignIn(Model):
    """An address and its password."""

    model_config = ConfigDict(
        extra="forbid",
    )
    email: str
    password: str
    trusted_device: str | None = None
    """The token of a trusted device, from an earlier second step."""


class PictureResponse(Model):
    """A picture that everybody can see who knows its address. Both addresses are relative to the API's."""

    name: str
    url: str
    small_url: str
    width: int
    height: int


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
    """The `url` of a picture that the caller has uploaded; or an https address, which we never fetch, and which our web client does not show."""


class ProviderCode(Model):
    """The code with which a page was returned to."""

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str


class ProviderList(Model):
    """All providers, in the order of the settings."""

    items: list[ProviderResponse]


class ProviderResponse(Model):
    """A provider by which people may sign in."""

    name: str
    title: str
    preset: str | None
    """The well-known provider that it is, for a page's icon."""


class PublicKey(Model):
    """A public ES256 key (RFC 7518, section 6.2.1)."""

    kty: Literal["EC"] = "EC"
    crv: Literal["P-256"] = "P-256"
    alg: Literal["ES256"] = "ES256"
    use: Literal["sig"] = "sig"
    kid: str
    x: str
    y: str


class RecoveryCodesResponse(Model):
    """The recovery codes. They are shown once; each can be used once."""

    recovery_codes: list[str]


class RelatedOrigins(Model):
    """The origins whose pages may use the site's passkeys."""

    origins: list[str]


class RemovalCreate(Model):
    """Why a post or comment is removed. Its author reads both."""

    model_config = ConfigDict(
        extra="forbid",
    )
    reason: ReportReason
    note: str | None = ""


class RemovalPage(Model):
    items: list[RemovalResponse]
    next_cursor: str | None
    """Give this as `cursor` for the next page; null on the last one."""


class RemovalResponse(Model):
    """A removal, as moderators see it."""

    id: int
    post_id: int
    """The post, or the one below which the comment was."""
    comment_id: int | None
    """Null: the post itself."""
    title: str
    """Empty for a comment."""
    description: str
    body: str
    tags: list[str]
    reason: ReportReason
    note: str
    """The moderator's words to the author."""
    removed_at: AwareDatetime
    moderator_id: int | None
    """Null once the moderator's account is deleted."""
    author: AuthorResponse | None
    """Null once the author is deleted."""


class ReportCreate(Model):
    """Why a post or comment should be looked at."""

    model_config = ConfigDict(
        extra="forbid",
    )
    reason: ReportReason
    note: str | None = ""


ReportReason = TypeAliasType(
    "ReportReason", Literal["spam", "harassment", "hate", "sexual", "violence", "illegal", "other"]
)
"""Why something is reported or removed. Values are stored and shown, so they never change."""


class ReportResponse(Model):
    """The caller's report."""

    id: int
    post_id: int
    comment_id: int | None
    """Null: the post itself."""
    reason: ReportReason
    note: str
    created_at: AwareDatetime


class RevokeForm(Model):
    """RFC 7009. The hint is not needed: a token shows its kind."""

    token: str | None = None
    token_type_hint: str | None = None


Role = TypeAliasType("Role", Literal["moderator", "admin"])
"""All roles. Values are stored, and are part of tokens."""


class SecondFactorNeeded(Model):
    """The first factor is right. Continue at `/auth/sign-in/second-factor`."""

    state: Literal["second-factor-needed"] = "second-factor-needed"
    challenge: str
    """For the second step."""
    methods: list[str]
    """Which fields the second step may have: one of them."""
    may_trust_device: bool
    """Whether `trust_device` has an effect here."""
    expires_in: int
    """Seconds within which the second step must come."""


class SecondFactorResponse(Model):
    """An account's second factor."""

    on: bool
    since: AwareDatetime | None
    """When it was turned on."""
    recovery_codes_left: int


class SecondStepSignIn(Model):
    """The second step of a sign-in."""

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str | None = None
    recovery_code: str | None = None
    challenge: str
    trust_device: bool | None = False
    """Sign in without the second factor on this device from now on, if the site allows it."""


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
    acr_values_supported: list[str]
    """Values of `acr` in access tokens; it is left out after a single factor."""


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


SignInAnswer = TypeAliasType(
    "SignInAnswer",
    Annotated[NewSession | SecondFactorNeeded, Field(discriminator="state")],
)
"""How a sign-in went. `state` tells the cases apart."""


class SignInMethodsResponse(Model):
    """How somebody can sign in. It holds nothing that anybody could sign in with."""

    has_password: bool
    second_factor: SecondFactorResponse
    trusted_devices: int
    """Devices that sign in without the second factor."""
    passkeys: list[KnownPasskey]
    identities: list[IdentityResponse]
    api_keys: list[KnownApiKey]


class SignOut(Model):
    """Which session ends, and why."""

    model_config = ConfigDict(
        extra="forbid",
    )
    session_id: UUID | None = None
    """Left out: all of them."""
    reason: str


class Site(Model):
    """The site that a passkey is for."""

    id: str
    name: str


class StepUpProof(Model):
    """A code or a recovery code of an account that has a second factor; else the password."""

    model_config = ConfigDict(
        extra="forbid",
    )
    code: str | None = None
    recovery_code: str | None = None
    password: str | None = None


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
    """password, refresh_token, client_credentials, or that of RFC 8693"""
    username: str | None = None
    """The e-mail address."""
    password: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    audience: str | None = None
    """The service that the token of a service or an API key is for."""
    subject_token: str | None = None
    """An API key (RFC 8693)."""
    subject_token_type: str | None = None
    requested_token_type: str | None = None
    resource: str | None = None
    """The site's address."""
    actor_token: str | None = None
    """Refused: there is no delegation."""
    client_id: str | None = None
    """Services only."""
    client_secret: str | None = None
    """Services only."""


class TokenResponse(Model):
    """RFC 6749, section 5.1, and RFC 8693, section 2.2.1."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """Seconds."""
    refresh_token: str | None = None
    """Left out for services."""
    scope: str
    issued_token_type: str | None = None
    """For API keys only."""


class TrustedDeviceResponse(Model):
    """A device that signs in without the second factor."""

    id: UUID
    user_agent: str
    ip: str
    created_at: AwareDatetime
    last_used_at: AwareDatetime


class TrustedDevicesResponse(Model):
    """All trusted devices, the latest first."""

    items: list[TrustedDeviceResponse]


class UploadLink(Model):
    """How to upload the original: this method, this address, these headers, and the bytes as the body. No token."""

    url: str
    """Relative to the API's address, or an address of the store."""
    method: str
    headers: dict[str, str]
    expires_at: AwareDatetime


class UploadResponse(Model):
    """A picture that is to be uploaded."""

    name: str
    upload: UploadLink
    most_bytes: int


class UserCreate(Model):
    """The body of a registration."""

    model_config = ConfigDict(
        extra="forbid",
    )
    email: str
    password: str
    name: str
    locale: str | None = None
    """The language of mails, as in BCP 47; without it, Accept-Language tells."""


class UserResponse(Model):
    """The fields of an account or a profile that every service knows."""

    id: int
    email: str | None
    name: str


class WaysToSignIn(Model):
    """What the sign-in page offers."""

    methods: list[Literal["password", "mail-code"]]
