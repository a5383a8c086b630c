"""The scenario with openapi-generator's Python client."""

import json
import os
import uuid

import trivium_generated as trivium
from trivium_generated.exceptions import ApiException, NotFoundException

NOBODYS = 2**53 - 1
email, password = f"{uuid.uuid4()}@example.com", "seven brave tin spoons"
configuration = trivium.Configuration(host=os.environ["TRIVIUM_URL"])
client = trivium.ApiClient(configuration)

account = trivium.AuthApi(client).register(trivium.UserCreate(email=email, password=password, name="Ada"))
tokens = trivium.TokensApi(client).issue_token(grant_type="password", username=email, password=password)
configuration.access_token = tokens.access_token

posts = trivium.PostsApi(client)
created = posts.create_post_with_http_info(trivium.PostCreate(title="First light", body="It was clear."))
post = created.data
headers = created.headers or {}  # a plain dict, with the server's spelling of names
seen = {name.lower(): value for name, value in headers.items()}["etag"]
revised = posts.revise_post(post.id, trivium.PostUpdate(title="Second light"), if_match=seen)
try:
    posts.revise_post(post.id, trivium.PostUpdate(title="Too late"), if_match=seen)
    stale = None
except ApiException as error:
    stale = error.data
page = posts.list_posts(author_id=account.id, limit=5)
held = trivium.ExportApi(client).export_own_data()
try:
    posts.get_post(NOBODYS)
    nothing = None
except NotFoundException as error:
    nothing = error.data
facts = {
    "account_id": account.id,
    "post_id": post.id,
    "title": revised.title,
    "stale": stale.code if stale else None,
    "listed": post.id in [one.id for one in page.items],
    "complete": held.complete,
    "problem": nothing.code if nothing else None,
}
print(json.dumps(facts))
