"""What do the obvious words give? The baseline: any of a list of words anywhere in the text."""

WORDS = {
    "asked": "人工 真人 活人 客服 转人 机器人",
    "anger": "生气 气死 垃圾 过分 崩溃 妈的 滚 无语 恶心 太差",
    "complaint": "投诉 举报",
    "refund_dispute": "退款 退钱 还钱",
    "medical": "过敏 红肿 拉肚子 头晕 呕吐 发烧 起疹子 副作用 住院",
    "legal": "起诉 律师 法院 报警 告你 法律 仲裁",
    "exposure": "曝光 媒体 12315 315 小红书 抖音 微博 记者 工商",
    "payment": "盗刷 诈骗 扣费 被骗 扣款 被盗",
    "promise": "保证 保本 收益 稳赚 承诺",
    "after_sale": "坏了 少发 少件 发错 破损 漏发 碎了",
    "self_harm": "自杀 不想活 想死 跳楼 割腕 遗书",
    "minor": "未成年 孩子 小孩 小学生 儿子 女儿",
    "commercial": "团购 加盟 代理 批发 采购 合作",
}


def naive(name: str, text: str) -> bool:
    """Whether a text holds one of the class's words."""
    return any(word in text for word in WORDS[name].split())
