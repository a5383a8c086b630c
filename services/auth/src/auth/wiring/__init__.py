"""Wiring of single domains, for `auth.deps` and their routes."""
