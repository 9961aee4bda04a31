"""Who may do what in PostgreSQL: an owner for the schema, the application without it, a reader without members."""

from string import Template

from sqlalchemy import Connection, text

from data.store.schema import METADATA

OWNER = "buurtwijzer_owner"
"""Migrates, restores; owns every table."""
APPLICATION = "buurtwijzer_application"
"""Serves, imports, purges: rows alone, and of what is append-only nothing but more of them."""
READER = "buurtwijzer_reader"
"""Looks at what is no member's and nobody's key, on the server or a replica."""

APPEND_ONLY = frozenset({"audit_entry", "price_book"})
PRIVATE = frozenset(
    {
        "account",
        "api_key",
        "attempt",
        "buurtcode",
        "code_batch",
        "household",
        "kept_answer",
        "rate_budget",
        "sign_up",
        "staff_account",
        "staff_area",
    }
)
"""Of members, staff and keys: for the application alone."""
READABLE = frozenset(
    {
        "active_release",
        "area_count",
        "audit_entry",
        "block",
        "buurt",
        "draft",
        "draft_entry",
        "eligibility_rules",
        "licence",
        "municipality",
        "outline",
        "plan",
        "price_book",
        "quote",
        "quote_municipality",
        "quote_numbers",
        "release",
        "sector",
        "store_state",
        "tile_shape",
    }
)
"""Named one by one, so that a new table is nobody's to read until somebody has thought of it."""
_VERSION_TABLE = "alembic_version"

_MAKE_ROLES = """
DO $$$$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['$owner', '$application', '$reader'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', name);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO $owner', current_schema());
END $$$$;
"""
_GIVE_TABLES = """
DO $$$$
DECLARE name text;
BEGIN
  CREATE TEMP TABLE ours ON COMMIT DROP AS SELECT pg_class.oid, relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e');
  FOR name IN SELECT DISTINCT tgfoid::regprocedure::text FROM pg_trigger JOIN ours ON ours.oid = tgrelid
    WHERE NOT tgisinternal
  LOOP EXECUTE 'ALTER FUNCTION ' || name || ' OWNER TO $owner'; END LOOP;
  FOR name IN SELECT relname FROM ours
  LOOP EXECUTE format('ALTER TABLE %I OWNER TO $owner', name); END LOOP;
END $$$$;
"""
"""Every table of the schema but those of extensions: the database is Buurtwijzer's own."""


def roles_sql() -> str:
    """Return the SQL by which a superuser makes the roles of a database, and gives them what is there already.

    It can be run again. The roles have no passwords: the administrator sets them, or how the server knows them. Rights
    on tables come with the next `grant`, when the owner migrates.
    """
    names = {"owner": OWNER, "application": APPLICATION, "reader": READER}
    blocks = Template(_MAKE_ROLES + _GIVE_TABLES).substitute(names)
    return f"BEGIN;\nCREATE EXTENSION IF NOT EXISTS postgis;{blocks}COMMIT;\n"


def grant(connection: Connection) -> None:
    """Give the roles their rights on every table and take away all others, where the roles exist."""
    roles = text("SELECT count(*) FROM pg_roles WHERE rolname = ANY (:names)")
    if connection.execute(roles, {"names": [APPLICATION, READER]}).scalar_one() < 2:
        return
    for statement in _grants():
        connection.execute(text(statement))


def _grants() -> list[str]:
    statements = [
        f"GRANT SELECT ON {_VERSION_TABLE} TO {APPLICATION}, {READER}",
        *(f"REVOKE ALL ON {name} FROM {APPLICATION}, {READER}" for name in sorted(METADATA.tables)),
    ]
    for name in sorted(METADATA.tables):
        rights = "SELECT, INSERT" if name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        statements.append(f"GRANT {rights} ON {name} TO {APPLICATION}")
    statements += [f"GRANT SELECT ON {name} TO {READER}" for name in sorted(READABLE)]
    for name, table in sorted(METADATA.tables.items()):
        column = table.autoincrement_column
        if column is not None:
            sequence = f"pg_get_serial_sequence('{name}', '{column.name}')"
            statements.append(
                f"DO $$ BEGIN EXECUTE 'GRANT USAGE, SELECT ON SEQUENCE ' || {sequence} || ' TO {APPLICATION}'; END $$"
            )
    return statements
