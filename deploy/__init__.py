"""Programs and files that run Trivium: on a laptop, in containers, on a cluster."""
