"""HTTP in, HTTP out. One router per domain."""
