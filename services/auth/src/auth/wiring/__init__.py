"""Wires domains of auth; called by `auth.deps`."""
