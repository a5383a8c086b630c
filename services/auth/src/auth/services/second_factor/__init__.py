"""The second factor: authenticator apps, recovery codes, sign-in in two steps, step-up and trusted devices."""
