"""Pictures: a link for the upload, the upload itself, encoding, and the pictures as everybody sees them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from common.http.access import public
from common.http.deps import DbSession, FromState, Handler, SignedIn
from common.http.problems import problems
from common.http.rate_limits import Limits, Quota
from common.http.routing import ServiceRoute, service_router
from common.pictures.config import PictureSettings
from common.pictures.errors import (
    AnimatedPicture,
    BadUploadLink,
    NotAPicture,
    PictureNotFound,
    PictureNotUploaded,
    PicturesBusy,
    PicturesOff,
    PictureStoreUnavailable,
    PictureTooLarge,
    TooManyPictures,
    TooManyUploads,
)
from common.pictures.kind import LARGE, SMALL, path_of
from common.pictures.pictures import MOST_BYTES, Pictures
from common.pictures.rows import Picture, PictureRepository
from common.schemas import AfterId, Moment, Outgoing

UPLOADS: Final = "pictures"
SHOWN: Final = "shown-pictures"
BYTES: Final = "application/octet-stream"
WEBP: Final = "image/webp"
NAME: Final = "[0-9a-f]{32}"
EXAMPLE: Final = "7f3b1c0de5a94d2f8b6a1e0c9d4f2a53"
HEADERS: Final = {
    # The address never shows anything else. Caches on the way keep it for an hour, so that a deleted one goes.
    "Cache-Control": "public, max-age=31536000, s-maxage=3600, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {WEBP: {"schema": {"type": "string", "format": "binary"}}}, "description": "The picture."},
    304: {"description": "Nothing has changed."},
}
PictureName = Annotated[str, Path(pattern=f"^{NAME}$", examples=[EXAMPLE])]
PictureFile = Annotated[str, Path(pattern=rf"^{NAME}(-small)?\.webp$", examples=[f"{EXAMPLE}.webp"])]


class UploadRoute(ServiceRoute):
    """For an original, as raw bytes. Its link is signed, so it needs no token."""

    raw_body = BYTES
    max_body = MOST_BYTES

    def with_body(self, handle: Handler) -> Handler:
        """Check the link before anything is read: else anybody could make the service read a large body."""
        read_body = super().with_body(handle)

        async def handle_signed(request: Request) -> Response:
            pictures: Pictures = request.app.state.pictures
            link = request.query_params
            pictures.require_link(request.path_params["name"], link.get("until", ""), link.get("signature", ""))
            return await read_body(request)

        return handle_signed


class ShownRoute(ServiceRoute):
    """For pictures on pages, which may have many: they are counted apart from other requests."""

    limited = False


class UploadLink(Outgoing):
    """How to upload the original: this method, this address, these headers, and the bytes as the body. No token."""

    url: str = Field(
        examples=[f"/users/pictures/{EXAMPLE}/original?until=1764480000&signature=0c1f"],
        description="Relative to the API's address, or an address of the store.",
    )
    method: str = Field(examples=["PUT"])
    headers: dict[str, str] = Field(examples=[{"Content-Type": BYTES}])
    expires_at: Moment


class UploadResponse(Outgoing):
    """A picture that is to be uploaded."""

    name: str = Field(examples=[EXAMPLE])
    upload: UploadLink
    most_bytes: int = Field(examples=[MOST_BYTES])


class PictureResponse(Outgoing):
    """A picture that everybody can see who knows its address. Both addresses are relative to the API's."""

    name: str = Field(examples=[EXAMPLE])
    url: str = Field(examples=[f"/users/pictures/{EXAMPLE}.webp"])
    small_url: str = Field(examples=[f"/users/pictures/{EXAMPLE}-small.webp"])
    width: int = Field(examples=[1600])
    height: int = Field(examples=[900])


def picture_quotas(settings: PictureSettings) -> Mapping[str, Quota]:
    """The rate limits of these routes."""
    return {
        UPLOADS: Quota(settings.rate_limit_pictures, timedelta(hours=1)),
        SHOWN: Quota(4 * settings.rate_limit_general, timedelta(minutes=1)),
    }


UsePictures = Annotated[Pictures, Depends(FromState("pictures"))]


def pictures_router(service: str) -> APIRouter:
    """The routes below `/SERVICE/pictures`."""
    prefix, tag = f"/{service}/pictures", f"{service}-pictures"
    router = service_router(prefix, tag)
    uploads, shown = service_router(prefix, tag, UploadRoute), service_router(prefix, tag, ShownRoute)

    @router.post(
        "",
        name=f"begin_upload_to_{service}",
        responses=problems(PicturesOff, TooManyPictures, TooManyUploads, PictureStoreUnavailable),
    )
    async def begin_upload(
        caller: SignedIn, session: DbSession, pictures: UsePictures, limits: Limits
    ) -> UploadResponse:
        """Get a link for the upload of a picture. Then upload it there, and finish it within an hour.

        After a repetition there are two links. Those that nobody uses, and what belongs to them, are deleted.
        """
        await limits.hit(UPLOADS, caller.subject)
        upload = await pictures.begin(PictureRepository(session), caller.account_id)
        link = UploadLink(url=upload.url, method="PUT", headers={"Content-Type": BYTES}, expires_at=upload.expires_at)
        return UploadResponse(name=upload.name, upload=link, most_bytes=MOST_BYTES)

    @uploads.put(
        "/{name}/original",
        name=f"upload_picture_to_{service}",
        status_code=204,
        responses=problems(PicturesOff, PictureNotFound, BadUploadLink, PictureStoreUnavailable),
    )
    @public
    async def upload_picture(
        name: PictureName,
        request: Request,
        pictures: UsePictures,
        until: AfterId,
        signature: Annotated[str, Query(max_length=64, pattern="^[0-9a-f]*$")],
    ) -> None:
        """Upload the original of a picture, by the link that the service gave for it."""
        await pictures.receive(name, until, signature, await request.body())

    @router.put(
        "/{name}/finished",
        name=f"finish_upload_to_{service}",
        responses=problems(
            PicturesOff,
            PictureNotFound,
            PictureNotUploaded,
            NotAPicture,
            PictureTooLarge,
            AnimatedPicture,
            PicturesBusy,
            PictureStoreUnavailable,
        ),
    )
    async def finish_upload(
        name: PictureName, caller: SignedIn, pictures: UsePictures, limits: Limits
    ) -> PictureResponse:
        """Encode an uploaded picture anew, without its metadata. A repetition changes nothing.

        A refused original is deleted; another may be uploaded by the same link.
        """
        await limits.hit(UPLOADS, caller.subject)
        return shown_as(service, await pictures.finish(name, caller.account_id))

    @shown.get(
        "/{file}",
        name=f"get_picture_of_{service}",
        response_class=Response,
        responses={**UNCHANGED, **problems(PicturesOff, PictureNotFound, PictureStoreUnavailable)},
    )
    @public
    async def get_picture(file: PictureFile, request: Request, pictures: UsePictures, limits: Limits) -> Response:
        """Get a picture, in one of its two sizes."""
        await limits.hit(SHOWN)
        name, _, size = file.removesuffix(".webp").partition("-")
        await pictures.require_shown(name)
        etag = f'"{file}"'
        headers = {**HEADERS, "ETag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(await pictures.content(name, size or LARGE), media_type=WEBP, headers=headers)

    router.routes += [*uploads.routes, *shown.routes]
    return router


def shown_as(service: str, picture: Picture) -> PictureResponse:
    return PictureResponse(
        name=picture.name,
        url=path_of(service, picture.name),
        small_url=path_of(service, picture.name, SMALL),
        width=picture.width or 0,
        height=picture.height or 0,
    )
