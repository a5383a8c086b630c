"""`make demo`: use a running stack like a person, and show each call.

python -m deploy.local.demo [http://127.0.0.1:8000]
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.local.stack import GATEWAY, Stack

SHOWN = 160


@dataclass
class Person:
    """A user of the API: prints each call, and stops the demo at an unexpected answer."""

    http: httpx.Client
    name: str
    token: str = ""

    def call(self, method: str, path: str, expect: int = 200, **options: Any) -> Any:
        """Send a request, print request and answer, and return the answer's JSON (None without one)."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = self.http.request(method, path, headers=headers, **options)
        sent = f" {json.dumps(options['json'], ensure_ascii=False)}" if "json" in options else ""
        print(f"\n\x1b[1m{self.name}\x1b[0m {method} {path}{sent}")
        print(f"  \x1b[2m{answer.status_code} {answer.text[:SHOWN]}{'…' if len(answer.text) > SHOWN else ''}\x1b[0m")
        if answer.status_code != expect:
            sys.exit(f"\nThe demo expected {expect}: {answer.text}")
        return answer.json() if answer.content else None

    def sign_up(self) -> int:
        """Create an account and sign in with it."""
        email = f"{self.name.lower()}.{secrets.token_hex(4)}@example.com"
        password = secrets.token_urlsafe(16)
        user = self.call("POST", "/auth/register", 201, json={"email": email, "password": password, "name": self.name})
        tokens = self.call("POST", "/auth/token", data={"username": email, "password": password})
        self.token = tokens["access_token"]
        account_id: int = user["id"]
        return account_id


def story(http: httpx.Client) -> None:
    """Two people sign up; one writes, the other follows, likes and comments."""
    ada, grace = Person(http, "Ada"), Person(http, "Grace")
    ada_id = ada.sign_up()
    ada.call("PATCH", "/users/me", json={"bio": "Poetical science."})
    new = {"title": "First light", "body": "It was a clear night.", "tags": ["astronomy"]}
    post = ada.call("POST", "/posts", 201, json=new)

    grace.sign_up()
    grace.call("PUT", f"/users/{ada_id}/follow", 204)
    time.sleep(0.5)  # the follow reaches posts as an event
    feed = grace.call("GET", "/posts/feed")
    if [item["id"] for item in feed["items"]] != [post["id"]]:
        sys.exit("\nThe post is missing from the feed.")
    grace.call("PUT", f"/posts/{post['id']}/like", 204)
    grace.call("POST", f"/posts/{post['id']}/comments", 201, json={"body": "Well seen."})

    nobody = Person(http, "Anybody")
    nobody.call("GET", f"/posts/{post['id']}")
    nobody.call("GET", f"/posts/{post['id']}/comments")
    nobody.call("GET", f"/users/{ada_id}")
    nobody.call("POST", "/posts", 401, json=new)


def main() -> None:
    """Run the demo at the given address, or on this repository's own stack."""
    address = sys.argv[1] if len(sys.argv) > 1 else Stack.from_environment().url(GATEWAY)
    try:
        with httpx.Client(base_url=address, timeout=10, trust_env=False) as http:
            story(http)
    except httpx.ConnectError:
        sys.exit(f"Nothing answers at {address}: start the stack first, with `make up` or `make start`.")
    print("\nThe demo is finished: every answer was as expected.")


if __name__ == "__main__":
    main()
