"""conduit's settings."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Final

from annotated_types import Gt, Le
from pydantic import Field

from common.setting_types import Duration
from common.settings import LONGEST_CALL, AppSettings

ANY: Final = ("*",)


class Settings(AppSettings):
    """conduit's settings, in addition to those of every service. It has no secret of its own."""

    call_deadline: Annotated[Duration, Gt(timedelta(0)), Le(LONGEST_CALL)] = Field(
        timedelta(seconds=5), description="For all calls of one request: its answer is made of two or three."
    )
    any_origin: bool = Field(
        True, description="Pages of any origin may call: tokens are in a header, never in a cookie. Or: CORS_ORIGINS."
    )

    @property
    def page_origins(self) -> Sequence[str]:
        return ANY if self.any_origin else self.cors_origins
