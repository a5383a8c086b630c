"""posts' settings."""

from pydantic import Field

from common.pictures.config import PictureSettings
from common.secrets import Secret
from common.settings import MigrationSettings


class Settings(PictureSettings):
    """posts' settings, in addition to those of every service."""

    client_secret: Secret = Field(description="The secret with which posts signs in to auth.")
    conduit: bool = Field(
        False, description="The RealWorld API is on: anybody may list the posts that somebody likes, as there."
    )
    rate_limit_reports: int = Field(
        30, ge=1, le=100_000, description="Reports of posts and comments an hour, per person."
    )


class MigrateSettings(MigrationSettings):
    """The settings of `posts migrate`."""
