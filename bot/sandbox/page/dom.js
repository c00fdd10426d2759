// Small things every part of the page needs: elements, icons, avatars, times, requests.
const ICONS = {
  send: "M3 11.5 21 3l-6.5 18-3-7.5z",
  reply: "M10 8V4l-7 7 7 7v-4c5 0 8.5 1.5 11 5-1-5-4-10-11-11z",
  edit: "M4 20l1-5L16.5 3.5l4 4L9 19z",
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6 6 18",
  clip: "M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8L10 17a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4",
  down: "M5 9l7 7 7-7",
  plus: "M12 5v14M5 12h14",
  file: "M12 4v12m-5-5 5 5 5-5M5 20h14",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  out: "M8 6h10v10M18 6 6 18",
};
const FILLED = new Set(["send", "reply"]);

export const $ = (id) => document.getElementById(id);

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name, size = 22) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  const path = document.createElementNS(ns, "path");
  const filled = FILLED.has(name);
  const set = (node, values) => Object.entries(values).forEach(([key, value]) => node.setAttribute(key, value));
  set(svg, { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" });
  set(path, { d: ICONS[name], fill: filled ? "currentColor" : "none", stroke: filled ? "none" : "currentColor",
    "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round" });
  svg.append(path);
  return svg;
}

export const hue = (id) => Math.abs(id) % 6;

export function avatar(name, id, { bot = false } = {}) {
  if (bot) return el("img", { class: "avatar", src: "/page/mark.svg", alt: "" });
  const letters = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] || "").join("").toUpperCase();
  return el("div", { class: `avatar hue-${hue(id)}`, "aria-hidden": "true" }, letters);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
export const clock = (seconds) => CLOCK.format(new Date(seconds * 1000));

export function day(seconds) {
  const date = new Date(seconds * 1000);
  return date.toDateString() === new Date().toDateString() ? "Today" : DAY.format(date);
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

export async function post(name, body) {
  const form = body instanceof FormData;
  const answer = await fetch(`/_/${name}`, {
    method: "POST", body: form ? body : JSON.stringify(body), headers: form ? {} : { "Content-Type": "application/json" },
  });
  const data = await answer.json().catch(() => ({ error: `The server answered ${answer.status}` }));
  if (data.error && !data.spinning) toast(data.error, { bad: true });
  return data;
}

export function toast(text, { bad = false } = {}) {
  const node = el("div", { class: bad ? "toast bad" : "toast" }, text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 2600 + text.length * 35);
}

export function alertBox(text) {
  $("alert-text").textContent = text;
  $("alert").showModal();
}
