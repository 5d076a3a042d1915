// The documents of the index: what is there, filters, uploads with their progress, and removal.

import { element } from "./text.js";

const byId = (id) => document.getElementById(id);
const AT_ONCE = 100; // documents shown before "more"
const UPLOADS_AT_ONCE = 3;
const PATIENCE = 250; // milliseconds of no typing before a filter is applied

export class Library {
  constructor(api, words, viewer, onError) {
    this.api = api;
    this.words = words;
    this.viewer = viewer;
    this.onError = onError;
    this.documents = [];
    this.total = 0;
    this.state = null;
    this.uploads = [];
    this.going = 0;
    this.asked = 0;
    this.drawn = "";
    this.uploadsIn = "";
    this.listen();
  }

  get isOpen() {
    return !byId("library").hidden;
  }

  /** Show the view; `target` is {id, start, end} of a document to open beside it. */
  async open(target = null) {
    this.viewer.setQuotes([]);
    byId("count").textContent = this.words().loading;
    if (target) this.viewer.openDocument(target);
    await this.load();
  }

  listen() {
    let timer = 0;
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    byId("filters").addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.load(), PATIENCE);
    });
    byId("address").addEventListener("submit", (event) => {
      event.preventDefault();
      const url = byId("address-url").value.trim();
      this.queue([{ file: { name: url }, url }]);
      byId("address-url").value = "";
    });
    byId("more-documents").addEventListener("click", () => this.load(this.documents.length));
    byId("files").addEventListener("change", () => {
      this.take(byId("files").files);
      byId("files").value = "";
    });
    const hasFiles = (event) => this.isOpen && [...(event.dataTransfer?.types ?? [])].includes("Files");
    for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
      document.addEventListener(name, (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        byId("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
        if (name === "drop") this.take(event.dataTransfer.files);
      });
    }
  }

  async load(offset = 0) {
    const asked = (this.asked += 1);
    const query = new URLSearchParams({ offset, limit: AT_ONCE });
    const filters = { words: "filter-words", language: "filter-language", since: "filter-since", until: "filter-until" };
    for (const [name, id] of Object.entries(filters)) if (byId(id).value.trim()) query.set(name, byId(id).value.trim());
    try {
      const [page, state] = [await this.api.get(`/api/documents?${query}`), await this.api.get("/api/index")];
      if (asked !== this.asked) return; // a later one is on its way
      this.documents = offset ? [...this.documents, ...page.documents] : page.documents;
      this.total = page.total;
      this.state = state;
      this.redraw();
    } catch (error) {
      byId("count").textContent = "";
      this.onError(error);
    }
  }

  redraw() {
    this.drawUploads();
    if (this.state === null) return;
    const words = this.words();
    const { documents, chunks, writing, waiting, repairs } = this.state;
    const now = writing || waiting ? words.writing[writing?.phase] ?? words.queued : words.idle;
    const said = [words.health(documents.toLocaleString(), chunks.toLocaleString()), now, ...repairs.map(words.repaired)];
    byId("health").textContent = said.join(document.documentElement.lang === "ja" ? "" : " ");
    byId("address").hidden = this.state.hosts.length === 0;
    byId("address-hosts").textContent = words.addressHosts(this.state.hosts);
    byId("health").classList.toggle("busy", Boolean(writing || waiting));
    this.drawRows();
    byId("more-documents").hidden = this.documents.length >= this.total;
    if (this.total) byId("count").textContent = words.count(this.documents.length, this.total);
    else byId("count").textContent = documents ? words.noneMatch : words.noneYet;
  }

  /** Rows that are as they were stay in place, so that the focus does too. */
  drawRows() {
    const told = JSON.stringify([document.documentElement.lang, this.documents]);
    if (told === this.drawn) return;
    this.drawn = told;
    byId("documents").replaceChildren(...this.documents.map((one) => this.row(one)));
  }

  row(one) {
    const words = this.words();
    const item = element("li", "row");
    const open = element("button", "row-title", one.title, one.language);
    open.type = "button";
    open.addEventListener("click", () => this.viewer.openDocument({ ...one, start: 0, end: 0 }, open));
    const facts = element("p", "row-facts");
    const pages = one.metadata.pages ? words.pages(one.metadata.pages) : "";
    const told = [words.languageNames[one.language], one.metadata.date, pages, words.chunks(one.chunk_count)];
    for (const fact of told.filter(Boolean)) facts.append(element("span", "", fact));
    facts.append(element("span", `row-state ${one.state}`, words.states[one.state]));
    const remove = element("button", "row-delete", words.deleteIt);
    remove.type = "button";
    remove.setAttribute("aria-label", words.deleteLabel(one.title));
    remove.addEventListener("click", () => this.remove(one));
    item.append(open, element("p", "row-source", one.sources.join(" · ")), facts, remove);
    return item;
  }

  async remove(one) {
    const words = this.words();
    const dialog = byId("delete-dialog");
    byId("delete-name").textContent = one.title;
    byId("delete-what").textContent = one.sources[0].startsWith("uploads/") ? words.deletesFile : words.keepsFile;
    dialog.returnValue = "";
    dialog.showModal();
    if (!(await confirmed(dialog))) return;
    try {
      await this.api.delete(`/api/documents/${encodeURIComponent(one.id)}`);
      if (this.viewer.isOpen) this.viewer.close(false);
      await this.load();
      byId("library-title").focus();
    } catch (error) {
      this.onError(error);
    }
  }

  /** Send files, a few at a time. */
  take(files) {
    this.queue(Array.from(files, (file) => ({ file })));
  }

  queue(wanted) {
    for (const one of wanted) {
      const upload = { ...one, state: "queued", share: 0, error: null, replace: false };
      this.uploads.push(upload);
      byId("uploads").append(this.uploadRow(upload));
    }
    byId("uploads").hidden = false;
    this.sendNext();
  }

  sendNext() {
    while (this.going < UPLOADS_AT_ONCE) {
      const next = this.uploads.find((upload) => upload.state === "queued");
      if (!next) return;
      this.note(next, { state: "sending" });
      this.going += 1;
      this.send(next).finally(() => {
        this.going -= 1;
        this.sendNext();
        if (this.going === 0) this.load();
      });
    }
  }

  async send(upload) {
    try {
      if (upload.url) {
        this.note(upload, { state: "fetching", share: null });
        this.note(upload, { state: "done", share: 1, result: await this.api.fetchDocument(upload.url, upload.replace) });
        return;
      }
      const done = await this.api.upload(upload.file, upload.replace, {
        sent: (share) => this.note(upload, { share }),
        received: () => this.note(upload, { state: "waiting", share: null }),
        progress: ({ phase, done: number, total }) => {
          this.note(upload, { state: phase, share: total > 1 ? number / total : null });
        },
      });
      this.note(upload, { state: "done", share: 1, result: done });
    } catch (error) {
      this.note(upload, { state: "failed", share: 0, error });
      if (error instanceof TypeError) this.onError(error);
    }
  }

  note(upload, change) {
    Object.assign(upload, change);
    const before = upload.item;
    before?.replaceWith(this.uploadRow(upload));
  }

  /** In another language; otherwise only what changes is drawn anew, so that the focus stays. */
  drawUploads() {
    const { lang } = document.documentElement;
    if (lang === this.uploadsIn) return;
    this.uploadsIn = lang;
    byId("uploads").replaceChildren(...this.uploads.map((upload) => this.uploadRow(upload)));
  }

  uploadRow(upload) {
    const words = this.words();
    const { state, result, error } = upload;
    const item = element("li", `upload ${state}`);
    upload.item = item;
    let told = words.writing[state] ?? { queued: words.queued, sending: words.sending, fetching: words.fetching, waiting: words.queued }[state];
    if (state === "waiting") told = words.queued;
    if (result) told = result.skipped ? words.partly(result.skipped) : words.uploaded[result.status];
    if (error) told = this.toldOf(error, upload.file.name);
    item.append(element("span", "upload-name", upload.file.name), element("span", "upload-told", told));
    if (!result && !error) {
      const bar = document.createElement("progress");
      if (upload.share !== null && state !== "queued") bar.value = upload.share;
      bar.setAttribute("aria-label", upload.file.name);
      item.append(bar);
      return item;
    }
    if (error?.type === "exists") item.append(this.uploadButton(words.replaceIt, () => this.again(upload)));
    item.append(this.uploadButton("×", () => this.forget(upload), words.dismiss));
    return item;
  }

  toldOf(error, name) {
    const words = this.words();
    if (error instanceof TypeError) return words.unreachable;
    const message = error.message.startsWith(`${name}: `) ? error.message.slice(name.length + 2) : error.message;
    if (error.type === "exists") return words.errors.exists ?? message;
    return [words.errors[error.type], message, error.hint].filter(Boolean).join(" ");
  }

  uploadButton(text, action, label = "") {
    const button = element("button", "upload-button", text);
    button.type = "button";
    if (label) button.setAttribute("aria-label", label);
    button.addEventListener("click", action);
    return button;
  }

  again(upload) {
    this.note(upload, { state: "queued", error: null, replace: true });
    this.sendNext();
  }

  forget(upload) {
    this.uploads = this.uploads.filter((one) => one !== upload);
    upload.item.remove();
    byId("uploads").hidden = this.uploads.length === 0;
  }
}

/** Whether an open dialog is closed with "delete". The event of an earlier closing may still be on its way. */
function confirmed(dialog) {
  return new Promise((resolve) => {
    const over = () => {
      if (dialog.open) return;
      dialog.removeEventListener("close", over);
      resolve(dialog.returnValue === "delete");
    };
    dialog.addEventListener("close", over);
  });
}
