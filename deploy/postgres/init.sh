#!/bin/sh
# Run by the postgres image when its data folder is new (docker-entrypoint-initdb.d). SERVICE says whose database it is.
set -eu
{
    printf "\\\\set service '%s'\n" "$SERVICE"
    printf "\\\\set owner_password '%s'\n" "$(cat "/run/secrets/$SERVICE-owner-password")"
    printf "\\\\set password '%s'\n" "$(cat "/run/secrets/$SERVICE-password")"
} | psql --no-psqlrc --quiet --username postgres --dbname postgres --file=- --file=/service-database.sql
