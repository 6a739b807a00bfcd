// How is anything put on the page? Small builders that only ever write text through text nodes.

const SVG = "http://www.w3.org/2000/svg";

/** Create an element: `on…` are listeners, booleans are attributes without value, null children are skipped. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const ICONS = {
  plus: "M12 5v14M5 12h14",
  back: "M15 5l-7 7 7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  image: "M4 5h16v14H4zM8.5 10.5h.01M4 17l5-5 4 4 3-3 4 4",
  voice: "M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v3",
  file: "M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5",
  pin: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  unknown: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5h.01",
  undo: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6",
  enter: "M14 4h5v16h-5M4 12h10M10 8l4 4-4 4",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 20.5a2 2 0 0 0 4 0",
  chat: "M4 5h16v11H10l-4 4v-4H4z",
  inbox: "M4 13l3-8h10l3 8v6H4zM4 13h5l1 2h4l1-2h5",
  chevron: "M9 6l6 6-6 6",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  phone: "M8 3h8v18H8zM11.5 18h1",
  desk: "M3 5h18v11H3zM9 20h6M12 16v4",
  play: "M8 6l9 6-9 6z",
};

export function icon(name, size = 20) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const HUES = [12, 32, 152, 172, 202, 224, 262, 328];

/** A round-cornered initial; the colour follows from `seed`, so one person keeps one colour. */
export function avatar(name, seed, kind = "") {
  let sum = 7;
  for (const char of seed || name) sum = (sum * 31 + char.codePointAt(0)) >>> 0;
  const initial = /[\u4e00-\u9fff]{2,}/.test(name) && kind !== "account" ? [...name].at(-1) : ([...name][0] ?? "？");
  const node = h("span", { class: `avatar ${kind}`, "aria-hidden": "true" }, initial.toUpperCase());
  node.style.setProperty("--hue", HUES[sum % HUES.length]);
  return node;
}

/** The address if it may be opened from here (http and https only), else null. */
export function safeUrl(address) {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

export function anchor(label, address, className = "") {
  const href = safeUrl(address);
  if (!href) return h("span", { class: className }, label);
  return h("a", { class: className, href, target: "_blank", rel: "noopener noreferrer" }, label);
}

const URL_PATTERN = /https?:\/\/[^\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff<>"'“”]+/g;

/** Text with its web addresses tappable, as WeChat shows it. */
export function linkified(text) {
  const parts = [];
  let end = 0;
  for (const match of String(text ?? "").matchAll(URL_PATTERN)) {
    const address = match[0].replace(/[.,;:!?)\]]+$/, "");
    parts.push(text.slice(end, match.index), anchor(address, address));
    end = match.index + address.length;
  }
  parts.push(String(text ?? "").slice(end));
  return parts.filter((part) => part !== "");
}

/**
 * Make the children of `container` match `items`, keeping nodes whose `print` did not change.
 *
 * Nodes that stay are not touched, so that only what is new animates and focus is not lost.
 */
export function reconcile(container, items, { key, print, create }) {
  const known = new Map([...container.children].map((node) => [node.dataset.key, node]));
  const nodes = items.map((item) => {
    const id = String(key(item));
    const sign = print(item);
    const old = known.get(id);
    if (old?.dataset.print === sign) return old;
    const node = create(item, Boolean(old));
    node.dataset.key = id;
    node.dataset.print = sign;
    return node;
  });
  nodes.forEach((node, index) => {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  });
  while (container.children.length > nodes.length) container.lastElementChild.remove();
}

/** Fill `node` anew only when `facts` changed, so that an open list stays open and focus stays where it is. */
export function redraw(node, facts, build) {
  const sign = JSON.stringify(facts);
  if (node.dataset.print === sign) return;
  node.dataset.print = sign;
  node.replaceChildren(...[build()].flat().filter(Boolean));
}

/** Wire times are Unix seconds; milliseconds and ISO strings are understood too. */
export function moment(at) {
  if (typeof at === "number") return new Date(at > 1e11 ? at : at * 1000);
  return new Date(at ?? NaN);
}

/** In the zone of the company and its customers, wherever the browser stands. */
const ZONE = "Asia/Shanghai";
const there = (date) => new Date(date.toLocaleString("en-US", { timeZone: ZONE }));

const two = (number) => String(number).padStart(2, "0");
const onTheClock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
export const clockTime = (date) => (Number.isNaN(+date) ? "" : onTheClock(there(date)));

/** 14:05, 昨天 14:05, 星期三 14:05 or 3月5日 14:05, as seen at `now`. */
export function chatTime(at, now) {
  if (Number.isNaN(+moment(at))) return "";
  const date = there(moment(at));
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate());
  const days = Math.round((midnight(there(now)) - midnight(date)) / 86_400_000);
  if (days <= 0) return onTheClock(date);
  if (days === 1) return `昨天 ${onTheClock(date)}`;
  if (days < 7) return `星期${"日一二三四五六"[date.getDay()]} ${onTheClock(date)}`;
  return `${date.getMonth() + 1}月${date.getDate()}日 ${onTheClock(date)}`;
}

/** Enter sends, Shift+Enter breaks the line, and Enter that closes an input method's candidates does nothing. */
export function sendOnEnter(field, send) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  });
}

const NEAR_BOTTOM_PX = 80;

/**
 * Keep a log at its newest line for as long as the reader is there, also when it is resized or a picture loads.
 *
 * Returns `follow(force)`, to be called after drawing; it answers whether the newest line is in view.
 */
export function followBottom(log, onReach = () => {}) {
  let atBottom = true;
  let lastTop = 0;
  const follow = (force = false) => {
    if (force) atBottom = true;
    if (atBottom) log.scrollTop = log.scrollHeight;
    return atBottom;
  };
  log.addEventListener("scroll", () => {
    // Growing content also moves the end away; only a reader who scrolls up has left it.
    const isNear = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_BOTTOM_PX;
    atBottom = isNear || (atBottom && log.scrollTop >= lastTop);
    lastTop = log.scrollTop;
    if (isNear) onReach();
  });
  log.addEventListener("load", () => follow(), true);
  new ResizeObserver(() => follow()).observe(log);
  return follow;
}

export function growWithText(field, limit) {
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, limit)}px`;
  };
  field.addEventListener("input", fit);
  return fit;
}
