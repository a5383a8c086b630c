"""Everything that starts Trivium: on a laptop, in containers, on a cluster."""
