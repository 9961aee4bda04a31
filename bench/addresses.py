"""Address matching measured: how often it is right, kind by kind, and how fast it is beside what else there is.

    python bench/addresses.py [--quick] [--register FILE.parquet --country BE] [--no-postgis]

Without a register of its own it makes the demo region at the size of Belgium (6.5 million addresses; --quick: 65,000).
The questions are made by address_noise.py, the rivals are in address_rivals.py, method and reading of the figures in
docs/address-matching.md. One process, one core.
"""

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from address_noise import Case, absent_addresses, noisy_addresses
from address_rivals import PandasRival, PostgisRival, postgis
from bars import Bar, report

from geo.addresses import AddressIndex, AddressMatch
from geo.crs import OFFICIAL_CRS

REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
NATIONAL = 5_000_000
"""Least addresses of a register that is taken for a national one."""
GOALS = {
    "pandas' merge": {"exact": (10, 1.5), "fuzzy": (10, 0.6)},
    "pandas, index kept": {"exact": (1.5, 1.2), "fuzzy": (1, 0.6)},
    "PostGIS": {"exact": (10, 10), "fuzzy": (10, 10)},
}
"""Times as many answers as each rival, held on a national register and on a small one.

On a small one a merge hashes a hundredth of the rows, and the few questions that the compiled passes leave to the
rules weigh more than all the comparing of streets: there is no lead with typing errors, and the bar only guards what
there is.
"""
UNANSWERABLE = {"no box", "no postcode"}
"""Kinds whose right answer may be a list to choose from: they are printed, and count for precision only."""
TYPING = ("letters swapped", "one typing error", "two typing errors")


