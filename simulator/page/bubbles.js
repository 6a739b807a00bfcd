// What does one message look like? Bodies of every message type, shared by the phone and the desk.

import { anchor, h, icon, linkified } from "./dom.js";

const TYPE_NAMES = {
  image: "图片", voice: "语音", video: "视频", file: "文件", location: "位置", link: "链接", msgmenu: "菜单消息",
  business_card: "名片", miniprogram: "小程序", merged_msg: "聊天记录", channels: "视频号",
  channels_shop_product: "视频号商品", channels_shop_order: "视频号订单", note: "笔记", meeting: "会议", schedule: "日程",
};

// The bytes behind what was sent from this page, by msgid: /sim/chat tells a media_id, not the picture.
const localMedia = new Map();
export const rememberMedia = (msgid, media) => localMedia.set(msgid, media);

/** One line for lists and toasts. */
export function previewOf(message) {
  if (!message) return "";
  if (message.recalled) return "[已撤回]";
  const content = message.content ?? {};
  if (message.msgtype === "text") return content.content ?? "";
  if (message.msgtype === "msgmenu") return content.head_content || "[菜单消息]";
  return `[${TYPE_NAMES[message.msgtype] ?? "不支持的消息"}]`;
}

/** `onTap(item)` makes click items of a menu tappable; without it they are shown as they are. */
export function messageBody(message, { onTap } = {}) {
  const content = message.content ?? {};
  const draw = BODIES[message.msgtype] ?? unknownBody;
  return draw(content, { message, onTap });
}

const BODIES = {
  text: (content) => h("div", { class: "bubble" }, linkified(content.content)),
  msgmenu: (content, { onTap }) => h("div", { class: "bubble menu" }, menuParts(content, onTap)),
  image: imageBody,
  video: () => cardBody("play", "视频"),
  voice: voiceBody,
  file: (content, { message }) =>
    cardBody("file", localMedia.get(message.msgid)?.name ?? content.filename ?? "文件", sizeOf(localMedia.get(message.msgid)?.bytes)),
  location: locationBody,
  link: (content) => linkCard(content.title, content.desc, content.url),
  business_card: (content) => cardBody("chat", `名片：${content.userid ?? ""}`, "企业微信名片"),
  miniprogram: (content) => cardBody("link", content.title || "小程序", content.pagepath),
  ca_link: (content) => linkCard("获客链接", "", content.link_url),
  merged_msg: (content) => cardBody("chat", content.title || "聊天记录", `共 ${content.item?.length ?? 0} 条`),
  channels_shop_product: (content) => cardBody("image", content.title || "视频号商品", content.shop_nickname),
};

function menuParts(content, onTap) {
  const parts = [];
  if (content.head_content) parts.push(h("div", { class: "menu-head" }, linkified(content.head_content)));
  let line = null;
  for (const item of content.list ?? []) {
    if (item.type === "text") {
      // no_newline keeps the next text item on the same line.
      if (!line) parts.push((line = h("div", { class: "menu-text" })));
      line.append(...linkified(item.text?.content));
      if (!item.text?.no_newline) line = null;
      continue;
    }
    line = null;
    parts.push(menuItem(item, onTap));
  }
  if (content.tail_content) parts.push(h("div", { class: "menu-tail" }, linkified(content.tail_content)));
  return parts;
}

function menuItem(item, onTap) {
  if (item.type === "view") return anchor(item.view?.content ?? "", item.view?.url, "menu-item");
  const label = item.click?.content ?? item.miniprogram?.content ?? "";
  if (item.type === "click" && onTap)
    return h("button", { type: "button", class: "menu-item", onclick: () => onTap(item.click) }, label);
  return h("div", { class: "menu-item" }, label);
}

function imageBody(content, { message }) {
  const media = localMedia.get(message.msgid);
  const src = media?.url ?? (content.media_id && `/sim/media/${encodeURIComponent(content.media_id)}`);
  if (src) return h("img", { class: "picture", src, alt: media?.name || "图片" });
  return h("div", { class: "picture empty" }, icon("image", 30), h("small", {}, "图片"));
}

function voiceBody(content, { message }) {
  const seconds = localMedia.get(message.msgid)?.seconds ?? 3;
  const node = h("div", { class: "bubble voice", "aria-label": `语音，${seconds} 秒` }, h("i"), h("i"), h("i"), `${seconds}″`);
  node.style.setProperty("--seconds", seconds);
  return node;
}

function locationBody(content) {
  return h("div", { class: "card location" },
    h("div", { class: "card-text" },
      h("strong", {}, content.name || "位置"),
      h("small", {}, content.address || `${content.latitude}, ${content.longitude}`)),
    h("div", { class: "map", "aria-hidden": "true" }, icon("pin", 30)));
}

function cardBody(symbol, title, detail) {
  return h("div", { class: "card" },
    h("div", { class: "card-text" }, h("strong", {}, title), detail ? h("small", {}, detail) : null),
    h("span", { class: "card-icon" }, icon(symbol, 24)));
}

function linkCard(title, desc, url) {
  const node = anchor("", url, "card link");
  node.append(
    h("div", { class: "card-text" }, h("strong", {}, title || url || "链接"), h("small", {}, desc || url || "")),
    h("span", { class: "card-icon" }, icon("link", 24)));
  return node;
}

const sizeOf = (bytes) => (bytes ? `${Math.max(1, Math.round(bytes / 1024))} KB` : "微信文件");

function unknownBody(content, { message }) {
  const name = TYPE_NAMES[message.msgtype];
  return h("div", { class: "bubble unknown" }, name ? `[${name}]` : `[暂不支持的消息：${message.msgtype}]`);
}

/** The WeChat way to tell a notice: grey words in the middle. */
export const notice = (text) => h("div", { class: "notice" }, text);

/** Whether WeCom accepted the message and could not deliver it; fail_type 0 is a failure too. */
export const isFailed = (message) => typeof message.failed === "number" || message.failed === true;
