"""`python -m auth serve|migrate|clients|keys|grant-role|revoke-role|delete-account|…|relay|outbox|…`."""

from common.serving.start import run

if __name__ == "__main__":
    run("auth.commands")
