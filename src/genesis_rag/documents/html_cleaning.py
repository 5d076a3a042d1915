"""Which parts of a web page a reader does not see, or does not come for: hidden text, scripts, menus, footers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Element = Any
"""An lxml element; lxml is imported only where pages are parsed."""


def words(names: str) -> frozenset[str]:
    """Return names that are parted by spaces as a set."""
    return frozenset(names.split())


_NEVER = words(
    "script style noscript template svg math-annotation iframe object embed applet canvas audio video picture "
    "map button select input textarea datalist nav rt rp rtc del s strike head link meta base frameset dialog "
    "menu"
)
_UNLESS_IN_ARTICLE = frozenset({"footer", "aside"})
_ROLES = words("navigation banner contentinfo search complementary dialog alertdialog menu menubar toolbar")
_ARTICLES = frozenset({"article", "main"})
_LINK_BLOCKS = words("ul ol div section table p td dl")

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?:font-size|opacity|max-height)\s*:\s*0*\.?0+(?:px|pt|em|rem|%)?\s*(?:;|!|$)"
    r"|(?:^|[;\s])(?:height|width)\s*:\s*[01]px\s*;.*overflow\s*:\s*hidden|text-indent\s*:\s*-\d{3,}"
    r"|(?:^|[;\s])(?:left|top|right)\s*:\s*-\d{3,}(?:px|em)|clip\s*:\s*rect\(\s*[01]",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
# The bounds keep the time linear whatever a page holds.
_AT_BLOCK = re.compile(r"@[^{};@]{0,200}\{(?:[^{}@]{0,2000}\{[^{}]{0,2000}\}){0,500}[^{}@]{0,2000}\}")
_RULE = re.compile(r"([^{}]{1,300})\{([^{}]{0,2000})\}")
MAX_STYLE = 100_000
_SIMPLE = re.compile(r"\s*(?:[a-zA-Z]+)?([.#])([\w-]+)\s*")
_NAMED = {"white": "#ffffff", "black": "#000000", "transparent": "transparent"}


def tag_of(element: Element) -> str:
    """Return the lower-case local name of an element, "" for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def hidden_names(root: Element) -> frozenset[str]:
    """Return the classes (".x") and ids ("#x") that the page's own plain style rules hide on a screen."""
    names: set[str] = set()
    for style in root.iter("style"):
        for selectors, declarations in _RULE.findall(_AT_BLOCK.sub("", _without_comments(style.text or ""))):
            if _HIDING.search(declarations):
                simple = (_SIMPLE.fullmatch(selector) for selector in selectors.split(","))
                names.update(match[1] + match[2] for match in simple if match)
    return frozenset(names)


def _without_comments(rules: str) -> str:
    first, *others = rules[:MAX_STYLE].split("/*")
    return first + "".join(part.partition("*/")[2] for part in others)


def is_dropped(element: Element, hidden: frozenset[str], *, in_article: bool) -> bool:
    """Tell whether an element is not text for a reader; its children go with it."""
    tag = tag_of(element)
    if not tag or tag in _NEVER or (tag in _UNLESS_IN_ARTICLE and not in_article):
        return True
    attributes = element.attrib
    if not attributes:
        return False
    if attributes.get("role", "").strip().lower() in _ROLES and tag not in _ARTICLES:
        return True
    return is_hidden(attributes) or (bool(hidden) and _is_named(attributes, hidden))


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Tell whether attributes of an element hide it from its readers."""
    if "hidden" in attributes or attributes.get("aria-hidden", "").strip().lower() == "true":
        return True
    style = attributes.get("style", "")[:1000]
    return bool(style) and (bool(_HIDING.search(style)) or _is_invisible_ink(style, attributes))


def _is_named(attributes: Mapping[str, str], hidden: frozenset[str]) -> bool:
    classes = attributes.get("class", "").split()
    return "#" + attributes.get("id", "") in hidden or any("." + name in hidden for name in classes)


def _is_invisible_ink(style: str, attributes: Mapping[str, str]) -> bool:
    """Tell whether the inline style writes in the colour of its own ground."""
    colour, ground = _COLOUR.search(style), _BACKGROUND.search(style)
    if colour is None:
        return False
    behind = ground[1] if ground else attributes.get("bgcolor", "")
    return _colour(colour[1]) == "transparent" or (bool(behind) and _colour(colour[1]) == _colour(behind))


def _colour(value: str) -> str:
    word = re.sub(r"\s+", "", value.strip().lower())
    word = _NAMED.get(word, word)
    if re.fullmatch(r"#[0-9a-f]{3}", word):
        return "#" + "".join(digit * 2 for digit in word[1:])
    if match := re.fullmatch(r"rgba?\((\d+),(\d+),(\d+)(?:,([\d.]+))?\)", word):
        return (
            "transparent" if match[4] == "0" else "#" + "".join(f"{int(part) % 256:02x}" for part in match.groups()[:3])
        )
    return word


def main_content(body: Element) -> Element:
    """Return ``main`` or ``article`` when one of them holds what the page is about, else ``body``.

    Several articles beside each other are a list of news or comments: then the whole body counts.
    """
    total = _text_length(body)
    mains = [element for element in body.iter("main") if not is_hidden(element.attrib)]
    mains += [element for element in body.iter() if element.attrib.get("role") == "main"]
    for element in sorted(mains, key=_text_length, reverse=True)[:1]:
        if _text_length(element) >= min(200, 0.3 * total):
            return element
    articles = [element for element in body.iter("article") if not is_hidden(element.attrib)]
    lengths = {element: _text_length(element) for element in articles}
    if articles:
        largest = max(articles, key=lengths.__getitem__)
        outer = [e for e in articles if next(e.iterancestors("article"), None) is None]
        together = sum(lengths[e] for e in outer)
        if lengths[largest] >= 0.6 * together and lengths[largest] >= min(200, 0.3 * total):
            return largest
    return body


def _text_length(element: Element) -> int:
    return sum(len(text.strip()) for text in element.itertext() if text)


def link_blocks(root: Element) -> set[Element]:
    """Return the outermost blocks that are hardly more than links: menus, tag clouds, lists of other pages.

    A page that is a list of links as a whole keeps them.
    """
    totals: dict[Element, tuple[int, int, int]] = {}
    found: list[Element] = []
    for element in root.iter():  # document order; reversed below, so children come before their parents
        found.append(element)
    for element in reversed(found):
        own = len((element.text or "").strip())
        text, linked, links = own, 0, 0
        for child in element:
            more = totals.get(child, (0, 0, 0))
            text += more[0] + len((child.tail or "").strip())
            linked, links = linked + more[1], links + more[2]
        if tag_of(element) == "a" and element.get("href"):
            linked, links = text, 1
        elif not tag_of(element) or tag_of(element) in _NEVER:
            text = linked = links = 0
        totals[element] = (text, linked, links)
    blocks: set[Element] = set()
    pruned = 0
    for element in found:
        text, linked, links = totals[element]
        if links < 4 or tag_of(element) not in _LINK_BLOCKS or linked < 0.75 * text or linked > 45 * links:
            continue
        if not any(ancestor in blocks for ancestor in element.iterancestors()):
            blocks.add(element)
            pruned += text
    return blocks if pruned <= 0.6 * totals[root][0] else set()
