"""The console: a page on this machine that shows the local stack at work, `python -m deploy.console`."""
