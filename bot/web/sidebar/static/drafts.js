// What somebody has written and not sent outlives a part that is drawn anew, and the page itself: it is kept by the
// place where it was written, for this member, customer and chat, until it was sent or thrown away.
"use strict";
window.drafts = (() => {
  const MOST = 40;
  const kept = new Map();
  let place = "";

  const hidden = (form) => JSON.stringify([...form.querySelectorAll("input[type=hidden]")].map((one) => [one.name, one.value]));
  const fields = (form) => [...form.elements].filter((one) => one.name && one.type !== "hidden" && one.tagName !== "BUTTON");

  /** Of a form, of an article whose text is being changed, or of a field in one of these; empty = nothing is kept of it. */
  function keyOf(element) {
    const article = element.closest("article[data-id]");
    const form = element.closest("form[data-post], form.paste");
    if (form) return `form ${form.dataset.post ?? "paste"} ${article?.dataset.id ?? ""} ${form.id}`;
    return article ? `${article.classList[0]} ${article.dataset.id}` : "";
  }

  function save() {
    try {
      sessionStorage.setItem(place, JSON.stringify([...kept].slice(-MOST)));
    } catch {
      // without storage it outlives only what is drawn anew
    }
  }

  function note(field) {
    const key = keyOf(field);
    if (!key) return;
    const form = field.closest("form"), article = field.closest("article");
    kept.set(key, form
      ? { hidden: hidden(form), values: fields(form).map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value]) }
      : { text: field.value, was: article.dataset.text, id: article.dataset.id, about: article.dataset.about ?? "" });
    save();
  }

  function forget(key) {
    if (kept.delete(key)) save();
  }

  /** Put back what was written, where its place is still there. Calls `opened` for a form, `changed` for an article, and
   *  `homeless` for a changed suggestion that is not shown any more. */
  function restore({ opened, changed, homeless }) {
    for (const form of document.querySelectorAll("form[data-post], form.paste")) {
      const draft = kept.get(keyOf(form));
      if (!draft || draft.hidden !== hidden(form)) continue;  // a form about something else is another one
      for (const [name, value] of draft.values) {
        const field = form.elements[name];
        if (field) field[field.type === "checkbox" ? "checked" : "value"] = value;
      }
      opened(form);
    }
    for (const [key, draft] of [...kept]) {
      if (!("text" in draft)) continue;
      const article = [...document.querySelectorAll("article[data-id]")].find((one) => keyOf(one) === key);
      if (article?.matches(".gone")) forget(key);
      else if (article) changed(article, draft.text);
      else if (key.startsWith("suggestion") && draft.text !== draft.was) homeless(draft);
    }
  }

  return {
    keyOf,
    note,
    forget,
    restore,
    has: (field) => kept.has(keyOf(field)),
    /** From now on it is about this member, customer and chat. */
    about(...names) {
      const wanted = `drafts ${names.join(" ")}`;
      if (wanted === place) return;
      place = wanted;
      kept.clear();
      try {
        for (const [key, draft] of JSON.parse(sessionStorage.getItem(place) ?? "[]")) kept.set(key, draft);
      } catch {
        // as if there were none
      }
    },
    /** Whoever signs out leaves nothing behind. */
    clear() {
      kept.clear();
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("drafts ")) sessionStorage.removeItem(key);
    },
  };
})();
