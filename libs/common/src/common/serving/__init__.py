"""The server around an app: protocol limits, draining, load shedding, and the app itself."""
