"""What a row of the tables that grow with members takes in PostgreSQL, indexes included: for docs/scale-out.md.

python bench/store_sizes.py [--rows 1000000] [--quick]

Rows are made in SQL with random hashes, as the application's are; a household, its account, its sign-up, two lines of
the audit trail and the code of its letter. Sizes are those of `pg_total_relation_size` after VACUUM. Then it times what
a sign-up asks of such tables, and what a report does.
"""

import argparse
import statistics
import time

import psycopg
from address_rivals import postgis

from data.store import open_store

FILL = """
INSERT INTO household (dwelling_key, key_id, place, country, municipality_code, sector_code, buurt_code, joined_at)
SELECT encode(sha256(('d' || n)::bytea), 'hex'), '2026a', 1, 'BE', (10000 + n % 565)::text,
  (10000 + n % 565)::text || 'A' || lpad((n / 565 % 40)::text, 2, '0') || '-',
  (10000 + n % 565)::text || '-' || lpad((n / 565 % 10)::text, 2, '0'), now() - n * interval '1 second'
FROM generate_series(1, %(rows)s) AS n;

INSERT INTO account (id, household_id, email_key, key_id, joined_at)
SELECT translate(encode(substring(sha256(('a' || id)::bytea), 1, 18), 'base64'), '+/', '-_'), id,
  encode(sha256(('e' || id)::bytea), 'hex'), '2026a', joined_at FROM household;

INSERT INTO sign_up (id, dwelling_key, email_key, key_id, country, municipality_code, sector_code, buurt_code,
  own_household, state, proof, asked_at, expires_at, settled_at, account_id)
SELECT translate(encode(substring(sha256(('s' || a.id)::bytea), 1, 18), 'base64'), '+/', '-_'), dwelling_key, email_key,
  '2026a', country, municipality_code, sector_code, buurt_code, false, 'verified', 'buurtcode', h.joined_at,
  h.joined_at + interval '30 days', h.joined_at, a.id FROM household h JOIN account a ON a.household_id = h.id;

INSERT INTO audit_entry (at, action, municipality_code, buurt_code, detail)
SELECT joined_at, action, municipality_code, buurt_code, '{"proof": "buurtcode"}'
FROM household, (VALUES ('sign-up-needs_proof'), ('sign-up-verified')) AS actions (action);

INSERT INTO code_batch (municipality_code, buurt_code, uses, codes, key_id, made_at, expires_at)
VALUES ('10000', '10000-00', 'once', %(rows)s, '2026a', now(), now() + interval '60 days');

INSERT INTO buurtcode (batch_id, code_hash, scope, hashed_for)
SELECT (SELECT max(id) FROM code_batch), encode(sha256(('c' || id)::bytea), 'hex'), dwelling_key, dwelling_key
FROM household;
"""
TABLES = {"household": 1, "account": 1, "sign_up": 1, "audit_entry": 2, "buurtcode": 1}
"""Rows of each table for one household."""


def main() -> None:
    """Fill a database of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 rows")
    options = parser.parse_args()
    rows = 20_000 if options.quick else options.rows
    with postgis() as url:
        open_store(url.replace("postgresql:", "postgresql+psycopg:")).close()
        with psycopg.connect(url, autocommit=True) as connection:
            began = time.perf_counter()
            for statement in filter(str.strip, FILL.split(";\n")):
                connection.execute(statement.replace("%(rows)s", str(rows)).encode())
            print(f"{rows:,} households in {time.perf_counter() - began:.0f} s")
            print(f"\n{'table':14}{'rows':>12}{'bytes/row':>12}{'of it indexes':>15}{'bytes/household':>17}")
            whole = 0.0
            for table, per_household in TABLES.items():
                connection.execute(f"VACUUM (ANALYZE) {table}".encode())
                row = connection.execute(
                    "SELECT pg_total_relation_size(%s::regclass), pg_indexes_size(%s::regclass)", (table, table)
                ).fetchone()
                total, indexes = row or (0, 0)
                count = rows * per_household
                whole += total / rows
                print(f"{table:14}{count:12,}{total / count:12.0f}{indexes / count:15.0f}{total / rows:17.0f}")
            print(f"{'all':14}{whole:56.0f}")
            _time_questions(connection, rows)


def _time_questions(connection: psycopg.Connection, rows: int) -> None:
    known = [
        row[0]
        for row in connection.execute("SELECT dwelling_key FROM household TABLESAMPLE SYSTEM (1) LIMIT 2000").fetchall()
    ]
    one = "SELECT h.id, count(a.id) FROM household h LEFT JOIN account a ON a.household_id = h.id AND a.left_at IS NULL"
    one += " WHERE h.dwelling_key = %s AND h.left_at IS NULL GROUP BY h.id"
    report = (
        "SELECT sector_code, count(*) FROM household WHERE municipality_code = '10007' AND left_at IS NULL GROUP BY 1"
    )
    lookups = []
    for key in known:
        began = time.perf_counter()
        connection.execute(one, (key,)).fetchall()
        lookups.append(time.perf_counter() - began)
    reports = []
    for _ in range(20):
        began = time.perf_counter()
        connection.execute(report.encode()).fetchall()
        reports.append(time.perf_counter() - began)
    print(f"\nis this dwelling a member's, of {rows:,}: median {statistics.median(lookups) * 1e3:.2f} ms")
    print(f"members per sector of one municipality: median {statistics.median(reports) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
