"""Sessions, transactions, pools and migrations."""
