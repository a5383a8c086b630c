"""The base of all bodies."""

from pydantic import BaseModel, PrivateAttr


class Model(BaseModel):
    """A body of a request or an answer. Fields that a newer server adds are ignored."""

    _etag: str | None = PrivateAttr(default=None)

    @property
    def etag(self) -> str | None:
        """The version of a single resource, for `if_match`. None for items of lists."""
        return self._etag
