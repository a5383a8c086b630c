"""State events: the outbox and its relay, the consumer, read models, erasure, exports and revocations."""
