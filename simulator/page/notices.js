// Which grey line does an event leave in a chat? One wording for the customer's phone, one for the desk.

import { servicerName } from "./store.js";

// session_status_change.change_type
const CHANGES = {
  1: ({ new_servicer_userid: taker }) => [`${servicerName(taker)} 为您服务`, `${servicerName(taker)} 接入了会话`],
  2: ({ old_servicer_userid: giver, new_servicer_userid: taker }) =>
    [`${servicerName(taker)} 为您服务`, `${servicerName(giver)} 把会话转接给 ${servicerName(taker)}`],
  3: ({ old_servicer_userid: servicer }) => ["本次会话已结束", `${servicerName(servicer)} 结束了会话`],
  4: ({ new_servicer_userid: taker }) => [`${servicerName(taker)} 为您服务`, `${servicerName(taker)} 重新接入了会话`],
};

// msg_send_fail.fail_type
const FAILURES = {
  0: "未知原因", 1: "客服账号已删除", 2: "应用已关闭", 4: "会话已过期（超过 48 小时）", 5: "会话已关闭", 6: "超过 5 条限制",
  8: "企业未认证", 10: "客户拒收", 11: "企业没有成员登录过企业微信", 12: "不允许的消息类型", 13: "安全限制",
};

const EVENTS = {
  enter_session: ({ scene }) => ["", scene ? `客户进入会话（场景 ${scene}）` : "客户进入会话"],
  session_status_change: (event) => CHANGES[event.change_type]?.(event) ?? ["", "会话状态有变化"],
  msg_send_fail: ({ fail_type: type }) => ["", `有一条消息没有送达：${FAILURES[type] ?? `fail_type ${type}`}`],
  // The recalled message itself already says so.
  user_recall_msg: () => ["", ""],
};

function wordings(message) {
  const content = message.content ?? {};
  if (message.msgtype !== "event") return [content.content ?? "", content.content ?? ""];
  return EVENTS[content.event_type]?.(content) ?? ["", `事件：${content.event_type ?? "未知"}`];
}

/** Empty when the line is not for the customer's eyes. */
export const phoneNotice = (message) => wordings(message)[0];
export const deskNotice = (message) => wordings(message)[1];
