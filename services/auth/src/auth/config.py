"""auth's settings."""

import os
from datetime import timedelta
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import Field

from common.settings import Duration, MigrationSettings, Secret, ServiceSettings


class Settings(ServiceSettings):
    """What auth needs beyond what every service needs."""

    key_encryption_key: Secret = Field(description="Encrypts the signing keys in the database.")
    refresh_key: Secret = Field(description="Signs refresh tokens, together with each session's own secret.")

    key_encryption_key_previous: Secret | None = Field(
        default=None, description="While KEY_ENCRYPTION_KEY is being replaced: what keys are still stored under."
    )
    refresh_key_previous: Secret | None = Field(
        default=None, description="While REFRESH_KEY is being replaced: what tokens still in use were signed with."
    )
    key_rotation: Annotated[Duration, Ge(timedelta(hours=1))] = Field(
        default=timedelta(days=30), description="For how long a key signs access tokens."
    )

    access_ttl: Annotated[Duration, Ge(timedelta(seconds=30)), Le(timedelta(minutes=15))] = timedelta(minutes=5)
    refresh_grace: Duration = Field(default=timedelta(seconds=10), description="A spent token's parent may repeat.")
    refresh_idle: Duration = timedelta(days=7)
    refresh_absolute: Duration = timedelta(days=30)
    rate_limit_sign_in: int = Field(default=30, ge=1, description="By password, a minute, per address.")
    rate_limit_refresh: int = Field(default=150, ge=1, description="In 5 minutes, per address.")
    rate_limit_registration: int = Field(default=10, ge=1, description="An hour, per address.")
    password_min_length: int = Field(default=8, ge=8, le=64, description="Code points; 15 where nothing else protects.")
    password_words: list[str] = Field(
        default=["trivium"], description="Too easily guessed as a password, digits added or not: the product's names."
    )
    hash_slots: int = Field(default=os.cpu_count() or 2, ge=1, description="Passwords hashed at a time, 19 MiB each.")


class MigrateSettings(MigrationSettings):
    """`auth migrate` also makes the accounts of the other services, from the secrets they sign in with."""

    svc_users_secret: Secret
    svc_posts_secret: Secret
