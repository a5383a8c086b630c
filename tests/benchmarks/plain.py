"""The plain idiom: the same routes and rows in the style of FastAPI's template: ORM session, python-jose per request.

JWKS_URL=… ISSUER=… POSTS_DSN=… RIVAL_DSN=… USERS_DSN=… python -m tests.benchmarks.plain PORT
"""

import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from posts.models import Author, AuthorStats, Like, Outbox, Post, PostStats, PostTag, Tag
from posts.schemas.post import PostCreate, PostResponse
from posts.services.slugs import slug_of
from users.models import Authored, Block, Follow, Profile
from users.schemas.profile import ProfileResponse

KEYS = httpx.get(os.environ["JWKS_URL"]).json()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="/auth/token")


def session_of(database: str) -> Callable[[], AsyncIterator[AsyncSession]]:
    url = os.environ[f"{database.upper()}_DSN"].replace("postgresql://", "postgresql+asyncpg://")
    sessions = async_sessionmaker(create_async_engine(url, pool_size=10, pool_pre_ping=True), expire_on_commit=False)

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    return get_session


PostsSession = Annotated[AsyncSession, Depends(session_of("posts"))]
RivalSession = Annotated[AsyncSession, Depends(session_of("rival"))]
UsersSession = Annotated[AsyncSession, Depends(session_of("users"))]


async def get_current_user_id(token: Annotated[str, Depends(oauth2_scheme)]) -> int:
    try:
        claims = jwt.decode(token, KEYS, algorithms=["ES256"], audience="posts", issuer=os.environ["ISSUER"])
    except JWTError as error:
        raise HTTPException(401, "Could not validate credentials") from error
    return int(claims["sub"])


CurrentUser = Annotated[int, Depends(get_current_user_id)]
app = FastAPI()


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {}


async def load_post(session: AsyncSession, post_id: int, user_id: int) -> dict[str, Any]:
    statement = (
        select(Post, PostStats, Author, Like)
        .outerjoin(PostStats, PostStats.post_id == Post.id)
        .outerjoin(Author, Author.id == Post.author_id)
        .outerjoin(Like, (Like.post_id == Post.id) & (Like.account_id == user_id))
        .where(Post.id == post_id)
    )
    row: Any = (await session.execute(statement)).one_or_none()
    if row is None:
        raise HTTPException(404, "Post not found")
    post, stats, author, like = row
    names = ("id", "title", "description", "body", "tags", "status", "created_at", "updated_at", "published_at")
    return {
        **{name: getattr(post, name) for name in names},
        "slug": slug_of(post.title, post.id),
        "author": author or {"id": post.author_id, "name": None, "avatar_url": None},
        "likes_count": stats.likes_count,
        "comments_count": stats.comments_count,
        "liked": like is not None,
    }


@app.get("/posts/{post_id}", response_model=PostResponse)
async def get_post(post_id: int, session: PostsSession, user_id: CurrentUser) -> Any:
    return await load_post(session, post_id, user_id)


@app.post("/posts", response_model=PostResponse, status_code=201)
async def create_post(new: PostCreate, session: RivalSession, user_id: CurrentUser) -> Any:
    post = Post(author_id=user_id, published_at=datetime.now(UTC), **new.model_dump())
    session.add(post)
    await session.flush()
    await session.refresh(post)
    session.add(PostStats(post_id=post.id))
    session.add_all(PostTag(post_id=post.id, tag=tag, published_at=post.published_at) for tag in post.tags)
    for name in sorted(post.tags):
        using = insert(Tag).values(name=name, posts_count=1)
        await session.execute(
            using.on_conflict_do_update(index_elements=[Tag.name], set_={"posts_count": Tag.posts_count + 1})
        )
    counting = insert(AuthorStats).values(author_id=user_id, posts_count=1)
    counting = counting.on_conflict_do_update(
        index_elements=[AuthorStats.author_id],
        set_={"posts_count": AuthorStats.posts_count + 1, "version": AuthorStats.version + 1},
    )
    counter = (await session.scalars(counting.returning(AuthorStats))).one()
    key = {"target": "users", "type": "author", "subject": f"author:{user_id}"}
    state = {"version": counter.version, "data": {"posts_count": counter.posts_count}}
    telling = insert(Outbox).values(**key, **state)
    await session.execute(telling.on_conflict_do_update(index_elements=list(key), set_=state))
    await session.commit()
    return await load_post(session, post.id, user_id)


@app.get("/users/{user_id}", response_model=ProfileResponse)
async def get_user(user_id: int, session: UsersSession, caller_id: CurrentUser) -> Any:
    statement = (
        select(Profile, Authored, Follow, Block)
        .outerjoin(Authored, Authored.id == Profile.id)
        .outerjoin(Follow, (Follow.follower_id == caller_id) & (Follow.followee_id == Profile.id))
        .outerjoin(Block, (Block.blocker_id == caller_id) & (Block.blocked_id == Profile.id))
        .where(Profile.id == user_id)
    )
    row: Any = (await session.execute(statement)).one_or_none()
    if row is None:
        raise HTTPException(404, "User not found")
    profile, authored, follow, block = row
    names = ("id", "name", "username", "bio", "avatar_url", "followers_count", "following_count")
    return {
        **{name: getattr(profile, name) for name in names},
        "email": profile.email if profile.id == caller_id else None,
        "posts_count": authored.posts_count if authored else 0,
        "following": follow is not None and follow.active,
        "blocked": block is not None and block.active,
    }


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]))
