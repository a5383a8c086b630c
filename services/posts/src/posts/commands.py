"""The command line."""

from common.serving.commands import command_line
from common.serving.event_commands import add_event_commands
from common.settings import load
from posts.config import MigrateSettings, Settings
from posts.database import MIGRATIONS
from posts.main import create_app

cli = command_line(lambda: create_app(load(Settings)), MIGRATIONS, MigrateSettings)
add_event_commands(cli, Settings, create_app)
