// What does the page know? One copy of the simulator's state; the views subscribe to topics and redraw.
//
// Events only say that something changed: the affected part is read again, at most one request at a time. So a
// missed, doubled or late event can never leave the page wrong, and a reconnect needs no special case.

import { api, followEvents } from "./api.js";
import { moment } from "./dom.js";

const TYPING_MS = 8_000;
const PREVIEWS_AT_START = 20;

const bus = new EventTarget();
const typingTimers = new Map();
let clockOffset = 0;

/** Topics: state, chat, inbox, typing, violations, phone, desk, connection, arrival (detail = event). */
export const on = (topic, listener) => bus.addEventListener(topic, (event) => listener(event.detail));
export const emit = (topic, detail) => bus.dispatchEvent(new CustomEvent(topic, { detail }));

export const store = {
  accounts: [],
  servicers: [],
  customers: [],
  conversations: [],
  groups: [],
  violations: [],
  sidebarUrl: "",
  ready: false,
  connected: null,
  chats: new Map(),
  inboxes: new Map(),
  told: new Map(),
  previews: new Map(),
  unread: { phone: new Map(), desk: new Map(), inbox: new Map() },
  phone: { open_kfid: null, external_userid: null },
  desk: { conversation: null, userid: null },
};

export const keyOf = (conversation) =>
  conversation?.open_kfid && conversation.external_userid
    ? `${conversation.open_kfid}\n${conversation.external_userid}`
    : "";
export const pick = ({ open_kfid, external_userid }) => ({ open_kfid, external_userid });
export const now = () => new Date(Date.now() + clockOffset);

export const customerOf = (id) => store.customers.find((customer) => customer.external_userid === id);
export const accountOf = (id) => store.accounts.find((account) => account.open_kfid === id);
export const conversationOf = (selection) =>
  store.conversations.find((conversation) => keyOf(conversation) === keyOf(selection));
export const nicknameOf = (id) => customerOf(id)?.nickname || "客户";
export const accountName = (id) => accountOf(id)?.name || "客服";
export const servicerName = (userid) =>
  store.servicers.find((servicer) => servicer.userid === userid)?.name || userid || "客服";

/** Run `task` for each key, never twice at once; a call in between makes it run once more. */
function coalesced(task) {
  const running = new Map();
  return async function run(key = "") {
    if (running.has(key)) {
      running.set(key, true);
      return;
    }
    do {
      running.set(key, false);
      try {
        await task(key);
      } catch (error) {
        // Reading again is the business of the next event or reconnect; the connection pill tells the person.
        console.warn("读取失败", error);
      }
    } while (running.get(key));
    running.delete(key);
  };
}

export const refreshState = coalesced(async () => {
  const fresh = await api.state();
  for (const name of ["accounts", "servicers", "customers", "conversations", "groups"]) store[name] = fresh[name] ?? [];
  clockOffset = fresh.now ? moment(fresh.now) - Date.now() : 0;
  store.sidebarUrl = fresh.sidebar_url ?? "";
  store.ready = true;
  emit("state");
});

const readChat = coalesced(async (key) => {
  const [open_kfid, external_userid] = key.split("\n");
  const chat = await api.chat({ open_kfid, external_userid });
  store.chats.set(key, chat);
  const last = (chat.messages ?? []).filter((message) => message.from !== "system").at(-1);
  if (last) store.previews.set(key, last);
  emit("chat", key);
});
export const refreshChat = (conversation) => (keyOf(conversation) ? readChat(keyOf(conversation)) : undefined);

export const refreshInbox = coalesced(async (userid) => {
  if (!userid) return;
  store.inboxes.set(userid, (await api.inbox(userid)).messages ?? []);
  emit("inbox", userid);
});

export const refreshViolations = coalesced(async () => {
  store.violations = (await api.violations()).violations ?? [];
  emit("violations");
});

const bump = (counts, key) => counts.set(key, (counts.get(key) ?? 0) + 1);

export function markRead(side, key) {
  if (store.unread[side].delete(key)) emit("state");
}

/** The other side is writing: shown until an answer arrives, at most eight seconds. */
export function startTyping(key) {
  clearTimeout(typingTimers.get(key));
  typingTimers.set(key, setTimeout(() => stopTyping(key), TYPING_MS));
  emit("typing", key);
}

export function stopTyping(key) {
  clearTimeout(typingTimers.get(key));
  if (typingTimers.delete(key)) emit("typing", key);
}
export const isTyping = (key) => typingTimers.has(key);

function arrived(event) {
  const key = keyOf(event);
  const message = event.message ?? event;
  const author = message.from;
  if (author === "bot" || author === "servicer") {
    stopTyping(key);
    if (key !== keyOf(store.phone)) bump(store.unread.phone, key);
  }
  if (author === "customer" && !message.recalled && key !== keyOf(store.desk.conversation))
    bump(store.unread.desk, key);
  if (author !== "system" && message.msgtype) store.previews.set(key, message);
  if (store.chats.has(key) || key === keyOf(store.phone) || key === keyOf(store.desk.conversation)) readChat(key);
}

function onEvent(event) {
  if (event.type === "message") arrived(event);
  if (event.type === "app_message") {
    if (!event.recalled && !event.changed_at) bump(store.unread.inbox, event.userid);
    refreshInbox(event.userid);
    emit("arrival", event);
  }
  if (event.type === "violation") refreshViolations();
  else refreshState();
  if (event.type === "state" && store.chats.has(keyOf(event))) readChat(keyOf(event));
}

/** Read everything that is on the screen again. */
export async function refreshAll() {
  await refreshState();
  await Promise.all([
    refreshChat(store.phone),
    refreshChat(store.desk.conversation),
    refreshInbox(store.desk.userid),
    refreshViolations(),
  ]);
}

/** Fill the one-line previews of the newest conversations, which /sim/state does not carry. */
export function loadPreviews() {
  const newest = [...store.conversations].sort((a, b) => moment(b.last_at) - moment(a.last_at));
  for (const conversation of newest.slice(0, PREVIEWS_AT_START)) refreshChat(conversation);
}

/** Forget what belonged to the world before a reset. */
export function forget() {
  for (const map of [store.chats, store.inboxes, store.told, store.previews, ...Object.values(store.unread)]) map.clear();
  store.desk.conversation = null;
}

function setConnected(connected) {
  if (store.connected === connected) return;
  store.connected = connected;
  emit("connection");
}

export function follow() {
  followEvents({
    onEvent,
    onOpen: () => {
      setConnected(true);
      refreshAll();
    },
    onLost: () => setConnected(false),
  });
}
