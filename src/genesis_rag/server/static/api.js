// Talks to the server: JSON requests, the event stream of an answer, and the API key where one is needed.

const KEY = "genesis-rag.key";

/** An error as the server words it: {type, message, hint}. */
export class ServerError extends Error {
  constructor({ type = "internal", message = "", hint = "" } = {}) {
    super(message);
    this.type = type;
    this.hint = hint;
  }
}

async function request(path, options, askForKey) {
  const headers = new Headers(options.headers);
  const key = sessionStorage.getItem(KEY);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  const response = await fetch(path, { ...options, headers });
  if (response.ok) return response;
  if (response.status === 401) {
    sessionStorage.setItem(KEY, await askForKey());
    return request(path, options, askForKey);
  }
  const body = await response.json().catch(() => ({}));
  throw new ServerError(body.error ?? { message: `HTTP ${response.status}` });
}

export class Api {
  /** `askForKey` returns a promise of the key that a person typed. */
  constructor(askForKey) {
    this.askForKey = askForKey;
  }

  /** Any request; the response, if it is a good one. */
  send(path, options) {
    return request(path, options, this.askForKey);
  }

  async get(path, signal) {
    return (await request(path, { signal }, this.askForKey)).json();
  }

  async post(path, body) {
    const headers = { "Content-Type": "application/json" };
    return (await request(path, { method: "POST", headers, body: JSON.stringify(body) }, this.askForKey)).json();
  }

  /** Let the server fetch the document at an address; what became of it. */
  async fetchDocument(url, replace) {
    return (await this.post(`/api/documents?${new URLSearchParams({ replace: String(replace) })}`, { url })).files[0];
  }

  async delete(path) {
    return (await request(path, { method: "DELETE" }, this.askForKey)).json();
  }

  /** The bytes behind an address that a plain link could not open because of the key. */
  async blob(path) {
    return (await request(path, {}, this.askForKey)).blob();
  }

  get hasKey() {
    return sessionStorage.getItem(KEY) !== null;
  }

  /**
   * Send one file. `on.sent(share)` tells how much of it went, `on.received` and `on.progress` what the server does.
   * Returns the server's last word about it. XMLHttpRequest, because fetch does not tell how much was sent.
   */
  upload(file, replace, on) {
    return new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest();
      const query = new URLSearchParams({ name: file.name, replace: String(replace) });
      sending.open("POST", `/api/documents?${query}`);
      sending.setRequestHeader("Accept", "text/event-stream");
      sending.setRequestHeader("Content-Type", "application/octet-stream");
      if (this.hasKey) sending.setRequestHeader("Authorization", `Bearer ${sessionStorage.getItem(KEY)}`);
      sending.upload.addEventListener("progress", ({ loaded, total }) => on.sent(total ? loaded / total : 1));
      let read = 0;
      let last = null;
      sending.addEventListener("progress", () => {
        const blocks = sending.responseText.slice(read).split("\n\n");
        read += sending.responseText.slice(read).length - blocks.pop().length;
        if (sending.status !== 200 && sending.status !== 201) return;
        for (const { event, data } of blocks.flatMap(eventsOf)) {
          if (event === "done" || event === "error") last = { event, data };
          else on[event]?.(data);
        }
      });
      sending.addEventListener("error", () => reject(new TypeError("unreachable")));
      sending.addEventListener("load", async () => {
        if (sending.status === 401) {
          try {
            sessionStorage.setItem(KEY, await this.askForKey());
            resolve(await this.upload(file, replace, on));
          } catch (error) {
            reject(error);
          }
        } else if (last?.event === "done") resolve(last.data);
        else reject(new ServerError(last?.data.error ?? errorIn(sending.responseText)));
      });
      sending.send(file);
    });
  }

  /** Ask, and call `on.passages`, `on.delta` and `on.done` with the payload of each event. */
  async ask(body, on, signal) {
    const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
    const options = { method: "POST", headers, body: JSON.stringify(body), signal };
    const response = await request("/api/ask", options, this.askForKey);
    for await (const { event, data } of serverEvents(response.body)) {
      if (event === "error") throw new ServerError(data.error);
      on[event]?.(data);
    }
  }
}

/** Parse a stream of server-sent events whose data is JSON. */
export async function* serverEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) yield* eventsOf(block);
  }
}

/** The event of one block of a stream; a comment is none. */
function eventsOf(block) {
  const fields = block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
  const data = fields.filter(([name]) => name === "data").map(([, text]) => text).join("\n");
  const event = fields.find(([name]) => name === "event")?.[1] ?? "message";
  return data ? [{ event, data: JSON.parse(data) }] : [];
}

function errorIn(text) {
  try {
    return JSON.parse(text).error ?? {};
  } catch {
    return {};
  }
}
