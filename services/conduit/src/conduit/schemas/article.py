"""Schemas of articles and tags."""

from pydantic import Field

from conduit.schemas.fields import NOT_GIVEN, Body, Filled, Millis, Plain, Shown
from conduit.schemas.user import ProfileShown


class NewArticle(Body):
    """A new article."""

    title: Filled = Field(examples=["First light"])
    description: Filled = Field(examples=["A clear night at last."])
    body: Filled = Field(examples=["It was a clear night."])
    tagList: list[Plain] = Field(default_factory=list, examples=[["astronomy"]])  # noqa: N815  # its name in that API


class ArticleChanges(Body):
    """The fields to change; others stay. An empty list removes all tags."""

    title: Filled = Field(default=NOT_GIVEN, examples=["Second light"])
    description: Filled = Field(default=NOT_GIVEN, examples=["Another clear night."])
    body: Filled = Field(default=NOT_GIVEN, examples=["It was a clear night, and cold."])
    tagList: list[Plain] = Field(default=NOT_GIVEN, examples=[["astronomy"]])  # noqa: N815


class NewArticleBody(Body):
    """The body of a new article."""

    article: NewArticle


class ArticleChangesBody(Body):
    """The body of a change."""

    article: ArticleChanges


class ListedArticle(Shown):
    """An article without its text."""

    slug: str = Field(examples=["first-light-41"])
    title: str = Field(examples=["First light"])
    description: str = Field(examples=["A clear night at last."])
    tag_list: list[str] = Field(examples=[["astronomy"]])
    created_at: Millis
    updated_at: Millis
    favorited: bool = Field(description="Whether the caller likes it; false when anonymous.")
    favorites_count: int = Field(examples=[3])
    author: ProfileShown


class ArticleShown(ListedArticle):
    """An article."""

    body: str = Field(examples=["It was a clear night."])


class ArticleAnswer(Shown):
    """An article."""

    article: ArticleShown


class ArticlesAnswer(Shown):
    """Some articles, and how many there are in all."""

    articles: list[ListedArticle]
    articles_count: int = Field(
        examples=[64],
        description="Exact for one tag, one author and the feed; other lists are counted up to 10,000.",
    )


class TagsAnswer(Shown):
    """Tags in use."""

    tags: list[str] = Field(examples=[["astronomy"]])
