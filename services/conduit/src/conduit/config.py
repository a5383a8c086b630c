"""conduit's settings."""

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from common.settings import AppSettings

ANY: Final = ("*",)


class Settings(AppSettings):
    """conduit's settings, in addition to those of every service. It has no secret of its own."""

    any_origin: bool = Field(
        True, description="Pages of any origin may call: tokens are in a header, never in a cookie. Or: CORS_ORIGINS."
    )

    @property
    def page_origins(self) -> Sequence[str]:
        return ANY if self.any_origin else self.cors_origins
