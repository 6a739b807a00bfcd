// What can a customer send besides text? The tiles of the phone's "+" panel and what each sends.

import { api } from "./api.js";
import { rememberMedia } from "./bubbles.js";
import { h, icon } from "./dom.js";
import { actionSheet, attempt, toast } from "./feedback.js";

const PLACES = [
  { name: "广州塔", address: "广东省广州市海珠区阅江西路222号", latitude: 23.10647, longitude: 113.324553 },
  { name: "外滩", address: "上海市黄浦区中山东一路", latitude: 31.239703, longitude: 121.490317 },
  { name: "宽窄巷子", address: "四川省成都市青羊区长顺上街127号", latitude: 30.663742, longitude: 104.053547 },
];

// Types a customer can really cause and types nobody has documented: neither may silence the bot.
const ODDITIES = [
  { label: "笔记", hint: "note", msgtype: "note", content: {} },
  {
    label: "视频号商品", hint: "channels_shop_product", msgtype: "channels_shop_product",
    content: { product_id: "10000001", title: "竹纤维毛巾三条装", sales_price: "3990", shop_nickname: "示例小店", head_img: "", shop_head_img: "" },
  },
  {
    label: "聊天记录", hint: "merged_msg", msgtype: "merged_msg",
    content: { title: "群聊的聊天记录", item: [{ send_time: 1665649618, msgtype: "text", sender_name: "小陈", msg_content: '{"msgtype":"text","text":{"content":"这款有货吗"}}' }] },
  },
  { label: "从未见过的类型", hint: "hologram", msgtype: "hologram", content: { shape: "cube" } },
];

const FILE_LIMIT_BYTES = 20 * 1024 * 1024;
const AMR_FRAME_BYTES = 32;
const AMR_FRAMES_PER_SECOND = 50;

/** Build the panel. `current()` tells the open conversation, `sent(key)` is called after anything was sent. */
export function attachmentPanel({ host, current, sent, recallLast, enterAgain }) {
  const send = async (message, media) => {
    const conversation = current();
    const answer = await attempt(() => api.send(conversation, message));
    if (!answer) return;
    if (media) rememberMedia(answer.msgid, media);
    sent(conversation);
  };
  const tiles = [
    ["image", "图片", () => sendPicture(host, send)],
    ["voice", "语音", () => sendVoice(host, send)],
    ["file", "文件", () => sendFile(host, send)],
    ["pin", "位置", () => sendPlace(host, send)],
    ["link", "链接", () => send(sampleLink())],
    ["unknown", "其他类型", () => sendOddity(host, send)],
    ["undo", "撤回上一条", recallLast],
    ["enter", "重新进入", enterAgain],
  ];
  return tiles.map(([symbol, label, act]) =>
    h("button", { type: "button", class: "tile", onclick: act }, h("span", { class: "tile-icon" }, icon(symbol, 26)), label));
}

const sampleLink = () => ({
  msgtype: "link",
  content: { title: "想问问这个活动", desc: "满 199 减 30，还能用吗？", url: "https://example.com/activity", pic_url: "" },
});

async function sendPicture(host, send) {
  const choice = await actionSheet(host, "发送图片", [
    { label: "示例图片", hint: "一张破损的包裹", value: "sample" },
    { label: "从电脑选择…", value: "pick" },
  ]);
  if (choice === "sample") return sendBytes(send, "image", await samplePicture(), "包裹破损.png");
  if (choice === "pick") return sendPicked(send, "image", "image/*");
}

async function sendFile(host, send) {
  const choice = await actionSheet(host, "发送文件", [
    { label: "示例文件", hint: "订单截图说明.txt", value: "sample" },
    { label: "从电脑选择…", value: "pick" },
  ]);
  const sample = () => new Blob(["订单号：20240001\n问题：少发一件，请核对。\n"], { type: "text/plain" });
  if (choice === "sample") return sendBytes(send, "file", sample(), "订单截图说明.txt");
  if (choice === "pick") return sendPicked(send, "file", "");
}

async function sendVoice(host, send) {
  const seconds = await actionSheet(host, "发送语音", [
    { label: "短语音", hint: "3 秒", value: 3 },
    { label: "长语音", hint: "25 秒", value: 25 },
  ]);
  if (!seconds) return;
  const frames = new Uint8Array(AMR_FRAME_BYTES * AMR_FRAMES_PER_SECOND * seconds);
  for (let start = 0; start < frames.length; start += AMR_FRAME_BYTES) frames[start] = 0x3c;
  await sendBytes(send, "voice", new Blob(["#!AMR\n", frames], { type: "audio/amr" }), "语音.amr", { seconds });
}

async function sendPlace(host, send) {
  const options = PLACES.map((place) => ({ label: place.name, hint: place.address, value: place }));
  const place = await actionSheet(host, "发送位置", options);
  if (place) await send({ msgtype: "location", content: place });
}

async function sendOddity(host, send) {
  const options = ODDITIES.map((oddity) => ({ label: oddity.label, hint: oddity.hint, value: oddity }));
  const oddity = await actionSheet(host, "发送其他类型的消息", options);
  if (oddity) await send({ msgtype: oddity.msgtype, content: oddity.content });
}

function sendPicked(send, msgtype, accept) {
  const input = h("input", { type: "file", accept });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (!file) return;
    if (file.size > FILE_LIMIT_BYTES) toast("文件超过 20 MB，微信客服收不下", { kind: "error" });
    else sendBytes(send, msgtype, file, file.name);
  });
  input.click();
}

async function sendBytes(send, msgtype, blob, name, extra = {}) {
  const url = msgtype === "image" ? URL.createObjectURL(blob) : undefined;
  await send({ msgtype, content: { filename: name }, file_base64: await base64Of(blob) }, { url, name, bytes: blob.size, ...extra });
}

function base64Of(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** A small drawing of a torn parcel, so that a demonstration needs no picture at hand. */
function samplePicture() {
  const canvas = h("canvas", { width: 360, height: 300 });
  const pen = canvas.getContext("2d");
  const fill = (colour, x, y, width, height) => {
    pen.fillStyle = colour;
    pen.fillRect(x, y, width, height);
  };
  fill("#dfe7ee", 0, 0, 360, 300);
  fill("#cbd5de", 0, 220, 360, 80);
  fill("#c99a63", 80, 90, 200, 150);
  fill("#b98850", 80, 90, 200, 34);
  fill("#e8d3ad", 168, 90, 24, 150);
  pen.fillStyle = "#5b4127";
  pen.beginPath();
  pen.moveTo(214, 124);
  for (const [x, y] of [[238, 150], [222, 168], [246, 196], [262, 160], [280, 150], [280, 124]]) pen.lineTo(x, y);
  pen.fill();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
