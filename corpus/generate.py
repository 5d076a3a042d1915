"""Writes the documents of the built-in corpus that are not Markdown: `python corpus/generate.py`.

Sources lie in `corpus/sources`; `form` in their front matter says what becomes of each: pdf, docx or html. The same
source always gives the same bytes (with the versions of `constraints.txt`), so a test can tell whether a committed
document is up to date.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from forms.docx_form import docx_bytes
from forms.html_form import html_bytes
from forms.pdf_form import JAPANESE, japanese_font, pdf_bytes
from forms.reading import read_source

CORPUS = Path(__file__).resolve().parent


def main() -> None:
    """Write every document anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=CORPUS / "documents", help="folder to write to")
    parser.add_argument("--font", type=Path, default=japanese_font(), help=f"file of the font {JAPANESE}, for PDFs")
    parser.add_argument("--form", choices=("pdf", "docx", "html"), help="write only documents of this form")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    forms = {"pdf": partial(pdf_bytes, font=chosen.font), "docx": docx_bytes, "html": html_bytes}
    for path in sorted((CORPUS / "sources").glob("*.md")):
        source = read_source(path)
        if chosen.form in (None, source.form):
            (chosen.out / f"{source.name}.{source.form}").write_bytes(forms[source.form](source))


if __name__ == "__main__":
    main()
