"""`python -m conduit serve`."""

from common.serving.start import run

if __name__ == "__main__":
    run("conduit.commands")
