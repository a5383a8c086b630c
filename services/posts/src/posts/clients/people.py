"""users' profiles and follows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from common.schemas import Id
from common.service_client import ServiceClient
from posts.services.records import Author


class CardAnswer(BaseModel):
    """As much of a card as posts needs; the rest may change freely."""

    id: Id
    name: str
    avatar_url: str | None


class CardsAnswer(BaseModel):
    """Those of the asked-for profiles that exist."""

    items: list[CardAnswer]


class FollowedAnswer(BaseModel):
    """Whom somebody follows."""

    ids: list[Id]


@dataclass(frozen=True, slots=True)
class UsersPeople:
    """`People`, asked over HTTP."""

    users: ServiceClient

    async def cards(self, ids: Collection[int]) -> Mapping[int, Author]:
        params = {"ids": ",".join(str(one) for one in sorted(ids))}
        answer = await self.users.get("/internal/profiles", CardsAnswer, params)
        return {card.id: Author(card.id, card.name, card.avatar_url) for card in answer.items} if answer else {}

    async def followed_by(self, account_id: int) -> Sequence[int]:
        answer = await self.users.get(f"/internal/following/{account_id}", FollowedAnswer)
        return answer.ids if answer else []
