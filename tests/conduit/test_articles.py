"""Articles, favourites, comments, tags and the feed, by the RealWorld API."""

import re
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conduit.conftest import NewPerson, unique

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NOTHING = {"articles": [], "articlesCount": 0}


def slugs(reply: Any) -> list[str]:
    assert reply.status_code == 200, reply.text
    assert all("body" not in article for article in reply.json()["articles"])
    return [article["slug"] for article in reply.json()["articles"]]


async def test_an_article_is_shown_as_it_was_written(client: AsyncClient, new_person: NewPerson) -> None:
    ada = await new_person()
    text = {"title": " <b>First</b> light ", "description": "*In* short & plain", "body": "# It\n\n<script>x</script> "}
    article = await ada.publish(**text, tagList=["zeta", "alpha"])
    assert {name: article[name] for name in text} == text
    assert article["tagList"] == ["zeta", "alpha"]
    assert (article["favorited"], article["favoritesCount"]) == (False, 0)
    assert article["author"] == {"username": ada.name, "bio": None, "image": None, "following": False}
    assert TIME.fullmatch(article["createdAt"])
    assert article["createdAt"] == article["updatedAt"]
    for reply in (
        await client.get(f"/api/articles/{article['slug']}"),
        await ada.send("GET", f"/articles/{article['slug']}"),
    ):
        assert reply.json()["article"] == article
    (listed,) = (await client.get("/api/articles?limit=1")).json()["articles"]
    assert listed == {name: value for name, value in article.items() if name != "body"}
    assert (await ada.publish())["tagList"] == []


async def test_two_articles_may_have_one_title(new_person: NewPerson) -> None:
    ada = await new_person()
    assert (await ada.publish(title="feed"))["slug"] != (await ada.publish(title="feed"))["slug"]


@pytest.mark.parametrize("field", ["title", "description", "body"])
async def test_an_article_has_no_empty_fields(new_person: NewPerson, field: str) -> None:
    ada = await new_person()
    article = await ada.publish()
    fields = {"title": "t", "description": "d", "body": "b", field: ""}
    for reply in (
        await ada.send("POST", "/articles", article=fields),
        await ada.send("PUT", f"/articles/{article['slug']}", article={field: ""}),
    ):
        assert (reply.status_code, reply.json()["errors"]) == (422, {field: ["can't be blank"]})
    del fields[field]
    assert (await ada.send("POST", "/articles", article=fields)).json()["errors"] == {field: ["can't be blank"]}


async def test_given_fields_of_an_article_change(new_person: NewPerson) -> None:
    ada = await new_person()
    article = await ada.publish(tagList=["one", "two"])
    path = f"/articles/{article['slug']}"
    changed = (await ada.send("PUT", path, article={"body": "Other."})).json()["article"]
    assert changed == article | {"body": "Other.", "updatedAt": changed["updatedAt"]}
    assert changed["updatedAt"] > article["updatedAt"]
    for wrong in (None, "one", [1]):
        refused = await ada.send("PUT", path, article={"tagList": wrong})
        assert (refused.status_code, refused.json()["errors"].keys()) == (422, {"tagList"})
    assert (await ada.send("PUT", path, article={"tagList": []})).json()["article"]["tagList"] == []
    renamed = (await ada.send("PUT", path, article={"title": "Second light"})).json()["article"]
    assert renamed["slug"].startswith("second-light-")
    assert renamed["createdAt"] == article["createdAt"]
    assert (await ada.send("GET", f"/articles/{renamed['slug']}")).status_code == 200
    assert (await ada.send("GET", path)).status_code == 404


async def test_checks_come_in_order_token_existence_ownership_content(
    client: AsyncClient, new_person: NewPerson
) -> None:
    ada, bob = await new_person(), await new_person()
    article = await ada.publish()
    comment = (await ada.send("POST", f"/articles/{article['slug']}/comments", comment={"body": "Mine."})).json()
    mine, unknown = f"/articles/{article['slug']}", "/articles/no-such-article-9"
    number = comment["comment"]["id"]
    for method, end in (
        ("PUT", ""), ("DELETE", ""), ("POST", "/favorite"), ("DELETE", "/favorite"),
        ("POST", "/comments"), ("DELETE", "/comments/1"),
    ):  # fmt: skip
        for path in (mine, unknown):
            reply = await client.request(method, f"/api{path}{end}", json={} if method in ("PUT", "POST") else None)
            assert (reply.status_code, reply.json()["errors"]) == (401, {"token": ["is missing"]})
        sent = (
            {"article": {"title": ""}, "comment": {"body": ""}}
            if end in ("", "/comments") and method != "DELETE"
            else {}
        )
        reply = await bob.send(method, unknown + end, **sent)
        assert (reply.status_code, reply.json()["errors"]) == (404, {"article": ["not found"]}), (method, end)
    for method in ("PUT", "DELETE"):
        reply = await bob.send(method, mine, **({"article": {"title": ""}} if method == "PUT" else {}))
        assert (reply.status_code, reply.json()["errors"]) == (403, {"article": ["forbidden"]})
    reply = await bob.send("DELETE", f"{mine}/comments/{number}")
    assert (reply.status_code, reply.json()["errors"]) == (403, {"comment": ["forbidden"]})
    for wrong in ("99999999", "x", "0", "9" * 20):
        reply = await bob.send("DELETE", f"{mine}/comments/{wrong}")
        assert (reply.status_code, reply.json()["errors"]) == (404, {"comment": ["not found"]})
    assert (await client.get("/api/articles/feed")).json()["errors"] == {"token": ["is missing"]}
    for path in ("/api/articles/unknown", f"/api{unknown}", f"/api{unknown}/comments", "/api/articles/%00"):
        assert (await client.get(path)).json()["errors"] == {"article": ["not found"]}
    assert (await client.get(f"/api{mine}")).status_code == 200


