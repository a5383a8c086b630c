"""The scenario with openapi-python-client's client."""

import json
import os
import uuid
from http import HTTPStatus

from trivium_client.api.auth import register
from trivium_client.api.export import export_own_data
from trivium_client.api.posts import create_post, get_post, list_posts, revise_post
from trivium_client.api.tokens import issue_token

from trivium_client import AuthenticatedClient, Client
from trivium_client.models import (
    ExportResponse,
    PostCreate,
    PostPage,
    PostResponse,
    PostUpdate,
    Problem,
    TokenForm,
    TokenResponse,
    UserCreate,
    UserResponse,
)

URL = os.environ["TRIVIUM_URL"]
NOBODYS = 2**53 - 1
email, password = f"{uuid.uuid4()}@example.com", "seven brave tin spoons"

stranger = Client(base_url=URL)
account = register.sync(client=stranger, body=UserCreate(email=email, password=password, name="Ada"))
assert isinstance(account, UserResponse)
tokens = issue_token.sync(client=stranger, body=TokenForm(grant_type="password", username=email, password=password))
assert isinstance(tokens, TokenResponse)
client = AuthenticatedClient(base_url=URL, token=tokens.access_token)

created = create_post.sync_detailed(client=client, body=PostCreate(title="First light", body="It was clear."))
post = created.parsed
assert isinstance(post, PostResponse)
seen = created.headers["ETag"]
revised = revise_post.sync(post.id, client=client, body=PostUpdate(title="Second light"), if_match=seen)
assert isinstance(revised, PostResponse)
stale = revise_post.sync_detailed(post.id, client=client, body=PostUpdate(title="Too late"), if_match=seen)
assert stale.status_code == HTTPStatus.PRECONDITION_FAILED
assert isinstance(stale.parsed, Problem)
# For routes with optional sign-in, its types need a signed-in client.
page = list_posts.sync(client=client, author_id=account.id, limit=5)
assert isinstance(page, PostPage)
held = export_own_data.sync(client=client)
assert isinstance(held, ExportResponse)
nothing = get_post.sync(NOBODYS, client=client)
assert isinstance(nothing, Problem)
facts = {
    "account_id": account.id,
    "post_id": post.id,
    "title": revised.title,
    "stale": stale.parsed.code,
    "listed": post.id in [one.id for one in page.items],
    "complete": held.complete,
    "problem": nothing.code,
}
print(json.dumps(facts))
