// What does the servicer see and do? Conversations with their state, taking over, replying, handing on, ending.

import { api } from "./api.js";
import { isFailed, messageBody, notice, previewOf } from "./bubbles.js";
import { avatar, chatTime, followBottom, growWithText, h, icon, moment, reconcile, redraw, sendOnEnter } from "./dom.js";
import { actionSheet, attempt, toast } from "./feedback.js";
import { deskNotice } from "./notices.js";
import {
  accountName, conversationOf, emit, keyOf, markRead, nicknameOf, now, on, pick, refreshChat, refreshInbox,
  refreshState, servicerName, startTyping, stopTyping, store,
} from "./store.js";

const STATES = [
  { name: "新会话", tone: "new" },
  { name: "机器人", tone: "robot" },
  { name: "排队中", tone: "queue" },
  { name: "人工", tone: "human" },
  { name: "已结束", tone: "ended" },
];
const NOT_BEGUN = { name: "未开口", tone: "ended" };
const QUEUED = 2;
const HUMAN = 3;
const ENDED = 4;
const ALLOWANCE = 5;
const ROOM_FOR_BOTH_PX = 640;

const FILTERS = [
  { id: "all", label: "全部", keep: () => true },
  { id: "queue", label: "排队", keep: (conversation) => conversation.service_state === QUEUED },
  { id: "mine", label: "我的", keep: (conversation) => conversation.service_state === HUMAN && conversation.servicer_userid === store.desk.userid },
];

const el = (id) => document.getElementById(id);
const desk = () => document.querySelector(".desk");
let filter = FILTERS[0];
let lastDrawn = "";
let followLog;

const current = () => conversationOf(store.desk.conversation);
const servesHere = (conversation) => myPosts().some((post) => post.open_kfid === conversation.open_kfid);
const isMine = (conversation) => conversation.service_state === HUMAN && conversation.servicer_userid === store.desk.userid;

/** State 4 means ended or never begun; only a customer who has written had a session. */
function hasBegun(conversation) {
  const chat = store.chats.get(keyOf(conversation));
  return conversation.service_state !== ENDED || !chat || chat.messages.some((message) => message.from === "customer");
}

const stateOf = (conversation) => (hasBegun(conversation) ? (STATES[conversation.service_state] ?? STATES[ENDED]) : NOT_BEGUN);

// ---- who am I ---------------------------------------------------------------------------------------------------

const myPosts = () => store.servicers.filter((servicer) => servicer.userid === store.desk.userid);

function drawIdentity() {
  const people = [...new Map(store.servicers.map((servicer) => [servicer.userid, servicer])).values()];
  if (!people.some((person) => person.userid === store.desk.userid)) become(people[0]?.userid ?? null);
  const select = el("me-select");
  const options = people.map((person) => {
    const unread = person.userid === store.desk.userid ? 0 : store.unread.inbox.get(person.userid);
    return { value: person.userid, label: (person.name || person.userid) + (unread ? `（${unread} 条新消息）` : "") };
  });
  redraw(select, options, () => options.map(({ value, label }) => h("option", { value }, label)));
  select.value = store.desk.userid ?? "";
  select.disabled = people.length === 0;
  const me = store.desk.userid;
  redraw(el("me-avatar"), [me, servicerName(me)], () => (me ? avatar(servicerName(me), me) : null));
  const receiving = myPosts().some((post) => post.receiving);
  el("me-receiving").setAttribute("aria-checked", String(receiving));
  el("me-receiving").querySelector("span").textContent = receiving ? "接待中" : "停止接待";
  el("me-receiving").disabled = people.length === 0;
}

export function become(userid) {
  store.desk.userid = userid;
  emit("desk");
  refreshInbox(userid);
}

async function toggleReceiving() {
  const receiving = !myPosts().some((post) => post.receiving);
  for (const post of myPosts())
    await attempt(() => api.staff("status", { userid: post.userid, open_kfid: post.open_kfid, receiving }));
  refreshState();
}

// ---- the list ---------------------------------------------------------------------------------------------------

function drawList() {
  const counts = FILTERS.map((option) => (option.id === "all" ? 0 : store.conversations.filter(option.keep).length));
  redraw(el("desk-filters"), [filter.id, counts], () => FILTERS.map((option, index) => {
    const count = counts[index];
    return h("button", { type: "button", "aria-pressed": String(option === filter), onclick: () => { filter = option; drawList(); } },
      option.label, count ? h("span", { class: "filter-count" }, String(count)) : null);
  }));
  const list = store.conversations.filter(filter.keep).sort((a, b) => moment(b.last_at) - moment(a.last_at));
  const box = el("conversations");
  if (list.length === 0) {
    box.replaceChildren(h("div", { class: "empty" }, EMPTY_LIST[filter.id]));
    return;
  }
  box.querySelector(":scope > .empty")?.remove();
  reconcile(box, list, {
    key: (conversation) => encodeURIComponent(keyOf(conversation)),
    print: (conversation) => JSON.stringify([facts(conversation), previewOf(store.previews.get(keyOf(conversation))), chatTime(conversation.last_at, now())]),
    create: conversationRow,
  });
}

