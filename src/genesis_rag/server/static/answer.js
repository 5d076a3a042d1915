// Shows one answer: its text with markers, its sources, and the buttons under it. Data only ever becomes text nodes.

import { asMarkdown, asPlainText } from "./copying.js";
import { cutText, element, oneLine, splitMarkers } from "./text.js";
import { placeOf } from "./viewer.js";

const byId = (id) => document.getElementById(id);
const NEAREST = 3; // passages offered when there is no answer

export class AnswerView {
  /** `words()` gives the interface's words; `judge(answer, verdict)` sends feedback. */
  constructor(words, viewer, judge) {
    this.words = words;
    this.viewer = viewer;
    this.judge = judge;
    this.answer = null;
    viewer.onChange = markOpen;
    byId("copy-plain").addEventListener("click", () => this.copy(asPlainText(this.answer, this.words())));
    byId("copy-markdown").addEventListener("click", () => this.copy(asMarkdown(this.answer, this.words())));
    byId("copy-link").addEventListener("click", () => this.copy(location.href));
    for (const verdict of ["good", "bad"]) byId(verdict).addEventListener("click", () => this.sendVerdict(verdict));
  }

  /** A question was asked: nothing of the last answer stays. */
  begin(question) {
    this.answer = null;
    document.body.classList.add("asked");
    document.body.classList.remove("failed");
    byId("notice").hidden = byId("actions").hidden = true;
    byId("result").hidden = false;
    byId("answer").className = "answer";
    byId("answer").setAttribute("aria-busy", "true");
    byId("asked").textContent = question;
    byId("state").textContent = this.words().searching;
    byId("state").hidden = byId("waiting").hidden = false;
    byId("text").replaceChildren();
    byId("notes").replaceChildren();
    byId("sources").hidden = byId("closing").hidden = true;
    this.viewer.setQuotes([]);
  }

  reading(count) {
    byId("state").textContent = this.words().reading(count);
  }

  /** More of the text came in. */
  stream(text) {
    byId("waiting").hidden = true;
    byId("text").textContent = text;
  }

  /** Nothing more comes in. */
  end() {
    byId("answer").setAttribute("aria-busy", "false");
    byId("waiting").hidden = true;
    if (!this.answer) byId("state").hidden = true;
  }

  show(answer) {
    this.answer = answer;
    const words = this.words();
    const missing = answer.abstained && ["no_evidence", "empty_index"].includes(answer.reason);
    const quotes = answer.citations.length || !missing ? answer.citations : answer.passages.slice(0, NEAREST);
    this.viewer.setQuotes(quotes);
    byId("answer").className = `answer${answer.abstained ? " abstained" : ""}${missing ? " missing" : ""}`;
    byId("state").hidden = !missing;
    byId("state").textContent = answer.reason === "empty_index" ? words.emptyIndex : words.abstained;
    this.showText(answer, quotes);
    byId("notes").replaceChildren(...answer.notes.map((note) => element("p", "", note, answer.language)));
    this.showSources(quotes, answer.citations.length > 0);
    this.showActions();
    const times = Object.values(answer.timings);
    const seconds = times.length ? answer.timings.total ?? times.reduce((total, one) => total + one, 0) : null;
    byId("closing").hidden = answer.citations.length === 0 || seconds === null;
    if (seconds !== null) {
      const told = answer.answerer.startsWith("extractive") ? words.closing : words.written;
      byId("closing").textContent = told(seconds.toFixed(seconds < 0.1 ? 3 : 2));
    }
  }

