"""Mechanism, dependencies and schemas that the Trivium services share. No business rules."""

__version__ = "0.1.0"
"""Version of the whole release. `python -m deploy.version 0.2.0` sets it here and everywhere else."""