const EMPTY_LIST = {
  all: "还没有会话。客户在手机上说第一句话后，会出现在这里。",
  queue: "没有人在排队",
  mine: "你还没有接待中的会话",
};

const facts = (conversation) => [
  conversation.service_state, conversation.servicer_userid, conversation.allowance_left,
  nicknameOf(conversation.external_userid), hasBegun(conversation), keyOf(conversation) === keyOf(store.desk.conversation),
  store.unread.desk.get(keyOf(conversation)), store.accounts.length,
];

function conversationRow(conversation) {
  const key = keyOf(conversation);
  const name = nicknameOf(conversation.external_userid);
  const unread = store.unread.desk.get(key);
  const chosen = key === keyOf(store.desk.conversation);
  return h("button", { type: "button", class: "conversation", "aria-current": chosen ? "true" : undefined, onclick: () => openConversation(conversation) },
    h("span", { class: "with-count" }, avatar(name, conversation.external_userid), unread ? h("span", { class: "count" }, String(unread)) : null),
    h("span", { class: "conversation-main" },
      h("span", { class: "line" }, h("strong", {}, name), h("time", {}, chatTime(conversation.last_at, now()))),
      h("span", { class: "line" }, h("span", { class: "preview" }, previewOf(store.previews.get(key)) || "暂无消息"), badge(conversation)),
      store.accounts.length > 1 ? h("span", { class: "account-name" }, accountName(conversation.open_kfid)) : null));
}

function badge(conversation) {
  const { name, tone } = stateOf(conversation);
  const who = conversation.service_state === HUMAN && conversation.servicer_userid ? `${name} · ${servicerName(conversation.servicer_userid)}` : name;
  return h("span", { class: `badge ${tone}` }, who);
}

function openConversation(conversation) {
  store.desk.conversation = pick(conversation);
  desk().dataset.detail = "chat";
  desk().dataset.part = "talk";
  markRead("desk", keyOf(conversation));
  emit("desk");
  refreshChat(conversation);
}

/** Where there is room for list and chat, the first conversation is opened instead of showing an empty place. */
function openFirst() {
  const newest = [...store.conversations].sort((a, b) => moment(b.last_at) - moment(a.last_at))[0];
  if (!newest || store.desk.conversation || desk().clientWidth < ROOM_FOR_BOTH_PX) return;
  openConversation(newest);
}

function closeConversation() {
  desk().dataset.detail = "list";
}

// ---- the open conversation --------------------------------------------------------------------------------------

function drawTalk() {
  const conversation = current();
  el("desk-open").hidden = !conversation;
  el("desk-empty").hidden = Boolean(conversation);
  if (!conversation) {
    lastDrawn = "";
    el("desk-empty").replaceChildren(icon("chat", 44), h("p", {}, "从左边选择一个会话，查看聊天、接入并回复客户"));
    return;
  }
  drawTalkHead(conversation);
  drawComposer(conversation);
  drawDeskLog(conversation);
}

function drawTalkHead(conversation) {
  const { service_state: state } = conversation;
  const action = (label, act, { enabled = true, kind = "", why = "" } = {}) =>
    h("button", { type: "button", class: `button ${kind}`, disabled: !enabled, title: why, onclick: act }, label);
  redraw(el("talk-head"), [conversation.open_kfid, conversation.external_userid, facts(conversation), store.desk.userid, servesHere(conversation)], () => [
    h("button", { type: "button", class: "round back", "aria-label": "返回会话列表", onclick: closeConversation }, icon("back")),
    h("div", { class: "talk-who" },
      h("div", { class: "line" }, h("h3", {}, nicknameOf(conversation.external_userid)), badge(conversation)),
      h("div", { class: "talk-facts" }, h("span", {}, accountName(conversation.open_kfid)), allowance(conversation.allowance_left))),
    h("div", { class: "talk-actions" },
      // 转接 comes last: it takes the place of 接入, where a second click must not end the session.
      isMine(conversation) ? [action("结束会话", end, { kind: "quiet" }), action("转接", transfer)] : null,
      isMine(conversation) || state === ENDED ? null
        : action("接入", take, { kind: "primary", enabled: state === QUEUED && servesHere(conversation), why: hintFor(conversation) })),
  ]);
}

function allowance(left) {
  const count = Math.max(0, Math.min(ALLOWANCE, left ?? 0));
  const pips = Array.from({ length: ALLOWANCE }, (_, index) => h("i", { class: index < count ? "on" : "" }));
  return h("span", { class: "allowance", title: "客户每说一句，48 小时内应用最多回复 5 条", role: "img", "aria-label": `还可下发 ${count} 条` },
    h("span", { class: "pips" }, pips), `还可下发 ${count} 条`);
}

function drawComposer(conversation) {
  const ended = conversation.service_state === ENDED;
  const open = isMine(conversation) || (ended && hasBegun(conversation) && servesHere(conversation));
  el("desk-input").disabled = !open;
  el("desk-send").disabled = !open;
  el("desk-input").placeholder = open ? "输入回复，回车发送" : ended ? "现在还不能回复" : "接入后才能回复客户";
  el("desk-hint").textContent = open && !ended ? "Shift + 回车换行" : hintFor(conversation);
}