async def test_favourites_count_people_and_are_seen_at_once(client: AsyncClient, new_person: NewPerson) -> None:
    ada, bob = await new_person(), await new_person()
    article = await ada.publish()
    path = f"/articles/{article['slug']}"
    assert slugs(await client.get(f"/api/articles?favorited={bob.name}")) == []
    for _ in range(2):
        liked = (await bob.send("POST", f"{path}/favorite")).json()["article"]
        assert liked == article | {"favorited": True, "favoritesCount": 1}
    listed = (await bob.send("GET", f"/articles?favorited={bob.name}")).json()
    assert (listed["articlesCount"], listed["articles"][0]["favorited"]) == (1, True)
    assert slugs(await client.get(f"/api/articles?favorited={bob.name}&author={ada.name}")) == [article["slug"]]
    assert (await client.get(f"/api{path}")).json()["article"]["favorited"] is False
    for _ in range(2):
        unliked = (await bob.send("DELETE", f"{path}/favorite")).json()["article"]
        assert unliked == article
    assert (await client.get(f"/api/articles?favorited={bob.name}")).json() == NOTHING


async def test_lists_are_filtered_and_paged(client: AsyncClient, new_person: NewPerson) -> None:
    ada, bob, tag = await new_person(), await new_person(), unique("paged")
    made = [(await ada.publish(title=f"Number {number}", tagList=[tag]))["slug"] for number in range(3)]
    await bob.publish(tagList=[tag])
    assert slugs(await client.get(f"/api/articles?author={ada.name}")) == made[::-1]
    page = await client.get(f"/api/articles?author={ada.name}&limit=1&offset=1")
    assert (slugs(page), page.json()["articlesCount"]) == ([made[1]], 3)
    assert (await client.get(f"/api/articles?tag={tag}&limit=1")).json()["articlesCount"] == 4
    assert len(slugs(await client.get(f"/api/articles?tag={tag}&author={bob.name}"))) == 1
    for nothing in (
        "tag=unheard-of",
        "tag=two words",
        "author=nobody-here-at-all",
        "favorited=nobody,really",
        "author=",
    ):
        assert (await client.get(f"/api/articles?{nothing}")).json() == NOTHING, nothing
    for wrong in ("limit=0", "limit=101", "limit=x", "offset=-1", "offset=10001"):
        reply = await client.get(f"/api/articles?{wrong}")
        assert (reply.status_code, reply.json()["errors"].keys()) == (422, {wrong.partition("=")[0]})


async def test_the_feed_follows_at_once(client: AsyncClient, new_person: NewPerson) -> None:
    ada, bob, reader = [await new_person() for _ in range(3)]
    assert (await reader.send("GET", "/articles/feed")).json() == NOTHING
    beyond = await reader.send("GET", "/articles/feed?offset=1001")
    assert (beyond.status_code, beyond.json()["errors"].keys()) == (422, {"offset"})
    assert slugs(await reader.send("GET", "/articles/feed?offset=1000")) == []
    own = await reader.publish()
    first, second = (await ada.publish())["slug"], (await bob.publish())["slug"]
    for _ in range(2):
        followed = await reader.send("POST", f"/profiles/{ada.name}/follow")
        assert followed.status_code == 200, followed.text
        assert followed.json()["profile"] == {"username": ada.name, "bio": None, "image": None, "following": True}
    assert slugs(await reader.send("GET", "/articles/feed")) == [first]
    await reader.send("POST", f"/profiles/{bob.name}/follow")
    feed = await reader.send("GET", "/articles/feed?limit=1")
    assert (slugs(feed), feed.json()["articlesCount"]) == ([second], 2)
    assert feed.json()["articles"][0]["author"]["following"] is True
    assert slugs(await reader.send("GET", "/articles/feed?limit=1&offset=1")) == [first]
    assert own["slug"] not in slugs(await reader.send("GET", "/articles/feed"))
    for path in (f"/articles/{first}", f"/articles?author={ada.name}", f"/profiles/{ada.name}"):
        assert '"following":true' in (await reader.send("GET", path)).text.replace(" ", "")
        assert '"following":false' in (await client.get(f"/api{path}")).text.replace(" ", "")
    for _ in range(2):
        left = await reader.send("DELETE", f"/profiles/{ada.name}/follow")
        assert left.json()["profile"]["following"] is False
    assert slugs(await reader.send("GET", "/articles/feed")) == [second]


