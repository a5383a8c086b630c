"""Signing in by a provider: any of OpenID Connect, and GitHub."""
