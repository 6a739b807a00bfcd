// The product's own page beside the open conversation, as WeCom's kf toolbar shows it, and its host.

import { api } from "./api.js";
import { keyOf, on, refreshChat, refreshState, store } from "./store.js";

const el = (id) => document.getElementById(id);
const desk = () => document.querySelector(".desk");
let shown = "";

const isOpen = () => desk().dataset.side === "sidebar";

/** Each member and conversation is a page of its own, as in the client. */
async function draw() {
  const { userid, conversation } = store.desk;
  el("side-toggle").hidden = !store.sidebarUrl;
  el("side-toggle").setAttribute("aria-pressed", String(isOpen()));
  if (!isOpen() || !store.sidebarUrl) return;
  el("side-empty").hidden = Boolean(conversation);
  el("side-frame").hidden = !conversation;
  const wanted = conversation ? `${userid}\n${keyOf(conversation)}` : "";
  if (wanted === shown) return;
  const isAnother = shown.split("\n")[0] !== userid;
  shown = wanted;
  if (!conversation) return;
  // Another member holds another client, which has none of this one's cookies.
  if (isAnother) await api.host("client", { userid });
  if (wanted !== shown) return;
  const page = new URL(store.sidebarUrl);
  page.searchParams.set("open_kfid", conversation.open_kfid);
  const frame = document.createElement("iframe");
  frame.id = "side-frame";
  frame.title = "侧边栏";
  frame.src = page.href;
  el("side-frame").replaceWith(frame);
}

const answers = {
  config: (params) => api.host("config", params),
  getContext: () => ({ entry: "single_kf_tools" }),
  getCurExternalContact: () => ({ userId: store.desk.conversation.external_userid }),
  async sendChatMessage(message) {
    const { userid, conversation } = store.desk;
    await api.host("send", { userid, ...conversation, message });
    refreshState();
    refreshChat(conversation);
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
  window.addEventListener("message", asked);
  on("desk", draw);
  on("state", draw);
}
