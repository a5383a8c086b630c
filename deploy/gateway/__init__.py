"""The gateway: its Caddyfile, and the pages it serves."""
