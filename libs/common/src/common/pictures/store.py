"""The store of pictures: a folder, or a bucket of any S3 service. Objects are named by keys such as `users-7f…-large`.

obstore's functions run in threads of ours, but for signing, which calls nothing. Its async ones may abort the
interpreter at exit, while a call is finished by a thread of obstore's own (0.12.1).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from common.pictures.config import PictureSettings
from common.pictures.errors import PictureStoreUnavailable, PictureTooLarge

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Store

log = structlog.get_logger()

T = TypeVar("T")
PATIENCE: Final = timedelta(seconds=5)
"""For one object, with retries."""
CONNECT: Final = timedelta(seconds=1)
MOST_PARTS: Final = 4
"""obstore writes a file as KEY#1 and then renames it; as KEY#2 if a killed process has left that, and so on."""
AT_ONCE: Final = 8
"""Calls of one process under way; further ones wait, within their patience."""


@dataclass(slots=True)
class ObjectStore:
    """Reads and writes whole objects. Opened by its first call, since its library takes 8 MiB."""

    settings: PictureSettings
    is_marked: bool = False
    """Whether a first picture had its mark (`common.pictures.pictures`)."""
    _threads: ThreadPoolExecutor | None = None
    _opened: "LocalStore | S3Store | None" = field(default=None, repr=False)

    async def put(self, key: str, content: bytes) -> None:
        """Write an object, or replace it. Raises PictureStoreUnavailable."""
        await self._call(lambda store: store.put(key, content))

    async def get(self, key: str, most: int) -> bytes | None:
        """An object's content; None if there is no such object.

        Raises:
            PictureTooLarge: it has more than `most` bytes, which are not read.
            PictureStoreUnavailable: the store does not answer.
        """

        def read(store: "LocalStore | S3Store") -> bytes | None:
            try:
                found = store.get(key)
            except FileNotFoundError as error:
                require_bucket(error)
                return None
            if found.meta["size"] > most:
                raise PictureTooLarge(f"A picture may have {most} bytes.")
            return bytes(found.bytes())

        return await self._call(read)

    async def delete(self, key: str) -> None:
        """Delete an object that may exist, and what killed processes left of it. Raises PictureStoreUnavailable."""

        def remove(store: "LocalStore | S3Store") -> None:
            try:
                store.delete(key)
            except FileNotFoundError as error:
                require_bucket(error)
            if (folder := self.settings.pictures_folder) is not None:
                for number in range(1, MOST_PARTS + 1):
                    (folder / f"{key}#{number}").unlink(missing_ok=True)

        await self._call(remove)

    async def require(self, mark: str) -> None:
        """Raises PictureStoreUnavailable: this object is missing, so it is another store: it proves no deletion."""
        if await self.get(mark, 1000) is None:
            log.warning("picture store without its mark", missing=mark)
            raise PictureStoreUnavailable(f"The store of the pictures has no object {mark}.")

    def upload_link(self, key: str, life: timedelta) -> str | None:
        """A link to which anybody may PUT the object's content for a while; None if the store has no such links.

        Computed here: it calls nothing, and waits for no thread.
        """
        if self.settings.pictures_bucket is None:
            return None
        import obstore

        store: Any = self._open()
        return obstore.sign(store, "PUT", key, life)

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, work: "Callable[[LocalStore | S3Store], T]") -> T:
        from obstore.exceptions import BaseError

        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, "pictures")
        try:
            async with asyncio.timeout(PATIENCE.total_seconds() + 1):
                return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(self._open()))
        except (BaseError, OSError) as error:  # TimeoutError is an OSError
            log.warning("picture store unavailable", error_type=type(error).__name__, reason=str(error)[:200])
            raise PictureStoreUnavailable("The store of the pictures does not answer just now.") from error

    def _open(self) -> "LocalStore | S3Store":
        if self._opened is None:
            self._opened = opened(self.settings)
        return self._opened


def require_bucket(error: FileNotFoundError) -> None:
    """Raises OSError: the whole bucket is missing. If its name is wrong, the objects are elsewhere."""
    if "NoSuchBucket" in str(error):
        raise OSError("there is no such bucket") from error


def opened(settings: PictureSettings) -> "LocalStore | S3Store":
    """Opens no connection."""
    from obstore.store import LocalStore, S3Store

    folder, place = settings.pictures_folder, settings.pictures_bucket
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if place is None:
        return LocalStore(folder)
    bucket, prefix = place
    endpoint, secret = settings.pictures_endpoint, settings.pictures_secret
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=settings.pictures_region,
        access_key_id=settings.pictures_key_id,
        secret_access_key=secret.get_secret_value() if secret else None,
        endpoint=endpoint,
        client_options={
            "allow_http": (endpoint or "").startswith("http://"),
            "connect_timeout": CONNECT,
            "timeout": PATIENCE,
        },
        retry_config={"max_retries": 1, "retry_timeout": PATIENCE},
    )
