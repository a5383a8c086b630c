"""The vocabulary for route authors: routing, access, errors, paging, ETags, idempotency, rate limits."""
