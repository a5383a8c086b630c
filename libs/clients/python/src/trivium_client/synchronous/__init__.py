"""The client for threads. `make clients` makes it from `asynchronous`, except for `waiting`."""
