// The product's own page beside the open conversation, as WeCom's kf toolbar shows it, and its host.

import { api } from "./api.js";
import { keyOf, on, refreshChat, refreshState, servicerName, store } from "./store.js";

const el = (id) => document.getElementById(id);
const desk = () => document.querySelector(".desk");
let shown = "";

const isOpen = () => desk().dataset.side === "sidebar";

/** Customer groups that the member at the desk is in. */
const myGroups = () => store.groups.filter((group) => group.staff.includes(store.desk.userid));
const group = () => myGroups().find((one) => one.chat_id === el("side-where").value);

function drawWhere() {
  const select = el("side-where");
  const wanted = [["", "左边选中的会话"], ...myGroups().map((one) => [one.chat_id, `客户群：${one.name}`])];
  el("side-chat").hidden = wanted.length < 2;
  if (JSON.stringify(wanted) !== select.dataset.shown) {
    const before = select.value;
    select.replaceChildren(...wanted.map(([value, name]) => new Option(name, value)));
    select.value = wanted.some(([value]) => value === before) ? before : "";
    select.dataset.shown = JSON.stringify(wanted);
  }
  const last = group()?.last;
  el("side-last").hidden = !last;
  el("side-last").textContent = last ? `群里最后一条：${servicerName(last[0])}：${last[1]}` : "";
}

/** Each member and chat is a page of its own, as in the client. */
async function draw() {
  const { userid, conversation } = store.desk;
  el("side-toggle").hidden = !store.sidebarUrl;
  el("side-toggle").setAttribute("aria-pressed", String(isOpen()));
  if (!isOpen() || !store.sidebarUrl) return;
  drawWhere();
  const chat = group()?.chat_id ?? keyOf(conversation);
  el("side-empty").hidden = Boolean(chat);
  el("side-frame").hidden = !chat;
  const wanted = chat ? `${userid}\n${chat}` : "";
  if (wanted === shown) return;
  const isAnother = shown.split("\n")[0] !== userid;
  shown = wanted;
  if (!chat) return;
  // Another member holds another client, which has none of this one's cookies.
  if (isAnother) await api.host("client", { userid });
  if (wanted !== shown) return;
  const page = new URL(store.sidebarUrl);
  if (!group()) page.searchParams.set("open_kfid", conversation.open_kfid);
  const frame = document.createElement("iframe");
  frame.id = "side-frame";
  frame.title = "侧边栏";
  frame.src = page.href;
  el("side-frame").replaceWith(frame);
}

const answers = {
  config: (params) => api.host("config", params),
  getContext: () => ({ entry: group() ? "group_chat_tools" : "single_kf_tools" }),
  getCurExternalContact() {
    if (group()) throw new Error("getCurExternalContact:fail without context of external contact");
    return { userId: store.desk.conversation.external_userid };
  },
  getCurExternalChat() {
    if (!group()) throw new Error("getCurExternalChat:fail without context of external chat");
    return { chatId: group().chat_id };
  },
  async sendChatMessage(message) {
    const { userid, conversation } = store.desk;
    const chat = group() ? { chat_id: group().chat_id } : conversation;
    await api.host("send", { userid, ...chat, message });
    refreshState();
    if (!group()) refreshChat(conversation);
    return {};
  },
};

async function asked({ data, source, ports }) {
  const answer = answers[data?.sidebar];
  if (source !== el("side-frame").contentWindow || !answer || !ports.length) return;
  try {
    ports[0].postMessage({ ok: true, value: await answer(data.params) });
  } catch (error) {
    ports[0].postMessage({ ok: false, errMsg: error.message });
  }
}

export function startSidebar() {
  el("side-toggle").addEventListener("click", () => {
    desk().dataset.side = isOpen() ? "" : "sidebar";
    draw();
  });
  el("side-where").addEventListener("change", draw);
  window.addEventListener("message", asked);
  on("desk", draw);
  on("state", draw);
}
