// Puts the page together: draws the open conversation and keeps it up to date.
import { $, avatar, clock, day, el, icon, post } from "./dom.js";
import { bubble, draftBubble } from "./bubble.js";
import * as composer from "./composer.js";
import { drawChats, drawPeople, preview } from "./list.js";
import { listen, messagesOf, myChats, open, slot, start, store, topicOf } from "./store.js";

const scroller = $("scroller");
const log = $("log");
const chat = () => store.chats.get(store.chat);
const act = { reply: composer.reply, edit: composer.edit, say: composer.say, show };
let follow = true;
let shown = "";

listen((kind, detail) => {
  if (kind === "all") drawAll();
  else if (kind === "open") drawRoom();
  else if (kind === "message") onMessage(detail);
  else if (kind === "delete") onDelete(detail);
  else if (kind === "live" && detail.chat === chat()) drawLive();
  else if (kind === "pins" && detail.chat === chat()) drawPin();
});

function drawAll() {
  drawPeople();
  if (!store.chat && window.innerWidth > 720) {
    const first = myChats()[0];
    if (first) { open(first.key, 0); return; }
  }
  drawRoom();
}

function drawRoom() {
  const now = slot(store.chat, store.topic);
  const moved = now !== shown;
  shown = now;
  drawChats();
  drawHead();
  if (moved) { composer.clear(); composer.hideKeys(); }
  const room = chat();
  $("app").dataset.pane = room ? "room" : "list";
  $("composer").hidden = !room;
  composer.drawTips();
  if (!room) { log.replaceChildren(hint("Choose a chat", "It opens here.")); drawPin(); drawLive(); return; }
  const messages = messagesOf(room, store.topic);
  if (moved) log.replaceChildren();
  bring(messages, room);
  if (!messages.some((message) => !message.service)) log.append(welcome(room));
  drawPin();
  drawLive();
  if (moved) { follow = true; messages.slice(-1).forEach(composer.prompted); }
  if (follow) bottom();
}

// Make the log show exactly these messages; what did not change keeps its place, focus and spinner.
function bring(messages, room) {
  log.querySelector(".hint")?.remove();
  const wanted = new Set(messages.map((message) => String(message.message_id)));
  for (const node of [...log.querySelectorAll("[data-id]")]) if (!wanted.has(node.dataset.id)) node.remove();
  for (const message of messages) {
    const old = log.querySelector(`[data-id="${message.message_id}"]`);
    if (!old) append(message, room);
    else if (old.shown !== JSON.stringify(message)) replace(old, draw(message, room));
  }
}

function draw(message, room) {
  const node = bubble(message, room, act);
  node.shown = JSON.stringify(message);
  return node;
}

function drawHead() {
  const room = chat();
  const topic = room?.topics.find((one) => one.message_thread_id === store.topic);
  $("title").textContent = room ? topic?.name || room.title : "Leadhand sandbox";
  document.title = room ? `${$("title").textContent} — Leadhand sandbox` : "Leadhand sandbox";
  $("head-avatar").replaceChildren(room ? avatar(room.title, room.id, { bot: room.type === "private" }) : "");
  $("new-topic").hidden = !room?.forum;
  drawSubtitle();
}

const DOING = { typing: "is typing…", upload_document: "is sending a file…", upload_photo: "is sending a photo…" };

function drawSubtitle() {
  const room = chat();
  const line = $("subtitle");
  const live = room?.live.get(store.topic);
  line.className = live?.action ? "busy" : "";
  if (!room) { line.textContent = ""; return; }
  const bot = room.members.find((member) => member.bot);
  const people = room.members.filter((m) => !["left", "kicked"].includes(m.status));
  if (live?.action) line.textContent = `${bot?.name || "The bot"} ${DOING[live.action] || "is busy…"}`;
  else if (store.topic) line.textContent = `topic in ${room.title}`;
  else line.textContent = room.type === "private" ? "bot" : `${people.length} members`;
}

function drawPin() {
  const room = chat();
  const pins = (room?.pinned || []).map((id) => room.messages.get(id)).filter((m) => m && topicOf(m) === store.topic);
  const pinned = pins.at(-1);
  $("pin").hidden = !pinned;
  if (!pinned) return;
  $("pin").replaceChildren(el("div", {}, el("b", {}, "Pinned message"), el("span", {}, preview(pinned))));
  $("pin").onclick = () => show(pinned.message_id);
}

function drawLive() {
  drawSubtitle();
  const live = chat()?.live.get(store.topic);
  $("live").replaceChildren(...(live?.draft ? [draftBubble(live.draft, chat())] : []));
  if (follow) bottom();
}

