"""The router of this API's paths."""

from fastapi import APIRouter

from common.http.routing import ServiceRoute
from conduit.schemas.errors import MEDIA_TYPE


class ConduitRoute(ServiceRoute):
    """It passes an `Idempotency-Key` on, and keeps no answers itself."""

    keeps_answers = False
    media_type = MEDIA_TYPE


def conduit_router(prefix: str, tag: str) -> APIRouter:
    return APIRouter(prefix=f"/api{prefix}", tags=[tag], route_class=ConduitRoute)