def demo_register(folder: Path, addresses: int) -> Path:
    """Make the demo region and read its register as an import does."""
    from data.demo import DemoSize, write_demo  # noqa: PLC0415 - only needed without a register
    from data.readers.best import read_best  # noqa: PLC0415
    from data.tables import ADDRESS_SCHEMA  # noqa: PLC0415

    towns = max(3, min(581, addresses // 11_000))
    files = write_demo(folder / "demo", DemoSize(towns, max(8 * towns, addresses // 325), addresses))
    path = folder / "register.parquet"
    with pq.ParquetWriter(path, ADDRESS_SCHEMA, compression="zstd") as writer:
        for batch in read_best(files.addresses).batches():
            writer.write_batch(batch)
    return path


def askable(register: pa.Table, rng: random.Random, count: int) -> list[dict[str, object]]:
    """Draw current addresses; the house number of a building with boxes is no dwelling, and so no address to ask."""
    current = register.filter(pc.equal(register["status"], "current"))
    drawn = current.take(pa.array(sorted(rng.sample(range(len(current)), min(len(current), count)))))
    boxed = current.filter(pc.is_valid(current["box"]))
    house = ("street_nl", "street_fr", "street_de", "postcode", "house_number")
    houses = set(zip(*(boxed[name].to_pylist() for name in house), strict=True))
    return [row for row in drawn.to_pylist() if row["box"] or tuple(row[name] for name in house) not in houses]


def judge(cases: list[Case], matches: list[AddressMatch]) -> dict[str, Counter[str]]:
    """Count verdicts by kind, and whether the address is the one that was meant."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for case, match in zip(cases, matches, strict=True):
        right = match.address is not None and match.address.address_id == case.address_id
        offered = any(other.address_id == case.address_id for other in match.alternatives)
        counts[case.kind][f"{match.verdict}{' right' if right else ' wrong'}"] += 1
        counts[case.kind]["offered"] += not right and offered
    return counts


def print_kinds(title: str, counts: dict[str, Counter[str]]) -> None:
    """Print a line for each kind of noise."""
    print(f"\n{title}")
    heads = ("asked", "accept", "wrong", "confirm", "wrong", "fix", "offered", "found %")
    print("kind".ljust(34) + "".join(head.rjust(9) for head in heads))
    for kind, c in counts.items():
        asked = sum(c.values()) - c["offered"]
        found = c["accept right"] + c["confirm right"]
        figures = (c["accept right"], c["accept wrong"], c["confirm right"], c["confirm wrong"])
        line = "".join(f"{figure:9}" for figure in (asked, *figures, c["fix right"] + c["fix wrong"], c["offered"]))
        print(f"{kind:34}{line}{100 * found / asked:9.2f}")


def print_calibration(cases: list[Case], matches: list[AddressMatch]) -> None:
    """Print how often each band of scores is right."""
    bands: dict[float, list[bool]] = defaultdict(list)
    for case, match in zip(cases, matches, strict=True):
        if match.verdict != "fix" and match.address is not None:
            bands[np.floor(match.score * 20) / 20].append(match.address.address_id == case.address_id)
    print("\nscore from    answers   right %")
    for band in sorted(bands, reverse=True):
        print(f"{band:10.2f}{len(bands[band]):11}{100 * np.mean(bands[band]):10.2f}")


def accuracy_bars(counts: dict[str, Counter[str]], name: str) -> list[Bar]:
    """Sum the kinds up to the bars of precision and of what is found."""
    accepted = sum(c["accept right"] + c["accept wrong"] for c in counts.values())
    right = sum(c["accept right"] for c in counts.values())
    typed = [c for kind, c in counts.items() if kind not in UNANSWERABLE]
    asked = sum(sum(c.values()) - c["offered"] for c in typed)
    found = sum(c["accept right"] + c["confirm right"] for c in typed)
    return [
        Bar(f"{name}: accepts that are right, %", 100 * right / accepted, 99.9),
        Bar(f"{name}: found (accept or confirm) up to two edits, %", 100 * found / asked, 98.0),
    ]


def columns_of(cases: list[Case]) -> pa.Table:
    """Give questions in fields as a table."""
    names = ("street", "house_number", "box", "postcode", "municipality")
    return pa.table({name: pa.array([getattr(case.query, name) for case in cases], pa.string()) for name in names})


def rate(index: AddressIndex, questions: pa.Table, repeat: int) -> float:
    """Give the best rate of answers per second, from the columns of questions to the table of answers."""
    best = 0.0
    for _ in range(repeat):
        start = time.perf_counter()
        index.verify_table(questions).to_table()
        best = max(best, len(questions) / (time.perf_counter() - start))
    return best


def speed_bars(
    index: AddressIndex,
    register: pa.Table,
    rows: list[dict[str, object]],
    nowhere: list[Case],
    *,
    with_postgis: bool,
) -> list[Bar]:
    """Measure exact and fuzzy batches beside the rivals."""
    wanted = 200_000 if len(rows) > 100_000 else 20_000
    rng = random.Random(11)  # noqa: S311
    drawn = [rng.choice(rows) for _ in range(wanted)]
    exact = pa.table(
        {
            "street": [row["street_nl"] or row["street_fr"] or row["street_de"] for row in drawn],
            "house_number": [row["house_number"] for row in drawn],
            "box": pa.array([row["box"] for row in drawn], pa.string()),
            "postcode": [row["postcode"] for row in drawn],
            "municipality": [row["municipality_nl"] or row["municipality_fr"] for row in drawn],
        }
    )
    own_text = pa.array(
        ["".join(rng.choice((c.lower(), c.upper())) for c in text) for text in exact["street"].to_pylist()]
    )
    mixed = exact.set_column(0, "street", own_text)
    typing = [c for c in noisy_addresses(rows, index.country, 7500, 12) if c.kind in TYPING and c.query.line is None]
    random.Random(15).shuffle(typing)  # noqa: S311
    typing = typing[:10_000]
    fuzzy, sample = columns_of(typing), 500
    index.verify_table(exact.slice(0, 1000))
    ours = {"exact": rate(index, exact, 3), "mixed": rate(index, mixed, 3), "fuzzy": rate(index, fuzzy, 2)}
    print(f"\nanswers per second: exact {ours['exact']:,.0f}, exact and each street in its own mixture of capitals "
          f"{ours['mixed']:,.0f}, with typing errors {ours['fuzzy']:,.0f}")  # fmt: skip
    bars = [
        Bar("exact batch, answers/s on one core", ours["exact"], 200_000),
        Bar("exact batch with every street's text different, answers/s", ours["mixed"], 200_000),
        Bar("fuzzy batch, answers/s on one core", ours["fuzzy"], 5_000),
    ]
    truth = {"exact": [row["address_id"] for row in drawn], "fuzzy": [case.address_id for case in typing]}
    tables = {"exact": exact, "fuzzy": fuzzy}
    absent = columns_of([case for case in nowhere if case.query.line is None])
    accepted = index.verify_table(absent).to_table()
    answered = pc.sum(pc.not_equal(accepted["verdict"], "fix")).as_py()
    accepts = pc.sum(pc.equal(accepted["verdict"], "accept")).as_py()
    print(f"here: of {len(absent)} that do not exist {accepts} accepted, {answered - accepts} put to the person")

    def compare(name: str, rival: PandasRival | PostgisRival, rounds: int) -> None:
        wrong = int(rival.fuzzy(absent.to_pandas())[0].notna().sum())
        print(f"{name}: an address for {wrong} of the {len(absent)} that do not exist")
        for kind, table in tables.items():
            asked = table.slice(0, {"fuzzy": sample, "exact": 40 * sample}[kind]) if name == "PostGIS" else table
            columns = asked.to_pandas()
            getattr(rival, kind)(columns)  # to warm up, both
            index.verify_table(asked).to_table()
            theirs, own = [], []
            for _ in range(rounds):
                found, seconds = getattr(rival, kind)(columns)
                theirs.append(len(asked) / seconds)
                own.append(rate(index, table, 1))
            right = 100 * float((found == pd.Series(truth[kind][: len(asked)])).mean())
            ids = index.verify_table(asked).to_table()["address_id"].to_pandas()
            here = 100 * float((ids == pd.Series(truth[kind][: len(asked)])).mean())
            times = float(np.median(own) / np.median(theirs))
            print(f"{name} {kind}: {np.median(theirs):,.0f} answers/s, {right:.2f} % right; here "
                  f"{np.median(own):,.0f}, {here:.2f} % right: {times:.1f} times as many")  # fmt: skip
            goal = GOALS[name][kind][len(register) < NATIONAL]
            bars.append(Bar(f"{kind} batch against {name}, {len(register):,} rows, times", times, goal))

    compare("pandas' merge", PandasRival(register, by_merge=True), 5)
    # Not ten times: with its index kept, most of what pandas does is compiled code as well.
    compare("pandas, index kept", PandasRival(register, by_merge=False), 7)
    if with_postgis:
        with postgis() as url, psycopg.connect(url) as connection:
            compare("PostGIS", PostgisRival(connection, register), 1)
    return bars


def suggestion_bar(index: AddressIndex, rows: list[dict[str, object]]) -> Bar:
    """Type addresses letter by letter, some with an error, and measure each completion."""
    rng = random.Random(13)  # noqa: S311
    cases = [
        c
        for c in noisy_addresses(rows, index.country, 400, 14)
        if c.query.line and c.kind in (*TYPING, "as registered")
    ]
    times = []
    for case in cases:
        line = case.query.line or ""
        for end in range(1, len(line) + 1, rng.randrange(1, 4)):
            start = time.perf_counter()
            index.suggest(line[:end], lang=rng.choice(("nl", "fr")))
            times.append(1000 * (time.perf_counter() - start))
    slowest = float(np.percentile(times, 99))
    print(f"\nsuggestions: {len(times):,} completions, median {np.median(times):.2f} ms, p99 {slowest:.2f} ms")
    return Bar("autocompletion, p99 in ms", slowest, 10, at_least=False)


def opening_bars(folder: Path) -> list[Bar]:
    """Open the index in a fresh process, touch every page, and measure time and memory."""
    script = """
import json, re, sys, time
from pathlib import Path
from geo.addresses import AddressIndex, AddressQuery

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

start = time.perf_counter()
index = AddressIndex.open(Path(sys.argv[1]))
seconds = time.perf_counter() - start
index.verify(AddressQuery(line="Kerkstraat 1, 1000 Brussel"))
before = resident()
touched = sum(int(array.view("u1")[::4096].sum()) for array in index._register.arrays.values() if len(array))
print(json.dumps([seconds, before, resident()]))
"""
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    seconds, before, after = json.loads(done.stdout)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
    print(f"\nindex: {size:.0f} MiB; resident {before:.0f} MiB open, {after:.0f} MiB with every page touched")
    return [
        Bar("opening the index, s", seconds, 1, at_least=False),
        Bar("resident memory with every page touched, MiB", after, 600, at_least=False),
    ]


def schaerbeek(folder: Path, each: int) -> list[Bar]:
    """Put the real bilingual addresses of Schaerbeek through the same noise."""
    from data.tables import ADDRESS_SCHEMA  # noqa: PLC0415

    path = REAL_DATA / "belgium" / "schaerbeek" / "addresses.csv"
    if not path.is_file():
        print("\nno real addresses here: Schaerbeek is left out")
        return []
    with path.open(encoding="utf-8") as file:
        real = list(csv.DictReader(file))
    rows = [
        {
            "address_id": f"schaerbeek/{place}", "street_nl": row["street_nl"], "street_fr": row["street_fr"],
            "house_number": row["house_number"], "box": row["box"] or None, "postcode": row["postcode"],
            "municipality_code": row["municipality"], "municipality_nl": "Schaarbeek",
            "municipality_fr": "Schaerbeek", "status": "current",
        }
        for place, row in enumerate(real)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=ADDRESS_SCHEMA)
    index = AddressIndex.build(table, folder / "schaerbeek", country="BE", crs="EPSG:31370")
    times_there = Counter((row["street_nl"].lower(), row["house_number"], (row["box"] or "").lower()) for row in rows)
    boxed = {(row["street_nl"].lower(), row["house_number"]) for row in rows if row["box"]}
    wanted = [
        row for row in table.to_pylist()
        if times_there[row["street_nl"].lower(), row["house_number"], (row["box"] or "").lower()] == 1
        and (row["box"] or (row["street_nl"].lower(), row["house_number"]) not in boxed)
    ]  # fmt: skip
    cases = noisy_addresses(wanted, "BE", each, 21)
    counts = judge(cases, index.verify_many([case.query for case in cases]))
    print_kinds(
        f"Schaerbeek: {len(wanted)} of {len(rows)} real addresses (those registered once, with their box)", counts
    )
    return accuracy_bars(counts, "Schaerbeek")


def main() -> int:
    """Measure, print, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="65,000 addresses instead of 6.5 million")
    parser.add_argument("--register", type=Path, help="a normalised register (Parquet) instead of the demo")
    parser.add_argument("--country", default="BE", choices=["BE", "NL"])
    parser.add_argument("--no-postgis", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="buurtwijzer-bench-") as name:
        folder = Path(name)
        path = options.register or demo_register(folder, 65_000 if options.quick else 6_500_000)
        bars = measure(path, options.country, folder, quick=options.quick, with_postgis=not options.no_postgis)
    return report(bars)


def measure(path: Path, country: str, folder: Path, *, quick: bool, with_postgis: bool) -> list[Bar]:
    """Run everything on one register."""
    start = time.perf_counter()
    index = AddressIndex.build(pq.ParquetFile(path), folder / "index", country=country, crs=OFFICIAL_CRS[country])
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(index):,} addresses; index built in {seconds:.1f} s, this process at most {peak:,.0f} MiB")
    bars = [Bar("building the index, s", seconds, 120, at_least=False), *opening_bars(folder / "index")]
    register = pq.read_table(path)
    rng = random.Random(3)  # noqa: S311
    rows = askable(register, rng, 30_000 if quick else 300_000)
    each = 100 if quick else 1334  # 15 kinds: 20,000 questions
    cases = noisy_addresses(rows, country, each, 1)
    matches = index.verify_many([case.query for case in cases])
    alone = [index.verify(case.query) for case in cases]
    bars.append(
        Bar(
            "questions answered otherwise alone than in a batch",
            sum(a != b for a, b in zip(alone, matches, strict=True)),
            0,
            at_least=False,
        )
    )
    counts = judge(cases, matches)
    print_kinds("what was asked, and what became of it", counts)
    print_calibration(cases, matches)
    bars += accuracy_bars(counts, "generated")
    towns = sorted({str(row["municipality_code"]) for row in rows})[:60]
    every = register.filter(pc.is_in(register["municipality_code"], pa.array(towns)))
    names = ["street_nl", "street_fr", "street_de", "municipality_code", "postcode", "house_number", "box"]
    some = [row for row in rows if row["municipality_code"] in set(towns)]
    absent = absent_addresses(some, every.select(names).to_pylist(), country, 500 if quick else 5000, 2)
    verdicts = Counter(
        (c.kind, m.verdict) for c, m in zip(absent, index.verify_many([c.query for c in absent]), strict=True)
    )
    print("\naddresses that do not exist")
    for (kind, verdict), count in sorted(verdicts.items()):
        print(f"{kind:34}{verdict:>9}{count:7}")
    false_accepts = sum(count for (_, verdict), count in verdicts.items() if verdict == "accept")
    bars.append(Bar("accepted addresses that do not exist", false_accepts, 0, at_least=False))
    bars += schaerbeek(folder, 60 if quick else 400)
    bars.append(suggestion_bar(index, rows))
    return bars + speed_bars(index, register, rows, absent, with_postgis=with_postgis)


if __name__ == "__main__":
    sys.exit(main())
