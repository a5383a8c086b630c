"""Accounts, sign-in, sessions and keys. Only this service ever sees a password."""
