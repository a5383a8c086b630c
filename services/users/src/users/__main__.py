"""`python -m users serve|migrate`."""

from common.server import command_line, load
from users.config import MigrateSettings, Settings
from users.database import MIGRATIONS
from users.main import create_app

cli = command_line(lambda: create_app(load(Settings)), MIGRATIONS, MigrateSettings)

if __name__ == "__main__":
    cli()
