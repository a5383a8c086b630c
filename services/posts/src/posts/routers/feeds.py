"""Atom feeds of posts, for feed readers: the latest, of a person, with a tag."""

from typing import Annotated, Final

from fastapi import Path, Response

from common.http.access import public
from common.http.etags import WithETag, set_etag
from common.http.routing import service_router, shed_first
from common.schemas import Id
from posts.deps import AppSettings, ReadPosts
from posts.schemas.atom import AtomResponse, atom_feed, in_path
from posts.schemas.post import Tag
from posts.services.records import Post, PostFilter

router = service_router("/posts/feeds", "posts")
ENTRIES: Final = 20
CACHE: Final = "public, max-age=60"
"""So long a post that was deleted may stay in caches on the way."""
FORM: Final = 1
"""The version of the documents' form: feeds have no version of their own, and nobody changes them."""


@router.get("/latest.atom", response_class=AtomResponse)
@public
@shed_first
async def get_latest_feed(queries: ReadPosts, settings: AppSettings, answer: WithETag) -> str:
    """Get the latest posts as an Atom feed (RFC 4287)."""
    posts = await newest(queries, PostFilter(), answer)
    return atom_feed(settings.issuer, f"{router.prefix}/latest.atom", title="Latest posts", shown_at="/", posts=posts)


@router.get("/people/{author_id}.atom", response_class=AtomResponse)
@public
@shed_first
async def get_persons_feed(author_id: Id, queries: ReadPosts, settings: AppSettings, answer: WithETag) -> str:
    """Get a person's latest posts as an Atom feed. It is empty if there is no such person."""
    posts = await newest(queries, PostFilter(author_id=author_id), answer)
    name = (posts[0].author.name if posts else None) or "Somebody"
    path = f"/people/{author_id}"
    return atom_feed(settings.issuer, f"{router.prefix}{path}.atom", title=name, shown_at=path, posts=posts)


@router.get("/tags/{tag}.atom", response_class=AtomResponse)
@public
@shed_first
async def get_tags_feed(
    tag: Annotated[Tag, Path(examples=["astronomy"])], queries: ReadPosts, settings: AppSettings, answer: WithETag
) -> str:
    """Get the latest posts with a tag as an Atom feed."""
    posts = await newest(queries, PostFilter(tag=tag), answer)
    path = f"/tags/{in_path(tag)}"
    return atom_feed(settings.issuer, f"{router.prefix}{path}.atom", title=f"#{tag}", shown_at=path, posts=posts)


async def newest(queries: ReadPosts, wanted: PostFilter, answer: Response) -> list[Post]:
    """What anybody may read, and the headers of a feed."""
    answer.headers["Cache-Control"] = CACHE
    set_etag(answer, FORM)
    return list((await queries.newest(wanted, None, ENTRIES, None)).rows)
