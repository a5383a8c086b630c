"""The gateway: its Caddyfile, and the pages that it serves."""
