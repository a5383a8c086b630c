"""The settings of services with pictures."""

import re
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from common.secrets import Secret
from common.settings import ServiceSettings
from common.url_types import BaseAddress

PLACE: Final = re.compile(
    r"file://(?P<folder>/[^?#]+)|s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[\w.-]+)*)"
)

REGION: Final = "us-east-1"


def store_place(value: str) -> str:
    if not PLACE.fullmatch(value):
        raise ValueError("must be file:///a/folder, or s3://bucket or s3://bucket/prefix")
    return value


class PictureSettings(ServiceSettings):
    """Where pictures are stored. Without PICTURES_URL there are none."""

    pictures_url: Annotated[str, AfterValidator(store_place)] | None = Field(
        None,
        description="The store of pictures: file:///srv/pictures, which all processes share, or s3://bucket/prefix. "
        "No pictures without it.",
    )
    pictures_endpoint: BaseAddress | None = Field(
        None, description="Address of the S3 store, for services and browsers; by default that of AWS in the region."
    )
    pictures_region: str = Field(REGION, pattern=r"^[a-z0-9-]{1,40}$", description="Region of the S3 store.")
    pictures_key_id: str | None = Field(None, description="Id of the access key for the S3 store.")
    pictures_secret: Secret | None = Field(None, description="Secret of that access key.")
    rate_limit_pictures: int = Field(
        120, ge=1, le=100_000, description="Requests to upload pictures an hour, per person; each upload takes two."
    )

    @property
    def pictures_folder(self) -> Path | None:
        """The folder of a store of files."""
        found = PLACE.fullmatch(self.pictures_url or "")
        return Path(found["folder"]) if found and found["folder"] else None

    @property
    def pictures_bucket(self) -> tuple[str, str] | None:
        """Bucket and prefix of an S3 store."""
        found = PLACE.fullmatch(self.pictures_url or "")
        return (found["bucket"], found["prefix"].strip("/")) if found and found["bucket"] else None

    @model_validator(mode="after")
    def name_the_pictures_store_in_full(self) -> Self:
        keys = [self.pictures_key_id, self.pictures_secret]
        if self.pictures_bucket is not None and None in keys:
            raise ValueError("PICTURES_URL is in S3, so it needs PICTURES_KEY_ID and PICTURES_SECRET (or …_FILE)")
        if self.pictures_bucket is None and keys != [None, None]:
            raise ValueError("PICTURES_KEY_ID or PICTURES_SECRET is set, but PICTURES_URL is not in S3")
        if self.pictures_bucket is None and (self.pictures_endpoint or self.pictures_region != REGION):
            raise ValueError("PICTURES_ENDPOINT or PICTURES_REGION is set, but PICTURES_URL is not in S3")
        if self.profile == "production" and (self.pictures_endpoint or "https://").startswith("http://"):
            raise ValueError("PICTURES_ENDPOINT must be an https:// address in production: browsers upload to it")
        return self