function hintFor(conversation) {
  if (!servesHere(conversation)) return `${servicerName(store.desk.userid)} 不是「${accountName(conversation.open_kfid)}」的接待人员，可在左上角换人`;
  if (conversation.service_state === HUMAN) return `${servicerName(conversation.servicer_userid)} 正在接待`;
  if (conversation.service_state === QUEUED) return "客户正在等人工，点「接入」开始接待";
  if (conversation.service_state !== ENDED) return "机器人正在接待";
  return hasBegun(conversation) ? "会话已结束，发送后会重新接入" : "客户打开了聊天，还没有说话";
}

function drawDeskLog(conversation) {
  const log = el("desk-log");
  const key = keyOf(conversation);
  const switched = key !== lastDrawn;
  if (switched) log.replaceChildren();
  lastDrawn = key;
  log.classList.toggle("still", switched);
  const messages = (store.chats.get(key)?.messages ?? []).filter((message) => message.from !== "system" || deskNotice(message));
  if (messages.length === 0) log.replaceChildren(h("div", { class: "empty" }, "还没有消息"));
  else {
    log.querySelector(":scope > .empty")?.remove();
    reconcile(log, messages, { key: (message) => message.id, print: JSON.stringify, create: deskRow });
  }
  followLog(switched);
}

function deskRow(message) {
  if (message.from === "system") return notice(deskNotice(message));
  if (message.recalled) return notice(message.from === "customer" ? "客户撤回了一条消息" : "已撤回一条消息");
  const ours = message.from !== "customer";
  const name = authorName(message);
  const seed = message.from === "customer" ? store.desk.conversation?.external_userid : message.servicer_userid;
  const face = message.from === "bot" ? h("span", { class: "avatar robot", "aria-hidden": "true" }, "AI") : avatar(name, seed ?? "");
  return h("div", { class: `row ${ours ? "mine" : "theirs"} from-${message.from}` }, face,
    h("div", { class: "row-body" },
      h("span", { class: "row-name" }, `${name} ${chatTime(message.at, now())}`),
      messageBody(message),
      isFailed(message) ? h("span", { class: "failed" }, "未送达客户") : null));
}

function authorName(message) {
  if (message.from === "bot") return "机器人";
  if (message.from === "servicer") return servicerName(message.servicer_userid);
  return nicknameOf(store.desk.conversation?.external_userid);
}

// ---- acting -----------------------------------------------------------------------------------------------------

async function act(action, extra = {}) {
  const conversation = store.desk.conversation;
  if (!store.desk.userid) {
    toast("请先选择接待人员身份", { kind: "error" });
    return false;
  }
  const answer = await attempt(() => api.staff(action, { userid: store.desk.userid, ...conversation, ...extra }));
  if (!answer) return false;
  await Promise.all([refreshState(), refreshChat(conversation)]);
  return true;
}

async function take() {
  if (await act("take")) el("desk-input").focus();
}

const end = () => act("end");

async function transfer() {
  const { open_kfid } = store.desk.conversation;
  const others = store.servicers.filter((servicer) => servicer.open_kfid === open_kfid && servicer.userid !== store.desk.userid);
  if (others.length === 0) return toast("这个客服账号没有其他接待人员");
  const options = others.map((servicer) => ({
    label: servicer.name || servicer.userid, hint: servicer.receiving ? "接待中" : "停止接待，不能接手",
    value: servicer.userid, disabled: !servicer.receiving,
  }));
  const to = await actionSheet(document.querySelector(".desk-talk"), "转接给", options);
  if (to && (await act("transfer", { to }))) toast(`已转接给 ${servicerName(to)}`);
}

async function reply() {
  const input = el("desk-input");
  const text = input.value.trim();
  if (!text || input.disabled) return;
  const key = keyOf(store.desk.conversation);
  input.value = "";
  if (!(await act("say", { text })) && !input.value && key === keyOf(store.desk.conversation)) input.value = text;
  stopTyping(key);
  input.dispatchEvent(new Event("input"));
}

function wire() {
  el("me-select").addEventListener("change", (event) => become(event.target.value));
  el("me-receiving").addEventListener("click", toggleReceiving);
  followLog = followBottom(el("desk-log"));
  const input = el("desk-input");
  growWithText(input, 140);
  sendOnEnter(input, reply);
  // The customer sees that somebody is writing, as WeChat shows it.
  input.addEventListener("input", () => (input.value.trim() ? startTyping(keyOf(store.desk.conversation)) : undefined));
  el("desk-form").addEventListener("submit", (event) => {
    event.preventDefault();
    reply();
  });
}

export function startDesk() {
  wire();
  const draw = () => { drawIdentity(); drawList(); drawTalk(); };
  on("state", () => {
    draw();
    openFirst();
  });
  on("desk", draw);
  on("chat", (key) => {
    drawList();
    if (key === keyOf(store.desk.conversation)) drawTalk();
  });
  drawTalk();
}
