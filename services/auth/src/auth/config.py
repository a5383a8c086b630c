"""auth's settings."""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Self

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, Field, SecretStr, UrlConstraints, model_validator
from pydantic_core import Url
from pydantic_settings import NoDecode

from auth.mail_config import NOBODY, MailSettings
from auth.services.addresses.policy import is_within
from auth.services.mail.sending import WINDOW
from auth.services.passkeys.origins import for_passkeys
from auth.services.providers.settings import Providers
from auth.services.second_factor.challenges import LONGEST_TRUST
from common.email_addresses import SPECIAL_USE
from common.secrets import Secret
from common.services import ClientSecrets
from common.setting_types import Duration, Folder, Words, in_json
from common.settings import MigrationSettings, ServiceSettings
from common.url_types import Origins

Lifetime = Annotated[Duration, Ge(WINDOW), Le(timedelta(days=7))]
SmtpUrl = Annotated[
    Url, UrlConstraints(allowed_schemes=["smtp", "smtps", "smtp+starttls"], host_required=True, max_length=500)
]
EhloName = Annotated[
    str,
    Field(
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"
        r"|^\[(IPv6:)?[0-9A-Fa-f.:]+\]$",
        max_length=255,
    ),
]
"""RFC 5321, section 4.1.1.1: a host name, or an address in brackets."""


def special_use(domains: list[str]) -> list[str]:
    """In lower case. Other domains are accepted anyway."""
    folded = [domain.lower() for domain in domains]
    for domain in folded:
        if not is_within(domain, SPECIAL_USE):
            raise ValueError(f"only domains of {', '.join(sorted(SPECIAL_USE))} need to be named, and those below them")
    return folded


