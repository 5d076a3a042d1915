// Text by code points. The server counts offsets in code points, JavaScript strings in UTF-16 units: 𠮟 and 👩 are
// one of the former and two of the latter, so nothing here may use string indices of the server's offsets directly.

/** An element with a class and text; `lang` where the text's language is known. */
export function element(name, className = "", text = "", lang = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  if (lang === "ja" || lang === "en") made.lang = lang;
  return made;
}

/**
 * Cut `text` at the edges of `ranges` and at `breaks`. Offsets are code points counted from `base`, where `text` begins.
 * Returns [{text, start, covers: [index of each range that covers the piece]}] in order; the pieces join to `text`.
 */
export function cutText(text, base, ranges, breaks = []) {
  const points = Array.from(text);
  const end = base + points.length;
  const inside = (offset) => offset > base && offset < end;
  const edges = [...ranges.flatMap((range) => [range.start, range.end]), ...breaks].filter(inside);
  const cuts = [base, ...[...new Set(edges)].sort((a, b) => a - b), end];
  const pieces = [];
  for (let i = 0; i + 1 < cuts.length; i += 1) {
    const [from, to] = [cuts[i], cuts[i + 1]];
    if (from === to) continue;
    const covers = ranges.flatMap((range, index) => (range.start <= from && to <= range.end ? [index] : []));
    pieces.push({ text: points.slice(from - base, to - base).join(""), start: from, covers });
  }
  return pieces;
}

/**
 * Split an answer's text into runs of plain text and markers: [{text, start} | {marker, start, end}], code points.
 * Only what `isMarker(number, start)` lets through counts; anything else in brackets is text.
 */
export function splitMarkers(text, isMarker) {
  const runs = [];
  let position = 0;
  for (const part of text.split(/(\[\d{1,3}\])/u)) {
    const length = Array.from(part).length;
    const marker = /^\[\d{1,3}\]$/u.test(part) ? Number(part.slice(1, -1)) : null;
    if (marker !== null && isMarker(marker, position)) runs.push({ marker, start: position, end: position + length });
    else if (part) runs.push({ text: part, start: position });
    position += length;
  }
  return runs;
}

/** Where the markers of an answer's citations begin in its text, in code points: each at the end of what it supports. */
export function markerPlaces({ text, citations }) {
  const points = Array.from(text);
  return new Set(citations.map(({ marker, answer_start: start, answer_end: end }) => {
    const span = points.slice(start, end).join("");
    return start + Array.from(span.slice(0, Math.max(0, span.lastIndexOf(`[${marker}]`)))).length;
  }));
}

/** One line of text: runs of white space as one space. */
export function oneLine(text) {
  return text.split(/\s+/u).filter(Boolean).join(" ");
}
