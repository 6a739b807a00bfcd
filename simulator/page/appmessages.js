// What does the app tell a member, and what does the member tell the app? The 应用消息 column of the desk.

import { api } from "./api.js";
import { anchor, chatTime, followBottom, h, linkified, moment, reconcile } from "./dom.js";
import { attempt, toast } from "./feedback.js";
import { become } from "./desk.js";
import { emit, now, on, refreshInbox, servicerName, store } from "./store.js";

const TOAST_CHARS = 60;
const FRESH_MS = 5_000;
const el = (id) => document.getElementById(id);
const desk = () => document.querySelector(".desk");
let followLog;

// ---- bodies -----------------------------------------------------------------------------------------------------

/**
 * The small HTML subset of app messages (a, br, div/font with a known class), rebuilt node by node.
 *
 * The parsed document is inert and only its text and its checked links are copied, so hostile markup stays text.
 */
function rich(markup) {
  const source = new DOMParser().parseFromString(String(markup ?? ""), "text/html");
  return [...source.body.childNodes].flatMap(copied);
}

const TONES = new Set(["gray", "normal", "highlight", "info", "comment", "warning"]);
const SILENT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "IFRAME", "OBJECT"]);

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return linkified(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.tagName)) return [];
  if (node.tagName === "BR") return [h("br")];
  if (node.tagName === "A") return [anchor(node.textContent, node.getAttribute("href"))];
  const tone = node.getAttribute("class") ?? node.getAttribute("color");
  const inside = [...node.childNodes].flatMap(copied);
  return [h(node.tagName === "DIV" ? "div" : "span", { class: TONES.has(tone) ? `tone-${tone}` : "" }, inside)];
}

const INLINE = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|<font color="(\w+)">(.*?)<\/font>/g;

function inline(text) {
  const parts = [];
  let end = 0;
  for (const [whole, bold, code, label, url, tone, toned] of text.matchAll(INLINE)) {
    const start = text.indexOf(whole, end);
    parts.push(...linkified(text.slice(end, start)));
    if (bold) parts.push(h("strong", {}, inline(bold)));
    else if (code) parts.push(h("code", {}, code));
    else if (label) parts.push(anchor(label, url));
    else parts.push(h("span", { class: TONES.has(tone) ? `tone-${tone}` : "" }, inline(toned)));
    end = start + whole.length;
  }
  return [...parts, ...linkified(text.slice(end))];
}

/** The markdown subset of app messages: headings, quotes and inline marks. */
function markdown(text) {
  return String(text ?? "").split("\n").map((line) => {
    const heading = /^#{1,6}\s+(.*)$/.exec(line);
    if (heading) return h("h4", {}, inline(heading[1]));
    if (line.startsWith(">")) return h("blockquote", {}, inline(line.slice(1).trim()));
    return h("p", {}, inline(line));
  });
}

function article({ title, description, url, btntxt }) {
  return [
    h("h4", {}, title ?? ""),
    description ? h("div", { class: "app-desc" }, rich(description)) : null,
    url ? anchor(btntxt || "详情", url, "app-more") : null,
  ];
}

function templateCard(card, message) {
  const rows = (card.horizontal_content_list ?? []).map((row) =>
    h("div", { class: "pair" }, h("dt", {}, row.keyname ?? ""), h("dd", {}, row.url ? anchor(row.value || "打开", row.url) : (row.value ?? ""))));
  const links = [...(card.jump_list ?? []), card.card_action?.url ? { title: "查看详情", url: card.card_action.url } : null];
  return [
    card.source?.desc ? h("small", { class: "app-source" }, card.source.desc) : null,
    card.main_title?.title ? h("h4", {}, card.main_title.title) : null,
    card.main_title?.desc ? h("div", { class: "tone-gray" }, card.main_title.desc) : null,
    card.emphasis_content?.title ? h("div", { class: "emphasis" }, card.emphasis_content.title, h("small", {}, card.emphasis_content.desc ?? "")) : null,
    card.quote_area?.quote_text ? h("blockquote", {}, card.quote_area.quote_text) : null,
    card.sub_title_text ? h("div", {}, linkified(card.sub_title_text)) : null,
    rows.length ? h("dl", {}, rows) : null,
    ...(card.vertical_content_list ?? []).map((row) => h("div", {}, h("strong", {}, row.title ?? ""), h("div", { class: "tone-gray" }, row.desc ?? ""))),
    ...links.filter((link) => link?.url).map((link) => anchor(link.title || "打开", link.url, "app-more")),
    cardChoice(card, message),
    cardButtons(card, message),
    menuButtons(card, message),
  ];
}

const BUTTON_TONES = { 1: "primary", 3: "danger" };

/** The list from which something is chosen before a button is pressed. */
function cardChoice(card, message) {
  const choice = card.button_selection;
  if (!choice || message.replaced_by) return null;
  const options = choice.option_list.map((one) => h("option", { value: one.id, selected: one.id === choice.selected_id }, one.text ?? ""));
  return h("label", { class: "card-choice" }, `${choice.title ?? ""} `, h("select", { "data-question": choice.question_key }, options));
}

/** The buttons, or the grey text that has taken their place. */
function cardButtons(card, message) {
  if (message.replaced_by)
    return h("div", { class: "card-buttons" }, h("button", { type: "button", class: "button replaced", disabled: true }, message.replaced_by));
  const buttons = card.button_list ?? [];
  return buttons.length ? h("div", { class: "card-buttons" }, buttons.map((button) => cardButton(button, message))) : null;
}

function cardButton(button, message) {
  if (button.url) return anchor(button.text ?? "", button.url, "button");
  return h("button", { type: "button", class: `button ${BUTTON_TONES[button.style ?? 1] ?? ""}`, onclick: (event) => press(event.currentTarget, button.key, message) }, button.text ?? "");
}

