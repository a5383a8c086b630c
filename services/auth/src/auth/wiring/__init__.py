"""Wires domains of auth that have parts of their own; called by `auth.deps`."""
