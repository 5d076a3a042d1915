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

  async get(path, signal) {
    return (await request(path, { signal }, this.askForKey)).json();
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
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
      const data = fields.filter(([name]) => name === "data").map(([, text]) => text).join("\n");
      const event = fields.find(([name]) => name === "event")?.[1] ?? "message";
      if (data) yield { event, data: JSON.parse(data) };
    }
  }
}
