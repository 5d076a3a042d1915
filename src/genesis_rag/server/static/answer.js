// Shows one answer: its text with markers, its sources, and the buttons under it. Data only ever becomes text nodes.

import { asMarkdown, asPlainText } from "./copying.js";
import { cutText, element, markerPlaces, oneLine, splitMarkers } from "./text.js";
import { headingsOf, placeOf } from "./viewer.js";

const byId = (id) => document.getElementById(id);
const NEAREST = 3; // passages offered when there is no answer

/** One question and its answer. The parts of the newest turn have ids; those of earlier ones lose them. */
export class Turn {
  /** `words()` gives the interface's words; `judge(answer, verdict)` sends feedback; `first` is whether it begins a thread. */
  constructor(words, viewer, judge, question, first) {
    Object.assign(this, { words, viewer, judge, question, answer: null, quotes: [], verdict: null });
    this.root = byId("turn").content.firstElementChild.cloneNode(true);
    this.heading = element(first ? "h1" : "h2", "asked-question", question);
    this.heading.dataset.part = "asked";
    this.heading.tabIndex = -1;
    this.part("answer").prepend(this.heading);
    for (const node of this.root.querySelectorAll("[data-part]")) node.id = node.dataset.part;
    this.part("copy-plain").addEventListener("click", () => this.copy(asPlainText(this.answer, this.words())));
    this.part("copy-markdown").addEventListener("click", () => this.copy(asMarkdown(this.answer, this.words())));
    this.part("copy-link").addEventListener("click", () => this.copy(this.address));
    for (const verdict of ["good", "bad"]) this.part(verdict).addEventListener("click", () => this.sendVerdict(verdict));
    this.part("state").textContent = this.words().searching;
    this.translate();
  }

  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  /** What leads here again: a follow-up question as it was understood, since its conversation is not in the address. */
  get address() {
    const address = new URL(location.origin);
    address.search = new URLSearchParams({ q: this.answer?.searched || this.question, ...this.narrowing });
    return address.href;
  }

  /** A later question was asked: the sources fold up, and the ids go to the newer turn. */
  retire() {
    for (const node of this.root.querySelectorAll("[data-part]")) node.removeAttribute("id");
    this.root.classList.add("earlier");
    this.part("sources").open = false;
  }

  translate() {
    for (const node of this.root.querySelectorAll("[data-text]")) node.textContent = this.words()[node.dataset.text];
    if (this.answer) this.show(this.answer);
  }

  reading(count, searched) {
    this.part("state").textContent = this.words().reading(count);
    this.showSearched(searched);
  }

  showSearched(searched) {
    const other = Boolean(searched) && searched !== this.question;
    this.part("searched").hidden = !other;
    if (other) this.part("searched").textContent = this.words().searchedFor(searched);
  }

  /** More of the text came in. */
  stream(text) {
    this.part("waiting").hidden = true;
    this.part("text").textContent = text;
  }

  /** Nothing more comes in. */
  end() {
    this.part("answer").setAttribute("aria-busy", "false");
    this.part("waiting").hidden = true;
  }

  show(answer) {
    this.answer = answer;
    const words = this.words();
    const missing = answer.abstained && ["no_evidence", "empty_index"].includes(answer.reason);
    this.quotes = answer.citations.length || !missing ? answer.citations : nearest(answer);
    this.viewer.setQuotes(this.quotes);
    this.part("answer").className = `answer${answer.abstained ? " abstained" : ""}${missing ? " missing" : ""}`;
    this.part("state").hidden = !missing;
    this.part("state").textContent = answer.reason === "empty_index" ? words.emptyIndex : words.abstained;
    this.showSearched(answer.searched);
    this.showText(answer, this.quotes);
    this.part("notes").replaceChildren(...answer.notes.map((note) => element("p", "", note, answer.language)));
    this.showSources(this.quotes, answer.citations.length > 0);
    this.showActions();
    const times = Object.values(answer.timings);
    const seconds = times.length ? answer.timings.total ?? times.reduce((total, one) => total + one, 0) : null;
    this.part("closing").hidden = answer.citations.length === 0 || seconds === null;
    if (seconds !== null) {
      const told = answer.answerer.startsWith("extractive") ? words.closing : words.written;
      this.part("closing").textContent = told(seconds.toFixed(seconds < 0.1 ? 3 : 2));
    }
  }

