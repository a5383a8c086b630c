"""Backups of the three databases, local or of Compose, and their restore: `make backup`, `make restore FROM=…`."""
