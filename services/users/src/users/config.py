"""users' settings."""

from pydantic import Field

from common.secrets import Secret
from common.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    """What users needs beyond what every service needs."""

    client_secret: Secret = Field(description="The secret with which users signs in to auth.")
    rate_limit_export: int = Field(5, ge=1, le=1000, description="Exports of personal data an hour, per person.")


class MigrateSettings(MigrationSettings):
    """Nothing beyond the database."""
