"""Pictures of what people hold in their hands, for the README: `make pictures` writes docs/pictures/*.png.

A small demonstration is run, its workbook and a notice go through LibreOffice, report and desk through Chromium.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image

from exports.facts import facts_of
from exports.notice import write_notices
from flows.desk.app import make_app
from flows.desk.office import Office
from flows.desk.people import People, Role
from tests.browser.chromium import ARGUMENTS, program
from tests.flows.finished import finished_run

OUT = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PASSWORD = "only for pictures"


def main() -> int:
    missing = [name for name in ("soffice", "pdftoppm") if not shutil.which(name)]
    if missing or program() is None:
        print(f"pictures need LibreOffice, poppler and Chromium; missing: {', '.join(missing) or 'Chromium'}")
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="evenhand-pictures-") as folder:
        office = Office.open(finished_run(Path(folder), 2_000))
        _papers(office, Path(folder))
        _pages(office)
        office.store.close()
    for path in sorted(OUT.glob("*.png")):
        print(f"{path.relative_to(OUT.parent.parent)}  {path.stat().st_size // 1024} kB")
    return 0


def _papers(office: Office, folder: Path) -> None:
    """Roster and notice as printed."""
    assert office.plan is not None
    region = office.plan.visits["region"].value_counts().sort("count", "region", descending=True)["region"][0]
    roster = _pdf(office.downloads()[f"rosters/roster-{region}.xlsx"], folder)
    _page(roster, 1, "roster-summary")
    wide = next(n for n in range(2, 12) if "结果名册" in _text(roster, n))
    _page(roster, wide, "roster")
    team = next(n for n in range(wide, 40) if "签字" in _text(roster, n))
    _page(roster, team, "team-sheet")
    firm = office.firms.filter(office.firms["tier"] == "D")["enterprise_id"][0]
    policy = office.run.context.policy
    write_notices([office.explanation(firm)], facts_of(policy, office.run.run_id), folder / "notices")
    _page(_pdf(next((folder / "notices").glob("*.docx")), folder), 1, "notice")


def _pdf(path: Path, folder: Path) -> Path:
    home = f"-env:UserInstallation=file://{folder}/home"
    command = ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / f"{path.stem}.pdf"


def _text(pdf: Path, page: int) -> str:
    command = ["pdftotext", "-f", str(page), "-l", str(page), str(pdf), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _page(pdf: Path, page: int, name: str) -> None:
    target = OUT / name
    at = ["-f", str(page), "-l", str(page), "-singlefile"]
    subprocess.run(["pdftoppm", "-r", "80", "-png", *at, str(pdf), str(target)], check=True)
    _shrink(target.with_suffix(".png"), trim=True)


def _pages(office: Office) -> None:
    """Report and desk as Chromium shows them."""
    from playwright.sync_api import sync_playwright

    people = People(office.settings.root / "desk-users.json")
    people.add("wang", "王敏", Role.approver, PASSWORD)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(office, people), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        page = running.new_page(viewport={"width": 1000, "height": 1100})
        _shot(page, office.downloads()["report.html"].as_uri(), "report")
        page.set_viewport_size({"width": 390, "height": 844})
        _shot(page, office.downloads()["report.html"].as_uri(), "report-phone")
        page.set_viewport_size({"width": 1100, "height": 800})
        page.goto(f"{address}/")
        page.fill("input[name=login]", "wang")
        page.fill("input[name=password]", PASSWORD)
        page.click("main button")
        firm = office.firms.filter(office.firms["tier"] == "C")["enterprise_id"][0]
        _shot(page, f"{address}/firm/{firm}", "desk-firm")
        _shot(page, f"{address}/plan", "desk-plan")
        _shot(page, f"{address}/run", "desk-run")
        running.close()
    server.should_exit = True
    thread.join(10)


def _shot(page: Any, address: str, name: str) -> None:
    page.goto(address)
    page.screenshot(path=OUT / f"{name}.png")
    _shrink(OUT / f"{name}.png")


def _shrink(path: Path, trim: bool = False) -> None:
    """Fewer colours, no empty margins: a picture for a README, not for print."""
    with Image.open(path) as image:
        plain = image.convert("RGB")
    if trim:
        ink = Image.eval(plain.convert("L"), lambda value: 255 if value < 250 else 0).getbbox()
        body = ink and (0, 0, plain.width, min(plain.height, ink[3] + 12))
        plain = plain.crop(body) if body else plain
    plain.quantize(48).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
