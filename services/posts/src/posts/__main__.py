"""`python -m posts serve|migrate`."""

from common.server import command_line, load
from posts.config import MigrateSettings, Settings
from posts.database import MIGRATIONS
from posts.main import create_app

cli = command_line(lambda: create_app(load(Settings)), MIGRATIONS, MigrateSettings)

if __name__ == "__main__":
    cli()
