"""What the styles and lists of a Word document say of a paragraph: heading level, number, hidden or not."""

from __future__ import annotations

import re
from dataclasses import field

from genesis_rag.documents.containers import Container, Element, attribute, child, is_on, local
from genesis_rag.documents.list_numbers import written
from genesis_rag.values import dataclass

MAX_LEVEL = 8
_HEADING = re.compile(r"(?:heading|見出し|berschrift)\s*([1-9])", re.IGNORECASE)
_NUMBER_IN_TEXT = re.compile(r"%([1-9])")


@dataclass(slots=True)
class _Style:
    name: str
    based_on: str
    properties: Element | None
    hidden: bool


@dataclass(slots=True)
class _Level:
    form: str = "decimal"
    text: str = "%1."
    start: int = 1
    legal: bool = False
    restart: int = -1  # the level from whose steps on this one starts anew; -1: any above


@dataclass(slots=True)
class _List:
    key: str  # lists with the same key go on counting together
    levels: dict[int, _Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParagraphStyle:
    """What a paragraph is.

    Attributes:
        heading: level from 1, 0 for no heading (the document's title is 1, "Heading 1" is 2).
        list_level: level from 0 of a list item, -1 for none.
        label: number or "-" of a list item or a numbered heading, "" for none.
        name: of the style, lower case.
        hidden: whether the style hides its text.
    """

    heading: int
    list_level: int
    label: str
    name: str
    hidden: bool


class Styles:
    """Reads styles and lists once, then counts paragraph by paragraph in the order of the text."""

    def __init__(self, container: Container, parts: dict[str, str]) -> None:
        self._styles: dict[str, _Style] = {}
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._default = ""
        if (part := parts.get("styles", "")) in container:
            self._read_styles(container.xml(part))
        if (part := parts.get("numbering", "")) in container:
            self._read_lists(container.xml(part))

    # --- Reading ---------------------------------------------------------------------------------------------

    def _read_styles(self, root: Element) -> None:
        for element in root:
            if local(element) != "style":
                continue
            identifier, name, based_on = (
                attribute(element, "styleId"),
                child(element, "name"),
                child(element, "basedOn"),
            )
            self._styles[identifier] = _Style(
                name=attribute(name, "val").strip().lower() if name is not None else "",
                based_on=attribute(based_on, "val") if based_on is not None else "",
                properties=child(element, "pPr"),
                hidden=is_on(child(element, "rPr", "vanish")),
            )
            if attribute(element, "type") == "paragraph" and attribute(element, "default") in ("1", "true"):
                self._default = identifier

    def _read_lists(self, root: Element) -> None:
        abstract: dict[str, dict[int, _Level]] = {}
        for element in root:
            if local(element) == "abstractNum":
                levels = [inner for inner in element if local(inner) == "lvl"]
                abstract[attribute(element, "abstractNumId")] = {_number(lvl, "ilvl", 0): _level(lvl) for lvl in levels}
            elif local(element) == "num":
                identifier = attribute(element, "numId")
                base = child(element, "abstractNumId")
                key = attribute(base, "val") if base is not None else ""
                found = _List(key, dict(abstract.get(key, {})))
                for change in element:
                    if local(change) == "lvlOverride":
                        self._override(found, change, identifier)
                self._lists[identifier] = found

    def _override(self, found: _List, change: Element, identifier: str) -> None:
        level, own, start = _number(change, "ilvl", 0), child(change, "lvl"), child(change, "startOverride")
        if own is not None:
            found.levels[level] = _level(own)
        if start is not None:
            old = found.levels.get(level, _Level())
            found.levels[level] = _Level(old.form, old.text, _number(start, "val", 1), old.legal, old.restart)
        if own is not None or start is not None:
            found.key = f"num {identifier}"

    # --- Asking ----------------------------------------------------------------------------------------------

    def hides(self, style: str) -> bool:
        """Tell whether a style of characters or paragraphs hides its text."""
        return any(one.hidden for one in self._chain(style))

    def of(self, paragraph: Element) -> ParagraphStyle:
        """Return what a paragraph is; counts on when it is numbered, so call it once a paragraph."""
        properties = child(paragraph, "pPr")
        stated = child(properties, "pStyle")
        identifier = attribute(stated, "val") if stated is not None else self._default
        chain = list(self._chain(identifier))
        heading = self._heading(properties, chain)
        number, level = self._list_of(properties, chain)
        label = "" if number is None else self._count(number, level)
        in_list = number is not None and not heading
        name, hidden = (chain[0].name if chain else ""), any(style.hidden for style in chain)
        return ParagraphStyle(heading, level if in_list else -1, label, name, hidden)

    def _chain(self, identifier: str) -> list[_Style]:
        chain: list[_Style] = []
        while identifier in self._styles and len(chain) < 20:
            chain.append(self._styles[identifier])
            identifier = chain[-1].based_on
        return chain

    def _heading(self, properties: Element | None, chain: list[_Style]) -> int:
        if (outline := child(properties, "outlineLvl")) is not None:
            level = _number(outline, "val", 9)
            return level + 2 if level <= MAX_LEVEL else 0
        for style in chain:
            if style.name in ("title", "表題"):
                return 1
            if match := _HEADING.fullmatch(style.name):
                return int(match[1]) + 1
            if (outline := child(style.properties, "outlineLvl")) is not None:
                level = _number(outline, "val", 9)
                return level + 2 if level <= MAX_LEVEL else 0
        return 0

    def _list_of(self, properties: Element | None, chain: list[_Style]) -> tuple[str | None, int]:
        """Return the list's number and the level, the list None when the paragraph is in none."""
        number: str | None = None
        level: int | None = None
        for one in (properties, *(style.properties for style in chain)):
            found = child(one, "numPr")
            if found is None:
                continue
            identifier, at = child(found, "numId"), child(found, "ilvl")
            if number is None and identifier is not None:
                number = attribute(identifier, "val")
            if level is None and at is not None:
                level = min(MAX_LEVEL, max(0, _number(at, "val", 0)))
        return (number if number in self._lists else None), level or 0

    def _count(self, number: str, level: int) -> str:
        found = self._lists[number]
        form = found.levels.get(level, _Level())
        counts = self._counts.setdefault(found.key, {})
        counts[level] = counts[level] + 1 if level in counts else form.start
        for deeper in [other for other in counts if other > level]:
            restart = found.levels.get(deeper, _Level()).restart
            if restart != 0 and (restart < 0 or level < restart):
                del counts[deeper]
        if form.form == "bullet":
            return "-"
        if form.form == "none":
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            other = found.levels.get(at, _Level())
            return written(counts.get(at, other.start), "decimal" if form.legal else other.form)

        return _NUMBER_IN_TEXT.sub(shown, form.text).strip()


def _level(element: Element) -> _Level:
    form, text, start = child(element, "numFmt"), child(element, "lvlText"), child(element, "start")
    restart = child(element, "lvlRestart")
    return _Level(
        form=attribute(form, "val") if form is not None else "decimal",
        text=attribute(text, "val") if text is not None else "",
        start=_number(start, "val", 0) if start is not None else 0,
        legal=is_on(child(element, "isLgl")),
        restart=_number(restart, "val", -1) if restart is not None else -1,
    )


def _number(element: Element, name: str, otherwise: int) -> int:
    value = attribute(element, name)
    return int(value) if re.fullmatch(r"-?\d{1,9}", value) else otherwise
