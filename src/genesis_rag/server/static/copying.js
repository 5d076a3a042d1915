// An answer as text for other programs, its citations included.

import { oneLine } from "./text.js";
import { placeOf } from "./viewer.js";

function sourcesOf(answer) {
  const found = new Map();
  for (const citation of answer.citations) {
    found.set(citation.marker, [...(found.get(citation.marker) ?? []), citation]);
  }
  return [...found].sort(([a], [b]) => a - b);
}

/** Question, answer and numbered sources with their quotations, as plain text. */
export function asPlainText(answer, words) {
  const lines = [answer.question, "", answer.text];
  const sources = sourcesOf(answer);
  if (sources.length) lines.push("", words.sources);
  for (const [marker, citations] of sources) {
    lines.push(`[${marker}] ${citations[0].title} (${placeOf(citations[0], words, citations[0].source)})`);
    for (const citation of citations) lines.push(`    ${words.quoteOf(oneLine(citation.quote))}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The same as Markdown; what the documents say is escaped, so that it stays text there too. */
export function asMarkdown(answer, words) {
  const lines = [`**${escaped(oneLine(answer.question))}**`, "", ...answer.text.split("\n").map(escapedLine)];
  const sources = sourcesOf(answer);
  if (sources.length) lines.push("", `**${words.sources}**`);
  for (const [marker, citations] of sources) {
    const place = placeOf(citations[0], words, citations[0].source);
    lines.push("", `\\[${marker}\\] *${escaped(oneLine(citations[0].title))}* (${escaped(place)})`);
    for (const citation of citations) lines.push("", `> ${escaped(oneLine(citation.quote))}`);
  }
  return `${lines.join("\n")}\n`;
}

const escaped = (text) => text.replace(/[\\`*_[\]<>#|~!&]/g, "\\$&");

/** A line of the answer: a list item stays one. */
function escapedLine(line) {
  const [, bullet, rest] = line.match(/^(\s*(?:[-*•・]\s+)?)(.*)$/su);
  return (bullet ? "- " : "") + escaped(rest);
}
