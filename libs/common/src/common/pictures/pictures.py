"""The pictures of one service: upload, encoding, showing, and deletion for good.

1. `begin` adds a row, and gives a link for the upload: to the store itself if it has such links, or to us.
2. Whoever has the link uploads the original (`receive`, if it is a link to us).
3. `finish` encodes it anew, and deletes the original.
4. `sweep` deletes what was removed, never finished, or is not used; `erase` all that an account has.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import Executable, text

from common.db.database import Database, TransactionFactory
from common.db.reading import ReadSession
from common.errors import InvalidInput
from common.pictures.config import PictureSettings
from common.pictures.encoder import Encoded, Encoder
from common.pictures.errors import (
    BadUploadLink,
    PictureNotFound,
    PictureNotUploaded,
    PicturesBusy,
    PicturesOff,
    TooManyPictures,
    TooManyUploads,
)
from common.pictures.kind import ORIGINAL, Kind
from common.pictures.rows import CHECK, Picture, PictureRepository
from common.pictures.store import ObjectStore
from common.tokens.claims import InvalidToken

log = structlog.get_logger()

MOST_BYTES: Final = 10 * 1024 * 1024
"""Of an original. Encoded ones never have as many."""
LINK_LIFE: Final = timedelta(minutes=5)
BUSY: Final = timedelta(minutes=2)
"""The longest time for receiving or encoding a picture, with waiting."""
SWEEP: Final = timedelta(minutes=1)
MOST_UNFINISHED: Final = 3
"""Uploads of one person. Links to S3 have no limit of size."""
MARK: Final = "store"
"""Names the object, one of each service, that tells our store from an empty one, as a folder that is not mounted."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Where to upload a picture's original, and until when."""

    name: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one service. Without a store they are off."""

    kind: Kind
    store: ObjectStore | None
    transactions: TransactionFactory[PictureRepository]
    reads: PictureRepository
    encoder: Encoder
    link_key: bytes
    check: Executable

    @classmethod
    def of(cls, kind: Kind, database: Database, settings: PictureSettings) -> "Pictures":
        if settings.pictures_folder and settings.replicas > 1:
            log.warning("pictures are in a folder, which all processes must share", processes=settings.replicas)
        return cls(
            kind,
            ObjectStore(settings) if settings.pictures_url else None,
            TransactionFactory(database, PictureRepository),
            PictureRepository(ReadSession(database.reading)),
            Encoder(kind.sizes),
            hmac.digest(settings.database_password.get_secret_value().encode(), b"links for uploads", "sha256"),
            text(CHECK.format(is_used=kind.is_used)),
        )

    async def begin(self, rows: PictureRepository, account_id: int) -> Upload:
        """Add a picture that is to be uploaded, in the transaction of `rows`.

        Raises:
            PicturesOff, PictureStoreUnavailable.
            TooManyPictures, TooManyUploads: the account has as many as it may have.
            InvalidToken: the account was deleted a moment ago.
        """
        store = self._store()
        await self._mark(store)
        name, expires_at = secrets.token_hex(16), datetime.now(UTC) + LINK_LIFE
        url = store.upload_link(self._key(name, ORIGINAL), LINK_LIFE)
        if await rows.count(account_id) >= self.kind.most:
            raise TooManyPictures(f"You may have {self.kind.most} pictures.")
        if await rows.count_unfinished(account_id) >= MOST_UNFINISHED:
            raise TooManyUploads(f"You have {MOST_UNFINISHED} unfinished uploads. Finish them, or try again later.")
        if await rows.add(name, account_id, LINK_LIFE) is None:
            raise InvalidToken("This account was deleted.")
        return Upload(name, url or self._own_link(name, int(expires_at.timestamp())), expires_at)

    def require_link(self, name: str, until: str, signature: str) -> None:
        """Check a link of ours for an upload, as it was sent.

        Raises:
            PicturesOff: there is no store.
            BadUploadLink: it has expired, or is not ours. A store with links of its own has none of ours.
        """
        has_links = self._store().settings.pictures_bucket is not None
        good = hmac.compare_digest(signature.encode(), self._signature(name, until).encode())
        if has_links or not good or int(until) < datetime.now(UTC).timestamp():
            raise BadUploadLink("This link has expired, or was changed.")

    async def receive(self, name: str, until: int, signature: str, original: bytes) -> None:
        """Store an original that was uploaded to us; a repetition replaces it.

        Raises:
            PicturesOff, PictureStoreUnavailable.
            BadUploadLink: the link has expired, or is not ours.
            PictureNotFound: it was removed, or is finished.
        """
        self.require_link(name, str(until), signature)
        store = self._store()
        async with self.transactions() as rows:
            if await rows.keep_open(name, BUSY) is None:
                raise no_picture()
        await store.put(self._key(name, ORIGINAL), original)

    async def finish(self, name: str, account_id: int) -> Picture:
        """Encode an uploaded picture anew. A repetition changes nothing, also one at the same moment.

        Raises:
            PicturesOff, PictureStoreUnavailable.
            PictureNotFound: the account has no such picture.
            PictureNotUploaded: its original is missing.
            NotAPicture, PictureTooLarge, AnimatedPicture: it is refused. Another original may be uploaded.
            PicturesBusy: too many others are being encoded, or another of the account; or the encoding failed.
        """
        store = self._store()
        async with self.transactions() as rows:
            known = await rows.keep_open(name, BUSY, account_id)
        if known is None:
            raise no_picture()
        if known.width is not None:
            return known
        try:
            async with asyncio.timeout(BUSY.total_seconds() * 0.8):
                async with self.encoder.turn(account_id):
                    encoded = await self._encode(store, name)
        except TimeoutError:
            raise PicturesBusy("Other pictures are being encoded; try again in a moment.") from None
        except InvalidInput:
            async with self.transactions() as rows:
                await rows.refuse(name, account_id)
            await store.delete(self._key(name, ORIGINAL))  # so that each trial costs an upload
            raise
        finished = None
        async with self.transactions() as rows:
            if encoded is not None:
                total = sum(map(len, encoded.files.values()))
                finished = await rows.finish(name, account_id, encoded.width, encoded.height, total)
            finished = finished or await rows.mine(name, account_id)  # another call may have finished it
        if finished is None:
            raise no_picture()
        if finished.width is None:
            raise PictureNotUploaded("Upload the picture first.")
        await store.delete(self._key(name, ORIGINAL))
        return finished

    async def require_shown(self, name: str) -> None:
        """Raises PictureNotFound: it is removed, or not finished."""
        if await self.reads.shown(name) is None:
            raise no_picture()

    async def content(self, name: str, size: str) -> bytes:
        """One of a picture's files, as WebP. Raises PicturesOff, PictureStoreUnavailable, PictureNotFound."""
        content = await self._store().get(self._key(name, size), MOST_BYTES)
        if content is None:
            raise no_picture()
        return content

    async def erase(self, account_id: int) -> bool:
        """Delete an account's pictures; False if some can only be deleted later: an upload is under way.

        Raises PicturesOff, PictureStoreUnavailable: their objects cannot be deleted.
        """
        async with self.transactions() as rows:
            await rows.remove_all(account_id)
        if self.store is None and await self.reads.has_any(account_id):
            raise PicturesOff("PICTURES_URL is not set, so this account's pictures cannot be deleted.")
        while names := await self.reads.removed(account_id):
            await self._delete(names)
        return not await self.reads.has_any(account_id)

    async def sweep(self) -> None:
        """Delete the objects of removed pictures; and, also after a failure, remove unfinished and unused ones."""
        try:
            while names := await self.reads.removed():
                await self._delete(names)
        finally:
            await self._check_due()

    async def _check_due(self) -> None:
        """Whatever fails is due again in an hour, so it stops no other."""
        while True:
            async with self.transactions() as rows:
                claimed = await rows.claim_due()
            if not claimed:
                return
            await self._store().require(self._key(MARK))
            for name, moment in claimed:
                # first, since the link for the upload may have been used again, and a used picture stays
                await self._store().delete(self._key(name, ORIGINAL))
                try:
                    async with self.transactions() as rows:
                        await rows.check(self.check, name, moment)
                except Exception as error:  # noqa: BLE001  # as one whose author has too many texts to search
                    log.warning("picture not checked", picture=name, reason=repr(error)[:200])

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            await asyncio.sleep(SWEEP.total_seconds())
            try:
                if self.store is not None:
                    await self.sweep()
                elif await self.reads.any():
                    log.warning("pictures are off, but some are stored: erasures of their owners wait")
            except Exception as error:  # noqa: BLE001  # supervision: the loop must not end
                log.warning("pictures not swept", reason=repr(error)[:200])

    def close(self) -> None:
        if self.store is not None:
            self.store.close()

    async def _encode(self, store: ObjectStore, name: str) -> Encoded | None:
        """The files of a picture, which are stored. None: its original is missing."""
        original = await store.get(self._key(name, ORIGINAL), MOST_BYTES)
        if original is None:
            return None
        encoded = await self.encoder.encode(original)
        for size, content in encoded.files.items():
            await store.put(self._key(name, size), content)
        return encoded

    async def _delete(self, names: list[str]) -> None:
        """Each for itself, so that there is progress even if a later one fails."""
        await self._store().require(self._key(MARK))
        for name in names:
            keys = (self._key(name, size) for size in (ORIGINAL, *self.kind.sizes))
            await asyncio.gather(*(self._store().delete(key) for key in keys))
            async with self.transactions() as rows:
                await rows.forget(name)

    async def _mark(self, store: ObjectStore) -> None:
        """Mark the store before the service's first picture. A store that has pictures is never marked anew."""
        if not store.is_marked:
            if not await self.reads.any():
                await store.put(self._key(MARK), b"Without this file, nothing is deleted here.\n")
            store.is_marked = True

    def _store(self) -> ObjectStore:
        if self.store is None:
            raise PicturesOff("This site takes no pictures.")
        return self.store

    def _key(self, *parts: str) -> str:
        return "-".join((self.kind.service, *parts))

    def _own_link(self, name: str, until: int) -> str:
        signature = self._signature(name, str(until))
        return f"/{self.kind.service}/pictures/{name}/original?until={until}&signature={signature}"

    def _signature(self, name: str, until: str) -> str:
        return hmac.digest(self.link_key, f"{name} {until}".encode(), "sha256").hex()


def no_picture() -> PictureNotFound:
    return PictureNotFound("There is no such picture.")
