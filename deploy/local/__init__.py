"""The stack on one machine, without Docker: `python -m deploy.local up`, or `make up`."""
