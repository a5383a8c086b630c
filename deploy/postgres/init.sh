#!/bin/sh
# The postgres image runs this if its data folder is new (docker-entrypoint-initdb.d). SERVICE is the database's service.
set -eu
secret() { sed "s/['\\\\]/\\\\&/g" "/run/secrets/$SERVICE-$1"; } # escaped for psql's quotes
{
    printf "\\\\set service '%s'\n" "$SERVICE"
    printf "\\\\set owner_password '%s'\n" "$(secret owner-password)"
    printf "\\\\set password '%s'\n" "$(secret password)"
} | psql --no-psqlrc --quiet --username postgres --dbname postgres --file=- --file=/service-database.sql
