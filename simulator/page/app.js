// Where does the page begin? It starts the views, reads the state once and follows the events from then on.

import { showPart, startAppMessages } from "./appmessages.js";
import { startContacts } from "./contacts.js";
import { startDesk } from "./desk.js";
import { clockTime } from "./dom.js";
import { openChat, startPhone } from "./phone.js";
import { startPlatform } from "./platform.js";
import { startSidebar } from "./sidebar.js";
import { follow, loadPreviews, now, on, store } from "./store.js";

const el = (id) => document.getElementById(id);
const VIEWS = ["phone", "desk"];

function showView(view) {
  document.body.dataset.view = view;
  for (const name of VIEWS) {
    el(`tab-${name}`).setAttribute("aria-selected", String(name === view));
    el(`tab-${name}`).tabIndex = name === view ? 0 : -1;
  }
  el(`tab-${view}`).querySelector(".dot-badge").hidden = true;
}

/** On a narrow window, mark the view that has news while the other one is open. */
function hint(view) {
  if (document.body.dataset.view !== view) el(`tab-${view}`).querySelector(".dot-badge").hidden = false;
}

function wireTabs() {
  for (const view of VIEWS) el(`tab-${view}`).addEventListener("click", () => showView(view));
  document.querySelector(".view-tabs").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = VIEWS.find((view) => view !== document.body.dataset.view);
    showView(other);
    el(`tab-${other}`).focus();
  });
  on("show-desk", () => showView("desk"));
  on("arrival", () => hint("desk"));
}

function drawConnection() {
  const pill = el("connection");
  pill.dataset.state = store.connected ? "on" : "off";
  pill.textContent = store.connected ? "已连接" : "重新连接中…";
}

function tick() {
  el("sim-time").textContent = clockTime(now());
}

/** The first state that arrives chooses who is on the phone; later ones leave the choice to the person. */
function openFirst() {
  if (store.phone.open_kfid && store.phone.external_userid) return;
  const open_kfid = store.phone.open_kfid ?? store.accounts[0]?.open_kfid ?? null;
  const external_userid = store.phone.external_userid ?? store.customers[0]?.external_userid ?? null;
  const first = !store.phone.open_kfid;
  openChat({ open_kfid, external_userid });
  if (first) loadPreviews();
}

wireTabs();
startPhone();
startDesk();
startAppMessages();
startPlatform();
startContacts();
startSidebar();
showPart("talk");
on("connection", drawConnection);
on("state", openFirst);
follow();
tick();
setInterval(tick, 1_000);
