"""API keys: secrets with which programs act for their owner, within scopes, without signing in."""
