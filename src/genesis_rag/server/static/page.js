// The page: which view is shown, the asking of questions, and what belongs to all views.

import { Api } from "./api.js";
import { Evaluation } from "./evaluation.js";
import { askForKey } from "./key.js";
import { Library } from "./library.js";
import { element } from "./text.js";
import { Thread } from "./thread.js";
import { Viewer } from "./viewer.js";
import { WORDS, initialInterface, keepInterface } from "./words.js";

const byId = (id) => document.getElementById(id);
const THEME = "genesis-rag.theme";

let language = initialInterface();
let running = null; // AbortController of the question being answered

const words = () => WORDS[language];
const api = new Api(askForKey);
const viewer = new Viewer(api, words, showError);
const thread = new Thread(words, viewer, judge);
const library = new Library(api, words, viewer, showError);
const evaluation = new Evaluation(api, showError, (question) => ask(question));

function applyInterface() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = words()[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", words()[node.dataset.label]);
    if (node.tagName === "BUTTON") node.title = words()[node.dataset.label];
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
  thread.translate();
  library.redraw();
  if (evaluation.isOpen) evaluation.redraw();
}

function showError(error) {
  if (error.name === "AbortError") return;
  const offline = error instanceof TypeError;
  const notice = byId("notice");
  const own = words().errors[error.type]; // in the language of the page; the server words its errors in English
  notice.replaceChildren(element("strong", "", offline ? words().unreachable : own ?? error.message));
  const details = offline ? [words().unreachableHint] : [own ? error.message : "", error.hint].filter(Boolean);
  for (const detail of details) notice.append(element("span", "", detail));
  const question = byId("question").value.trim();
  if (library.isOpen || evaluation.isOpen || question) {
    const retry = element("button", "retry", words().retry);
    retry.type = "button";
    retry.addEventListener("click", () => (library.isOpen || evaluation.isOpen ? showAddress() : ask(question)));
    notice.append(retry);
  }
  notice.hidden = false;
}

const NARROWING = { in: "narrow-language", language: "answer-language", source: "narrow-source" };

/** How the search is narrowed: those of `in`, `language` and `source` that are chosen. */
function narrowing() {
  const chosen = Object.entries(NARROWING).map(([name, id]) => [name, byId(id).value.trim()]);
  return Object.fromEntries(chosen.filter(([, value]) => value));
}

/** Narrow the search as an address says. */
function narrow(address) {
  for (const [name, id] of Object.entries(NARROWING)) byId(id).value = address.get(name) ?? "";
  if (Object.keys(narrowing()).length > 0) byId("narrow").open = true;
}

async function ask(question, remember = true) {
  running?.abort();
  const controller = new AbortController();
  running = controller;
  setView("ask");
  byId("notice").hidden = true;
  byId("result").hidden = false;
  const turn = thread.begin(question, narrowing());
  const state = { session: thread.session, turn: thread.turns.length - 1 };
  const address = `/?${new URLSearchParams({ q: question, ...turn.narrowing })}`;
  if (remember) history.pushState(state, "", address);
  else history.replaceState(state, "", address);
  fillQuestion("");
  byId("submit").textContent = words().stop;
  try {
    await answered(turn, { question, ...turn.narrowing, session: thread.session }, controller.signal);
    if (running === controller) history.replaceState(state, "", turn.address);
  } catch (error) {
    thread.drop(turn);
    if (running === controller) fillQuestion(question);
    if (!byId("reading").hidden && thread.turns.length === 0) byId("result").hidden = true;
    showError(error);
  } finally {
    turn.end();
    if (running === controller) {
      running = null;
      byId("submit").textContent = words().ask;
    }
  }
}

/** Show an answer as it comes. */
async function answered(turn, body, signal) {
  let [text, whole] = ["", null];
  await api.ask(body, {
    passages: ({ passages, searched }) => turn.reading(passages.length, searched),
    delta: (piece) => turn.stream((text += piece.text)),
    done: (answer) => { whole = answer; },
  }, signal);
  if (whole) turn.show(whole);
}

