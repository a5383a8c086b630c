"""The command line."""

from common.serving.commands import serving_command
from common.settings import load
from conduit.config import Settings
from conduit.main import create_app

cli = serving_command(lambda: create_app(load(Settings)))
