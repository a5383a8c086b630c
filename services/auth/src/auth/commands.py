"""The command line."""

from auth.account_commands import add_account_commands
from auth.client_commands import clients_cli, put_service_clients
from auth.config import MigrateSettings, Settings
from auth.database import MIGRATIONS
from auth.key_commands import keys_cli
from auth.mail_commands import add_mail_commands
from auth.main import create_app
from common.serving.commands import command_line
from common.serving.event_commands import add_event_commands
from common.settings import load

cli = command_line(lambda: create_app(load(Settings)), MIGRATIONS, MigrateSettings, after_migrate=put_service_clients)
cli.add_typer(clients_cli, name="clients")
add_account_commands(cli)
add_mail_commands(cli)
cli.add_typer(keys_cli, name="keys")
add_event_commands(cli, Settings, create_app)
