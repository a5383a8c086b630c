"""posts' settings."""

from pydantic import Field

from common.secrets import Secret
from common.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    """What posts needs beyond what every service needs."""

    client_secret: Secret = Field(description="The secret with which posts signs in to auth.")


class MigrateSettings(MigrationSettings):
    """Nothing beyond the database."""
