// The page: asks, shows the answer as it comes, and opens its sources beside it. Data only ever becomes text nodes.

import { Api } from "./api.js";
import { element, oneLine, splitMarkers } from "./text.js";
import { Viewer, placeOf } from "./viewer.js";
import { WORDS, initialInterface, keepInterface } from "./words.js";

const byId = (id) => document.getElementById(id);
const THEME = "genesis-rag.theme";
const NEAREST = 3; // passages offered when there is no answer

let language = initialInterface();
let running = null; // AbortController of the question being answered
let shown = null; // the Answer on the page

const words = () => WORDS[language];
const api = new Api(askForKey);
const viewer = new Viewer(api, words, showError);
viewer.onChange = markOpen;

function applyInterface() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = words()[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", words()[node.dataset.label]);
    node.title = words()[node.dataset.label];
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = words()[node.dataset.placeholder];
  for (const button of document.querySelectorAll("[data-interface]")) {
    button.setAttribute("aria-pressed", String(button.dataset.interface === language));
  }
  const examples = words().exampleQuestions.map((question) => {
    const button = element("button", "example", question, /[\u3040-\u30ff]/u.test(question) ? "ja" : "en");
    button.type = "button";
    button.addEventListener("click", () => ask(question));
    return button;
  });
  byId("examples").replaceChildren(element("span", "", words().examples), ...examples);
  byId("submit").textContent = running ? words().stop : words().ask;
  if (shown) showAnswer(shown);
}

function askForKey() {
  const dialog = byId("key-dialog");
  byId("key").value = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    dialog.addEventListener(
      "close",
      () => (byId("key").value ? resolve(byId("key").value) : reject(new DOMException("no key", "AbortError"))),
      { once: true },
    );
  });
}

function showError(error) {
  if (error.name === "AbortError") return;
  const offline = error instanceof TypeError;
  const notice = byId("notice");
  const hint = offline ? words().unreachableHint : error.hint;
  notice.replaceChildren(element("strong", "", offline ? words().unreachable : error.message));
  if (hint) notice.append(element("span", "", hint));
  const question = byId("question").value.trim();
  if (question) {
    const retry = element("button", "retry", words().retry);
    retry.type = "button";
    retry.addEventListener("click", () => ask(question));
    notice.append(retry);
  }
  notice.hidden = false;
}

async function ask(question, remember = true) {
  running?.abort();
  const controller = new AbortController();
  running = controller;
  shown = null;
  byId("question").value = question;
  fitQuestion();
  if (remember) history.pushState(null, "", `?q=${encodeURIComponent(question)}`);
  beginAnswer(question);
  try {
    let text = "";
    await api.ask({ question }, {
      passages: ({ passages }) => { byId("state").textContent = words().reading(passages.length); },
      delta: (piece) => {
        text += piece.text;
        byId("waiting").hidden = true;
        byId("text").textContent = text;
      },
      done: (answer) => { shown = answer; },
    }, controller.signal);
    if (shown) showAnswer(shown);
  } catch (error) {
    if (running === controller) byId("result").hidden = true;
    showError(error);
  } finally {
    if (running === controller) endAnswer();
  }
}

function beginAnswer(question) {
  document.body.classList.add("asked");
  byId("notice").hidden = true;
  byId("result").hidden = false;
  byId("answer").className = "answer";
  byId("answer").setAttribute("aria-busy", "true");
  byId("asked").textContent = question;
  byId("state").textContent = words().searching;
  byId("state").hidden = byId("waiting").hidden = false;
  byId("text").replaceChildren();
  byId("notes").replaceChildren();
  byId("sources").hidden = byId("closing").hidden = true;
  byId("submit").textContent = words().stop;
  viewer.setQuotes([]);
}

function endAnswer() {
  running = null;
  byId("answer").setAttribute("aria-busy", "false");
  byId("waiting").hidden = true;
  if (!shown) byId("state").hidden = true;
  byId("submit").textContent = words().ask;
}

