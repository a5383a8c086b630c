"""The only SQL of auth. Repositories work in a session that their caller opens and commits."""
