"""users' settings."""

from pydantic import Field

from common.secrets import Secret
from common.settings import MigrationSettings, ServiceSettings


class Settings(ServiceSettings):
    """What users needs beyond what every service needs."""

    client_secret: Secret = Field(description="With it this service signs in at auth, as svc:users.")
    rate_limit_export: int = Field(default=5, ge=1, le=1000, description="Exports an hour, per person.")


class MigrateSettings(MigrationSettings):
    """Nothing beyond the database."""
