"""What the page says, in English and Chinese."""

from __future__ import annotations

from assistant.schema import Language

TEXTS: dict[Language, dict[str, str]] = {
    Language.EN: {
        "title": "FirstPilot",
        "tagline": "Answers about adopting AI in small and medium-sized firms. Every sentence is"
        " quoted from a source you can open; what the sources do not say, it does not guess.",
        "placeholder": "Ask a question, for example: what does AI cost a small firm?",
        "send": "Ask",
        "stop": "Stop",
        "retry": "Ask again",
        "sources": "Sources",
        "no_sources": "The sources of the answer appear here.",
        "empty": "Type a question first.",
        "checked": "{count} of {count} sentences checked against their sources",
        "thoughts": "What the model thought; unchecked, no part of the answer",
        "quoted": "Quoted from the sources by this assistant",
        "written": "Written by {model}",
        "left": "the question and passages were sent to an outside service",
        "stayed": "nothing left this machine",
        "cost": "cost {cost}",
        "stopped": "Stopped. The sentences above were checked.",
        "failed": "Something went wrong here. Please ask again (reference {reference}).",
        "in_language": "in Chinese",
        "open": "Open the publication",
        "switch": "中文",
        "add": "Add documents (maintainers) · 添加文件",
        "adding": "Reading the documents and building the index; answers go on meanwhile.",
        "add_failed": "The documents could not be added; see the server's log.",
    },
    Language.ZH: {
        "title": "FirstPilot",
        "tagline": "回答中小企业采用 AI 的问题。每句话都引自可以点开的资料；资料里没有的，不会猜测。",
        "placeholder": "请输入问题，例如：小企业用 AI 要花多少钱？",
        "send": "提问",
        "stop": "停止",
        "retry": "重新提问",
        "sources": "来源",
        "no_sources": "回答的来源会显示在这里。",
        "empty": "请先输入问题。",
        "checked": "{count} 句话均已与来源核对",
        "thoughts": "模型的思考过程：未经核对，不属于回答",
        "quoted": "由本助手直接引自资料",
        "written": "由 {model} 撰写",
        "left": "问题和相关段落已发送到外部服务",
        "stayed": "内容未离开本机",
        "cost": "费用 {cost}",
        "stopped": "已停止。以上句子均已核对。",
        "failed": "出了点问题，请重新提问（编号 {reference}）。",
        "in_language": "英文资料",
        "open": "打开原文",
        "switch": "English",
        "add": "添加文件（维护者） · Add documents",
        "adding": "正在读取文件并建立索引；期间仍可提问。",
        "add_failed": "文件未能添加，请查看服务器日志。",
    },
}

EXAMPLES: dict[Language, tuple[str, ...]] = {
    Language.EN: (
        "How many small firms use AI?",
        "Why do firms hold back?",
        "Where should I start?",
        "What does AI cost?",
    ),
    Language.ZH: (
        "有多少中小企业在用 AI？",
        "企业为什么还在观望？",
        "第一步该做什么？",
        "用 AI 要花多少钱？",
    ),
}
