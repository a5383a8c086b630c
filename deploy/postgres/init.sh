#!/bin/sh
# Run by the postgres image when its data folder is new (docker-entrypoint-initdb.d). SERVICE says whose database it is.
set -eu
secret() { sed "s/['\\\\]/\\\\&/g" "/run/secrets/$SERVICE-$1"; } # as psql reads it between quotes
{
    printf "\\\\set service '%s'\n" "$SERVICE"
    printf "\\\\set owner_password '%s'\n" "$(secret owner-password)"
    printf "\\\\set password '%s'\n" "$(secret password)"
} | psql --no-psqlrc --quiet --username postgres --dbname postgres --file=- --file=/service-database.sql
