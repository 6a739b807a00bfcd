// Who comes in next? The dialog that asks for a new customer's nickname and the scene they come from.

import { h } from "./dom.js";
import { store } from "./store.js";

const SUGGESTIONS = ["陈一诺", "阿杰", "糖糖妈妈", "周明远", "Lily", "小鱼干", "王阿姨", "何思源", "Tony", "苏苏"];

/** Resolves to `{nickname, scene}`, or to null when the person thought better of it. */
export function newCustomer() {
  return new Promise((resolve) => {
    const nickname = h("input", { type: "text", maxlength: 32, value: suggestion(), autocomplete: "off" });
    const scene = h("input", { type: "text", maxlength: 64, placeholder: "例如 order_page", autocomplete: "off" });
    const param = h("input", { type: "text", maxlength: 128, placeholder: "例如 order_id=1001", autocomplete: "off" });
    const field = (label, input) => h("label", { class: "field" }, h("span", {}, label), input);
    const dialog = h("dialog", { class: "dialog", "aria-label": "新建客户" },
      h("form", { method: "dialog" },
        h("h3", {}, "新建客户"),
        field("昵称", nickname),
        h("details", {}, h("summary", {}, "从哪里进来（可选）"), field("场景值 scene", scene), field("场景参数 scene_param", param)),
        h("div", { class: "dialog-actions" },
          h("button", { class: "button", value: "cancel", formnovalidate: true, type: "button", onclick: () => dialog.close("cancel") }, "取消"),
          h("button", { class: "button primary", value: "ok" }, "开始聊天"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (dialog.returnValue !== "ok") return resolve(null);
      resolve({ nickname: nickname.value.trim(), scene: sceneOf(scene.value.trim(), param.value.trim()) });
    });
    document.body.append(dialog);
    dialog.showModal();
    nickname.select();
  });
}

function suggestion() {
  const taken = new Set(store.customers.map((customer) => customer.nickname));
  return SUGGESTIONS.find((name) => !taken.has(name)) ?? `客户 ${taken.size + 1}`;
}

const sceneOf = (scene, param) => ({ ...(scene ? { scene } : {}), ...(param ? { scene_param: param } : {}) });
