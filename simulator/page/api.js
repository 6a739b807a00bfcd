// How does the page talk to the simulator? One function per control call, and the event stream.

const TIMEOUT_MS = 10_000;
const RECONNECT_MS = 1_500;

/** A refused or failed control call; `message` can be shown to the person as it is. */
export class SimError extends Error {}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new SimError(error.name === "TimeoutError" ? "模拟器没有及时响应" : "连不上模拟器，请确认它在运行");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new SimError(reasonOf(answer) ?? `模拟器返回了 HTTP ${response.status}`);
  return answer;
}

/** What the client offers nobody just now, by the simulator's word for it. */
const REASONS = {
  not_yours: "现在不是你在接待这位客户",
  not_waiting: "这个会话没有在排队，不能接入",
  not_receiving: "对方现在没有在接待，转不过去",
  no_servicer: "你不是这个客服账号的接待人员",
  too_long: "内容太长了",
};

function reasonOf({ kind, error }) {
  if (typeof error !== "string") return undefined;
  console.warn(error);
  return REASONS[kind] ?? "现在做不了这一步";
}

const get = (path, query = {}) => {
  const search = new URLSearchParams(query).toString();
  return call("GET", search ? `${path}?${search}` : path);
};
const post = (path, body = {}) => call("POST", path, body);

export const api = {
  state: () => get("/sim/state"),
  chat: (conversation) => get("/sim/chat", conversation),
  inbox: (userid) => get("/sim/staff/inbox", { userid }),
  violations: () => get("/sim/violations"),

  createCustomer: (nickname) => post("/sim/customers", nickname ? { nickname } : {}),
  enter: (conversation, scene = {}) => post("/sim/enter", { ...conversation, ...scene }),
  say: (conversation, text, menuId) =>
    post("/sim/say", { ...conversation, text, ...(menuId === undefined ? {} : { menu_id: menuId }) }),
  send: (conversation, message) => post("/sim/send", { ...conversation, ...message }),
  recall: (conversation, msgid) => post("/sim/recall", { ...conversation, msgid }),

  /** `action` is one of take, say, transfer, end, status, tell_app, press. */
  staff: (action, body) => post(`/sim/staff/${action}`, body),

  /** `action` is one of config, send: what the embedded page asks of the client. */
  host: (action, body) => post(`/sim/host/${action}`, body),

  contacts: () => get("/sim/contacts"),
  /** The member confirms a mass send on his phone. */
  confirmSend: (userid, msgid) => post("/sim/contacts/send", { userid, msgid }),
  /** `action` is one of add, confirm, delete, tags, remark. */
  contact: (action, pair, more = {}) => post(`/sim/contacts/${action}`, { ...pair, ...more }),
  /** `action` is one of create, rename, delete. */
  library: (action, body) => post(`/sim/tags/${action}`, body),

  inject: (fault) => post("/sim/faults", fault),
  clearFaults: () => call("DELETE", "/sim/faults"),
  advance: (seconds) => post("/sim/clock", { advance_s: seconds }),
  reset: () => post("/sim/reset"),
};

/**
 * Follow the event stream for as long as the page is open.
 *
 * `onOpen` is told whenever a connection stands (events may have been missed before it), `onLost` when it breaks.
 */
export function followEvents({ onEvent, onOpen, onLost }) {
  const source = new EventSource("/sim/events");
  source.onopen = onOpen;
  source.onmessage = ({ data }) => {
    try {
      onEvent(JSON.parse(data));
    } catch (error) {
      console.warn("无法理解的事件", data, error);
    }
  };
  source.onerror = () => {
    onLost();
    // The browser reconnects by itself except after an HTTP error, when it closes the source for good.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => followEvents({ onEvent, onOpen, onLost }), RECONNECT_MS);
  };
}