  showText(answer, quotes) {
    const target = byId("text");
    target.replaceChildren();
    if (answer.language === "other") target.removeAttribute("lang");
    else target.lang = answer.language;
    const known = new Set(quotes.map((quote) => quote.marker));
    let start = 0; // of the paragraph, in code points
    for (const paragraph of answer.text.split("\n")) {
      const item = /^\s*(?:[-*•・‣◦]|\d+[.)])\s*/u.test(paragraph);
      const made = element("p", item ? "item" : "");
      for (const run of splitMarkers(paragraph, known)) {
        if (run.marker === undefined) made.append(...this.plainRun(run.text, start + run.start, answer));
        else made.append(this.markerButton(run, start + run.start, quotes));
      }
      if (paragraph.trim()) target.append(made);
      start += Array.from(paragraph).length + 1;
    }
  }

  /** Text without markers; what no citation of the answer covers looks different. */
  plainRun(text, start, { citations, abstained }) {
    if (abstained || citations.length === 0) return [text];
    const ranges = citations.map((citation) => ({ start: citation.answer_start, end: citation.answer_end }));
    return cutText(text, start, ranges).map((piece) => {
      if (piece.covers.length > 0 || !/[\p{L}\p{N}]/u.test(piece.text)) return document.createTextNode(piece.text);
      const bare = element("span", "unsupported", piece.text);
      bare.title = this.words().unsupported;
      return bare;
    });
  }

  markerButton({ marker }, position, quotes) {
    const inSpan = (quote) => quote.marker === marker && quote.answer_start <= position && position < quote.answer_end;
    const elsewhere = (quote) => quote.marker === marker && !quotes.some(inSpan);
    const index = Math.max(quotes.findIndex(inSpan), quotes.findIndex(elsewhere));
    const button = element("button", "marker", String(marker));
    button.type = "button";
    button.dataset.quote = index;
    button.setAttribute("aria-label", this.words().marker(marker, quotes[index].title));
    button.addEventListener("click", () => this.viewer.show(index, button));
    hintOn(button, quotes[index], this.words);
    return button;
  }

  showSources(quotes, cited) {
    byId("sources").hidden = quotes.length === 0;
    byId("sources-title").textContent = cited ? this.words().sources : this.words().nearest;
    const groups = new Map();
    quotes.forEach((quote, index) => groups.set(quote.marker, [...(groups.get(quote.marker) ?? []), { quote, index }]));
    const items = [...groups].sort(([a], [b]) => a - b).map(([marker, group]) => this.sourceItem(marker, group));
    byId("source-list").replaceChildren(...items);
  }

  sourceItem(marker, group) {
    const { quote: first } = group[0];
    const item = element("li");
    const heading = element("p", "source-heading");
    heading.append(element("span", "number", String(marker)), element("strong", "", first.title, first.language));
    item.append(heading, element("p", "place", placeOf(first, this.words(), first.source)));
    for (const { quote, index } of group) {
      const button = element("button", "quote", oneLine(quote.quote ?? quote.text), quote.language);
      button.type = "button";
      button.dataset.quote = index;
      button.addEventListener("click", () => this.viewer.show(index, button));
      item.append(button);
    }
    return item;
  }

  showActions() {
    byId("actions").hidden = false;
    byId("done").textContent = "";
    for (const verdict of ["good", "bad"]) byId(verdict).setAttribute("aria-pressed", "false");
  }

  async copy(text) {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyTheOldWay(text);
    byId("done").textContent = this.words().copied;
  }

  async sendVerdict(verdict) {
    const { answer } = this;
    if (!(await this.judge(answer, verdict)) || this.answer !== answer) return;
    for (const name of ["good", "bad"]) byId(name).setAttribute("aria-pressed", String(name === verdict));
    byId("done").textContent = this.words().thanks;
  }
}

/** Browsers give no clipboard to pages that came over plain HTTP from another machine. */
function copyTheOldWay(text) {
  const box = element("textarea", "hidden");
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

/** Show which quotation is open in the viewer. */
function markOpen(index) {
  for (const button of document.querySelectorAll("[data-quote]")) {
    if (Number(button.dataset.quote) === index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** Let the quotation appear beside `button` while it is pointed at or has the focus. */
function hintOn(button, quote, words) {
  const show = () => {
    const hint = byId("hint");
    const text = oneLine(quote.quote ?? quote.text);
    hint.replaceChildren(
      element("span", "hint-quote", words().quoteOf(text), quote.language),
      element("span", "hint-place", [quote.title, placeOf(quote, words())].filter(Boolean).join(" · "), quote.language),
    );
    hint.hidden = false;
    const [box, size] = [button.getBoundingClientRect(), hint.getBoundingClientRect()];
    const left = Math.max(8, Math.min(box.left, innerWidth - size.width - 8));
    const above = box.top - size.height - 8;
    hint.style.left = `${left}px`; // set through the DOM, which the Content-Security-Policy allows
    hint.style.top = `${above > 8 ? above : box.bottom + 8}px`;
  };
  const hide = () => { byId("hint").hidden = true; };
  button.setAttribute("aria-describedby", "hint");
  button.addEventListener("mouseenter", show);
  button.addEventListener("focus", () => { if (button.matches(":focus-visible")) show(); });
  for (const event of ["mouseleave", "blur", "click"]) button.addEventListener(event, hide);
}
