// Message entities → DOM. Offsets are UTF-16 units, which is what JavaScript strings count too.
import { el } from "./dom.js";

const SIMPLE = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };

export function rich(text, entities, onCommand) {
  const sorted = [...(entities || [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, 0, text.length, sorted, onCommand);
}

function build(text, start, end, entities, onCommand) {
  const out = document.createDocumentFragment();
  let at = start;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index++];
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    if (to <= from) continue;
    const inner = [];
    while (index < entities.length && entities[index].offset < to) inner.push(entities[index++]);
    const block = BLOCKS.has(entity.type);
    out.append(text.slice(at, block && text[from - 1] === "\n" && from > at ? from - 1 : from));
    out.append(wrap(entity, text.slice(from, to), () => build(text, from, to, inner, onCommand), onCommand));
    at = to;
    if (block && text[at] === "\n") at += 1; // a block breaks the line by itself
  }
  if (at < end) out.append(text.slice(at, end));
  return out;
}

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

function wrap(entity, text, inner, onCommand) {
  const simple = SIMPLE[entity.type];
  if (simple) return el(simple, {}, inner());
  switch (entity.type) {
    case "pre": return pre(text, entity.language);
    case "blockquote": return el("blockquote", {}, inner());
    case "expandable_blockquote": return foldable(inner());
    case "spoiler": return spoiler(inner());
    case "text_link": return el("span", { class: "linked", title: entity.url }, inner());
    case "url": case "email": return el("span", { class: "linked" }, text);
    case "mention": case "text_mention": case "hashtag": return el("span", { class: "mention" }, inner());
    case "bot_command": return command(text, onCommand);
    default: return inner();
  }
}

function pre(text, language) {
  const copy = el("button", { type: "button", "aria-label": "Copy the code" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(text).catch(() => {});
    copy.textContent = "Copied";
    setTimeout(() => { copy.textContent = "Copy"; }, 1200);
  });
  return el("div", { class: "pre" },
    el("div", { class: "pre-head" }, el("span", {}, language || "code"), copy),
    el("pre", { tabindex: "0", "aria-label": language ? `${language} code` : "code" }, el("code", {}, text)));
}

function foldable(content) {
  const body = el("div", { class: "fold-body" }, content);
  const button = el("button", { class: "fold", type: "button", "aria-expanded": "false" }, "Show more");
  const quote = el("blockquote", { class: "folded" }, body, button);
  button.addEventListener("click", () => {
    const folded = quote.classList.toggle("folded");
    button.textContent = folded ? "Show more" : "Show less";
    button.setAttribute("aria-expanded", String(!folded));
  });
  return quote;
}

function spoiler(content) {
  const span = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text" }, content);
  const show = () => { span.classList.add("shown"); span.removeAttribute("aria-label"); };
  span.addEventListener("click", show);
  span.addEventListener("keydown", (event) => { if (event.key === "Enter") show(); });
  return span;
}

function command(text, onCommand) {
  const button = el("button", { class: "command", type: "button" }, text);
  button.addEventListener("click", () => onCommand(text));
  return button;
}
