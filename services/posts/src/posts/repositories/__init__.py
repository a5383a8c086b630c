"""The only SQL of posts. Repositories work in a session that their caller opens and commits."""
