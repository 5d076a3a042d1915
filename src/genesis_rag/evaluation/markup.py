"""Writing HTML and SVG: every text and every value of an attribute is escaped here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(tag: str, /, *children: str, **attributes: object) -> Markup:
    """Return an element; plain strings among the children are escaped.

    ``class_`` and ``stroke_width`` name ``class`` and ``stroke-width``; an attribute of None or False is left out, and
    one of True has no value.
    """
    written = []
    for key, value in attributes.items():
        key = key.rstrip("_").replace("_", "-")
        if value is True:
            written.append(f" {key}")
        elif value is not None and value is not False:
            written.append(f' {key}="{escape(_text(value))}"')
    opening = f"<{tag}{''.join(written)}>"
    if tag in ("meta", "input", "br"):
        return Markup(opening)
    return Markup(f"{opening}{join(children)}</{tag}>")


def join(children: Iterable[str]) -> Markup:
    """Return the children one after the other; plain strings are escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(clean(child)) for child in children))


def clean(text: str) -> str:
    """Return ``text`` without what HTML cannot hold: control characters and lone surrogates become U+FFFD."""
    return _UNFIT.sub("\ufffd", text)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return clean(str(value))
