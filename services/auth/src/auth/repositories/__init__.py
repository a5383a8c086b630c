"""The only SQL of auth. A repository works in a session that somebody else opens and commits."""