async def test_an_unknown_profile_is_not_found(client: AsyncClient, new_person: NewPerson) -> None:
    ada = await new_person()
    for name in ("unknown-name-of-thirty-letters", "nobody", "a,b", "~7", "%00", "x" * 300):
        replies = [await client.get(f"/api/profiles/{name}")]
        replies += [await ada.send(method, f"/profiles/{name}/follow") for method in ("POST", "DELETE")]
        for reply in replies:
            assert (reply.status_code, reply.json()["errors"]) == (404, {"profile": ["not found"]}), name
    itself = await ada.send("POST", f"/profiles/{ada.name}/follow")
    assert (itself.status_code, itself.json()["errors"].keys()) == (422, {"profile"})
    reply = await client.post(f"/api/profiles/{ada.name}/follow")
    assert (reply.status_code, reply.json()["errors"]) == (401, {"token": ["is missing"]})


async def test_comments_come_and_go(client: AsyncClient, new_person: NewPerson) -> None:
    ada, bob = await new_person(), await new_person()
    path = f"/articles/{(await ada.publish())['slug']}/comments"
    assert (await client.get(f"/api{path}")).json() == {"comments": []}
    made = [(await one.send("POST", path, comment={"body": " <i>Seen</i> "})) for one in (bob, ada)]
    assert [reply.status_code for reply in made] == [201, 201]
    first, second = [reply.json()["comment"] for reply in made]
    assert first["body"] == " <i>Seen</i> "
    assert type(first["id"]) is int
    assert TIME.fullmatch(first["createdAt"])
    assert first["author"] == {"username": bob.name, "bio": None, "image": None, "following": False}
    assert (await client.get(f"/api{path}")).json() == {"comments": [first, second]}
    await ada.send("POST", f"/profiles/{bob.name}/follow")
    seen = (await ada.send("GET", path)).json()["comments"]
    assert [one["author"]["following"] for one in seen] == [True, False]
    for empty in ("", None):
        blank = await bob.send("POST", path, comment={"body": empty})
        assert (blank.status_code, blank.json()["errors"]) == (422, {"body": ["can't be blank"]})
    removed = await bob.send("DELETE", f"{path}/{first['id']}")
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await client.get(f"/api{path}")).json() == {"comments": [second]}
    by_author_of_article = await ada.send("DELETE", f"{path}/{first['id']}")
    assert by_author_of_article.json()["errors"] == {"comment": ["not found"]}


async def test_the_author_of_an_article_may_not_delete_others_comments(new_person: NewPerson) -> None:
    ada, bob = await new_person(), await new_person()
    path = f"/articles/{(await ada.publish())['slug']}/comments"
    number = (await bob.send("POST", path, comment={"body": "Seen."})).json()["comment"]["id"]
    reply = await ada.send("DELETE", f"{path}/{number}")
    assert (reply.status_code, reply.json()["errors"]) == (403, {"comment": ["forbidden"]})


async def test_a_deleted_article_takes_everything_with_it(client: AsyncClient, new_person: NewPerson) -> None:
    ada, tag = await new_person(), unique("passing")
    path = f"/articles/{(await ada.publish(tagList=[tag]))['slug']}"
    await ada.send("POST", f"{path}/favorite")
    removed = await ada.send("DELETE", path)
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await client.get(f"/api{path}")).json()["errors"] == {"article": ["not found"]}
    for filtered in (f"author={ada.name}", f"favorited={ada.name}", f"tag={tag}"):
        assert (await client.get(f"/api/articles?{filtered}")).json() == NOTHING


async def test_tags_are_listed_at_once_even_after_many_others(client: AsyncClient, new_person: NewPerson) -> None:
    ada, rare, new = await new_person(), unique("rare"), unique("new")
    await ada.publish(tagList=[rare])
    for _ in range(12):
        await ada.publish(tagList=[unique("tag") for _ in range(10)])
    assert rare not in (await client.get("/api/tags")).json()["tags"]
    await ada.publish(tagList=[rare, new])
    tags = (await client.get("/api/tags")).json()["tags"]
    assert {rare, new} <= set(tags)
    assert len(tags) == len(set(tags)) == 100
