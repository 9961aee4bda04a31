"""What else could be used to match addresses, on the same rows: pandas with rapidfuzz, and PostGIS with pg_trgm.

Each is written as somebody would who knows it: everything that can be prepared on the register is prepared beforehand
and not timed (normalised names, numbers instead of texts, indexes), questions go in one batch, only streets of the
question's postcode are compared, and all those of one postcode at once. None knows boxes in words, other languages'
abbreviations, lines or ambiguity, or gives a verdict: they do less than what they are compared with.
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
    plain = [t.lower() if t.isascii() else _without_accents(t.lower()) for t in different]
    return pd.Series(np.array(plain, object)[codes], index=texts.index)


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


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
    """Streets, house numbers and boxes as numbers, an address as one integer; misspelt streets by similarity.

    Parameters
    ----------
    register
        The addresses.
    by_merge
        Join questions and addresses with `DataFrame.merge`, which hashes the whole register with every batch; else by
        the hash of the register's index, which pandas keeps.
    """

    def __init__(self, register: pa.Table, *, by_merge: bool) -> None:
        rows = by_language(register)
        named = rows["postcode"] + "|" + rows["street"]
        self.streets = pd.Index(named.unique())
        self.numbers, self.boxes = pd.Index(rows["house_number"].unique()), pd.Index(rows["box"].unique())
        keys = self._keys(self.streets.get_indexer(named), rows["house_number"], rows["box"])
        self.register = pd.DataFrame({"address_id": rows["address_id"].array}, index=pd.Index(keys, name="key"))
        self.register = self.register[~self.register.index.duplicated()]
        self.identifiers = self.register["address_id"].to_numpy(object)
        self.by_merge = by_merge
        # Streets of each postcode, to compare with, and their numbers.
        parted = pd.Series(self.streets).str.partition("|")
        self.of_postcode = {
            postcode: (group.tolist(), group.index.to_numpy()) for postcode, group in parted[2].groupby(parted[0])
        }

    def _keys(self, streets: np.ndarray, numbers: pd.Series, boxes: pd.Series) -> np.ndarray:
        number, box = self.numbers.get_indexer(numbers), self.boxes.get_indexer(boxes)
        keys = (streets.astype(np.int64) * len(self.numbers) + number) * len(self.boxes) + box
        keys[(streets < 0) | (number < 0) | (box < 0)] = -1
        return keys

    def _found(self, streets: np.ndarray, asked: pd.DataFrame) -> pd.Series:
        keys = self._keys(streets, asked["house_number"], asked["box"])
        if self.by_merge:
            found = pd.DataFrame({"key": keys}).merge(self.register, left_on="key", right_index=True, how="left")
            return found["address_id"].reset_index(drop=True)
        places = self.register.index.get_indexer(keys)
        return pd.Series(np.where(places >= 0, self.identifiers[places], None), dtype=object)

    def exact(self, questions: pd.DataFrame) -> tuple[pd.Series, float]:
        """Give the identifiers found, and the seconds that it took."""
        start = time.perf_counter()
        asked = pd.DataFrame({name: normalised(questions[name]) for name in FIELDS})
        found = self._found(self.streets.get_indexer(asked["postcode"] + "|" + asked["street"]), asked)
        return found, time.perf_counter() - start

    def fuzzy(self, questions: pd.DataFrame) -> tuple[pd.Series, float]:
        """Find the street by its name; where there is none, take the most similar one of the postcode."""
        start = time.perf_counter()
        asked = pd.DataFrame({name: normalised(questions[name]) for name in FIELDS})
        streets = self.streets.get_indexer(asked["postcode"] + "|" + asked["street"])
        missed = asked.loc[streets < 0]
        for postcode, group in missed.groupby("postcode")["street"]:
            names, numbers = self.of_postcode.get(postcode, ([], ()))
            if names:
                alike = process.cdist(
                    group.tolist(), names, scorer=fuzz.ratio, score_cutoff=LEAST_SIMILAR, dtype=np.uint8
                )
                best = alike.argmax(axis=1)
                similar = alike[np.arange(len(best)), best] > 0
                streets[group.index[similar]] = numbers[best[similar]]
        return self._found(streets, asked), time.perf_counter() - start


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
            for scan in ("seqscan", "hashjoin", "mergejoin"):  # on a small register it would not use its indexes
                cursor.execute(f"SET enable_{scan} = off")
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
