"""Contracts between the services: the events that they send, and the bodies that they share."""
