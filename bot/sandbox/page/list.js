// The left pane: who we are, our chats, their topics.
import { $, avatar, clock, el } from "./dom.js";
import { become, messagesOf, myChats, open, slot, store } from "./store.js";
import { serviceText } from "./service.js";

export function drawPeople() {
  $("people").replaceChildren(...store.users.map((one) => {
    const button = el("button", { class: "person", type: "button", "aria-pressed": String(one.id === store.me) },
      avatar(one.first_name, one.id), one.first_name);
    button.addEventListener("click", () => become(one.id));
    return button;
  }));
}

export function drawChats() {
  const focused = document.activeElement?.dataset?.slot;
  const chats = myChats().sort((a, b) => newest(b) - newest(a));
  const rows = chats.map((chat) => el("li", {}, row(chat), chat.forum ? topics(chat) : null));
  if (!rows.length) rows.push(el("li", { class: "empty" }, "No chats yet for this person."));
  $("chats").replaceChildren(...rows);
  if (focused) document.querySelector(`[data-slot="${CSS.escape(focused)}"]`)?.focus();
}

const newest = (chat) => [...chat.messages.values()].at(-1)?.date || 0;

function row(chat) {
  const last = [...chat.messages.values()].at(-1);
  const current = store.chat === chat.key && (!chat.forum || store.topic === 0);
  const unread = chat.forum ? 0 : store.unread.get(slot(chat.key, 0)) || 0;
  const button = el("button", {
    class: "chat-row", type: "button", "aria-current": current ? "true" : null, "data-slot": slot(chat.key, "row"),
  },
    avatar(chat.title, chat.id, { bot: chat.type === "private" }),
    el("div", { class: "chat-words" },
      el("div", { class: "chat-line" }, el("span", { class: "chat-name" }, chat.title),
        el("span", { class: "chat-time" }, last ? clock(last.date) : "")),
      el("div", { class: "chat-line" }, el("span", { class: "chat-last" }, last ? summary(last, chat) : "No messages yet"),
        badge(unread))));
  button.addEventListener("click", () => open(chat.key, 0));
  return button;
}

function topics(chat) {
  const general = { message_thread_id: 0, name: chat.type === "private" ? "Main" : "General" };
  return el("ul", { class: "topic-list", "aria-label": `Topics of ${chat.title}` },
    ...[general, ...chat.topics].map((topic) => el("li", {}, topicRow(chat, topic))));
}

function topicRow(chat, topic) {
  const id = topic.message_thread_id;
  const current = store.chat === chat.key && store.topic === id;
  const dot = el("span", { class: "topic-dot", "aria-hidden": "true" });
  if (topic.icon_color) dot.style.background = `#${topic.icon_color.toString(16).padStart(6, "0")}`;
  const button = el("button", {
    class: "topic-row", type: "button", "aria-current": current ? "true" : null, "data-slot": slot(chat.key, id),
  },
    dot, el("span", { class: "topic-name" }, topic.name + (topic.closed ? " (closed)" : "")),
    badge(store.unread.get(slot(chat.key, id)) || 0));
  button.addEventListener("click", () => open(chat.key, id));
  return button;
}

const badge = (count) => (count ? el("span", { class: "badge", "aria-label": `${count} unread` }, String(count)) : null);

function summary(message, chat) {
  if (message.service) return serviceText(message);
  const who = chat.type === "private" || !message.from ? "" : `${message.from.first_name}: `;
  return who + preview(message);
}

export function preview(message) {
  const text = message.text || message.caption;
  if (text) return text.length > 160 ? `${text.slice(0, 160).replace(/\s+/g, " ")}…` : text.replace(/\s+/g, " ");
  if (message.photo) return "Photo";
  if (message.voice) return "Voice message";
  return message.document?.file_name || "Message";
}

export { messagesOf };
