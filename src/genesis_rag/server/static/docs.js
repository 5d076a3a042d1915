// The description of the API, drawn from openapi.json: what each operation takes and gives, and a form to try it.

import { Api } from "./api.js";
import { askForKey } from "./key.js";
import { element } from "./text.js";

const byId = (id) => document.getElementById(id);
const api = new Api(askForKey);
const MOST_SHOWN = 20_000; // characters of a response
const DEEPEST = 6;
const GROUPS = [
  ["Questions", /^\/api\/(ask|search|sessions|feedback|evaluation)/],
  ["Documents", /^\/api\/(documents|index)/],
  ["For clients of OpenAI's API", /^\/v1\//],
  ["The server itself", /^/],
];

let described = {};

/** What a reference within the description points at. */
function resolved(schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.split("/").slice(1).reduce((place, step) => place[step], described);
}

/** A schema as a few words: "text", "integer 1–50", "ja | en". */
function typeOf(given) {
  const schema = resolved(given);
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" or ");
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  if (schema.type === "string" && (schema.format === "binary" || schema.contentMediaType)) return "file";
  const [least, most] = [schema.minimum ?? schema.minLength, schema.maximum ?? schema.maxLength];
  const limits = least !== undefined && most !== undefined ? ` ${least}–${most}` : most !== undefined ? ` up to ${most}` : "";
  return `${{ string: "text", null: "null" }[schema.type] ?? schema.type ?? "anything"}${limits}`;
}

/** Rows of name, type and meaning for the properties of an object, those of objects within included. */
function* fieldsOf(given, prefix = "", depth = 0) {
  const schema = resolved(given);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const needed = (schema.required ?? []).includes(name);
    const value = property.default === undefined || property.default === null ? "" : ` Default: ${JSON.stringify(property.default)}.`;
    yield [prefix + name, typeOf(property), needed, (property.description ?? "") + value];
    const inner = resolved(property).anyOf?.map(resolved).find((one) => one.properties) ?? resolved(property);
    const items = inner.type === "array" ? resolved(inner.items) : inner;
    if (items.properties && depth < DEEPEST) yield* fieldsOf(items, `${prefix}${name}${inner.type === "array" ? "[]" : ""}.`, depth + 1);
  }
}

function table(rows) {
  const [frame, made] = [element("div", "scroll"), element("table")];
  for (const [name, type, needed, meaning] of rows) {
    const row = element("tr");
    const head = element("th");
    head.scope = "row";
    head.append(element("code", "", name));
    row.append(head, element("td", "", type), element("td", "soft", needed ? "needed" : ""), element("td", "meaning", meaning));
    made.append(row);
  }
  frame.append(made);
  return frame;
}

function operation(path, method, one) {
  const made = element("details", "operation");
  made.id = `${method}${path.replace(/[^a-z0-9]+/gi, "-")}`;
  const summary = element("summary");
  summary.append(element("b", `method ${method}`, method.toUpperCase()), element("code", "", path), element("span", "soft", firstLine(one)));
  made.append(summary);
  for (const paragraph of (one.description ?? "").split("\n\n").slice(1)) if (paragraph) made.append(element("p", "", paragraph.replace(/\s+/g, " ")));
  const parameters = (one.parameters ?? []).filter((parameter) => parameter.name.toLowerCase() !== "accept");
  if (parameters.length) {
    const rows = parameters.map(({ name, in: place, schema, required, description }) => [name, `${typeOf(schema)}, in the ${place}`, required, description ?? schema.description ?? ""]);
    made.append(element("h3", "", "Parameters"), table(rows));
  }
  for (const [kind, { schema }] of Object.entries(one.requestBody?.content ?? {})) {
    made.append(element("h3", "", `Body: ${kind}`));
    const rows = [...fieldsOf(schema)];
    made.append(rows.length ? table(rows) : element("p", "", typeOf(schema)));
  }
  made.append(element("h3", "", "Answers"), table(Object.entries(one.responses).map(([status, { description, content }]) => [status, Object.keys(content ?? {}).join(", "), false, description])));
  if (!one.requestBody || one.requestBody.content["application/json"]) made.append(trial(path, method, one, parameters));
  return made;
}

const firstLine = ({ description, summary }) => (description ?? summary ?? "").split("\n\n")[0].replace(/\s+/g, " ");

/** A form that sends the operation to this server and shows what comes back. */
function trial(path, method, one, parameters) {
  const form = element("form", "trial");
  const fields = parameters.map((parameter) => {
    const [label, input] = [element("label", "", parameter.name), element("input")];
    input.required = parameter.required === true;
    label.append(input);
    form.append(label);
    return { ...parameter, input };
  });
  const body = one.requestBody ? element("textarea") : null;
  if (body) {
    const label = element("label", "wide", "Body");
    const needed = resolved(one.requestBody.content["application/json"].schema).required ?? [];
    body.value = JSON.stringify(Object.fromEntries(needed.map((name) => [name, ""])), null, 1);
    body.rows = 4;
    body.spellcheck = false;
    label.append(body);
    form.append(label);
  }
  const [button, result] = [element("button", "submit", "Send"), element("pre", "result-text")];
  result.hidden = true;
  result.tabIndex = 0;
  form.append(button, result);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    result.textContent = await sent(path, method, fields, body?.value);
    result.hidden = button.disabled = false;
  });
  return form;
}

async function sent(path, method, fields, body) {
  const query = new URLSearchParams();
  let target = path;
  for (const { name, in: place, input } of fields) {
    if (place === "path") target = target.replace(new RegExp(`\\{${name}(:path)?\\}`), encodeURIComponent(input.value));
    else if (place === "query" && input.value) query.append(name, input.value);
  }
  const address = query.size ? `${target}?${query}` : target;
  try {
    const response = await api.send(address, { method: method.toUpperCase(), body, headers: body ? { "Content-Type": "application/json" } : {} });
    const kind = response.headers.get("content-type") ?? "";
    if (!/json|text/u.test(kind)) return `${response.status} ${kind}`;
    const text = await response.text();
    const told = kind.includes("application/json") ? JSON.stringify(JSON.parse(text), null, 1) : text;
    return `${response.status}\n${told.slice(0, MOST_SHOWN)}${told.length > MOST_SHOWN ? "\n…" : ""}`;
  } catch (error) {
    return String(error.message);
  }
}

function draw() {
  byId("api-version").textContent = described.info.version;
  const waiting = Object.entries(described.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, one]) => [path, method, one]));
  const taken = new Set();
  for (const [title, pattern] of GROUPS) {
    const mine = waiting.filter(([path, method]) => pattern.test(path) && !taken.has(`${method} ${path}`));
    for (const [path, method] of mine) taken.add(`${method} ${path}`);
    const section = element("section", "panel");
    section.append(element("h2", "", title), ...mine.map((one) => operation(...one)));
    byId("operations").append(section);
  }
}

try {
  described = await api.get("/api/openapi.json");
  draw();
  if (location.hash) document.getElementById(location.hash.slice(1))?.setAttribute("open", "");
} catch (error) {
  byId("docs-error").textContent = `${error.message} ${error.hint ?? ""}`;
  byId("docs-error").hidden = false;
}
