"""What else could be used to match addresses, on the same rows: pandas with rapidfuzz, and PostGIS with pg_trgm.

Both are written as somebody would who knows them: names and keys of the register are normalised beforehand, questions
go in one batch, and only streets of the question's postcode are compared. PostGIS has its indexes built beforehand;
pandas' merge makes its own with every batch, which is most of its time on a large register. Neither knows boxes in
words, other languages' abbreviations or ambiguity: they do less than what they are compared with.
"""

import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

__all__ = ["PandasRival", "PostgisRival", "postgis"]

ROOT = Path(__file__).resolve().parent.parent
FIELDS = ("street", "house_number", "box", "postcode")
LEAST_SIMILAR = 80


def normalised(texts: pd.Series) -> pd.Series:
    """Lower case without accents, each different text once."""
    codes, different = pd.factorize(texts.fillna(""))
    plain = [
        "".join(c for c in unicodedata.normalize("NFKD", t.lower()) if not unicodedata.combining(c)) for t in different
    ]
    return pd.Series(np.array(plain, object)[codes], index=texts.index)


def by_language(register: pa.Table) -> pd.DataFrame:
    """Give one row for each address and language, normalised."""
    parts = []
    for lang in ("nl", "fr", "de"):
        named = register.filter(pc.is_valid(register[f"street_{lang}"]))
        part = named.select(["address_id", f"street_{lang}", "house_number", "box", "postcode"]).to_pandas()
        parts.append(part.rename(columns={f"street_{lang}": "street"}))
    whole = pd.concat(parts, ignore_index=True)
    for name in FIELDS:
        whole[name] = normalised(whole[name])
    return whole


class PandasRival:
    """A merge on the normalised fields; for what it leaves, the most similar street of the postcode, and a merge."""

    def __init__(self, register: pa.Table) -> None:
        self.register = by_language(register)
        streets = self.register[["postcode", "street"]].drop_duplicates()
        self.streets = {postcode: group.tolist() for postcode, group in streets.groupby("postcode")["street"]}

    def exact(self, questions: pd.DataFrame) -> tuple[pd.Series, float]:
        """Give the identifiers found, and the seconds that it took."""
        start = time.perf_counter()
        asked = pd.DataFrame({name: normalised(questions[name]) for name in FIELDS})
        asked["question"] = np.arange(len(asked))
        found = asked.merge(self.register, on=list(FIELDS), how="left").drop_duplicates("question")
        seconds = time.perf_counter() - start
        return found["address_id"].reset_index(drop=True), seconds

    def fuzzy(self, questions: pd.DataFrame) -> tuple[pd.Series, float]:
        """Correct the street by similarity, then merge."""
        start = time.perf_counter()
        streets = normalised(questions["street"])
        corrected = []
        for street, postcode in zip(streets, questions["postcode"], strict=True):
            choices = self.streets.get(postcode, [])
            best = process.extractOne(street, choices, scorer=fuzz.ratio, score_cutoff=LEAST_SIMILAR)
            corrected.append(best[0] if best else street)
        middle = time.perf_counter() - start
        found, seconds = self.exact(questions.assign(street=corrected))
        return found, middle + seconds


@contextmanager
def postgis() -> Iterator[str]:
    """Run a private PostGIS while it is needed; give its URL for psycopg."""
    folder = Path(tempfile.mkdtemp(prefix="buurtwijzer-bench-"))
    folder.chmod(0o755)
    script = ROOT / "scripts" / "postgis"
    started = subprocess.run([script, "start", folder / "pg"], capture_output=True, text=True, check=True)
    try:
        yield started.stdout.strip().replace("postgresql+psycopg", "postgresql")
    finally:
        subprocess.run([script, "remove", folder / "pg"], check=True, capture_output=True)
        folder.rmdir()


class PostgisRival:
    """Two indexed tables: streets with a trigram index, addresses with a B-tree; a batch is one statement."""

    def __init__(self, connection: psycopg.Connection, register: pa.Table) -> None:
        self.connection = connection
        rows = by_language(register)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                "CREATE UNLOGGED TABLE address"
                " (street text, house_number text, box text, postcode text, address_id text)"
            )
            copy = "COPY address (street, house_number, box, postcode, address_id) FROM STDIN"
            with cursor.copy(copy) as out:
                for row in zip(*(rows[name] for name in (*FIELDS, "address_id")), strict=True):
                    out.write_row(row)
            cursor.execute("CREATE TABLE street AS SELECT DISTINCT street, postcode FROM address")
            cursor.execute("CREATE INDEX ON address (postcode, street, house_number, box)")
            cursor.execute("CREATE INDEX ON street USING gin (street gin_trgm_ops)")
            cursor.execute("CREATE INDEX ON street (postcode)")
            cursor.execute("ANALYZE")
            cursor.execute("SET max_parallel_workers_per_gather = 0")  # one core, as everybody here
        connection.commit()

    def _ask(self, questions: pd.DataFrame, statement: str) -> tuple[pd.Series, float]:
        start = time.perf_counter()
        asked = [normalised(questions[name]).tolist() for name in FIELDS]
        with self.connection.cursor() as cursor:
            cursor.execute(statement, [list(range(len(questions))), *asked])
            found = dict(cursor.fetchall())
        seconds = time.perf_counter() - start
        return pd.Series([found.get(place) for place in range(len(questions))], dtype=object), seconds

    def exact(self, questions: pd.DataFrame) -> tuple[pd.Series, float]:
        """Give the identifiers found, and the seconds that it took."""
        return self._ask(
            questions,
            "SELECT q.n, a.address_id FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " AS q(n, street, house_number, box, postcode) JOIN address a USING (postcode, street, house_number, box)",
        )

    def fuzzy(self, questions: pd.DataFrame) -> tuple[pd.Series, float]:
        """Take the most similar street of the postcode."""
        return self._ask(
            questions,
            "SELECT q.n, a.address_id FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " AS q(n, street, house_number, box, postcode)"
            " CROSS JOIN LATERAL (SELECT s.street FROM street s WHERE s.postcode = q.postcode AND s.street %% q.street"
            " ORDER BY similarity(s.street, q.street) DESC LIMIT 1) s"
            " JOIN address a ON (a.postcode, a.street, a.house_number, a.box) ="
            " (q.postcode, s.street, q.house_number, q.box)",
        )