function showAnswer(answer) {
  const missing = answer.abstained && ["no_evidence", "empty_index"].includes(answer.reason);
  const quotes = answer.citations.length || !missing ? answer.citations : answer.passages.slice(0, NEAREST);
  viewer.setQuotes(quotes);
  byId("answer").className = `answer${answer.abstained ? " abstained" : ""}${missing ? " missing" : ""}`;
  byId("state").hidden = !missing;
  byId("state").textContent = answer.reason === "empty_index" ? words().emptyIndex : words().abstained;
  showText(answer, quotes);
  byId("notes").replaceChildren(...answer.notes.map((note) => element("p", "", note, answer.language)));
  showSources(quotes, answer.citations.length > 0);
  const seconds = Object.values(answer.timings).length ? answer.timings.total ?? sum(Object.values(answer.timings)) : null;
  byId("closing").hidden = answer.citations.length === 0 || seconds === null;
  if (seconds !== null) {
    const told = answer.answerer.startsWith("extractive") ? words().closing : words().written;
    byId("closing").textContent = told(seconds.toFixed(seconds < 0.1 ? 3 : 2));
  }
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

function showText(answer, quotes) {
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
      made.append(run.marker === undefined ? run.text : markerButton(run, start + run.start, quotes));
    }
    if (paragraph.trim()) target.append(made);
    start += Array.from(paragraph).length + 1;
  }
}

function markerButton({ marker }, position, quotes) {
  const inSpan = (quote) => quote.marker === marker && quote.answer_start <= position && position < quote.answer_end;
  const index = Math.max(quotes.findIndex(inSpan), quotes.findIndex((quote) => quote.marker === marker && !quotes.some(inSpan)));
  const button = element("button", "marker", String(marker));
  button.type = "button";
  button.dataset.quote = index;
  button.setAttribute("aria-label", words().marker(marker, quotes[index].title));
  button.addEventListener("click", () => viewer.show(index, button));
  return button;
}

function showSources(quotes, cited) {
  byId("sources").hidden = quotes.length === 0;
  byId("sources-title").textContent = cited ? words().sources : words().nearest;
  const groups = new Map();
  quotes.forEach((quote, index) => groups.set(quote.marker, [...(groups.get(quote.marker) ?? []), { quote, index }]));
  const items = [...groups].sort(([a], [b]) => a - b).map(([marker, group]) => sourceItem(marker, group));
  byId("source-list").replaceChildren(...items);
}

function sourceItem(marker, group) {
  const { quote: first } = group[0];
  const item = element("li");
  const heading = element("p", "source-heading");
  heading.append(element("span", "number", String(marker)), element("strong", "", first.title, first.language));
  item.append(heading, element("p", "place", placeOf(first, words(), first.source)));
  for (const { quote, index } of group) {
    const button = element("button", "quote", oneLine(quote.quote ?? quote.text), quote.language);
    button.type = "button";
    button.dataset.quote = index;
    button.addEventListener("click", () => viewer.show(index, button));
    item.append(button);
  }
  return item;
}

/** Show which quotation is open in the viewer. */
function markOpen(index) {
  for (const button of document.querySelectorAll("[data-quote]")) {
    if (Number(button.dataset.quote) === index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

function fitQuestion() {
  const box = byId("question");
  box.style.height = "auto"; // set through the DOM, which the Content-Security-Policy allows
  box.style.height = `${Math.min(box.scrollHeight, 220)}px`;
}

function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
}

function listen() {
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = byId("question").value.trim();
    if (running) running.abort();
    else if (question) ask(question);
  });
  byId("question").addEventListener("input", fitQuestion);
  byId("question").addEventListener("keydown", (event) => {
    // While an input method is composing, Enter chooses a conversion and must not ask. Safari reports that as keyCode 229.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    const question = byId("question").value.trim();
    if (question) ask(question);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && viewer.isOpen) viewer.close();
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !/^(TEXTAREA|INPUT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      byId("question").focus();
    }
  });
  for (const button of document.querySelectorAll("[data-interface]")) {
    button.addEventListener("click", () => {
      language = button.dataset.interface;
      keepInterface(language);
      applyInterface();
    });
  }
  byId("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    localStorage.setItem(THEME, dark ? "light" : "dark");
    applyTheme(dark ? "light" : "dark");
  });
  addEventListener("popstate", askFromAddress);
}

function askFromAddress() {
  const question = new URLSearchParams(location.search).get("q")?.trim();
  if (question) ask(question, false);
  else {
    running?.abort();
    shown = null;
    document.body.classList.remove("asked");
    byId("result").hidden = byId("notice").hidden = true;
    byId("question").focus();
  }
}

applyTheme(localStorage.getItem(THEME));
applyInterface();
listen();
askFromAddress();
api.get("/ready").then((state) => { byId("version").textContent = `genesis-rag ${state.version}`; }, showError);
