"""The only SQL of skeleton. Repositories work in a session that their caller opens and commits."""
