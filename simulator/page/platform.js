// How is the platform made to misbehave? Faults, the clock and the list of violations, in the strip at the bottom.

import { api } from "./api.js";
import { chatTime, h, icon } from "./dom.js";
import { attempt, confirmed, toast } from "./feedback.js";
import { forget, now, on, refreshAll, refreshViolations, store } from "./store.js";
import { enterAfresh } from "./phone.js";

const SEND = "/cgi-bin/kf/send_msg";

const FAULTS = [
  { label: "过期令牌", about: "让现有的 access_token 立刻失效", fault: { kind: "expire_token" } },
  { label: "丢回调", about: "下一条回调不送达", fault: { kind: "lose_callback", times: 1 } },
  { label: "重复回调", about: "下一条回调送两遍", fault: { kind: "duplicate_callback", times: 1 } },
  { label: "繁忙 -1", about: "接下来两次发消息返回系统繁忙", fault: { kind: "error", path: SEND, code: -1, times: 2 } },
  { label: "限频 45009", about: "下一次发消息被限频", fault: { kind: "error", path: SEND, code: 45009, times: 1 } },
  { label: "断连", about: "下一次发消息：平台收下后断开连接", fault: { kind: "reset_after_accept", path: SEND, times: 1 } },
  { label: "卡住 5 秒", about: "下一次发消息挂起 5 秒后断开", fault: { kind: "hang", path: SEND, seconds: 5, times: 1 } },
  { label: "HTTP 502", about: "下一次发消息返回网关错误", fault: { kind: "http", path: SEND, code: 502, times: 1 } },
  { label: "重复消息", about: "下一次拉取会再给一遍旧消息", fault: { kind: "duplicate_messages", times: 1 } },
  { label: "卡片被拒", about: "下一张给同事的卡片被拒收（43012），文字照常", fault: { kind: "refuse_card", code: 43012, times: 1 } },
  { label: "投递失败", about: "下一条消息收下后送不到客户手里", fault: { kind: "send_fail", path: SEND, code: 10, times: 1 } },
];

const STEPS = [
  { label: "+1 分钟", seconds: 60 },
  { label: "+1 小时", seconds: 3_600 },
  { label: "+24 小时", seconds: 86_400 },
  { label: "+48 小时", seconds: 172_800 },
];

const el = (id) => document.getElementById(id);

const button = (label, act, { kind = "", about = "" } = {}) =>
  h("button", { type: "button", class: `button ${kind}`, title: about, onclick: act }, label);

async function inject({ label, about, fault }) {
  if (await attempt(() => api.inject(fault))) toast(about, { title: `已设置：${label}` });
}

async function clearFaults() {
  if (await attempt(() => api.clearFaults())) toast("故障已全部清除，平台恢复正常");
}

async function advance({ label, seconds }) {
  if (!(await attempt(() => api.advance(seconds)))) return;
  await refreshAll();
  toast(`时间已快进 ${label.slice(1)}`);
}

async function reset() {
  if (!(await confirmed("清空全部会话、应用消息和违规记录，从头开始？", "清空"))) return;
  if (!(await attempt(() => api.reset()))) return;
  forget();
  await refreshAll();
  await enterAfresh();
  toast("已清空，可以重新开始演示");
}

function drawViolations() {
  const count = store.violations.length;
  el("violation-count").textContent = count ? `${count} 条违规` : "无违规";
  el("violation-count").classList.toggle("bad", count > 0);
  el("violations").replaceChildren(...(count ? [...store.violations].reverse().map(line) : [h("li", { class: "empty" }, "目前没有违规，机器人守规矩")]));
}

const line = ({ kind, detail, at }) =>
  h("li", {}, h("time", {}, chatTime(at, now())), h("strong", {}, kind ?? ""), h("span", {}, typeof detail === "string" ? detail : JSON.stringify(detail ?? "")));

function toggle() {
  const open = el("platform-body").hidden;
  el("platform-body").hidden = !open;
  el("platform-toggle").setAttribute("aria-expanded", String(open));
  el("platform").classList.toggle("open", open);
  if (open) refreshViolations();
}

export function startPlatform() {
  el("platform-arrow").append(icon("up", 18));
  el("platform-toggle").addEventListener("click", toggle);
  el("fault-buttons").append(
    ...FAULTS.map((fault) => button(fault.label, () => inject(fault), { about: fault.about })),
    button("恢复正常", clearFaults, { kind: "quiet" }));
  el("clock-buttons").append(...STEPS.map((step) => button(step.label, () => advance(step))));
  el("reset").addEventListener("click", reset);
  on("violations", drawViolations);
  drawViolations();
}
