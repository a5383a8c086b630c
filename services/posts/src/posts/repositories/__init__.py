"""The only SQL of posts. A repository works in a session that somebody else opens and commits."""
