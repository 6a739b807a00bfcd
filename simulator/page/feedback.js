// How does the page speak up and ask back? Toasts, the WeChat action sheet, and small dialogs.

import { h, icon } from "./dom.js";

const TOAST_MS = { info: 3_200, error: 5_200, card: 6_500 };
const TOASTS_AT_ONCE = 3;

/** Show a short notice; `kind` is info, error or card. A click runs `action` if there is one. */
export function toast(text, { kind = "info", title = "", action = null } = {}) {
  const region = document.getElementById("toasts");
  const close = () => {
    node.classList.add("leaving");
    setTimeout(() => node.remove(), 200);
  };
  const node = h(
    action ? "button" : "div",
    { class: `toast ${kind}`, role: kind === "error" ? "alert" : undefined, type: action ? "button" : undefined },
    kind === "card" ? icon("bell", 18) : null,
    h("span", { class: "toast-text" }, title ? h("strong", {}, title) : null, text),
  );
  node.addEventListener("click", () => {
    action?.();
    close();
  });
  region.append(node);
  while (region.children.length > TOASTS_AT_ONCE) region.firstElementChild.remove();
  setTimeout(close, TOAST_MS[kind]);
}

/** Run a control call; what goes wrong is shown, and the result is then `undefined`. */
export async function attempt(task) {
  try {
    return await task();
  } catch (error) {
    toast(error.message, { kind: "error" });
    return undefined;
  }
}

/** Let the person choose from a sheet inside `host`; resolves to the chosen value or undefined. */
export function actionSheet(host, title, options) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const finish = (value) => {
      sheet.remove();
      before?.focus?.({ preventScroll: true });
      resolve(value);
    };
    const buttons = options.map(({ label, hint, value, disabled = false }) =>
      h("button", { type: "button", class: "sheet-item", disabled, onclick: () => finish(value) },
        label, hint ? h("small", {}, hint) : null),
    );
    const cancel = h("button", { type: "button", class: "sheet-item cancel", onclick: () => finish() }, "取消");
    const panel = h("div", { class: "sheet-panel", role: "dialog", "aria-modal": "true", "aria-label": title },
      h("div", { class: "sheet-title" }, title), buttons, cancel);
    const sheet = h("div", { class: "sheet" }, panel);
    sheet.addEventListener("click", (event) => event.target === sheet && finish());
    sheet.addEventListener("keydown", (event) => {
      if (event.key === "Escape") finish();
      if (event.key === "Tab") keepFocus(event, [...buttons.filter((button) => !button.disabled), cancel]);
    });
    host.append(sheet);
    (buttons.find((button) => !button.disabled) ?? cancel).focus({ preventScroll: true });
  });
}

function keepFocus(event, stops) {
  const step = event.shiftKey ? -1 : 1;
  const next = (stops.indexOf(document.activeElement) + step + stops.length) % stops.length;
  event.preventDefault();
  stops[next].focus();
}

/** Ask for a confirmation; resolves to true or false. */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: "dialog", "aria-label": question },
      h("form", { method: "dialog" },
        h("p", {}, question),
        h("div", { class: "dialog-actions" },
          h("button", { class: "button", value: "no" }, "取消"),
          h("button", { class: "button danger", value: "yes" }, yes))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
