// A page of a PDF as a picture, with the quoted words marked where they stand on it.

import { element } from "./text.js";

const STEP = 400; // pixels: widths are asked for in such steps, so that the browser's cache is of use
const MOST = 2400;
const MOST_SPANS = 50; // that the server takes at once

const byId = (id) => document.getElementById(id);

export class Paper {
  /** `words()` gives the interface's words; `onFail()` is called when a page cannot be drawn. */
  constructor(api, words, onFail) {
    this.api = api;
    this.words = words;
    this.onFail = onFail;
    this.asked = 0;
    this.shown = null;
    byId("paper-previous").addEventListener("click", () => this.turn(-1));
    byId("paper-next").addEventListener("click", () => this.turn(1));
  }

  get isOpen() {
    return !byId("paper").hidden;
  }

  /**
   * Draw `page` of the document `id`. `quotes` are those of this document, each with its `index`; `current` is the index
   * of the one that was opened. Returns whether the page is there, with the words of the current quote on it.
   */
  async show(id, page, quotes, current) {
    const asked = (this.asked += 1);
    const near = quotes.filter((quote) => quote.end > quote.start && (quote.page === null || [0, 1].includes(page - quote.page)));
    const spans = near.slice(0, MOST_SPANS);
    try {
      const [bitmap, told] = await Promise.all([this.picture(id, page), this.marks(id, page, spans)]);
      if (asked !== this.asked) return false;
      const boxes = told ? told.spans.map((span) => span.boxes) : [];
      const place = spans.findIndex((quote) => quote.index === current);
      if (place >= 0 && boxes[place].length === 0 && spans[place].page === page) return false;
      this.shown = { id, page, pages: told?.pages ?? null, quotes, current };
      this.draw(bitmap, spans.map(({ index }, i) => ({ active: index === current, boxes: boxes[i] })));
      this.describe(spans[place]);
      return true;
    } catch {
      return false; // the file is gone, has changed, or cannot be drawn: its text is still there
    }
  }

  async picture(id, page) {
    const wanted = byId("viewer-body").clientWidth * devicePixelRatio;
    const width = Math.min(MOST, Math.max(2 * STEP, Math.ceil(wanted / STEP) * STEP));
    const path = `/api/documents/${encodeURIComponent(id)}/pages/${page}?width=${width}`;
    return createImageBitmap(await this.api.blob(path)); // onto a canvas: an image's address could not carry the API key
  }

  /** Where quotations stand; without any, nothing but the number of pages is of interest. */
  marks(id, page, quotes) {
    const spans = quotes.length ? quotes.map(({ start, end }) => ["span", `${start}-${end}`]) : [["span", "0-1"]];
    return this.api.get(`/api/documents/${encodeURIComponent(id)}/pages/${page}/marks?${new URLSearchParams(spans)}`);
  }

  draw(bitmap, marks) {
    const canvas = byId("paper-picture");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    const share = (part) => `${(100 * part).toFixed(3)}%`;
    const made = marks.flatMap(({ active, boxes }) => boxes.map(([left, top, right, bottom]) => {
      const mark = element("i", active ? "spot active" : "spot");
      const style = { left: share(left), top: share(top), width: share(right - left), height: share(bottom - top) };
      Object.assign(mark.style, style); // set through the DOM, which the Content-Security-Policy allows
      return mark;
    }));
    byId("paper-marks").replaceChildren(...made);
  }

  /** Words for those who do not see the picture, and the number of the page. */
  describe(quote) {
    const { page, pages } = this.shown;
    const words = this.words();
    const told = quote?.quote ?? quote?.text ?? "";
    byId("paper-picture").setAttribute("aria-label", [words.page(page), told && words.quoteOf(told)].filter(Boolean).join(" "));
    byId("paper-number").textContent = pages ? words.pageOf(page, pages) : words.page(page);
    byId("paper-previous").disabled = page <= 1;
    byId("paper-next").disabled = pages !== null && page >= pages;
  }

  async turn(by) {
    const { id, page, quotes, current } = this.shown;
    if (await this.show(id, page + by, quotes, current)) byId("viewer-body").scrollTop = 0;
    else this.onFail();
  }

  /** The mark of the words that were opened, to scroll to. */
  get spot() {
    return byId("paper-marks").querySelector(".active");
  }
}
