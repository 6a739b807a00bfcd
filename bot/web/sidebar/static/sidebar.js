// The sidebar's own script: which customer is this, sending into the chat, and what members do. Parts of the page come
// from the server (htmx) whenever the stream names them.
"use strict";
(() => {
  const body = document.body;
  const { root, token, corp, agent, account } = body.dataset;
  const words = document.getElementById("words").dataset;
  const panel = document.getElementById("panel");
  const pending = new Map();
  let about = { customer: "", account, chat: "" };
  let entry = "normal";
  const unfolded = new Set();

  // What the server is only told of: it has happened, and is told later when it cannot be told now.
  const REPORTS = ["sent", "materials/sent", "replies/used"];
  const SILENT_MS = 70000;
  const AGAIN_MS = 5000;
  const RAREST_MS = 60000;
  const LEFT_MS = 600;  // longer than a tap on a button that would be drawn anew takes
  const unreported = [];
  let isLost = false;
  let following = false;
  let heard = Date.now();

  const url = (name, query) => `${root}/sidebar/${name}?${new URLSearchParams(query)}`;
  const clientId = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

  // ---- telling ------------------------------------------------------------------------------------------------------

  function toast(text, bad = false) {
    const line = document.createElement("p");
    line.textContent = text;
    if (bad) line.className = "bad";
    const lines = document.getElementById("toast");
    lines.append(line);
    while (lines.children.length > 3) lines.firstElementChild.remove();
    setTimeout(() => line.remove(), bad ? 6000 : 3500);
  }

  function show(template, why = "") {
    const copy = document.getElementById(template).content.cloneNode(true);
    const place = copy.querySelector("[data-why]");
    if (place) place.textContent = why;
    panel.replaceChildren(copy);
    panel.removeAttribute("aria-busy");
  }

  // ---- asking the server --------------------------------------------------------------------------------------------

  async function call(name, form) {
    const sent = new URLSearchParams({ customer: about.customer, open_kfid: about.account, ...form });
    let answer;
    try {
      answer = await fetch(`${root}/sidebar/${name}`, { method: "POST", body: sent, headers: { "X-CSRF-Token": token } });
    } catch {
      lost();
      reconnect();  // a stream that still stands says nothing of it
      return { state: "unknown", text: words.unknown };
    }
    if (answer.status === 401) location.reload();
    if ([401, 403, 404].includes(answer.status)) return { state: "failed", text: words.refused };
    if (!(answer.headers.get("Content-Type") ?? "").startsWith("application/json")) return { state: "failed", text: words.failed };
    const told = await answer.json();
    return { ...told, conflict: answer.status === 409, ok: answer.ok };
  }

  /** @param done what is said where the server has nothing else to say.
   *  @param draft key of what was written for it: forgotten once it is done. */
  async function act(name, form, done, draft = "") {
    const id = clientId();
    const told = await call(name, { ...form, client_id: id });
    if (told.state === "unknown" && REPORTS.includes(name)) {
      unreported.push([name, { ...form, client_id: id }]);
      toast(words.unreported);
    } else if (["waiting", "unknown"].includes(told.state)) {
      const where = { customer: form.customer ?? about.customer, open_kfid: form.open_kfid ?? about.account };
      pending.set(id, { since: Date.now(), isSent: told.state === "waiting", where, done, draft });
      toast(told.state === "waiting" ? words.waiting : words.unknown, told.state === "unknown");
    } else {
      if (told.ok) drafts.forget(draft);
      toast(told.text || (told.ok ? done : words.failed), !told.ok);
    }
    refresh();
    return told;
  }

  /** What became of what was done; of what may never have arrived too. */
  async function results() {
    for (const [id, { since, isSent, where, done, draft }] of pending) {
      let answer;
      try {
        answer = await fetch(url("result", { ...where, client_id: id }));
      } catch {
        return lost();
      }
      if (answer.status === 202 && Date.now() - since < (isSent ? 60000 : 3000)) continue;
      pending.delete(id);
      const late = { text: isSent ? words.tooSlow : words.notDone };
      const told = answer.status === 202 ? late : await answer.json().catch(() => ({}));
      if (answer.ok && answer.status !== 202) drafts.forget(draft);
      toast(told.text || (answer.ok ? done : words.failed), !answer.ok || answer.status === 202);
    }
  }

  const refresh = () => ["case", "person", "said"].forEach((part) => {
    const stream = document.getElementById("stream");
    if (stream) htmx.trigger(stream, part, {});
  });

  async function open() {
    const isGroup = Boolean(about.chat);
    let answer;
    try {
      answer = await fetch(isGroup ? url("group", { chat_id: about.chat }) : url("panel", { customer: about.customer, open_kfid: about.account }));
    } catch {
      answer = { status: 0 };
    }
    if (answer.status === 401) return location.reload();
    if (answer.status === 0 || answer.status >= 500) return panel.querySelector(".card") ? lost() : show("say-offline");
    following = false;
    // What says so already is not drawn anew under the hand of whoever looks again.
    if (answer.status === 404 && refused()) return regained();
    panel.innerHTML = await answer.text();
    rest = 0;
    panel.removeAttribute("aria-busy");
    if (isGroup && answer.ok) panel.append(document.getElementById("group-replies").content.cloneNode(true));
    const found = document.getElementById("about");
    if (found) about.account = found.dataset.account;
    if (!document.getElementById("stream")) regained();
    drafts.about(body.dataset.me, about.customer, about.account, about.chat);
    putBack((form) => expand(form.closest("details, .unfolded") ?? form));
    htmx.process(panel);
    hold();
    tick();
  }

  // Nothing tells a page that shows no customer that he may be seen now: it asks, more and more rarely.
  const refused = () => panel.querySelector("[data-refused]");
  let rest = 0;
  let askAt = 0;
  let isAsking = false;

  /** @param soon somebody looks just now: do not wait, and begin anew with short waits. */
  async function askAgain(soon = false) {
    if (!refused() || isAsking || document.hidden) return;
    if (rest && !soon && Date.now() < askAt) return;
    isAsking = true;
    rest = soon || !rest ? AGAIN_MS : Math.min(rest * 1.5, RAREST_MS);
    askAt = Date.now() + rest;
    await open().catch(() => {});  // the connection was cut halfway: asked again like any other time
    isAsking = false;
  }

  // ---- WeCom --------------------------------------------------------------------------------------------------------

  const sign = (kind) => async (address) => {
    const answer = await fetch(`${root}/sidebar/signature?${new URLSearchParams({ kind, url: address })}`);
    if (!answer.ok) throw new Error(`signature ${answer.status}`);
    return answer.json();
  };

  async function start() {
    let failure = "";
    ww.register({
      corpId: corp,
      agentId: agent,
      jsApiList: ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"],
      getConfigSignature: sign("corp"),
      getAgentConfigSignature: sign("agent"),
      onConfigFail: (error) => { failure = error?.errMsg ?? "config"; },
      onAgentConfigFail: (error) => { failure = error?.errMsg ?? "agentConfig"; },
    });
    // Outside of a chat the client may never answer.
    const late = setTimeout(() => { if (panel.hasAttribute("aria-busy")) show("say-no-context"); }, 8000);
    try {
      entry = (await ww.getContext()).entry;
      clearTimeout(late);
      if (entry === "group_chat_tools") {
        about.chat = (await ww.getCurExternalChat()).chatId;
        return open();
      }
      if (!["single_chat_tools", "contact_profile", "single_kf_tools", "chat_attachment"].includes(entry)) return show("say-no-context");
      about.customer = (await ww.getCurExternalContact()).userId;
    } catch (error) {
      clearTimeout(late);
      return show("say-sdk-failed", failure || error?.errMsg || String(error?.message ?? error));
    }
    if (entry !== "single_kf_tools") about.account = "";
    return open();
  }

  /** Send into the chat; true when WeCom says that it was sent. */
  async function send(message) {
    toast(words.sending);
    try {
      await ww.sendChatMessage(message);
      return true;
    } catch (error) {
      const why = error?.errMsg ?? String(error?.message ?? error);
      if (why.endsWith("cancel")) toast(words.cancelled);
      else {
        console.warn(why);  // in WeCom's words, for whoever administers it
        toast(words.unsent + (/^[\u3400-\u9fff]/.test(why) ? why : words.unsentWhy), true);
        refresh();
      }
      return false;
    }
  }

  // ---- what members do ----------------------------------------------------------------------------------------------

  const fields = (form) => Object.fromEntries(new FormData(form));

  /** Ask what is to be sent, then send it. */
  async function sendReady(name, form) {
    const told = await call(name, form);
    if (told.message) return send(told.message);
    toast(told.text || words.failed, true);
    return false;
  }

  const written = (box) => box.querySelector("textarea")?.value ?? box.dataset.text;

  /** Make the text of a suggestion or reply one that can be changed. */
  function change(box, text) {
    let area = box.querySelector("textarea");
    if (!area) {
      area = document.createElement("textarea");
      area.setAttribute("aria-label", box.dataset.label);
      area.rows = Math.min(10, Math.ceil(text.length / 20) + 1);
      box.querySelector(".text").replaceWith(area);
      const button = box.querySelector("[data-do=edit]");
      if (button) button.textContent = words.unchanged;
    }
    if (area.value !== text) area.value = text;
    return area;
  }

  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // where the client forbids that, the old way
    }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  const suggestions = {
    async send(box) {
      const text = written(box);
      if (text.trim() && await send({ msgtype: "text", text: { content: text } })) {
        box.classList.add("gone");
        drafts.forget(drafts.keyOf(box));
        let whole = true;
        for (const one of box.querySelectorAll("[data-do=enclose]")) whole &&= await this.enclose(box, one);
        await act("sent", { id: box.dataset.id, text }, whole ? words.sent : words.partly);
      }
    },
    enclose: (box, button) => sendReady("attachment", { id: box.dataset.id, n: button.dataset.n }),
    async material(box, button) {
      const id = box.dataset.id;
      button.disabled = true;
      const done = await sendReady("materials/ready", { id });
      if (done) await act("materials/sent", { id }, words.sent);
      button.disabled = false;
      hold();
      if (done) htmx.trigger(document.getElementById("materials-list"), "materials-list", {});
    },
    edit(box, button) {
      const area = box.querySelector("textarea");
      if (!area) {
        const made = change(box, box.dataset.text);
        drafts.note(made);
        return made.focus();
      }
      const text = document.createElement("p");
      text.className = "text";
      text.textContent = box.dataset.text;
      area.replaceWith(text);
      button.textContent = words.change;
      drafts.forget(drafts.keyOf(box));
    },
    drop(box) {
      drafts.forget(drafts.keyOf(box));
      box.remove();
    },
    async copy(box) {
      const done = await copied(written(box));
      toast(done ? words.copied : words.uncopied, !done);
    },
    open: (box) => box.classList.toggle("open"),
    async reply(box) {
      const text = written(box);
      if (!text.trim() || !await send({ msgtype: "text", text: { content: text } })) return;
      drafts.forget(drafts.keyOf(box));
      await act("replies/used", { id: box.dataset.id }, words.sent);
      htmx.trigger(document.getElementById("replies-list"), "replies-list", {});
    },
  };

  /** What a button unfolds lies below its row, so that the row stays as it is; one at a time. */
  function unfold(button, isOpen) {
    for (const one of button.parentElement.querySelectorAll(":scope > [data-unfold]")) {
      const now = one === button && isOpen;
      one.setAttribute("aria-expanded", String(now));
      const part = document.getElementById(one.dataset.unfold);
      part.hidden = !now;
      unfolded[now ? "add" : "delete"](part.id);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, [data-reload]");
    if (!button) return;
    if (button.hasAttribute("data-reload")) location.reload();
    if ("consent" in button.dataset) askConsent(button);
    if (button.dataset.jump) jump(document.getElementById(button.dataset.jump));
    if (button.hasAttribute("data-look")) askAgain(true).then(() => { if (refused()) toast(words.still); });
    if (button.hasAttribute("data-again")) htmx.trigger(button.closest("[hx-get]"), "again", {});
    if (button.dataset.unfold) unfold(button, button.getAttribute("aria-expanded") !== "true");
    const box = button.closest("article");
    // The second of a double click on what has just been sent: the browser counts it where the list was read anew, too.
    if (["send", "reply", "material"].includes(button.dataset.do) && event.detail > 1) return;
    if (box && button.dataset.do) suggestions[button.dataset.do](box, button);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-post]");
    if (!form) return;
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    if (button) button.disabled = true;
    const chosen = event.submitter?.name ? { [event.submitter.name]: event.submitter.value } : {};
    const told = await act(form.dataset.post, { ...fields(form), ...chosen }, form.dataset.done, drafts.keyOf(form));
    if (button) button.disabled = false;
    hold();
    if (!told.ok || !form.dataset.after) return;
    form.reset();
    for (const id of form.dataset.after.split(" ")) {
      const part = document.getElementById(id);
      if (part) htmx.trigger(part, id, {});
    }
  });

  document.getElementById("sign-out").addEventListener("click", async () => {
    await fetch(`${root}/sidebar/sign-out`, { method: "POST", headers: { "X-CSRF-Token": token } });
    drafts.clear();
    panel.replaceChildren();
    toast(words.signedOut);
  });

  // ---- panels -------------------------------------------------------------------------------------------------------

  /** Have the customer asked whether he may be tagged: by the bot, or here in one's own name. */
  async function askConsent(button) {
    button.disabled = true;
    const told = await call("consent/ask", { client_id: clientId() });
    if (told.message) {
      if (await send(told.message)) await act("consent/asked", {}, words.sent);
    } else toast(told.text || words.failed, !told.ok);
    button.disabled = false;
  }

  /** The page is long: a part of it is a tap away, unfolded. */
  function jump(part) {
    if (!part) return;
    if (part.tagName === "DETAILS") part.open = true;
    part.tabIndex = -1;
    part.focus({ preventScroll: true });
    part.scrollIntoView();
  }

  // `toggle` does not bubble.
  document.addEventListener("toggle", ({ target }) => {
    const lines = target.open && target.querySelector(":scope > .lines-of");
    if (lines) htmx.trigger(lines, "opened", {});
  }, true);

  /** What was to come and did not: say so where it was to stand. */
  function unread(event) {
    const waiting = event.detail?.ctx?.target?.querySelector?.(".skeleton");
    if (!waiting) return;
    waiting.parentElement.replaceChildren(document.getElementById("say-unread").content.cloneNode(true));
  }
  body.addEventListener("htmx:error", unread);
  body.addEventListener("htmx:response:error", unread);

  // ---- the connection -----------------------------------------------------------------------------------------------

  const net = document.getElementById("net");
  const stream = () => document.getElementById("stream");

  /** What needs the server cannot be done without it, and nothing is sent where somebody else has the session; what is
   *  only read, written or copied here can. */
  function hold() {
    const why = panel.querySelector("[data-holds]")?.textContent ?? "";
    for (const one of body.querySelectorAll("[data-do]:not([data-do=edit], [data-do=open], [data-do=copy], [data-do=drop]), form[data-post] button")) {
      const off = isLost || (why !== "" && "do" in one.dataset);
      if (off && !one.disabled) {
        one.disabled = true;
        one.dataset.held = "";
        if (!isLost) one.title = why;
      } else if (!off && "held" in one.dataset) {
        one.disabled = false;
        one.removeAttribute("title");
        delete one.dataset.held;
      }
    }
  }

  function lost() {
    isLost = true;
    net.hidden = false;
    hold();
  }

  async function regained() {
    heard = Date.now();
    if (!isLost) return;
    isLost = false;
    net.hidden = true;
    hold();
    toast(words.back);
    for (const one of unreported.splice(0)) {
      if ((await call(...one)).state === "unknown") unreported.push(one);
    }
    for (const one of pending.values()) one.since = Date.now();
    await results();
    refresh();
    setTimeout(results, 3500);
  }

  /** Begin the stream anew; the page is told what has changed since. */
  const reconnect = () => stream()?._htmx?.sse?.reader?.cancel();

  function look() {
    if (panel.querySelector("[data-offline]")) return about.customer || about.chat ? open() : start();
    if (isLost && !following) return open();
    if (refused()) return askAgain();
    if (following && !document.hidden && Date.now() - heard > SILENT_MS) {
      lost();
      reconnect();
    }
  }

  body.addEventListener("htmx:sse:error", ({ detail }) => {
    if (detail.status === 401) return location.reload();
    if (detail.status === 404) return open();
    lost();
  });
  body.addEventListener("htmx:sse:after:connection", () => {
    following = true;
    regained();
  });
  body.addEventListener("htmx:sse:after:message", () => { heard = Date.now(); });
  // A stream that never began is not begun anew by itself.
  for (const name of ["htmx:error", "htmx:response:error"]) {
    body.addEventListener(name, (event) => { if (event.target === stream() && !following) lost(); });
  }
  // Whoever asks again and again is told so that he may not any more, like whoever has a stream.
  body.addEventListener("htmx:response:error", ({ target, detail }) => {
    const status = detail?.ctx?.response?.status;
    if (status === 401) location.reload();
    if (status === 404 && target.id === "group") open();
  });
  document.addEventListener("visibilitychange", () => {
    heard = Date.now();
    askAgain(true);
  });
  window.addEventListener("focus", () => askAgain(true));
  window.addEventListener("offline", lost);
  window.addEventListener("online", () => {
    reconnect();
    look();
  });
  setInterval(look, AGAIN_MS);

  // ---- following ----------------------------------------------------------------------------------------------------

  body.addEventListener("moved", results);
  // What is read on demand and lies open goes on with the conversation, unless somebody has turned its pages.
  body.addEventListener("moved", () => {
    for (const lines of panel.querySelectorAll("details[open] > [data-follows]")) {
      if (lines.querySelectorAll(":scope > .lines").length < 2) htmx.trigger(lines, "opened", {});
    }
  });
  body.addEventListener("gone", () => open());
  body.addEventListener("htmx:config:request", (event) => { event.detail.ctx.request.headers["X-CSRF-Token"] = token; });
  /** Whether somebody is writing just there. */
  function isBusy(part) {
    const field = document.activeElement;
    return Boolean(field) && Boolean(part?.contains?.(field)) && drafts.has(field);
  }

  const late = new Set();
  body.addEventListener("htmx:before:swap", (event) => {
    const target = event.detail?.ctx?.target;
    // What somebody is writing is not taken away from under his hands: the part is drawn when he has left it.
    const busy = isBusy(target);
    if (busy && target.id) late.add(target.id);
    if (busy || event.detail?.ctx?.response?.status >= 400) return event.preventDefault();
    // What was unfolded just now has not told it yet.
    for (const one of target?.querySelectorAll?.("details[open][id]") ?? []) unfolded.add(one.id);
  });
  // What somebody has unfolded stays so, however often it is drawn anew, until he folds it.
  document.addEventListener("toggle", ({ target }) => {
    if (target.id) unfolded[target.open ? "add" : "delete"](target.id);
  }, true);
  document.addEventListener("focusout", () => setTimeout(() => {
    for (const id of late) {
      const part = document.getElementById(id);
      if (isBusy(part)) continue;
      late.delete(id);
      if (part && stream()) htmx.trigger(part.matches("section") ? stream() : part, id, {});
    }
  }, LEFT_MS));

  function expand(element) {
    if (element.matches("details")) element.open = true;
    const button = document.querySelector(`[data-unfold="${element.id}"]`);
    if (button) unfold(button, true);
  }

  /** Put back what was unfolded and what was written and not sent.
   *  @param opened what becomes of a form in which something was written: on a new page it is unfolded. */
  function putBack(opened = () => {}) {
    for (const id of unfolded) {
      const one = document.getElementById(id);
      if (one) expand(one);
    }
    drafts.restore({
      opened,
      changed: change,
      homeless(draft) {
        const copy = document.getElementById("unsent").content.cloneNode(true);
        const box = copy.querySelector("article");
        Object.assign(box.dataset, { id: draft.id, text: draft.was, about: draft.about });
        copy.querySelector("q").textContent = draft.about;
        change(box, draft.text);
        const part = document.getElementById("said") ?? document.getElementById("pasted");
        part?.prepend(copy);
      },
    });
  }
  body.addEventListener("htmx:after:swap", () => {
    putBack();
    hold();
  });
  document.addEventListener("input", ({ target }) => drafts.note(target));

  // ---- the focus ----------------------------------------------------------------------------------------------------

  const named = (one) => one.innerText?.trim() || one.getAttribute("aria-label") || one.name || "";
  let place = null;

  document.addEventListener("focusin", ({ target }) => {
    const part = target.closest("section[id]");
    place = part && { part: part.id, name: named(target) };
  });
  document.addEventListener("focusout", ({ target }) => setTimeout(() => {
    // Somebody went away from it; what was replaced or is busy has lost it.
    if (target.isConnected && !target.disabled && document.activeElement === body) place = null;
  }));

  /** Where somebody was before the part was replaced; its beginning, when that is gone. */
  function refocus() {
    const part = place && document.activeElement === body && document.getElementById(place.part);
    if (!part) return;
    const same = [...part.querySelectorAll("button, summary, input, select, textarea")].find((one) => !one.disabled && named(one) === place.name && one.checkVisibility());
    if (!same) part.tabIndex = -1;
    (same ?? part).focus({ preventScroll: true });
  }
  body.addEventListener("htmx:after:swap", refocus);

  function tick() {
    for (const timer of document.querySelectorAll(".timer[data-since]")) {
      timer.seen ??= Date.now();
      const seconds = Math.max(0, Math.floor(timer.dataset.now - timer.dataset.since + (Date.now() - timer.seen) / 1000));
      const two = (n) => String(n).padStart(2, "0");
      const hours = Math.floor(seconds / 3600);
      timer.querySelector("b").textContent = `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
      timer.classList.toggle("late", seconds >= 120);
    }
  }

  let lastOpening = -1;
  /** Say so when the customer has opened a link since the page last looked. */
  function noticeOpened() {
    const found = panel.querySelector("[data-opened]");
    if (!found) return;
    const at = Number(found.dataset.opened);
    if (lastOpening >= 0 && at > lastOpening) toast(found.textContent);
    lastOpening = at;
  }

  body.addEventListener("htmx:after:swap", tick);
  body.addEventListener("htmx:after:swap", noticeOpened);
  setInterval(tick, 1000);
  start();
})();
