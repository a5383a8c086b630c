"""What the Trivium services share: mechanism, dependencies and schemas; no business rule."""

__version__ = "0.1.0"
"""Of the whole release. `python -m deploy.version 0.2.0` sets it here and in every other place."""
