"""users' settings."""

from pydantic import Field

from common.pictures.config import PictureSettings
from common.secrets import Secret
from common.settings import MigrationSettings


class Settings(PictureSettings):
    """users' settings, in addition to those of every service."""

    client_secret: Secret = Field(description="The secret with which users signs in to auth.")
    conduit: bool = Field(
        False, description="Serve profiles for the RealWorld API, where a picture is any text: clients must escape it."
    )
    rate_limit_export: int = Field(5, ge=1, le=1000, description="Exports of personal data an hour, per person.")


class MigrateSettings(MigrationSettings):
    """The settings of `users migrate`."""
