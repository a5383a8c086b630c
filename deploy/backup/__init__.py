"""Copies of the three databases, and back: `make backup`, `make restore FROM=…`; of the local stack or of Compose."""
