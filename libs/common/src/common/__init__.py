"""What the Trivium services share: mechanism, dependencies and schemas; no business rule."""