class Settings(MailSettings, ServiceSettings):
    """auth's settings, in addition to those of every service."""

    key_encryption_key: Secret = Field(
        description="Encrypts the signing keys and the secrets of second factors in the database."
    )
    refresh_key: Secret = Field(description="Signs refresh tokens, together with each session's own secret.")

    key_encryption_key_previous: Secret | None = Field(
        None, description="While KEY_ENCRYPTION_KEY is being replaced: its previous value."
    )
    refresh_key_previous: Secret | None = Field(
        None, description="While REFRESH_KEY is being replaced: its previous value."
    )
    key_rotation: Annotated[Duration, Ge(timedelta(hours=1)), Le(timedelta(days=365))] = Field(
        timedelta(days=30), description="How long a key signs access tokens."
    )

    access_ttl: Annotated[Duration, Ge(timedelta(seconds=30)), Le(timedelta(minutes=15))] = Field(
        timedelta(minutes=5), description="Lifetime of an access token."
    )
    refresh_grace: Annotated[Duration, Le(timedelta(minutes=1))] = Field(
        timedelta(seconds=10),
        description="How long a repeated refresh token gets the same successor; 0: it is never accepted again.",
    )
    refresh_idle: Annotated[Duration, Ge(timedelta(minutes=5)), Le(timedelta(days=90))] = Field(
        timedelta(days=7), description="An unused session ends after this time."
    )
    refresh_absolute: Annotated[Duration, Ge(timedelta(minutes=5)), Le(timedelta(days=365))] = Field(
        timedelta(days=30), description="Every session ends after this time."
    )
    trusted_device: Annotated[Duration, Le(LONGEST_TRUST)] = Field(
        timedelta(0),
        description="How long a device may sign in without the second factor if its owner says so, at most 90 days; "
        "0: never.",
    )
    conduit: bool = Field(
        False,
        description="Serve sessions for the RealWorld API, where a new password needs only 8 characters.",
    )
    rate_limit_sign_in: int = Field(30, ge=1, le=10_000, description="Sign-ins by password a minute, per address.")
    rate_limit_refresh: int = Field(150, ge=1, le=50_000, description="Refreshes in 5 minutes, per address.")
    rate_limit_api_keys: int = Field(
        150, ge=1, le=50_000, description="API keys exchanged or reported in 5 minutes, per address."
    )
    api_keys_without_expiry: bool = Field(False, description="Let people create API keys that never expire.")
    rate_limit_registration: int = Field(10, ge=1, le=10_000, description="Sign-ups an hour, per address.")
    providers: Providers = Field(
        default_factory=list,
        description="JSON list of the providers by which people may sign in; see docs/operations/providers.md.",
    )
    provider_returns: Annotated[list[str], NoDecode, in_json('["https://example.com/"]')] = Field(
        default_factory=list,
        description="JSON list of the pages below ISSUER to which sign-ins by a provider return; by default its `/`.",
    )
    rate_limit_provider: int = Field(
        30, ge=1, le=10_000, description="Steps of sign-ins by a provider a minute, per address."
    )
    password_min_length: int = Field(
        8, ge=8, le=64, description="Code points of a new password; 15 where it is the only factor."
    )
    password_words: Words = Field(
        ["trivium"], description="JSON list of the product's names, which may not be passwords, with or without digits."
    )
    hash_slots: int = Field(
        max(1, (os.cpu_count() or 2) - 1),
        ge=1,
        description="Passwords hashed at once, 19 MiB each; by default all cores but one. Others wait `POOL_TIMEOUT`.",
    )

    smtp_url: SmtpUrl | None = Field(
        None, description="smtps://USER@HOST, smtp+starttls://USER@HOST:587, or smtp://HOST without TLS."
    )
    smtp_password: SecretStr | None = Field(None, description="Password of the user in SMTP_URL.")
    smtp_timeout: Annotated[Duration, Gt(timedelta(0)), Le(timedelta(seconds=30))] = Field(
        timedelta(seconds=30), description="For connecting, and for each answer of the mail server."
    )
    smtp_ehlo_name: EhloName | None = Field(
        None, description="The name by which auth greets the mail server; by default the domain of MAIL_FROM."
    )
    smtp_utf8: bool = Field(
        True, description="false: the mail server takes only ASCII addresses, so others are refused at sign-up."
    )
    special_use_domains: Annotated[list[str], NoDecode, in_json('["nas.local"]'), AfterValidator(special_use)] = Field(
        default_factory=list, description='JSON list of domains without public mail that are accepted: ["nas.local"].'
    )
    mail_dir: Folder | None = Field(None, description="Without SMTP_URL: mails are written to this folder.")
    require_verified_email: bool = Field(False, description="Refuse to sign in until the address is verified.")
    mail_codes: bool = Field(False, description="Let people sign in with a code that is mailed to them.")
    verify_email_ttl: Lifetime = Field(
        timedelta(hours=24), description="How long a link works that verifies an address."
    )
    password_reset_ttl: Lifetime = Field(
        timedelta(hours=1), description="How long a link works that resets a password."
    )
    email_change_ttl: Lifetime = Field(timedelta(hours=1), description="How long a link works that changes an address.")
    rate_limit_mail: int = Field(20, ge=1, le=10_000, description="Mails that one address may ask for in an hour.")

    passkey_origins: Annotated[Origins, AfterValidator(for_passkeys)] = Field(
        default_factory=list,
        description="JSON list of further origins, https or http://localhost, whose pages may use the site's passkeys.",
    )

    @model_validator(mode="after")
    def end_sessions_by_idling_first(self) -> Self:
        if self.refresh_idle > self.refresh_absolute:
            raise ValueError("REFRESH_IDLE is longer than REFRESH_ABSOLUTE, so it would never count")
        return self

    @property
    def returns(self) -> Sequence[str]:
        """The pages to which sign-ins by a provider return, the usual one first."""
        return self.provider_returns or [f"{self.issuer}/"]

    @model_validator(mode="after")
    def return_to_own_pages(self) -> Self:
        if any(not page.startswith(f"{self.issuer}/") or "#" in page for page in self.provider_returns):
            raise ValueError("PROVIDER_RETURNS lists pages below ISSUER, without a fragment: their cookie is needed")
        return self

    @model_validator(mode="after")
    def trust_only_https_providers(self) -> Self:
        if self.profile == "production" and any(not one.issuer.startswith("https://") for one in self.providers):
            raise ValueError("PROVIDERS must have https:// issuers in production")
        return self

    @model_validator(mode="after")
    def know_how_to_send_mails(self) -> Self:
        if self.smtp_url is None and self.profile == "production":
            raise ValueError("SMTP_URL is missing: in production mails go to a mail server")
        if self.smtp_url is None and self.mail_dir is None and self.require_verified_email:
            raise ValueError("REQUIRE_VERIFIED_EMAIL needs SMTP_URL or MAIL_DIR: without mails nobody could sign in")
        if self.smtp_url is None and self.mail_dir is None and self.mail_codes:
            raise ValueError("MAIL_CODES needs SMTP_URL or MAIL_DIR")
        if self.smtp_url is not None and self.mail_from == NOBODY:
            raise ValueError("MAIL_FROM is missing: SMTP_URL needs a sender")
        if self.profile == "production" and self.app_url is not None and not self.app_url.startswith("https://"):
            raise ValueError("APP_URL must be https:// in production: the links to it open accounts")
        return self

    @model_validator(mode="after")
    def sign_in_before_verification(self) -> Self:
        if self.conduit and self.require_verified_email:
            raise ValueError("CONDUIT and REQUIRE_VERIFIED_EMAIL exclude each other: its front ends cannot wait")
        return self

    @model_validator(mode="after")
    def keep_the_mail_password_secret(self) -> Self:
        url, password = self.smtp_url, self.smtp_password
        if url is None:
            return self
        if url.password is not None:
            raise ValueError("SMTP_URL must not hold the password: use SMTP_PASSWORD or SMTP_PASSWORD_FILE")
        if url.path not in {None, "", "/"} or url.query or url.fragment:
            raise ValueError("SMTP_URL ends with host and port")
        if (url.username is None) != (password is None):
            raise ValueError("SMTP_URL with a user name and SMTP_PASSWORD belong together")
        if password is not None and url.scheme == "smtp":
            raise ValueError("SMTP_PASSWORD would cross the network in the clear: use smtps:// or smtp+starttls://")
        return self


class MigrateSettings(ClientSecrets, MigrationSettings):
    """`auth migrate` also stores the credentials of the other services."""


def given(*secrets: SecretStr | None) -> list[str]:
    """The secrets that are set, the current one first."""
    return [secret.get_secret_value() for secret in secrets if secret]
