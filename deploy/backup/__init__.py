"""Backups of the databases, local or of Compose, and their restore: `make backup`, `make restore FROM=…`."""
