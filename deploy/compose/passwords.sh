#!/bin/sh
# Gives the roles their passwords when the database is made: from files, through no command line.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
\set owner `cat "${SECRETS:-/run/secrets}/owner_password"`
\set application `cat "${SECRETS:-/run/secrets}/application_password"`
\set reader `cat "${SECRETS:-/run/secrets}/reader_password"`
ALTER ROLE buurtwijzer_owner PASSWORD :'owner';
ALTER ROLE buurtwijzer_application PASSWORD :'application';
ALTER ROLE buurtwijzer_reader PASSWORD :'reader';
SQL
