"""The client for asyncio. `synchronous` is made from it."""
