// The till: what is asked is sent as a form, what comes back is a piece of the page.
(() => {
  const { root, token } = document.body.dataset;
  const result = document.getElementById("result");
  const code = document.getElementById("code");

  const say = (name) => result.replaceChildren(document.getElementById(`say-${name}`).content.cloneNode(true));

  async function ask(path, form) {
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(`${root}/till/${path}`, { method: "POST", body, headers: { "X-CSRF-Token": token } });
      if (answer.status === 403 && path === "redeem") return say("refused");
      if (!answer.ok && answer.status !== 429) return say("failed");
      result.innerHTML = await answer.text();
    } catch {
      say("failed");
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    ask(form.id === "look" ? "look" : "redeem", form).then(() => { if (form.id === "look") code.select(); });
  });
})();
