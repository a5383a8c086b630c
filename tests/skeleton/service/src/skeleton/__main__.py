"""`python -m skeleton serve|migrate|relay|outbox|rebuild|reconcile`."""

from common.serving.start import run

if __name__ == "__main__":
    run("skeleton.commands")
