// Shows a document beside the answer, with the quoted words highlighted where they stand.

import { Paper } from "./paper.js";
import { cutText, element } from "./text.js";

const AROUND = 4000; // code points loaded before and after a quotation

const byId = (id) => document.getElementById(id);

export class Viewer {
  /** `words()` gives the interface's words, `onError` shows an error. */
  constructor(api, words, onError) {
    this.api = api;
    this.words = words;
    this.onError = onError;
    this.quotes = [];
    this.current = -1;
    this.opener = null;
    this.part = null;
    this.shape = "page"; // of PDFs; "text" shows the words alone
    this.paper = new Paper(api, words, () => this.setShape("text"));
    for (const button of document.querySelectorAll("[data-shape]")) {
      button.addEventListener("click", () => this.setShape(button.dataset.shape));
    }
    byId("viewer-close").addEventListener("click", () => this.close());
    byId("viewer-previous").addEventListener("click", () => this.step(-1));
    byId("viewer-next").addEventListener("click", () => this.step(1));
    byId("viewer-earlier").addEventListener("click", () => this.extend(-1));
    byId("viewer-later").addEventListener("click", () => this.extend(1));
  }

  get isOpen() {
    return !byId("viewer").hidden;
  }

  /** Take the quotations of a new answer: [{document_id, start, end, title, heading_path, page, source, language}]. */
  setQuotes(quotes) {
    this.quotes = quotes;
    this.current = -1;
    this.part = null;
    this.close(false);
  }

  /** Open the document of quotation `index`; focus goes back to `opener` when the viewer closes. */
  async show(index, opener = null) {
    const quote = this.quotes[index];
    if (opener) this.opener = opener;
    this.current = index;
    byId("viewer").hidden = false;
    document.body.classList.add("viewing");
    this.describe(quote);
    const loaded = this.part?.id === quote.document_id && this.part.start <= quote.start && quote.end <= this.part.end;
    if (!loaded) {
      this.part = null;
      this.showOpening();
      const part = await this.load(quote.document_id, quote.start - AROUND, quote.end + AROUND);
      if (!part || this.current !== index) return;
      this.part = part;
    }
    await this.showPart();
    if (this.current !== index || !opener) return;
    byId("viewer-title").focus({ preventScroll: true });
    if (covers(byId("viewer"), opener)) opener.closest("p, li")?.scrollIntoView({ block: "start" });
  }

  showOpening() {
    byId("viewer-text").replaceChildren(element("p", "opening", this.words().opening));
    byId("viewer-text").hidden = false;
    byId("paper").hidden = byId("viewer-earlier").hidden = byId("viewer-later").hidden = true;
  }

  /** Show the part that is loaded around the current quotation: drawn, if it is of a PDF and that is wanted, or as text. */
  async showPart() {
    const [{ part }, index] = [this, this.current];
    const isPdf = /\.pdf$/iu.test(part.source);
    byId("viewer-shapes").hidden = !isPdf;
    if (isPdf && this.shape === "page") {
      if (!this.paper.isOpen) this.showOpening();
      const quotes = this.quotes.map((quote, at) => ({ ...quote, index: at })).filter((quote) => quote.document_id === part.id);
      const drawn = await this.paper.show(part.id, pageAt(part, this.quotes[index].start), quotes, index);
      if (this.part !== part || this.current !== index || this.shape !== "page") return;
      this.markShape(drawn);
      if (drawn) {
        byId("paper").hidden = false;
        byId("viewer-text").hidden = byId("viewer-earlier").hidden = byId("viewer-later").hidden = true;
        this.scrollTo(this.paper.spot);
        return;
      }
    }
    byId("paper").hidden = true;
    byId("viewer-text").hidden = false;
    this.markShape(false);
    this.render();
    this.scrollTo(byId("viewer-text").querySelector("mark.active"));
  }

  setShape(shape) {
    this.shape = shape;
    if (this.part) this.showPart();
  }

  /** Press the button of what is shown. */
  markShape(drawn) {
    for (const button of document.querySelectorAll("[data-shape]")) {
      button.setAttribute("aria-pressed", String((button.dataset.shape === "page") === drawn));
    }
  }

  /** Open a document of the library: {id, start, end} and, where they are known, title, source and language. */
  async openDocument({ id, start, end, title = "", source = "", language = "other" }, opener = null) {
    const quote = { document_id: id, start, end, title, source, language, heading_path: [], page: null };
    this.setQuotes([quote]);
    await this.show(0, opener);
    if (this.part?.id !== id || title) return;
    Object.assign(quote, { title: this.part.title, source: this.part.source, language: this.part.language });
    this.describe(quote);
  }

  step(by) {
    const count = this.quotes.length;
    if (count > 0) this.show((this.current + by + count) % count);
  }

