"""Mails: their kinds and limits, their texts in several languages, and the requests for a link."""
