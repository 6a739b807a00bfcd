// What does the customer see and do? The WeChat chat on the left, with its switcher of customers and accounts.

import { api } from "./api.js";
import { attachmentPanel } from "./attachments.js";
import { isFailed, messageBody, notice } from "./bubbles.js";
import { avatar, chatTime, clockTime, followBottom, growWithText, h, icon, moment, reconcile, redraw, sendOnEnter } from "./dom.js";
import { attempt, toast } from "./feedback.js";
import { newCustomer } from "./newcustomer.js";
import { phoneNotice } from "./notices.js";
import {
  accountName, conversationOf, emit, isTyping, keyOf, markRead, nicknameOf, now, on, pick, refreshChat,
  refreshState, servicerName, startTyping, store,
} from "./store.js";

const GAP_SECONDS = 300;
const QUEUED = 2;
const HUMAN = 3;

const el = (id) => document.getElementById(id);
const entered = new Set();
let lastDrawn = "";
let followLog;
let revealed = null;

const chatOf = () => store.chats.get(keyOf(store.phone));
const state = () => chatOf()?.service_state ?? conversationOf(store.phone)?.service_state;

// ---- choosing who and where -------------------------------------------------------------------------------------

/** Open the chat of a customer with an account; the first time this counts as entering the session. */
export async function openChat(selection, scene) {
  store.phone = { ...store.phone, ...selection };
  const key = keyOf(store.phone);
  closePanel();
  emit("phone");
  if (!key) return;
  markRead("phone", key);
  if (!entered.has(key)) {
    entered.add(key);
    await enter(scene);
  }
  await refreshChat(store.phone);
}

async function enter(scene) {
  const answer = await attempt(() => api.enter(pick(store.phone), scene));
  if (answer?.welcome_code) startTyping(keyOf(store.phone));
}

/** After a reset every session is new again. */
export function enterAfresh() {
  entered.clear();
  const first = { open_kfid: store.accounts[0]?.open_kfid, external_userid: store.customers[0]?.external_userid };
  return openChat(first);
}

function drawSwitcher() {
  const chips = [...store.customers, { external_userid: "+", nickname: "新客户" }];
  reconcile(el("customers"), chips, {
    key: (customer) => customer.external_userid,
    print: (customer) => JSON.stringify([customer, customer.external_userid === store.phone.external_userid, unreadOf(customer)]),
    create: (customer) => (customer.external_userid === "+" ? addChip() : customerChip(customer)),
  });
  revealChosen();
  const select = el("account-select");
  redraw(select, store.accounts, () =>
    store.accounts.map((account) => h("option", { value: account.open_kfid }, account.name || account.open_kfid)));
  select.value = store.phone.open_kfid ?? "";
  select.disabled = store.accounts.length === 0;
}

function revealChosen() {
  if (revealed === store.phone.external_userid) return;
  revealed = store.phone.external_userid;
  el("customers").querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: "nearest", inline: "center" });
}

const unreadOf = (customer) => {
  let sum = 0;
  for (const [key, count] of store.unread.phone) if (key.endsWith(`\n${customer.external_userid}`)) sum += count;
  return sum;
};

function customerChip(customer) {
  const chosen = customer.external_userid === store.phone.external_userid;
  const unread = unreadOf(customer);
  const name = customer.nickname || "客户";
  return h("button", {
    type: "button", class: "chip", "aria-pressed": String(chosen), title: name,
    onclick: () => openChat({ external_userid: customer.external_userid }),
  }, avatar(name, customer.external_userid), h("span", { class: "chip-name" }, name),
  unread ? h("span", { class: "count", "aria-label": `${unread} 条未读` }, String(unread)) : null);
}

function addChip() {
  return h("button", { type: "button", class: "chip add", onclick: addCustomer },
    h("span", { class: "avatar blank", "aria-hidden": "true" }, icon("plus", 18)), h("span", { class: "chip-name" }, "新客户"));
}

