"""What the author of a route works with: routing, access, errors, paging, ETags, idempotency, rate limits."""