  close(restoreFocus = true) {
    byId("viewer").hidden = true;
    document.body.classList.remove("viewing");
    if (restoreFocus) this.opener?.focus();
    this.opener = null;
    this.onChange?.(-1);
  }

  describe(quote) {
    const words = this.words();
    byId("viewer-title").textContent = quote.title;
    byId("viewer-title").lang = quote.language === "other" ? "" : quote.language;
    byId("viewer-place").textContent = placeOf(quote, words, quote.source);
    const original = `/api/documents/${encodeURIComponent(quote.document_id)}/original`;
    byId("viewer-original").href = quote.page === null ? original : `${original}#page=${quote.page}`;
    byId("viewer-original").onclick = this.api.hasKey ? (event) => this.download(event, original, quote.source) : null;
    const alone = this.quotes.length < 2;
    byId("viewer-previous").hidden = byId("viewer-next").hidden = alone;
    this.onChange?.(this.current);
  }

  /** A link cannot carry the API key, so the file is fetched with it. */
  async download(event, path, source) {
    event.preventDefault();
    try {
      const link = element("a");
      link.href = URL.createObjectURL(await this.api.blob(path));
      link.download = source.split("/").pop();
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (error) {
      this.onError(error);
    }
  }

  async load(id, start, end) {
    try {
      const range = new URLSearchParams({ start: Math.max(0, start), end: Math.max(0, end) });
      return await this.api.get(`/api/documents/${encodeURIComponent(id)}?${range}`);
    } catch (error) {
      this.close();
      this.onError(error);
      return null;
    }
  }

  /** Load what lies before (-1) or after (1) the part shown. */
  async extend(direction) {
    const { id, start, end } = this.part;
    const from = direction < 0 ? start - 2 * AROUND : start;
    const to = direction < 0 ? end : end + 2 * AROUND;
    const part = await this.load(id, from, to);
    if (!part || this.part?.id !== id) return;
    const body = byId("viewer-body");
    const fromBottom = body.scrollHeight - body.scrollTop;
    this.part = part;
    this.render();
    if (direction < 0) body.scrollTop = body.scrollHeight - fromBottom;
  }

  render() {
    const { id, text, start, end, length, language, sections } = this.part;
    const ranges = this.quotes.map((quote, index) => ({ quote, index })).filter(({ quote }) => quote.document_id === id);
    const pages = new Map();
    let page = null;
    for (const section of sections) {
      if (section.page !== null && section.page !== page) pages.set(Math.max(section.start, start), section.page);
      page = section.page;
    }
    const target = byId("viewer-text");
    target.replaceChildren();
    target.lang = language === "other" ? "" : language;
    for (const piece of cutText(text, start, ranges.map(({ quote }) => quote), [...pages.keys()])) {
      if (pages.has(piece.start)) target.append(element("span", "page-label", this.words().page(pages.get(piece.start))));
      const indices = piece.covers.map((cover) => ranges[cover].index);
      if (indices.length === 0) {
        target.append(piece.text);
      } else {
        const active = indices.includes(this.current);
        target.append(element("mark", active ? "active" : "", piece.text));
      }
    }
    byId("viewer-earlier").hidden = start === 0;
    byId("viewer-later").hidden = end === length;
  }

  /** Scroll the document, and the page only where the words would still be out of sight. */
  scrollTo(mark) {
    const body = byId("viewer-body");
    if (!mark) {
      body.scrollTop = 0;
      return;
    }
    const [inner, outer] = [mark.getBoundingClientRect(), body.getBoundingClientRect()];
    body.scrollTop += inner.top - outer.top - body.clientHeight / 3;
    body.scrollLeft += inner.left - outer.left - 16;
    const box = mark.getBoundingClientRect();
    if (box.top < 0 || box.bottom > innerHeight) mark.scrollIntoView({ block: "nearest" });
  }
}

/** The page on which the code point at `offset` stands. */
function pageAt({ sections }, offset) {
  return sections.find(({ start, end, page }) => page !== null && start <= offset && offset < end)?.page ?? sections[0]?.page ?? 1;
}

/** Whether `panel` hides `target`, as the sheet on a small screen may. */
function covers(panel, target) {
  const [over, under] = [panel.getBoundingClientRect(), target.getBoundingClientRect()];
  return over.left < under.right && over.top < under.bottom && under.top < over.bottom;
}

/** The headings above a quotation, less the document's title. */
export function headingsOf(quote) {
  return quote.heading_path.filter((step) => step !== quote.title).join(" › ");
}

/** Page, heading path and source of a quotation on one line. */
export function placeOf(quote, words, source = "") {
  return [quote.page === null ? "" : words.page(quote.page), headingsOf(quote), source].filter(Boolean).join(" · ");
}
