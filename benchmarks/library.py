"""What libraries and reports cost: python benchmarks/library.py duplicates | rate | engines | report [SIZE]."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from molgen.library import Library
from molgen.library.duplicates import EXCLUDED, REPEATED, find_duplicates
from molgen.models.generator import Generator

MODEL, BATCH = "moses-graph", 512
SHARD_ROWS = 100_000


def duplicates(rows: int = 10_000_000) -> None:
    """Synthetic shards with texts of 45 letters, a tenth of them twice; the comparison in a process of its own."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        start = time.perf_counter()
        with duckdb.connect() as database:
            database.execute("SET memory_limit = '1GB'; SET threads = 1")
            for first in range(0, rows, SHARD_ROWS):
                number = "CASE WHEN i % 10 = 9 THEN i // 2 ELSE i END"
                text = f"substr(md5(CAST({number} AS VARCHAR)) || md5(CAST(({number}) * 7 AS VARCHAR)), 1, 45)"
                query = f"SELECT {text} AS smiles, i AS attempt FROM range({first}, {first + SHARD_ROWS}) t(i)"
                database.execute(f"COPY ({query}) TO '{folder}/{first:012d}.parquet' (FORMAT parquet)")
        print(f"made {rows:,} rows in {time.perf_counter() - start:.0f} s", flush=True)
        subprocess.run([sys.executable, __file__, "compare", folder], check=True)


def compare(folder: str) -> None:
    """The comparison alone: time and peak memory."""
    files = sorted(Path(folder).glob("*.parquet"))
    size = sum(file.stat().st_size for file in files)
    start, cpu = time.perf_counter(), time.process_time()
    found = find_duplicates(files, scratch=Path(folder), threads=2)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(files)} files, {size / 1e6:,.0f} MB: {len(found[REPEATED]):,} repeated, {len(found[EXCLUDED])} excluded"
    )
    print(f"{seconds:.0f} s, {cpu:.0f} s of processors, peak of the process {peak:,.0f} MB", flush=True)


def rate(n: int = 2000) -> None:
    """Attempts per second of processor: bare sampling against a library with the same settings."""
    generator = Generator.from_pretrained(MODEL)
    generator.generate(64, batch_size=BATCH, progress=False)
    cpu = time.process_time()
    found = generator.generate(n, batch_size=BATCH, progress=False)
    bare = found.attempted / (time.process_time() - cpu)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(f"{folder}/lib").build(
            n, model=MODEL, batch_size=BATCH, shard_attempts=n + 200, jobs=1, progress=False
        )
        notes = library.notes
        built = sum(note.attempts for note in notes) / sum(note.cpu_seconds for note in notes)
    print(f"generate {bare:.1f} attempts per second of processor, library {built:.1f}: {built / bare:.0%}", flush=True)


def engines(n: int = 2000) -> None:
    """Time of the same library by processes of this machine and by Ray, without what it takes to start them."""
    seconds = {}
    files = {}
    for engine in ("local", "ray"):
        with tempfile.TemporaryDirectory() as folder:
            times: list[float] = []
            library = Library(f"{folder}/lib").build(
                n,
                model=MODEL,
                batch_size=BATCH,
                shard_attempts=250,
                jobs=2,
                engine=engine,
                progress=lambda kept, text, times=times: times.append(time.perf_counter()),
            )
            cpu = sum(note.cpu_seconds for note in library.notes)
            seconds[engine] = (times[-1] - times[1]) / (len(times) - 2)
            files[engine] = [path.read_bytes() for path in library.shards]
            print(f"{engine}: {seconds[engine]:.2f} s per file, {cpu:.1f} s of processors", flush=True)
    print(f"same bytes: {files['local'] == files['ray']}", flush=True)


def report(n: int = 10_000) -> None:
    """A report of n molecules of the training set of MOSES against MOSES: time, size, and time to open in Chromium."""
    from playwright.sync_api import sync_playwright

    from molgen.datasets import moses
    from molgen.io import read_smiles
    from molgen.report.html import write_report

    with tempfile.TemporaryDirectory() as folder:
        smiles = [text for number, text in read_smiles(moses.split_path("train"), "SMILES") if number % 100 == 0][:n]
        file, out = Path(folder) / "molecules.smi", Path(folder) / "report.html"
        file.write_text("\n".join(smiles))
        start = time.perf_counter()
        write_report(file, out, reference="moses", progress=False)
        print(
            f"{len(smiles):,} molecules: {time.perf_counter() - start:.0f} s, {out.stat().st_size / 1e6:.1f} MB",
            flush=True,
        )
        with sync_playwright() as driver:
            page = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"]).new_page()
            for _ in range(3):
                start = time.perf_counter()
                page.goto(out.as_uri())
                page.wait_for_selector("body[data-ready=yes]")
                print(f"opens in {time.perf_counter() - start:.2f} s", flush=True)


if __name__ == "__main__":
    verb, *rest = sys.argv[1:]
    known = {"duplicates": duplicates, "compare": compare, "rate": rate, "engines": engines, "report": report}
    known[verb](*(rest if verb == "compare" else map(int, rest)))
