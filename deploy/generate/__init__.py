"""Generates what follows from deploy/services.toml: `make generate`, and `make check` for what is outdated."""