async function addCustomer() {
  const wish = await newCustomer();
  if (!wish) return;
  const customer = await attempt(() => api.createCustomer(wish.nickname));
  if (!customer) return;
  store.phone.external_userid = customer.external_userid;
  await refreshState();
  await openChat({ external_userid: customer.external_userid }, wish.scene);
  el("phone-input").focus();
}

// ---- drawing the chat -------------------------------------------------------------------------------------------

function drawHead() {
  const key = keyOf(store.phone);
  const typing = isTyping(key);
  el("phone-title").textContent = typing ? "对方正在输入…" : key ? accountName(store.phone.open_kfid) : "微信客服";
  const chat = chatOf();
  el("phone-subtitle").textContent =
    state() === HUMAN ? `${servicerName(chat?.servicer_userid)} 为您服务` : state() === QUEUED ? "正在排队等待人工" : "@微信客服";
}

/** Messages with the time lines and the typing dots that belong between them. */
function rows() {
  const list = [];
  let before = -Infinity;
  for (const message of chatOf()?.messages ?? []) {
    // What failed never reached this phone: the desk shows it, the customer does not see it.
    if (isFailed(message) || (message.from === "system" && !phoneNotice(message))) continue;
    const at = +moment(message.at) / 1000;
    if (at - before > GAP_SECONDS) list.push({ kind: "time", id: `t${message.id}`, at: message.at });
    before = at;
    list.push({ kind: "message", id: message.id, message });
  }
  if (isTyping(keyOf(store.phone))) list.push({ kind: "typing", id: "typing" });
  return list;
}

function drawLog() {
  const log = el("phone-log");
  const key = keyOf(store.phone);
  const switched = key !== lastDrawn;
  if (switched) log.replaceChildren();
  lastDrawn = key;
  log.classList.toggle("still", switched);
  const list = rows();
  const count = log.children.length;
  if (list.length === 0) log.replaceChildren(emptyChat(key));
  else {
    log.querySelector(".empty")?.remove();
    reconcile(log, list, {
      key: (row) => row.id,
      print: (row) => (row.kind === "message" ? JSON.stringify(row.message) : row.kind === "time" ? chatTime(row.at, now()) : ""),
      create: (row) => DRAW[row.kind](row),
    });
  }
  if (!followLog(switched) && log.children.length > count) el("phone-below").hidden = false;
}

function emptyChat(key) {
  if (key) return h("div", { class: "empty" }, chatOf() ? "还没有消息，打个招呼吧" : "正在打开聊天…");
  return h("div", { class: "empty" }, store.ready ? "先新建一位客户，再进入客服账号" : "正在连接模拟器…");
}

const DRAW = {
  time: (row) => notice(chatTime(row.at, now())),
  typing: () => bubbleRow("theirs", writerAvatar(), h("div", { class: "bubble typing", "aria-label": "对方正在输入" }, h("i"), h("i"), h("i"))),
  message: ({ message }) => drawMessage(message),
};

const accountAvatar = () => avatar(accountName(store.phone.open_kfid), store.phone.open_kfid ?? "", "account");

/** Who is writing right now: the servicer while a person has the session, else the account. */
function writerAvatar() {
  const userid = state() === HUMAN ? chatOf()?.servicer_userid : null;
  return userid ? avatar(servicerName(userid), userid) : accountAvatar();
}

function drawMessage(message) {
  if (message.from === "system") return notice(phoneNotice(message));
  const mine = message.from === "customer";
  if (message.recalled) return notice(mine ? "你撤回了一条消息" : "对方撤回了一条消息");
  const body = messageBody(message, { onTap: (click) => say(click.content, click.id) });
  if (mine) {
    const name = nicknameOf(store.phone.external_userid);
    return bubbleRow("mine", avatar(name, store.phone.external_userid), body, { recall: () => recall(message) });
  }
  if (message.from !== "servicer") return bubbleRow("theirs", accountAvatar(), body);
  const label = servicerName(message.servicer_userid);
  return bubbleRow("theirs", avatar(label, message.servicer_userid ?? ""), body, { label });
}

