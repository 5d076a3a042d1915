// The latest run of `genesis-rag evaluate`: its main figures, plots, a table, and the questions that failed.

import { curves, interval, told } from "./charts.js";
import { element } from "./text.js";
import { EVALUATION_WORDS } from "./evaluation_words.js";

const byId = (id) => document.getElementById(id);
const CARDS = ["contained", "citation_precision", "citation_recall", "right_refusal", "wrong_refusal"];
const OUTCOMES = [["right_answer", "wrong_answer", "wrong_refusal"], ["right_refusal", "false_answer"]];
const FAILURES_AT_ONCE = 50;

export class Evaluation {
  constructor(api, onError, ask) {
    this.api = api;
    this.onError = onError;
    this.ask = ask;
    this.run = null;
    this.missing = false;
    this.kind = "";
    this.most = FAILURES_AT_ONCE;
  }

  get isOpen() {
    return !byId("evaluation").hidden;
  }

  get words() {
    return EVALUATION_WORDS[document.documentElement.lang];
  }

  async open() {
    try {
      this.run = await this.api.get("/api/evaluation");
      this.missing = false;
    } catch (error) {
      this.run = null;
      this.missing = error.type === "unknown_evaluation";
      if (!this.missing) this.onError(error);
    }
    this.redraw();
  }

  redraw() {
    const { run, words } = this;
    const target = byId("evaluation-body");
    if (!run) {
      const command = element("code", "command", "genesis-rag evaluate QA.jsonl");
      target.replaceChildren(...(this.missing ? [element("p", "lead", words.none), command] : []));
      return;
    }
    const { dataset, system } = run;
    const facts = [dataset.questions, system.documents, system.chunks].map((number) => number.toLocaleString());
    const lead = element("p", "lead", words.lead(dataset.name, ...facts, system.profile, run.made_at.slice(0, 10)));
    const parts = [lead, this.problems(), this.cards(), this.depths(), this.rows(), this.refusals(), this.times(), this.table(), this.failures()];
    target.replaceChildren(...parts.filter(Boolean));
  }

  problems() {
    const { problems, remarks } = this.run.dataset;
    if (problems.length + remarks.length === 0) return null;
    return element("p", "remark", [...remarks, problems.length ? this.words.problems(problems.length) : ""].filter(Boolean).join(" "));
  }

  label(name) {
    const [base, depth] = name.split("@");
    return (this.words.measures[base] ?? base) + (depth ? `@${depth}` : "");
  }

  /** The name of the measure `base` at depth 5, or at the greatest there is. */
  depth(figures, base) {
    const depths = Object.keys(figures).filter((name) => name.startsWith(`${base}@`)).map((name) => Number(name.split("@")[1]));
    return depths.length ? `${base}@${depths.includes(5) ? 5 : Math.max(...depths)}` : null;
  }

  cards() {
    const { metrics } = this.run;
    const names = [this.depth(metrics, "recall"), ...CARDS].filter((name) => name in metrics);
    const grid = element("div", "cards");
    for (const name of names) {
      const card = element("div", "card");
      const one = metrics[name];
      card.append(element("p", "card-label", this.label(name)), element("p", "card-value", one.value.toFixed(3)), interval(one));
      card.append(element("p", "card-range", this.words.range(one.low.toFixed(2), one.high.toFixed(2), one.n.toLocaleString())));
      grid.append(card);
    }
    return grid;
  }

  section(title, note, ...children) {
    const made = element("section", "panel");
    made.append(element("h2", "", title));
    if (note) made.append(element("p", "panel-note", note));
    made.append(...children);
    return made;
  }

  depths() {
    const { metrics, groups } = this.run;
    const steps = Object.keys(metrics).filter((name) => name.startsWith("recall@")).sort((a, b) => a.slice(7) - b.slice(7));
    if (!steps.length) return null;
    const directions = Object.entries(groups.direction ?? {}).filter(([, found]) => steps[0] in found);
    const named = directions.length ? directions : [[this.words.all, metrics]];
    const series = named.map(([name, found]) => ({ name: arrow(name), values: steps.map((step) => found[step]) }));
    return this.section(this.words.byDepth, this.words.intervals, curves(series, steps.map((step) => step.slice(6)), this.words.byDepth));
  }

  /** One measure a row, with its interval: by direction, by type, and what each part of the search finds alone. */
  rows() {
    const { groups, ablation, metrics } = this.run;
    const found = this.depth(metrics, "recall");
    const wanted = [
      [this.words.answersBy, groups.direction, "contained", arrow],
      [this.words.typesBy, groups.type, "contained", (name) => this.words.types[name] ?? name],
      [this.words.partsBy, ablation.overall, found, (name) => this.words.legs[name] ?? name],
    ];
    const grid = element("div", "panels");
    for (const [title, table, measure, name] of wanted) {
      const some = Object.entries(table ?? {}).filter(([, figures]) => measure in figures);
      if (some.length) grid.append(this.section(title, this.label(measure), figureList(some.map(([key, all]) => [name(key), all[measure]]))));
    }
    return grid.children.length ? grid : null;
  }

