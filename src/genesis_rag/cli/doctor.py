"""`genesis-rag doctor`: check the index thoroughly and mend what can be mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genesis_rag.cli import options
from genesis_rag.cli.opening import settings_for
from genesis_rag.cli.output import Line, json_stream, standard_output
from genesis_rag.server.schemas import to_line

if TYPE_CHECKING:
    from genesis_rag.wiring import DoctorReport

DOCTOR_SCHEMA = "genesis-rag/doctor/1"
EXIT_BROKEN = 1


@click.command(epilog=options.EPILOG, context_settings=options.SETTINGS)
@options.as_json
@options.embedder
@options.place
def doctor(as_json: bool, embedder: Path | None, profile: str | None, home: Path | None) -> None:
    """Check the index and mend it.

    Every file, sum and count is checked, and what can be repaired is repaired. The exit code is 1 if something could
    not be repaired; each such finding says what to do.
    """
    from genesis_rag.wiring import run_doctor

    report = run_doctor(settings_for(home, profile, embedder=embedder))
    sound = all(finding.repaired for finding in report.findings)
    if as_json:
        rows = [{"kind": f.kind, "what": f.what, "repaired": f.repaired, "hint": f.hint} for f in report.findings]
        json_stream().write(to_line({"schema": DOCTOR_SCHEMA, "sound": sound, "findings": rows}) + "\n")
    else:
        standard_output().lines(_report_lines(report))
    if not sound:
        raise SystemExit(EXIT_BROKEN)


def _report_lines(report: DoctorReport) -> Iterator[Line]:
    if not report.findings:
        yield Line(("The index is sound.",))
    for finding in report.findings:
        yield Line((("repaired  " if finding.repaired else "BROKEN    ", "warning"), f"{finding.kind}: {finding.what}"))
        if finding.hint:
            yield Line(((finding.hint, "quiet"),), 10)
