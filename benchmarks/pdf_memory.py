"""Peak memory of reading a PDF of 1,600 pages against one of 100 pages of the same kind, each in a process of its own.

    python -m benchmarks.pdf_memory

The rule: a document is held as text, so the peak may grow by the text and nothing else. Three copies of it exist at
once at most (the pieces, the joined text, a window of it that is being looked at); what is added to them is a constant.
So: peak(1600) - peak(100) <= 3 x bytes(text of 1600 - text of 100) + 16 MiB. A loader that keeps its pages open breaks
it many times over, as the third run shows, in which the pages stay open in one PDFium document.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._machine import describe_machine, write_result

FEW, MANY = 100, 1_600
ALLOWED_COPIES, ALLOWED_MIB = 3, 16
LINES_A_PAGE = 36
JAPANESE = "日本政府は量子計算の研究へ五億円を投資すると発表し、大学と企業が共同で計画を進める。"
ENGLISH = "The plan runs for five years and is open to partners in all other countries."


def make_pdf(path: Path, pages: int) -> None:
    """Write a PDF of text in both languages, with headings, running heads and an outline."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    canvas = Canvas(str(path), pagesize=(595, 842), pageCompression=1)
    for number in range(1, pages + 1):
        title = f"第{number}章 計画の進み具合 {number}"
        canvas.bookmarkPage(title)
        canvas.addOutlineEntry(title, title, level=0)
        canvas.setFont("HeiseiMin-W3", 9)
        canvas.drawString(60, 815, "年次報告書 2026")
        canvas.setFont("HeiseiMin-W3", 16)
        canvas.drawString(60, 780, title)
        for line in range(LINES_A_PAGE):
            canvas.setFont(*(("HeiseiMin-W3", 10) if line % 2 else ("Helvetica", 10)))
            canvas.drawString(60, 750 - 18 * line, f"{number}-{line} " + (JAPANESE if line % 2 else ENGLISH))
        canvas.setFont("HeiseiMin-W3", 9)
        canvas.drawString(290, 30, str(number))
        canvas.showPage()
    canvas.save()


def read(path: Path, kept_open: bool) -> dict[str, float]:
    """Read a PDF in this process and return what it took."""
    import genesis_rag.documents.pdf as pdf
    from genesis_rag.documents.registry import SourceFile, load_documents

    if kept_open:
        pdf.PAGES_AT_ONCE = 10**9
        original, pages = pdf._page, []  # keeps every page and its text alive, as a careless loader would

        def careless(document: object, index: int) -> object:
            page = document[index]  # type: ignore[index]
            pages.append((page, page.get_textpage()))
            return original(document, index)

        pdf._page = careless  # type: ignore[assignment]
    started = time.perf_counter()
    (document,) = load_documents(SourceFile(path, path.name))
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "characters": len(document.text),
        "text_mib": round(sys.getsizeof(document.text) / 2**20, 2),
        "sections": len(document.sections),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def measured(path: Path, *options: str) -> dict[str, float]:
    """Return what ``read`` says in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.pdf_memory", "--read", str(path), *options]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(run.stdout)
    return result


def compare(folder: Path) -> dict[str, object]:
    """Make both PDFs in ``folder``, read them, and apply the rule."""
    few, many = folder / "few.pdf", folder / "many.pdf"
    make_pdf(few, FEW)
    make_pdf(many, MANY)
    small, large, careless = measured(few), measured(many), measured(many, "--kept-open")
    allowed = ALLOWED_COPIES * (large["text_mib"] - small["text_mib"]) + ALLOWED_MIB
    grown = large["peak_mib"] - small["peak_mib"]
    return {
        "rule": f"peak({MANY}) - peak({FEW}) <= {ALLOWED_COPIES} x extra text + {ALLOWED_MIB} MiB",
        "file_mib": {str(FEW): round(few.stat().st_size / 2**20, 2), str(MANY): round(many.stat().st_size / 2**20, 2)},
        f"pages_{FEW}": small,
        f"pages_{MANY}": large,
        f"pages_{MANY}_kept_open": careless,
        "grown_mib": round(grown, 1),
        "allowed_mib": round(allowed, 1),
        "kept_open_grown_mib": round(careless["peak_mib"] - small["peak_mib"], 1),
        "ratio_of_peaks": round(large["peak_mib"] / small["peak_mib"], 2),
        "holds": grown <= allowed,
        "machine": describe_machine(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--read", type=Path, help="read one file and print what it took")
    parser.add_argument("--kept-open", action="store_true", help="with --read: keep every page open")
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(read(arguments.read, arguments.kept_open)))
        return
    with tempfile.TemporaryDirectory() as folder:
        result = compare(Path(folder))
    print(json.dumps(result, ensure_ascii=False, indent=1))
    print(write_result("pdf_memory", result))
    if not result["holds"]:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