function append(message, room) {
  log.querySelector(".hint")?.remove();
  if (!log.childElementCount || day(message.date) !== log.dataset.lastDay) {
    log.append(el("div", { class: "day" }, day(message.date)));
  }
  log.dataset.lastDay = day(message.date);
  const node = draw(message, room);
  log.append(node);
  join(node);
  return node;
}

function join(node) {
  const before = node.previousElementSibling;
  const same = before?.matches(".message") && before.dataset.sender === node.dataset.sender
    && node.dataset.date - before.dataset.date < 300;
  node.classList.toggle("joined", Boolean(same) && node.matches(".message"));
  before?.classList.toggle("joined-next", Boolean(same));
}

function onMessage({ chat: room, message, fresh }) {
  drawChats();
  composer.drawTips();
  if (room !== chat() || (room.forum && topicOf(message) !== store.topic)) return;
  const old = log.querySelector(`[data-id="${message.message_id}"]`);
  if (old) {
    replace(old, draw(message, room));
  } else {
    append(message, room).classList.add("fresh");
  }
  if (message.from.id === store.me) follow = true;
  drawLive();
  if (fresh) composer.prompted(message);
  if (room.pinned.includes(message.message_id)) drawPin();
  if (!follow) $("down").hidden = false;
}

function replace(old, node) {
  const keys = [...old.querySelectorAll(".key")];
  const focused = keys.indexOf(document.activeElement);
  const unfolded = [...old.querySelectorAll("blockquote")].map((quote) => !quote.classList.contains("folded"));
  const after = old.nextElementSibling;
  old.replaceWith(node);
  join(node);
  if (after) join(after);
  node.querySelectorAll("blockquote").forEach((quote, index) => { if (unfolded[index]) quote.querySelector(".fold")?.click(); });
  if (focused >= 0) (node.querySelectorAll(".key")[focused] || $("text")).focus();
}

function onDelete({ chat: room, id }) {
  drawChats();
  if (room !== chat()) return;
  const node = log.querySelector(`[data-id="${id}"]`);
  const after = node?.nextElementSibling;
  node?.remove();
  if (after) join(after);
  composer.forget(id);
  drawPin();
}

function show(id) {
  const node = log.querySelector(`[data-id="${id}"]`);
  if (!node) return;
  follow = false;
  node.scrollIntoView({ block: "center", behavior: "smooth" });
  node.classList.add("flash");
  setTimeout(() => node.classList.remove("flash"), 1300);
}

function bottom() {
  scroller.scrollTop = scroller.scrollHeight;
  $("down").hidden = true;
}

const hint = (title, text) => el("div", { class: "hint" }, el("b", {}, title), text);

function welcome(room) {
  if (room.type !== "private" || store.topic) return hint(room.title, "No messages here yet.");
  const start = el("button", { class: "key key-primary", type: "button" }, "Start");
  start.addEventListener("click", () => composer.say("/start"));
  const box = hint(`Say hello to ${room.title}`, "This chat is local. The bot answers like it does on Telegram.");
  box.append(start);
  return box;
}

function setUpTheme() {
  const root = document.documentElement;
  const saved = localStorage.getItem("theme");
  if (saved) root.dataset.theme = saved;
  $("theme").append(icon("sun", 20));
  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

function setUpTopics() {
  $("new-topic").append(icon("plus"));
  $("new-topic").addEventListener("click", () => { $("ask-name").value = ""; $("ask").showModal(); $("ask-name").focus(); });
  $("ask-no").addEventListener("click", () => $("ask").close());
  $("ask-form").addEventListener("submit", async () => {
    const name = $("ask-name").value.trim();
    if (!name) return;
    const made = await post("topic", { chat: store.chat, user: store.me, name });
    if (made.message_thread_id) setTimeout(() => open(store.chat, made.message_thread_id), 120);
  });
}

setUpTheme();
setUpTopics();
composer.setUp();
$("back").append(icon("back"));
$("back").addEventListener("click", () => open(null, 0));
$("down").append(icon("down"));
$("down").addEventListener("click", () => { follow = true; bottom(); });
scroller.addEventListener("scroll", () => {
  follow = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  if (follow) $("down").hidden = true;
});
new ResizeObserver(() => { if (follow) bottom(); }).observe(scroller);
window.addEventListener("focus", () => { if (store.chat && store.unread.delete(slot(store.chat, store.topic))) drawChats(); });
history.replaceState(null, "", "/"); // the key was exchanged for a cookie
start();
