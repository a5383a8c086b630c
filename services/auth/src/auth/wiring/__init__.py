"""Wires the domains of auth that have rooms of their own."""
