"""Calls to other services, within a deadline and behind a circuit breaker."""
