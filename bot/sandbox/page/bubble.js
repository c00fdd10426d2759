// One message as a bubble: text, file, reply, inline keyboard, tools.
import { alertBox, avatar, clock, el, hue, icon, post, size, toast } from "./dom.js";
import { preview } from "./list.js";
import { serviceText } from "./service.js";
import { isBot, store } from "./store.js";
import { rich } from "./text.js";

export function bubble(message, chat, act) {
  if (message.service) {
    return el("div", { class: "service", "data-id": message.message_id, "data-sender": 0 }, serviceText(message));
  }
  const mine = message.from.id === store.me;
  const keys = message.reply_markup?.inline_keyboard;
  const classes = ["message", mine ? "mine" : "", keys ? "has-keys" : "", chat.type === "private" ? "in-private" : ""];
  const node = el("article", {
    class: classes.filter(Boolean).join(" "), "data-id": message.message_id, "data-sender": message.from.id,
    "data-date": message.date, "aria-label": `${message.from.first_name}, ${clock(message.date)}`,
  });
  if (!mine) node.append(avatar(message.from.first_name, message.from.id, { bot: isBot(message) }));
  node.append(el("div", { class: "stack" }, body(message, chat, mine, act), keys ? keyboard(message, chat, keys) : null));
  node.append(tools(message, mine, act));
  swipe(node, () => act.reply(message));
  return node;
}

function body(message, chat, mine, act) {
  const box = el("div", { class: "bubble" });
  if (!mine && chat.type !== "private") {
    const name = isBot(message) ? "name-bot" : `name-${hue(message.from.id)}`;
    box.append(el("span", { class: `sender ${name}` }, message.from.first_name));
  }
  const reply = message.reply_to_message;
  if (reply && !reply.forum_topic_created) box.append(quoted(reply, act));
  if (message.forward_origin) {
    box.append(el("span", { class: "sender" }, `Forwarded from ${message.forward_origin.sender_user.first_name}`));
  }
  if (message.photo) box.append(photo(message));
  const file = message.document || message.voice || message.audio || message.video || message.animation;
  if (file) box.append(chip(file, message.voice ? "Voice message" : file.file_name));
  const text = message.text || message.caption || "";
  if (text) {
    box.append(el("span", { class: "content" }, rich(text, message.entities || message.caption_entities, act.say)));
  }
  const edited = message.edit_date ? "edited " : "";
  box.append(el("span", { class: "meta" }, edited + clock(message.date)));
  if (message.reactions.length) {
    box.append(el("div", { class: "reactions" }, ...message.reactions.map((one) => el("span", { class: "reaction" }, one))));
  }
  return box;
}

function quoted(reply, act) {
  const button = el("button", { class: "quoted", type: "button", "aria-label": `In reply to ${reply.from.first_name}` },
    el("b", {}, reply.from.first_name), el("span", {}, preview(reply)));
  button.addEventListener("click", () => act.show(reply.message_id));
  return button;
}

function photo(message) {
  const largest = message.photo.at(-1);
  return el("img", {
    class: "photo", src: `/_/file/${largest.file_id}`, alt: message.caption || "Photo", width: largest.width,
    height: largest.height, loading: "lazy",
  });
}

function chip(file, name) {
  return el("a", { class: "file", href: `/_/file/${file.file_id}`, download: name, "aria-label": `Download ${name}` },
    el("span", { class: "file-icon" }, icon("file")),
    el("span", {}, el("div", { class: "file-name" }, name), el("div", { class: "file-size" }, size(file.file_size))));
}

function keyboard(message, chat, rows) {
  return el("div", { class: "keyboard", role: "group", "aria-label": "Buttons of this message" },
    ...rows.map((row) => el("div", { class: "key-row" }, ...row.map((button) => key(message, chat, button)))));
}

function key(message, chat, button) {
  const mark = button.url ? "out" : button.copy_text ? "copy" : "";
  const node = el("button", { class: `key${button.style ? ` key-${button.style}` : ""}`, type: "button" }, button.text,
    mark ? el("span", { class: "key-mark", "aria-hidden": "true" }, icon(mark, 11)) : null);
  node.addEventListener("click", () => press(node, message, chat, button));
  return node;
}

async function press(node, message, chat, button) {
  if (node.getAttribute("aria-busy")) return;
  node.setAttribute("aria-busy", "true");
  const given = { chat: chat.key, message: message.message_id, user: store.me, button: button.text };
  try {
    const done = await post("press", given);
    if (done.spinning) toast("The bot did not answer this press", { bad: true });
    else if (done.copied) copy(done.copied);
    else if (done.url) toast(`Link: ${done.url}`);
    else if (done.text && done.alert) alertBox(done.text);
    else if (done.text) toast(done.text);
  } catch {
    toast("The sandbox does not answer", { bad: true });
  }
  node.removeAttribute("aria-busy");
}

async function copy(text) {
  await navigator.clipboard?.writeText(text).catch(() => {});
  toast("Copied");
}

function tools(message, mine, act) {
  const reply = el("button", { class: "icon-button", type: "button", "aria-label": "Reply" }, icon("reply", 18));
  reply.addEventListener("click", () => act.reply(message));
  const box = el("div", { class: "tools" }, reply);
  if (mine && message.text) {
    const edit = el("button", { class: "icon-button", type: "button", "aria-label": "Edit" }, icon("edit", 18));
    edit.addEventListener("click", () => act.edit(message));
    box.append(edit);
  }
  return box;
}

function swipe(node, done) {
  let start = null;
  let far = 0;
  const stack = () => node.querySelector(".stack");
  node.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") [start, far] = [{ x: event.clientX, y: event.clientY }, 0];
  });
  node.addEventListener("pointermove", (event) => {
    if (!start || Math.abs(event.clientY - start.y) > 30) return;
    far = Math.min(0, Math.max(-72, event.clientX - start.x));
    stack().style.transform = far < -8 ? `translateX(${far}px)` : "";
  });
  const end = () => {
    if (!start) return;
    stack().style.transform = "";
    if (far <= -56) done();
    start = null;
  };
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
}

export function draftBubble(draft, chat) {
  const bot = chat.members.find((member) => member.bot);
  const content = draft.text ? rich(draft.text, draft.entities, () => {}) : dots();
  return el("div", { class: `message draft ${chat.type === "private" ? "in-private" : ""}` }, avatar(bot?.name || "", 0, { bot: true }),
    el("div", { class: "stack" }, el("div", { class: "bubble" }, el("span", { class: "content" }, content))));
}

const dots = () => el("span", { class: "typing" }, el("i"), el("i"), el("i"));
