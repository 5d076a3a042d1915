// The conversation: turns in the order of asking, and the name under which the server knows what was asked before.

import { Turn } from "./answer.js";

const byId = (id) => document.getElementById(id);

export class Thread {
  constructor(words, viewer, judge) {
    Object.assign(this, { words, viewer, judge });
    this.turns = [];
    this.session = newName();
    viewer.onChange = (index) => {
      for (const turn of this.turns) turn.markOpen(turn.quotes === viewer.quotes ? index : -1);
    };
  }

  get last() {
    return this.turns.at(-1);
  }

  /** A question was asked: its turn comes after the earlier ones, at the top of what is in sight. */
  begin(question, narrowing) {
    this.viewer.setQuotes([]);
    this.last?.retire();
    const turn = new Turn(this.words, this.viewer, this.judge, question, this.turns.length === 0);
    turn.narrowing = narrowing;
    this.turns.push(turn);
    byId("reading").append(turn.root);
    document.body.classList.add("asked");
    document.body.classList.toggle("follows", this.turns.length > 1);
    if (this.turns.length > 1) this.reveal(turn);
    return turn;
  }

  /** Bring an earlier turn into sight. */
  reveal(turn) {
    turn.root.scrollIntoView({ block: "start" });
  }

  /** A question that got no answer leaves nothing behind. */
  drop(turn) {
    turn.root.remove();
    this.turns = this.turns.filter((one) => one !== turn);
    if (this.turns.length === 0) document.body.classList.remove("asked", "follows");
  }

  /** Begin anew; returns the name of the conversation that is over, if anything was asked in it. */
  clear() {
    const over = this.turns.length ? this.session : null;
    this.viewer.setQuotes([]);
    byId("reading").replaceChildren();
    this.turns = [];
    this.session = newName();
    document.body.classList.remove("asked", "follows");
    return over;
  }

  translate() {
    for (const turn of this.turns) turn.translate();
  }
}

/** A name that nobody guesses. Not randomUUID: browsers keep that from pages that came over plain HTTP. */
function newName() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
