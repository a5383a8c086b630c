"""`make demo`: use a running stack like a person, and show each call.

python -m deploy.local.demo [http://127.0.0.1:8000]
"""

import secrets
import sys
import time

import httpx

from deploy.local.stack import GATEWAY, Stack
from trivium_client import NoAnswer, Trivium, TriviumError
from trivium_client.models import CommentCreate, PostCreate, ProfileUpdate, UserCreate
from trivium_client.problems import SignInRequired

SHOWN = 160
# begin: only with posts
PATIENCE = 20
"""Seconds for an event between services, which usually takes less than one."""
NEW = PostCreate(title="First light", body="It was a clear night.", tags=["astronomy"])
# end: only with posts


def person(address: str, name: str) -> Trivium:
    """A client that prints each request with its answer."""

    def show(answer: httpx.Response) -> None:
        request, text = answer.request, answer.read().decode()
        print(f"\n\x1b[1m{name}\x1b[0m {request.method} {request.url.raw_path.decode()} {request.content.decode()}")
        print(f"  \x1b[2m{answer.status_code} {text[:SHOWN]}{'…' if len(text) > SHOWN else ''}\x1b[0m")

    return Trivium(address, http=httpx.Client(event_hooks={"response": [show]}, trust_env=False))


def sign_up(someone: Trivium, name: str) -> int:
    """Create an account and sign in with it; returns its id."""
    email, password = f"{name.lower()}.{secrets.token_hex(4)}@example.com", secrets.token_urlsafe(16)
    user = someone.register(UserCreate(email=email, password=password, name=name))
    someone.sign_in(email, password)
    return user.id


def story(ada: Trivium, grace: Trivium, anybody: Trivium) -> None:
    """Two people sign up, and one follows the other."""
    ada_id = sign_up(ada, "Ada")
    ada.edit_own_profile(ProfileUpdate(bio="Poetical science."))
    post = ada.create_post(NEW)  # only with posts

    sign_up(grace, "Grace")
    grace.follow(ada_id)
    # begin: only with posts
    ends = time.monotonic() + PATIENCE
    while [item.id for item in grace.get_feed().items] != [post.id]:  # the follow reaches posts as an event
        if time.monotonic() > ends:
            sys.exit("\nThe post is missing from the feed.")
        time.sleep(0.2)
    grace.like_post(post.id)
    grace.add_comment(post.id, CommentCreate(body="Well seen."))

    anybody.get_post(post.id)
    anybody.list_comments(post.id)
    # end: only with posts
    anybody.get_user(ada_id)
    try:
        anybody.follow(ada_id)
    except SignInRequired:
        return
    sys.exit("\nThe demo expected that only people who have signed in can follow.")


def main() -> None:
    """Run the demo at the given address, or on this repository's own stack."""
    address = sys.argv[1] if len(sys.argv) > 1 else Stack.from_environment().url(GATEWAY)
    try:
        with person(address, "Ada") as ada, person(address, "Grace") as grace, person(address, "Anybody") as anybody:
            story(ada, grace, anybody)
    except NoAnswer:
        sys.exit(f"Nothing answers at {address}: start the stack first, with `make up` or `make start`.")
    except TriviumError as error:
        sys.exit(f"\nThe demo expected another answer: {error}")
    print("\nThe demo is finished: every answer was as expected.")


if __name__ == "__main__":
    main()
