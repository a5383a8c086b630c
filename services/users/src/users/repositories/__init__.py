"""The only SQL of users. Repositories work in a session that their caller opens and commits."""
