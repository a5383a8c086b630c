"""skeleton's settings."""

from pydantic import Field

from common.secrets import Secret
from common.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    """skeleton's settings, in addition to those of every service."""

    client_secret: Secret = Field(description="The secret with which skeleton signs in to auth.")


class MigrateSettings(MigrationSettings):
    """The settings of `skeleton migrate`."""
