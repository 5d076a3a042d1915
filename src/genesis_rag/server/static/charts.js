// Small plots as SVG: lines with their intervals, and single figures with theirs. Values lie between 0 and 1.

const SPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [560, 260, 34, 92, 12, 26];
const LEAST_GAP = 16; // between the names at the ends of lines

/** An SVG element with attributes and children; strings become text. */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const x = (place) => LEFT + place * (WIDTH - LEFT - RIGHT);
const y = (value) => HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM);
const text = (told, left, top, kind, anchor) => svg("text", { x: left, y: top, class: kind, "text-anchor": anchor }, told);
const line = (x1, y1, x2, y2, kind) => svg("line", { x1, y1, x2, y2, class: kind });

/** Lines over a few steps: `series` is [{name, values: [{value, low, high}]}], `steps` names what they are over. */
export function curves(series, steps, title) {
  const across = (index) => x(steps.length > 1 ? index / (steps.length - 1) : 0.5);
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((tick) => [
    line(x(0) - 8, y(tick), x(1) + 8, y(tick), "grid"),
    text(String(tick), x(0) - 14, y(tick) + 4, "tick", "end"),
  ]);
  const names = steps.map((step, index) => text(step, across(index), HEIGHT - 6, "tick", "middle"));
  const ends = apart(series.map(({ values }) => y(values.at(-1).value)));
  const drawn = series.map(({ name, values }, kind) => svg(
    "g", { class: `series kind-${kind}` },
    ...values.map(({ low, high }, index) => line(across(index), y(low), across(index), y(high), "whisker")),
    svg("polyline", { points: values.map(({ value }, index) => `${across(index)},${y(value)}`).join(" ") }),
    ...values.map((one, index) => dot(across(index), y(one.value), kind, `${name} ${steps[index]}: ${told(one)}`)),
    text(`${name} ${values.at(-1).value.toFixed(2)}`, x(1) + 16, ends[kind] + 4, "name", "start"),
  ));
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "plot", "aria-label": title }, ...grid, ...names, ...drawn);
}

/** One figure on a track from 0 to 1, with its interval. */
export function interval({ value, low, high }) {
  return svg(
    "svg", { viewBox: "-4 0 108 10", preserveAspectRatio: "xMinYMid", class: "interval", "aria-hidden": "true" },
    svg("rect", { x: 0, y: 4, width: 100, height: 2, rx: 1, class: "track" }),
    svg("rect", { x: 100 * low, y: 3, width: Math.max(100 * (high - low), 1), height: 4, rx: 2, class: "range" }),
    svg("circle", { cx: 100 * value, cy: 5, r: 4, class: "dot" }),
  );
}

export const told = ({ value, low, high }) => `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;

/** A mark whose shape tells series apart without colour. */
function dot(cx, cy, kind, title) {
  const shapes = [
    () => svg("circle", { cx, cy, r: 4 }),
    () => svg("rect", { x: cx - 3.5, y: cy - 3.5, width: 7, height: 7 }),
    () => svg("polygon", { points: `${cx},${cy - 5} ${cx + 5},${cy} ${cx},${cy + 5} ${cx - 5},${cy}` }),
    () => svg("polygon", { points: `${cx},${cy - 5} ${cx + 4.5},${cy + 4} ${cx - 4.5},${cy + 4}` }),
  ];
  const made = shapes[kind % shapes.length]();
  made.append(svg("title", {}, title));
  return made;
}

/** Move places apart so that no name covers another, in their order. */
function apart(places) {
  const order = places.map((place, index) => ({ place, index })).sort((a, b) => a.place - b.place);
  const moved = [];
  let last = -Infinity;
  for (const { place, index } of order) moved[index] = last = Math.max(place, last + LEAST_GAP);
  return moved;
}