  showText(answer, quotes) {
    const target = this.part("text");
    target.replaceChildren();
    if (answer.language === "other") target.removeAttribute("lang");
    else target.lang = answer.language;
    const places = answer.citations.length ? markerPlaces(answer) : null; // [3] within quoted words is no marker of ours
    const known = new Set(quotes.map((quote) => quote.marker));
    let start = 0; // of the paragraph, in code points
    for (const paragraph of answer.text.split("\n")) {
      const item = /^\s*(?:[-*•・‣◦]|\d+[.)])\s*/u.test(paragraph);
      const made = element("p", item ? "item" : "");
      const from = start;
      for (const run of splitMarkers(paragraph, (marker, at) => known.has(marker) && (places?.has(from + at) ?? true))) {
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
    button.addEventListener("click", () => this.open(index, button));
    hintOn(button, quotes[index], this.words);
    return button;
  }

  /** Open a quotation of this turn beside it. */
  open(index, opener) {
    if (this.viewer.quotes !== this.quotes) this.viewer.setQuotes(this.quotes);
    this.viewer.show(index, opener);
  }

  /** Show which quotation is open in the viewer. */
  markOpen(index) {
    for (const button of this.root.querySelectorAll("[data-quote]")) {
      if (Number(button.dataset.quote) === index) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  showSources(quotes, cited) {
    this.part("sources").hidden = quotes.length === 0;
    this.part("sources-title").textContent = cited ? this.words().sources : this.words().nearest;
    const groups = new Map();
    quotes.forEach((quote, index) => groups.set(quote.marker, [...(groups.get(quote.marker) ?? []), { quote, index }]));
    const items = [...groups].sort(([a], [b]) => a - b).map(([marker, group]) => this.sourceItem(marker, group));
    this.part("source-list").replaceChildren(...items);
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
      button.addEventListener("click", () => this.open(index, button));
      item.append(button);
    }
    return item;
  }

  showActions() {
    this.part("actions").hidden = false;
    this.part("done").textContent = "";
    for (const name of ["good", "bad"]) this.part(name).setAttribute("aria-pressed", String(name === this.verdict));
  }

  async copy(text) {
    const copied = (await copyTheNewWay(text)) || copyTheOldWay(text);
    this.part("done").textContent = copied ? this.words().copied : this.words().notCopied;
  }

  async sendVerdict(verdict) {
    const { answer } = this;
    if (!(await this.judge(answer, verdict)) || this.answer !== answer) return;
    this.verdict = verdict;
    this.showActions();
    this.part("done").textContent = this.words().thanks;
  }
}

/** Browsers give no clipboard to pages that came over plain HTTP from another machine, and may refuse it to others. */
async function copyTheNewWay(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function copyTheOldWay(text) {
  const focused = document.activeElement;
  const box = element("textarea", "hidden");
  box.value = text;
  document.body.append(box);
  box.select();
  const copied = document.execCommand("copy");
  box.remove();
  focused?.focus();
  return copied;
}

/** Let the quotation appear beside `button` while it is pointed at or has the focus. */
function hintOn(button, quote, words) {
  const show = () => {
    const hint = byId("hint");
    const text = oneLine(quote.quote ?? quote.text);
    const place = element("span", "hint-place");
    place.append(element("span", "", [quote.title, headingsOf(quote)].filter(Boolean).join(" · "), quote.language));
    if (quote.page !== null) place.append(` · ${words().page(quote.page)}`); // in the language of the page
    hint.replaceChildren(
      element("span", "hint-quote", words().quoteOf(text), quote.language),
      place,
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

/** The passages that an abstention names in its text, and at least a few of the nearest. */
function nearest({ text, passages }) {
  const named = splitMarkers(text, (marker) => passages.some((passage) => passage.marker === marker));
  const most = Math.max(NEAREST, ...named.map((run) => run.marker ?? 0));
  return passages.filter((passage) => passage.marker <= most).sort((a, b) => a.marker - b.marker);
}