/** The small menu of a card's corner. */
function menuButtons(card, message) {
  const actions = card.action_menu?.action_list ?? [];
  if (actions.length === 0 || message.replaced_by) return null;
  return h("div", { class: "card-menu" }, actions.map((action) =>
    h("button", { type: "button", class: "button quiet", onclick: (event) => press(event.currentTarget, action.key, message) }, action.text ?? "")));
}

/** A press goes to the product as an encrypted event; what the product makes of it changes the card. */
async function press(button, key, message) {
  const buttons = [...button.parentElement.children];
  for (const one of buttons) one.disabled = true;
  const choice = button.parentElement.parentElement.querySelector("select[data-question]");
  const selected = choice ? { [choice.dataset.question]: [choice.value] } : {};
  await attempt(() => api.staff("press", { userid: message.userid, task_id: message.task_id, key, selected }));
  for (const one of buttons) one.disabled = false;
}

const BODIES = {
  text: (content) => [h("div", { class: "app-desc" }, rich(content.content))],
  markdown: (content) => markdown(content.content),
  textcard: article,
  news: (content) => (content.articles ?? []).flatMap(article),
  template_card: templateCard,
};

function bodyOf(message) {
  if (message.recalled) return [h("span", { class: "tone-gray" }, "应用撤回了这条消息")];
  const draw = BODIES[message.msgtype] ?? (() => [`[${message.msgtype}]`]);
  return draw(message.content ?? {}, message);
}

function summary(message) {
  const content = message.content ?? {};
  const text = content.content ?? content.title ?? content.main_title?.title ?? content.articles?.[0]?.title ?? "收到一张卡片";
  const plain = new DOMParser().parseFromString(text, "text/html").body.textContent.replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1").replaceAll(/[*#>`]/g, "").trim();
  return plain.length > TOAST_CHARS ? `${plain.slice(0, TOAST_CHARS)}…` : plain;
}

// ---- the column -------------------------------------------------------------------------------------------------

function drawInbox() {
  const userid = store.desk.userid;
  const received = (store.inboxes.get(userid) ?? []).map((message) => ({ ...message, userid, id: `in-${message.msgid}` }));
  const list = [...received, ...(store.told.get(userid) ?? [])].sort((a, b) => moment(a.at) - moment(b.at));
  const log = el("app-log");
  if (list.length === 0) {
    log.replaceChildren(h("div", { class: "empty" }, "机器人需要人工时，会在这里通知你"));
    return;
  }
  log.querySelector(":scope > .empty")?.remove();
  reconcile(log, list, { key: (item) => `${userid}-${item.id}`, print: JSON.stringify, create: (item) => (item.text === undefined ? receivedItem(item) : toldItem(item)) });
  followLog();
}

const isFresh = (message) => now() - moment(message.at) < FRESH_MS;
const receivedItem = (message) =>
  h("article", { class: `app-item ${isFresh(message) ? "fresh" : ""}` }, h("time", {}, chatTime(message.at, now())), h("div", { class: `app-card type-${message.msgtype}` }, bodyOf(message)));
const toldItem = (line) => h("div", { class: "told" }, h("div", { class: "bubble" }, line.text));

function drawCount() {
  const count = store.unread.inbox.get(store.desk.userid) ?? 0;
  el("app-count").hidden = count === 0;
  el("app-count").textContent = String(count);
}

/** Whether the column can be seen now, so that what arrives counts as read. */
const isVisible = () => el("app-log").offsetParent !== null;

function arrived(event) {
  const mine = event.userid === store.desk.userid;
  if (mine && isVisible()) store.unread.inbox.delete(event.userid);
  drawCount();
  const message = event.message ?? event;
  // Who looks at the column sees the card itself arrive; one that only changed is no news.
  if (message.recalled || message.changed_at || (mine && isVisible())) return;
  toast(summary(message), {
    kind: "card",
    title: mine ? "应用消息" : `应用消息 · 发给 ${servicerName(event.userid)}`,
    action: () => {
      if (!mine) become(event.userid);
      showPart("app");
      emit("show-desk");
    },
  });
}

export function showPart(part) {
  desk().dataset.part = part;
  for (const name of ["talk", "app"]) el(`part-${name}`).setAttribute("aria-pressed", String(name === part));
  if (part === "app") store.unread.inbox.delete(store.desk.userid);
  drawCount();
  if (part === "app") followLog(true);
}

async function tell() {
  const input = el("app-input");
  const text = input.value.trim();
  const userid = store.desk.userid;
  if (!text || !userid) return;
  input.value = "";
  const line = { id: `out-${Date.now()}`, at: now().getTime() / 1000, text };
  store.told.set(userid, [...(store.told.get(userid) ?? []), line]);
  drawInbox();
  const answer = await attempt(() => api.staff("tell_app", { userid, text }));
  if (answer) refreshInbox(userid);
  else {
    store.told.set(userid, store.told.get(userid).filter((other) => other !== line));
    drawInbox();
    input.value ||= text;
  }
}

export function startAppMessages() {
  followLog = followBottom(el("app-log"));
  el("app-form").addEventListener("submit", (event) => {
    event.preventDefault();
    tell();
  });
  for (const part of ["talk", "app"]) el(`part-${part}`).addEventListener("click", () => showPart(part));
  on("inbox", (userid) => userid === store.desk.userid && drawInbox());
  on("desk", () => {
    if (isVisible()) store.unread.inbox.delete(store.desk.userid);
    for (const part of ["talk", "app"]) el(`part-${part}`).setAttribute("aria-pressed", String(part === desk().dataset.part));
    drawInbox();
    drawCount();
  });
  on("arrival", arrived);
  drawInbox();
}
