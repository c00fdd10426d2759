// What the page knows: people, chats, who we are, what is open. Fed by /_/state and by the event stream.
import { $, toast } from "./dom.js";

export const store = {
  users: [], chats: new Map(), me: 0, chat: null, topic: 0, unread: new Map(), listeners: [], source: null,
};

export const listen = (listener) => store.listeners.push(listener);
const tell = (kind, detail) => store.listeners.forEach((listener) => listener(kind, detail));

export const user = () => store.users.find((one) => one.id === store.me);
export const myChats = () => [...store.chats.values()].filter((chat) => isIn(chat, store.me));
export const isIn = (chat, id) => chat.members.some((m) => m.id === id && !["left", "kicked"].includes(m.status));
export const isBot = (message) => Boolean(message.from?.is_bot);
export const topicOf = (message) => (message.is_topic_message ? message.message_thread_id : 0);
export const slot = (chat, topic) => `${store.me}|${chat}|${topic}`;

export function messagesOf(chat, topic) {
  return [...chat.messages.values()].filter((m) => !chat.forum || topicOf(m) === topic);
}

async function load() {
  const answer = await fetch("/_/state");
  if (!answer.ok) {
    $("link").textContent = await answer.text();
    $("link").hidden = false;
    return;
  }
  const state = await answer.json();
  store.users = state.users;
  store.chats = new Map(state.chats.map((chat) => [chat.key, adopt(chat)]));
  const wanted = Number(sessionStorage.getItem("me"));
  if (!store.users.some((one) => one.id === store.me)) {
    store.me = (store.users.find((one) => one.id === wanted) || store.users[0] || { id: 0 }).id;
  }
  if (!store.chats.has(store.chat)) [store.chat, store.topic] = [null, 0];
  tell("all");
  connect(state.event);
}

function adopt(chat) {
  const old = store.chats.get(chat.key);
  chat.messages = chat.messages ? new Map(chat.messages.map((m) => [m.message_id, m])) : old?.messages || new Map();
  chat.live = new Map(Object.entries(chat.drafts).filter(([, d]) => d).map(([topic, draft]) => [Number(topic), { draft }]));
  return chat;
}

function connect(last) {
  store.source?.close();
  const source = new EventSource(`/_/events?last=${last}`);
  store.source = source;
  source.onopen = () => { $("link").hidden = true; };
  source.onerror = () => {
    $("link").hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(start, 1500);
  };
  source.addEventListener("reload", start);
  source.onmessage = (event) => apply(JSON.parse(event.data));
}

export function start() {
  load().catch(() => { $("link").hidden = false; setTimeout(start, 1500); });
}

function apply(event) {
  const chat = store.chats.get(event.chat);
  if (["chats", "users", "commands", "reset"].includes(event.kind)) return refresh();
  if (!chat) return event.kind === "message" ? refresh() : undefined;
  if (event.kind === "message") return message(chat, event.message);
  if (event.kind === "delete") {
    chat.messages.delete(event.id);
    return tell("delete", { chat, id: event.id });
  }
  if (event.kind === "pins") {
    chat.pinned = event.pinned;
    return tell("pins", { chat });
  }
  return live(chat, event);
}

function message(chat, value) {
  const fresh = !chat.messages.has(value.message_id);
  chat.messages.set(value.message_id, value);
  const topic = chat.forum ? topicOf(value) : 0;
  if (isBot(value) && !value.service) chat.live.delete(topic);
  const open = store.chat === chat.key && store.topic === topic && document.hasFocus();
  if (fresh && value.from.id !== store.me && !open && !value.service) {
    const key = slot(chat.key, topic);
    store.unread.set(key, (store.unread.get(key) || 0) + 1);
  }
  tell("message", { chat, message: value, fresh });
}

function live(chat, event) {
  const old = chat.live.get(event.topic);
  clearTimeout(old?.timer);
  if (!event.draft && !event.action) {
    chat.live.delete(event.topic);
  } else {
    const seconds = event.draft ? 30 : 5;
    const timer = setTimeout(() => { chat.live.delete(event.topic); tell("live", { chat }); }, seconds * 1000);
    chat.live.set(event.topic, { draft: event.draft, action: event.action, timer });
  }
  tell("live", { chat });
}

let waiting = null;
function refresh() {
  clearTimeout(waiting);
  waiting = setTimeout(() => reload().catch(() => toast("The sandbox does not answer", { bad: true })), 30);
}

async function reload() {
  const state = await (await fetch("/_/state")).json();
  store.users = state.users;
  store.chats = new Map(state.chats.map((chat) => [chat.key, adopt(chat)]));
  if (!store.users.some((one) => one.id === store.me) && store.users.length) store.me = store.users[0].id;
  const chat = store.chats.get(store.chat);
  if (!chat) [store.chat, store.topic] = [null, 0];
  else if (store.topic && !chat.topics.some((t) => t.message_thread_id === store.topic)) store.topic = 0;
  tell("all");
}

export function become(id) {
  store.me = id;
  sessionStorage.setItem("me", id);
  const chat = store.chats.get(store.chat);
  if (!chat || !isIn(chat, id)) {
    const same = chat?.type === "private" ? myChats().find((one) => one.type === "private") : null;
    [store.chat, store.topic] = [same?.key || null, 0];
  }
  tell("all");
}

export function open(key, topic = 0) {
  [store.chat, store.topic] = [key, topic];
  store.unread.delete(slot(key, topic));
  tell("open");
}