/** Put text into the box, whose hint tells whether something was asked before. */
function fillQuestion(text) {
  const box = byId("question");
  box.value = text;
  box.dataset.placeholder = thread.turns.length > 0 ? "placeholderFollowing" : "placeholder";
  box.placeholder = words()[box.dataset.placeholder];
  fitQuestion();
}

function newConversation() {
  running?.abort();
  const over = thread.clear();
  if (over) api.delete(`/api/sessions/${over}`).catch(() => {}); // the server forgets it in an hour anyway
  byId("notice").hidden = byId("result").hidden = true;
  setView("ask");
  viewer.close(false);
  fillQuestion("");
  byId("question").focus();
}

async function judge(answer, verdict) {
  const { question, text, language: spoken, answerer, index_fingerprint } = answer;
  const body = { verdict, question, answer: text, language: spoken, answerer, index_fingerprint };
  try {
    await api.post("/api/feedback", body);
    return true;
  } catch (error) {
    showError(error);
    return false;
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

function setView(name) {
  document.body.classList.toggle("shelves", name === "library");
  document.body.classList.toggle("measured", name === "evaluation");
  for (const [view, id] of [["ask", "reading"], ["library", "library"], ["evaluation", "evaluation"]]) {
    byId(id).hidden = view !== name;
    if (view === name) byId(`to-${view}`).setAttribute("aria-current", "page");
    else byId(`to-${view}`).removeAttribute("aria-current");
  }
}

async function showLibrary(target = null) {
  running?.abort();
  setView("library");
  byId("notice").hidden = true;
  byId("result").hidden = false;
  await library.open(target);
}

async function showEvaluation() {
  running?.abort();
  setView("evaluation");
  viewer.close(false);
  byId("notice").hidden = true;
  byId("result").hidden = false;
  await evaluation.open();
}

/** Show what the address says: a question, the library, a document at a span, or the empty page. */
function showAddress() {
  const address = new URLSearchParams(location.search);
  const question = address.get("q")?.trim();
  if (question) {
    thread.clear();
    narrow(address);
    ask(question, false);
  } else if (address.has("document")) {
    const [start, end] = ["start", "end"].map((name) => Number.parseInt(address.get(name) ?? "0", 10) || 0);
    showLibrary({ id: address.get("document"), start, end });
  } else if (address.get("view") === "library") showLibrary();
  else if (address.get("view") === "evaluation") showEvaluation();
  else newConversation();
}

/** Go back to the conversation, at one of its questions. */
function showThread(turn) {
  setView("ask");
  viewer.close(false);
  byId("notice").hidden = true;
  byId("result").hidden = false;
  thread.reveal(turn);
}

function listenToQuestion() {
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
}

function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !byId("hint").hidden) byId("hint").hidden = true;
    else if (event.key === "Escape" && viewer.isOpen) viewer.close();
    const typing = /^(TEXTAREA|INPUT|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !typing && !byId("reading").hidden) {
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
  for (const id of ["to-ask", "to-library", "to-evaluation"]) {
    byId(id).addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      if (id === "to-ask" && thread.last) {
        history.pushState({ session: thread.session, turn: thread.turns.length - 1 }, "", thread.last.address);
        showThread(thread.last);
        return;
      }
      history.pushState(null, "", byId(id).getAttribute("href"));
      showAddress();
    });
  }
  byId("theme").addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    localStorage.setItem(THEME, dark ? "light" : "dark");
    applyTheme(dark ? "light" : "dark");
  });
  byId("new-conversation").addEventListener("click", () => {
    history.pushState(null, "", "/");
    newConversation();
  });
  addEventListener("popstate", ({ state }) => {
    const turn = state?.session === thread.session ? thread.turns[state.turn] : null;
    if (turn) showThread(turn);
    else showAddress();
  });
}

history.scrollRestoration = "manual"; // a turn of the conversation is brought into sight instead
applyTheme(localStorage.getItem(THEME));
applyInterface();
listenToQuestion();
listen();
showAddress();
api.get("/ready").then((state) => { byId("version").textContent = `genesis-rag ${state.version}`; }, showError);
