"""posts' settings."""

from pydantic import Field

from common.secrets import Secret
from common.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    """posts' settings, in addition to those of every service."""

    client_secret: Secret = Field(description="The secret with which posts signs in to auth.")


class MigrateSettings(MigrationSettings):
    """The settings of `posts migrate`."""
