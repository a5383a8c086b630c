"""The address: which ones are accepted, its verification, and its change."""
