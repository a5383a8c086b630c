"""Why a picture is not accepted, or not shown."""

from common.errors import Conflict, DependencyUnavailable, Forbidden, InvalidInput, NotFound


class PicturesOff(NotFound):
    """This site takes no pictures (PICTURES_URL is not set)."""

    code = "pictures-off"


class PictureNotFound(NotFound):
    """There is no such picture, or it is somebody else's."""

    code = "picture-not-found"


class NotAPicture(InvalidInput):
    """The file is no JPEG, PNG or WebP, or it is damaged."""

    code = "not-a-picture"


class PictureTooLarge(InvalidInput):
    """The file has too many bytes or pixels, or needs too much memory or time."""

    code = "picture-too-large"


class AnimatedPicture(InvalidInput):
    """The picture is animated."""

    code = "animated-picture"


class TooManyPictures(Conflict):
    """The caller has as many pictures as they may have."""

    code = "too-many-pictures"


class TooManyUploads(Conflict):
    """The caller has as many unfinished uploads as they may have."""

    code = "too-many-uploads"


class PictureNotUploaded(Conflict):
    """Nothing has been uploaded for this picture."""

    code = "picture-not-uploaded"


class BadUploadLink(Forbidden):
    """The link for an upload has expired, or was changed."""

    code = "bad-upload-link"


class PicturesBusy(DependencyUnavailable):
    """Other pictures are being encoded, or the encoding failed."""

    code = "pictures-busy"


class PictureStoreUnavailable(DependencyUnavailable):
    """The store of the pictures does not answer."""

    code = "picture-store-unavailable"