function bubbleRow(side, face, body, { label = "", recall: take = null } = {}) {
  const undo = take && h("button", { type: "button", class: "recall", onclick: take }, "撤回");
  return h("div", { class: `row ${side}` }, face,
    h("div", { class: "row-body" }, label ? h("span", { class: "row-name" }, label) : null, body), undo);
}

// ---- writing ----------------------------------------------------------------------------------------------------

function sent(conversation) {
  const key = keyOf(conversation);
  if (![QUEUED, HUMAN].includes(state())) startTyping(key);
  closePanel();
  followLog(true);
  refreshChat(conversation);
}

async function say(text, menuId) {
  const conversation = pick(store.phone);
  if (!keyOf(conversation)) return false;
  const answer = await attempt(() => api.say(conversation, text, menuId));
  if (answer) sent(conversation);
  return Boolean(answer);
}

async function submit() {
  const input = el("phone-input");
  const text = input.value.trim();
  if (!text) return;
  if (!keyOf(store.phone)) return toast("请先选择一位客户");
  setInput("");
  if (!(await say(text)) && !input.value) setInput(text);
}

function setInput(text) {
  el("phone-input").value = text;
  el("phone-input").dispatchEvent(new Event("input"));
}

async function recall(message) {
  const conversation = pick(store.phone);
  if (await attempt(() => api.recall(conversation, message.msgid))) refreshChat(conversation);
}

function recallLast() {
  const last = (chatOf()?.messages ?? []).filter((message) => message.from === "customer" && !message.recalled).at(-1);
  closePanel();
  if (last) recall(last);
  else toast("没有可以撤回的消息");
}

async function enterAgain() {
  closePanel();
  await enter();
  await refreshChat(store.phone);
}

// ---- the "+" panel ----------------------------------------------------------------------------------------------

function openPanel() {
  el("phone-panel").hidden = false;
  el("phone-plus").setAttribute("aria-expanded", "true");
  el("phone-panel").querySelector("button")?.focus({ preventScroll: true });
}

function closePanel() {
  el("phone-panel").hidden = true;
  el("phone-plus").setAttribute("aria-expanded", "false");
}

const withCustomer = (act) => () => (keyOf(store.phone) ? act() : toast("请先选择一位客户"));

function wire() {
  const input = el("phone-input");
  const fit = growWithText(input, 96);
  input.addEventListener("input", () => {
    fit();
    el("phone-send").hidden = !input.value.trim();
    el("phone-plus").hidden = Boolean(input.value.trim());
  });
  input.addEventListener("focus", closePanel);
  sendOnEnter(input, submit);
  el("phone-form").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  el("phone-plus").append(icon("plus", 22));
  el("phone-plus").addEventListener("click", withCustomer(() => (el("phone-panel").hidden ? openPanel() : closePanel())));
  el("phone-panel").append(...attachmentPanel({
    host: el("phone-screen"), current: () => pick(store.phone), sent, recallLast, enterAgain,
  }));
  el("phone-screen").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || el("phone-panel").hidden) return;
    closePanel();
    el("phone-plus").focus();
  });
  el("account-select").addEventListener("change", (event) => openChat({ open_kfid: event.target.value }));
  followLog = followBottom(el("phone-log"), () => { el("phone-below").hidden = true; });
  el("phone-below").addEventListener("click", () => followLog(true));
}

export function startPhone() {
  wire();
  const mine = (key, draw) => key === keyOf(store.phone) && draw();
  on("state", () => { drawSwitcher(); drawHead(); });
  on("phone", () => { drawSwitcher(); drawHead(); drawLog(); el("phone-below").hidden = true; });
  on("chat", (key) => mine(key, () => { drawHead(); drawLog(); }));
  on("typing", (key) => mine(key, () => { drawHead(); drawLog(); }));
  const tick = () => { el("phone-time").textContent = clockTime(now()); };
  tick();
  setInterval(tick, 1_000);
  drawLog();
}
