// The stand-in for WeCom's client inside the product's page: the part of `@wecom/jssdk` that a sidebar uses.
// It runs in the embedded page and hands each call to the desk around it; nothing works before the page's address
// was signed with both tickets.
"use strict";
window.ww = (() => {
  const desk = new URL(document.currentScript.src).origin;
  let ready;

  const ask = (name, params = {}) => new Promise((resolve, reject) => {
    if (window.parent === window) return reject({ errMsg: `${name}:fail not in a chat` });
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => (data.ok ? resolve(data.value) : reject({ errMsg: data.errMsg }));
    window.parent.postMessage({ sidebar: name, params }, desk, [port2]);
  });

  async function configure(options) {
    const url = location.href.split("#")[0];
    for (const [kind, sign, fail] of [
      ["corp", options.getConfigSignature, options.onConfigFail],
      ["agent", options.getAgentConfigSignature, options.onAgentConfigFail],
    ]) {
      try {
        await ask("config", { kind, url, ...(await sign(url)) });
      } catch (error) {
        fail?.(error);
        throw error;
      }
    }
  }

  const api = (name) => async (params) => {
    await ready;
    return ask(name, params);
  };

  return {
    register(options) {
      ready = configure(options);
      ready.catch(() => {});
    },
    getContext: api("getContext"),
    getCurExternalContact: api("getCurExternalContact"),
    getCurExternalChat: api("getCurExternalChat"),
    sendChatMessage: api("sendChatMessage"),
  };
})();
