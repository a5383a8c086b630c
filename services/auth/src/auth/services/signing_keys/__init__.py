"""Keys that sign access tokens: their schedule, their encryption at rest, and the set that is published."""
