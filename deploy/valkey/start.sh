#!/bin/sh
# Starts Valkey as the store of rate limits, in containers and on Kubernetes. $1: the file with its password.
#
# Nothing is kept on a disk: the longest window is an hour. No window is forgotten to make room (noeviction): a store that
# is full refuses, and the services then count for themselves and say so. 96 MB hold a million sources. Clients may
# count, and nothing else: not read the keys, not delete them, not change the settings.
set -eu
exec valkey-server - <<END
dir /tmp
save ""
appendonly no
maxmemory 96mb
maxmemory-policy noeviction
maxclients 1000
tcp-keepalive 60
user default reset on >$(cat "$1") ~trivium:* -@all +ping +select +eval +incr +pttl +pexpire
END
