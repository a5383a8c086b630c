"""Sessions: opening, listing and ending them, and their two tokens."""
