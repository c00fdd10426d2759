// The composer: writing, replying, editing, commands, files, suggested answers.
import { $, el, icon, post } from "./dom.js";
import { preview } from "./list.js";
import { messagesOf, store, topicOf, user } from "./store.js";

let mode = null; // { kind: "reply" | "edit", message }
let choices = [];
let chosen = 0;
const field = $("text");
const chat = () => store.chats.get(store.chat);
const place = () => ({ chat: store.chat, user: store.me, topic: store.topic });

export function setUp() {
  $("send").append(icon("send", 20));
  $("attach").prepend(icon("clip"));
  $("strip-close").append(icon("close", 18));
  $("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
  $("strip-close").addEventListener("click", () => { const was = mode?.kind; clear(); if (was === "edit") field.value = ""; field.focus(); });
  $("commands").addEventListener("click", toggleMenu);
  $("file").addEventListener("change", () => { for (const file of $("file").files) upload(file); $("file").value = ""; });
  field.addEventListener("input", () => { grow(); suggest(); });
  field.addEventListener("keydown", onKey);
  field.addEventListener("paste", (event) => { for (const file of event.clipboardData.files) upload(file); });
  const room = document.querySelector(".room");
  room.addEventListener("dragover", (event) => event.preventDefault());
  room.addEventListener("drop", (event) => { event.preventDefault(); for (const file of event.dataTransfer.files) upload(file); });
}

function onKey(event) {
  if (!$("menu").hidden && onMenuKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape" && mode) {
    event.preventDefault();
    if (mode.kind === "edit") field.value = "";
    clear();
  } else if (event.key === "ArrowUp" && !field.value && chat()) {
    const mine = messagesOf(chat(), store.topic).filter((m) => m.from.id === store.me && m.text && !m.service).at(-1);
    if (mine) { event.preventDefault(); edit(mine); }
  }
}

async function send() {
  const text = field.value;
  if (!text.trim() || !chat()) return;
  const was = mode;
  field.value = "";
  clear();
  const done = was?.kind === "edit"
    ? await post("edit", { ...place(), message: was.message.message_id, text })
    : await post("send", { ...place(), text, reply_to: was?.message.message_id });
  if (done.error && !field.value) field.value = text;
  grow();
}

export const say = (text) => post("send", { ...place(), text });

async function upload(file) {
  const form = new FormData();
  Object.entries(place()).forEach(([name, value]) => form.append(name, value));
  if (mode?.kind === "reply") form.append("reply_to", mode.message.message_id);
  if (field.value.trim()) form.append("caption", field.value.trim());
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) form.append("kind", "photo");
  form.append("file", file);
  field.value = "";
  clear();
  await post("upload", form);
}

export function reply(message, { placeholder = "" } = {}) {
  mode = { kind: "reply", message };
  strip(`Reply to ${message.from.first_name}`, preview(message));
  field.placeholder = placeholder || "Reply";
  field.focus();
}

export function edit(message) {
  mode = { kind: "edit", message };
  strip("Edit message", preview(message));
  field.value = message.text;
  grow();
  field.focus();
}

function strip(title, text) {
  $("strip-title").textContent = title;
  $("strip-text").textContent = text;
  $("strip").hidden = false;
}

export function clear() {
  mode = null;
  $("strip").hidden = true;
  field.placeholder = "Message";
  hideMenu();
  grow();
}

export function forget(id) {
  if (mode?.message.message_id === id) clear();
}

function grow() {
  field.style.height = "auto";
  if (field.scrollHeight) field.style.height = `${Math.min(field.scrollHeight, 210)}px`;
}

// ForceReply and reply keyboards

export function prompted(message) {
  const prompt = message.prompt;
  if (!prompt || topicOf(message) !== store.topic) return;
  if (prompt.selective && !aimed(message)) return;
  if (prompt.force_reply) reply(message, { placeholder: prompt.input_field_placeholder });
  if (prompt.keyboard) showKeys(prompt);
  if (prompt.remove_keyboard) $("keys").hidden = true;
}

function aimed(message) {
  const name = user()?.username;
  return chat().type === "private" || message.reply_to_message?.from.id === store.me
    || Boolean(name && (message.text || "").includes(`@${name}`));
}

// What a visitor may say first; gone as soon as he found his own words.

export function drawTips() {
  const said = chat() ? [...chat().messages.values()].filter((m) => !m.from.is_bot && !m.service).map((m) => m.text || "") : [];
  const begun = said.some((text) => !/^\/(start|allow|help)\b/.test(text));
  const left = begun ? [] : (chat()?.tips || []).filter((tip) => !said.includes(tip));
  $("tips").replaceChildren(el("span", { "aria-hidden": "true" }, "Try"), ...left.map((tip) => {
    const button = el("button", { class: "tip", type: "button" }, tip);
    button.addEventListener("click", () => { say(tip); field.focus(); });
    return button;
  }));
  $("tips").hidden = !left.length;
}

export function hideKeys() {
  $("keys").hidden = true;
}

function showKeys(prompt) {
  $("keys").replaceChildren(...prompt.keyboard.map((row) => el("div", { class: "key-row" }, ...row.map((one) => {
    const text = typeof one === "string" ? one : one.text;
    const button = el("button", { class: "key", type: "button" }, text);
    button.addEventListener("click", () => { say(text); if (prompt.one_time_keyboard) hideKeys(); });
    return button;
  }))));
  $("keys").hidden = false;
}

// commands

function toggleMenu() {
  if (!$("menu").hidden) { hideMenu(); return; }
  showMenu(commands());
  field.focus();
}

const commands = () => chat()?.commands[String(store.me)] || [];

function suggest() {
  const match = /^\/(\w*)$/.exec(field.value);
  const found = match ? commands().filter((one) => one.command.startsWith(match[1].toLowerCase())) : [];
  if (found.length) showMenu(found); else hideMenu();
}

function showMenu(list) {
  [choices, chosen] = [list, 0];
  const rows = list.map((one, index) => {
    const item = el("li", { role: "option", id: `command-${index}`, "aria-selected": String(index === 0) },
      el("b", {}, `/${one.command}`), el("span", {}, one.description));
    item.addEventListener("mousedown", (event) => { event.preventDefault(); pick(index); });
    return item;
  });
  if (!rows.length) rows.push(el("li", {}, el("span", {}, "The bot has not set any commands.")));
  $("menu").replaceChildren(...rows);
  $("menu").hidden = false;
  $("commands").setAttribute("aria-expanded", "true");
}

function hideMenu() {
  $("menu").hidden = true;
  $("commands").setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
}

function onMenuKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && choices.length) {
    chosen = (chosen + step + choices.length) % choices.length;
    [...$("menu").children].forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    $("menu").children[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", `command-${chosen}`);
  } else if (event.key === "Escape") {
    hideMenu();
  } else if (event.key === "Tab" && choices.length) {
    pick(chosen);
  } else if (event.key === "Enter" && choices.length && field.value !== `/${choices[chosen].command}`) {
    pick(chosen);
  } else {
    return false;
  }
  event.preventDefault();
  return true;
}

function pick(index) {
  field.value = `/${choices[index].command} `;
  hideMenu();
  grow();
  field.focus();
}
