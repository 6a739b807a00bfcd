// Whose friend is the customer on the phone, and which corp tags are there? The console of 客户联系, in the platform strip.

import { api } from "./api.js";
import { h, redraw } from "./dom.js";
import { attempt, confirmed } from "./feedback.js";
import { nicknameOf, on, store } from "./store.js";

const el = (id) => document.getElementById(id);
let seen = { members: [], friendships: [], groups: [], mass_sends: [] };
let reading = false;
let again = false;
let chosen = null;

/** Read the console once more; a call in between makes it read once again. */
async function refresh() {
  again = reading;
  if (reading) return;
  reading = true;
  do {
    again = false;
    try {
      seen = await api.contacts();
    } catch (error) {
      console.warn("读取失败", error);
    }
  } while (again);
  reading = false;
  draw();
}

const act = async (work) => {
  await attempt(work);
  await refresh();
};
const button = (label, work, kind = "", about = "") =>
  h("button", { type: "button", class: `button ${kind}`, title: about, onclick: () => act(work) }, label);
const names = () => seen.groups.flatMap((group) => group.tags.map((tag) => `${group.name}：${tag.name}`));

function friend(member) {
  const external_userid = store.phone.external_userid;
  const pair = { userid: member.userid, external_userid };
  const found = seen.friendships.find((one) => one.userid === member.userid && one.external_userid === external_userid);
  const who = h("b", {}, member.name);
  if (!found || found.one_way)
    return h(
      "div",
      { class: "friend" },
      who,
      found ? h("small", {}, "客户已删除这位成员") : null,
      button("加为好友", () => api.contact("add", pair), "", "客户扫码加这位成员"),
      button("免验证加", () => api.contact("add", pair, { half: true }), "quiet", "成员还没有确认"),
    );
  return h(
    "div",
    { class: "friend" },
    who,
    found.half ? button("成员确认", () => api.contact("confirm", pair)) : null,
    found.passing
      ? button("客户拒绝换人", () => api.contact("refuse_transfer", pair), "", "同事正在接替，24 小时内可以拒绝")
      : null,
    names().map((name) => {
      const has = found.tags.includes(name);
      const change = has ? { remove: [name] } : { add: [name] };
      return button(name, () => api.contact("tags", pair, change), has ? "tag-on" : "quiet", has ? "去掉" : "加上");
    }),
    seen.mass_sends
      .filter((one) => one.userid === member.userid && external_userid in one.results)
      .map((one) =>
        button(`发送群发：${one.text}`, () => api.confirmSend(one.userid, one.msgid), "", "成员在自己的手机上确认这条群发"),
      ),
    button("客户删除", () => api.contact("delete", pair, { by: "customer" }), "quiet"),
    button("成员删除", () => api.contact("delete", pair, { by: "staff" }), "quiet"),
  );
}

/** A tag that is chosen stands in the form: saving renames it. */
function choose(tag, group) {
  chosen = tag;
  el("tag-name").value = tag ? `${group.name}：${tag.name}` : "";
  el("tag-save").textContent = tag ? "改名" : "新建";
  el("tag-delete").hidden = !tag;
}

function save(event) {
  event.preventDefault();
  const name = el("tag-name").value.trim();
  const tag = chosen;
  choose(null);
  if (!name) return;
  if (tag) act(() => api.library("rename", { id: tag.id, name: name.split("：").at(-1) }));
  else act(() => api.library("create", { name }));
}

async function remove() {
  const tag = chosen;
  if (!tag || !(await confirmed("从标签库删除这个标签？所有客户身上的都会没有。", "删除"))) return;
  choose(null);
  await act(() => api.library("delete", { id: tag.id }));
}

function draw() {
  const external_userid = store.phone.external_userid;
  redraw(el("friends"), [seen, external_userid], () => {
    if (!external_userid) return h("p", { class: "about" }, "先在手机上选一位客户。");
    return [h("p", { class: "about" }, nicknameOf(external_userid)), ...seen.members.map(friend)];
  });
  redraw(el("tag-library"), seen.groups, () => {
    const all = seen.groups.flatMap((group) =>
      group.tags.map((tag) =>
        h("button", { type: "button", class: "button", onclick: () => choose(tag, group) }, `${group.name}：${tag.name}`),
      ),
    );
    return all.length ? all : h("p", { class: "about" }, "还没有标签。");
  });
}

export function startContacts() {
  on("state", refresh);
  on("phone", draw);
  el("tag-form").addEventListener("submit", save);
  el("tag-delete").addEventListener("click", remove);
}