  refusals() {
    const counts = this.run.abstention?.counts;
    if (!counts) return null;
    const bars = OUTCOMES.map((names, answerable) => this.bar(this.words.questions[answerable], names, counts));
    return this.section(this.words.refusals, "", ...bars);
  }

  bar(title, names, counts) {
    const total = names.reduce((sum, name) => sum + counts[name], 0);
    const [row, bar, legend] = [element("div", "outcome"), element("div", "outcome-bar"), element("p", "outcome-legend")];
    row.append(element("p", "outcome-title", `${title} · ${total.toLocaleString()}`), bar, legend);
    for (const name of names) {
      const part = element("i", `part ${name}`);
      part.style.flexGrow = counts[name]; // set through the DOM, which the Content-Security-Policy allows
      if (counts[name]) bar.append(part);
      const share = total ? Math.round((100 * counts[name]) / total) : 0;
      const label = element("span", `part-label ${name}`, `${this.words.outcomes[name]} ${counts[name].toLocaleString()} (${share} %)`);
      legend.append(label);
    }
    return row;
  }

  times() {
    const stages = Object.entries(this.run.latency).filter(([stage]) => !stage.startsWith("search "));
    if (!stages.length) return null;
    const cells = stages.map(([stage, { median, p95, longest }]) => [this.words.stages[stage] ?? stage, ...[median, p95, longest].map((s) => (1000 * s).toFixed(1))]);
    return this.section(this.words.times, "", grid(this.words.timeHeads, cells));
  }

  table() {
    const { metrics, groups } = this.run;
    const columns = Object.entries(groups.direction ?? {});
    const heads = [this.words.measure, this.words.all, ...columns.map(([name]) => arrow(name))];
    const digits = (name) => (name === "answer_length" ? 0 : 3);
    const shown = (name, figures) => (figures[name] ? { text: figures[name].value.toFixed(digits(name)), title: told(figures[name]) } : "–");
    const cells = Object.keys(metrics).map((name) => [this.label(name), shown(name, metrics), ...columns.map(([, found]) => shown(name, found))]);
    return this.section(this.words.table, this.words.tableNote, grid(heads, cells));
  }

  failures() {
    const { failures, failed } = this.run;
    if (!failed) return this.section(this.words.nothingFailed, "");
    const kinds = Object.keys(this.words.failures).filter((kind) => failures.some((one) => one.failures.includes(kind)));
    const choice = element("select");
    choice.setAttribute("aria-label", this.words.kind);
    for (const kind of ["", ...kinds]) {
      const count = failures.filter((one) => !kind || one.failures.includes(kind)).length;
      const option = element("option", "", `${kind ? this.words.failures[kind] : this.words.allKinds} (${count.toLocaleString()})`);
      option.value = kind;
      choice.append(option);
    }
    choice.value = this.kind;
    choice.addEventListener("change", () => {
      [this.kind, this.most] = [choice.value, FAILURES_AT_ONCE];
      this.listFailures();
    });
    const list = element("ul", "failed");
    list.id = "failed";
    const more = element("button", "more", this.words.more);
    more.type = "button";
    more.id = "more-failed";
    more.addEventListener("click", () => {
      this.most += FAILURES_AT_ONCE;
      this.listFailures();
    });
    const made = this.section(this.words.failedTitle(failed.toLocaleString()), this.words.failedNote, choice, list, more);
    queueMicrotask(() => this.listFailures());
    return made;
  }

  listFailures() {
    const some = this.run.failures.filter((one) => !this.kind || one.failures.includes(this.kind));
    byId("failed").replaceChildren(...some.slice(0, this.most).map((one) => {
      const item = element("li");
      const question = element("button", "failed-question", one.question, one.language);
      question.type = "button";
      question.addEventListener("click", () => this.ask(one.question));
      const why = one.failures.map((kind) => this.words.failures[kind] ?? kind).join(" · ");
      item.append(question, element("p", "row-facts", `${why} · ${arrow(one.direction)} · ${one.id}`));
      return item;
    }));
    byId("more-failed").hidden = some.length <= this.most;
  }
}

const arrow = (direction) => direction.replace("-", " → ");

/** Names with their figures, each with its interval. */
function figureList(rows) {
  const list = element("dl", "figures");
  for (const [name, one] of rows) {
    const value = element("dd");
    value.title = told(one);
    value.append(interval(one), element("b", "", one.value.toFixed(2)), element("small", "", `n ${one.n}`));
    list.append(element("dt", "", name), value);
  }
  return list;
}

/** A table that may be wider than the page; the first cell of a row names it. */
function grid(heads, rows) {
  const [frame, table] = [element("div", "scroll"), element("table")];
  const made = (cells, name) => {
    const row = element("tr");
    cells.forEach((cell, index) => {
      const one = element(index === 0 || name === "th" ? "th" : "td", "", cell.text ?? cell);
      if (one.tagName === "TH") one.scope = name === "th" ? "col" : "row";
      if (cell.title) one.title = cell.title;
      row.append(one);
    });
    return row;
  };
  const [head, body] = [element("thead"), element("tbody")];
  head.append(made(heads, "th"));
  body.append(...rows.map((row) => made(row, "td")));
  table.append(head, body);
  frame.tabIndex = 0;
  frame.append(table);
  return frame;
}
