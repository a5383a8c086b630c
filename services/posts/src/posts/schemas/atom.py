"""Atom feeds (RFC 4287): the latest posts as a document for feed readers."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree

from fastapi import Response

from posts.services.records import Post

MEDIA_TYPE: Final = "application/atom+xml"
NAMESPACE: Final = "http://www.w3.org/2005/Atom"
DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
SITE: Final = "Trivium"
EXCERPT: Final = 500
"""Characters of a post without a description; the rest is behind its link."""
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a feed without posts."""
FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold, also not escaped (XML 1.0, section 2.2)."""


class AtomResponse(Response):
    """An answer with a feed."""

    media_type = MEDIA_TYPE


def atom_feed(site: str, path: str, *, title: str, shown_at: str, posts: Sequence[Post]) -> str:
    """The posts as a feed. `path` is its own address at the site, `shown_at` that of the page with the same list.

    Ids are addresses of the API, which stay when those of pages change.
    """
    feed = ElementTree.Element("feed", {"xmlns": NAMESPACE})
    add(feed, "id", f"{site}{path}")
    add(feed, "title", f"{title} · {SITE}")
    add(feed, "updated", max((post.updated_at for post in posts), default=NEVER).isoformat())
    add(feed, "link", rel="self", type=MEDIA_TYPE, href=f"{site}{path}")
    add(feed, "link", rel="alternate", type="text/html", href=f"{site}{shown_at}")
    for post in posts:
        add_entry(feed, site, post)
    return DECLARATION + ElementTree.tostring(feed, encoding="unicode")


def add_entry(feed: ElementTree.Element, site: str, post: Post) -> None:
    entry = add(feed, "entry")
    add(entry, "id", f"{site}/posts/{post.id}")
    add(entry, "title", post.title)
    add(entry, "updated", post.updated_at.isoformat())
    add(entry, "published", (post.published_at or post.created_at).isoformat())
    add(entry, "link", rel="alternate", type="text/html", href=f"{site}/post/{post.id}")
    author = add(entry, "author")
    add(author, "name", post.author.name or "Somebody")
    add(author, "uri", f"{site}/people/{post.author.id}")
    for tag in post.tags:
        add(entry, "category", term=tag)
    add(entry, "summary", post.description or excerpt(post.body))


def excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"


def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    """Add an element. Its text is escaped, and has no character that XML forbids."""
    element = ElementTree.SubElement(parent, name, {key: legal(value) for key, value in attributes.items()})
    element.text = legal(text) or None
    return element


def legal(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)


def in_path(name: str) -> str:
    """A tag as a part of an address."""
    return quote(name, safe="")
