"""The RealWorld API ("Conduit"): a front end's own API before auth, users and posts. It stores nothing."""
