"""A hundred officers at the desk at once: `python -m tests.bench.desk --officers 100 --seconds 60`.

A finished run of 20,000 enterprises, a real server (`evenhand serve`) in a process of its own on the loopback, and as
many sessions as there are officers. Each searches, opens a firm's explanation, looks at the plan's lists and months,
downloads, files an objection; then, after thinking, goes on. Printed: latency by page, errors (there must be none),
memory and CPU time of the server. `--think 0` asks again at once; `--postgres` keeps the register in PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import polars as pl

from tests.flows.finished import finished_run
from tests.postgres.server import running

PASSWORD = "only for measuring"
MIX = {"search": 30, "firm": 30, "plan": 12, "plan of a month": 8, "decisions": 8, "download": 6, "objection": 6}
TOKEN = re.compile(r'name="token" value="([^"]+)"')
RECORD = re.compile(r'<option value="([^"]+)">[^<]*·')


class Bench:
    """What all officers share: where the server is, whom they ask about, what they have seen."""

    def __init__(self, address: str, firms: list[str], files: list[str], think: float) -> None:
        self.address, self.firms, self.files, self.think = address, firms, files, think
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.errors: Counter[str] = Counter()
        self.until = 0.0


class Officer:
    """One session."""

    def __init__(self, bench: Bench, number: int) -> None:
        self.bench, self.number, self.lots = bench, number, random.Random(number)
        self.client = httpx.AsyncClient(base_url=bench.address, timeout=120, follow_redirects=True, trust_env=False)

    async def log_in(self) -> None:
        page = await self.client.get("/login")
        form = {"login": f"o{self.number}", "password": PASSWORD, "token": _token(page.text)}
        answer = await self.client.post("/login", data=form)
        assert answer.status_code == 200, answer.text[:500]

    async def work(self) -> None:
        """Until the time is over."""
        while time.monotonic() < self.bench.until:
            await asyncio.sleep(self.lots.uniform(0, 2 * self.bench.think))
            (act,) = self.lots.choices(list(MIX), list(MIX.values()))
            try:
                await self._act(act)
            except httpx.HTTPError as error:
                self.bench.errors[f"{act}: {type(error).__name__} {error}"] += 1
        await self.client.aclose()

    async def _act(self, act: str) -> None:
        firm = self.lots.choice(self.bench.firms)
        if act == "search":
            await self._get(act, f"/?q={quote(firm[-self.lots.randint(3, 8) :])}")
        elif act == "firm":
            await self._get(act, f"/firm/{quote(firm)}")
        elif act == "plan":
            await self._get(act, "/plan")
        elif act == "plan of a month":
            await self._get(act, f"/plan?month={self.lots.choice(('2026-12', '2027-01', '2027-02'))}")
        elif act == "decisions":
            await self._get(act, "/decisions")
        elif act == "download":
            await self._get(act, f"/downloads/{quote(self.lots.choice(self.bench.files))}")
        else:
            await self._object(firm)

    async def _object(self, firm: str) -> None:
        page = await self._get("firm", f"/firm/{quote(firm)}")
        records = RECORD.findall(page.text)
        if records:
            form = {"kind": "objection", "record_id": records[0], "reason": "not ours", "token": _token(page.text)}
            await self._timed("objection", "POST", f"/firm/{quote(firm)}/file", form)

    async def _get(self, act: str, path: str) -> httpx.Response:
        return await self._timed(act, "GET", path, None)

    async def _timed(self, act: str, method: str, path: str, form: dict[str, str] | None) -> httpx.Response:
        begun = time.monotonic()
        answer = await self.client.request(method, path, data=form)
        self.bench.taken[act].append(time.monotonic() - begun)
        if answer.status_code != 200 or answer.url.path == "/login":
            self.bench.errors[f"{act}: {answer.status_code} {answer.url.path}"] += 1
        return answer


def _token(page: str) -> str:
    found = TOKEN.search(page)
    assert found is not None, page[:500]
    return found[1]


async def play(bench: Bench, officers: int, seconds: float) -> None:
    """Everybody logs in, then everybody works."""
    staff = [Officer(bench, number) for number in range(officers)]
    begun = time.monotonic()
    for part in range(0, officers, 20):
        await asyncio.gather(*(officer.log_in() for officer in staff[part : part + 20]))
    print(f"{officers} officers logged in within {time.monotonic() - begun:.1f} s", flush=True)
    bench.until = time.monotonic() + seconds
    await asyncio.gather(*(officer.work() for officer in staff))


@contextlib.contextmanager
def served(var: Path) -> Iterator[tuple[str, int]]:
    """`evenhand serve` over a folder: its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flows.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | {"EVENHAND_VAR": str(var)})
    address = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{address}/login", trust_env=False)
                break
            time.sleep(0.2)
        assert process.poll() is None, "the server has ended"
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def accounts(path: Path, count: int) -> None:
    """One hash for all: made for each, a hundred take longer than the measurement."""
    from flows.desk.people import People, Role

    People(path).add("o0", "Officer", Role.officer, PASSWORD)
    entry = json.loads(path.read_text("utf-8"))["o0"]
    path.write_text(json.dumps({f"o{number}": entry for number in range(count)}), "utf-8")


def leave(*_: object) -> None:
    """Told to end (SIGTERM), end what was started too: a server left behind keeps a pipe open for ever."""
    sys.exit(143)


def memory(pid: int) -> float:
    """MB of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu(pid: int) -> float:
    """CPU seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(bench: Bench, seconds: float) -> int:
    """A line a page; how many errors."""
    print(f"{'page':>16} {'requests':>8} {'p50 ms':>7} {'p95 ms':>7} {'p99 ms':>7} {'most':>7}")
    everything = [one for times in bench.taken.values() for one in times]
    for act, times in [*sorted(bench.taken.items()), ("all", everything)]:
        taken = pl.Series(times)
        marks = [taken.quantile(share, "nearest") for share in (0.5, 0.95, 0.99, 1.0)]
        print(f"{act:>16} {len(times):8,} " + " ".join(f"{1000 * (mark or 0):7.0f}" for mark in marks))
    errors = sum(bench.errors.values())
    print(f"{len(everything) / seconds:.0f} requests a second, {errors} errors")
    for what, count in bench.errors.most_common(10):
        print(f"  {count:6,} {what}")
    return errors


def main() -> int:
    """From the command line; 1 when there was an error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--enterprises", type=int, default=20_000)
    parser.add_argument("--officers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds between an answer and the next request")
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    with contextlib.ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evenhand-desk-")))
        if given.postgres:
            os.environ["EVENHAND_DATABASE_URL"] = stack.enter_context(running()).new_database("desk")
        begun = time.monotonic()
        settings = finished_run(var, given.enterprises)
        accounts(settings.root / "desk-users.json", given.officers)
        print(f"{given.enterprises:,} enterprises rated and planned in {time.monotonic() - begun:.1f} s", flush=True)
        out = settings.root / "out" / "demo"
        firms = pl.read_csv(out / "ratings.csv")["enterprise_id"].to_list()
        files = sorted(p.relative_to(out).as_posix() for p in out.rglob("*.xlsx"))
        address, pid = stack.enter_context(served(var))
        bench, before = Bench(address, firms, files, given.think), memory(pid)
        used = cpu(pid)
        asyncio.run(play(bench, given.officers, given.seconds))
        errors = report(bench, given.seconds)
        print(f"server: {before:.0f} MB before, {memory(pid):.0f} MB after, {cpu(pid) - used:.1f} CPU s")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
