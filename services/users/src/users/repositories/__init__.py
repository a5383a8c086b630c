"""The only SQL of users. A repository works in a session that somebody else opens and commits."""
