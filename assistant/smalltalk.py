"""Small talk: whether there is anything to look up.

Knows: greetings, thanks, goodbyes, and questions about the assistant itself, in English and
Chinese. Does not know any passage. Invariant: what names a thing to look up is a question.
"""

from __future__ import annotations

import re
from enum import StrEnum

LONGEST, LONGEST_DOUBT = 80, 160
"""Characters of small talk; who is angry says more."""


class Intent(StrEnum):
    """Whether there is anything to look up."""

    QUESTION = "question"
    GREETING = "greeting"
    THANKS = "thanks"
    FAREWELL = "farewell"
    ABILITY = "ability"
    DOUBT = "doubt"


_GREETING = re.compile(
    r"(hi|hello|hey|hiya|yo|howdy|good (morning|afternoon|evening|day)|greetings|sup|what'?s up|how are you"
    r"|how'?s it going|nice to meet you|你好|您好|嗨|哈喽|哈罗|早|早上好|上午好|下午好|晚上好|在吗|在不在|大家好|喂|你好吗|嘿)"
    r"( (there|all|everyone|bot|assistant|friend|team|again))*[\s,!.。！，~?？👋😀🙂啊呀哦]*"
)
_THANKS = re.compile(
    r"(ok(ay)?[,. ]*)?(great|cool|perfect|nice|good|awesome|excellent|好的|好|行|明白了|懂了|知道了|收到|太好了|很好)?[,.!，！。 ]*"
    r"(thanks?( you)?|thx|ty|cheers|much appreciated|got it|谢谢|多谢|感谢|谢啦|谢了|辛苦了|3q)"
    r"( (so much|a lot|very much|a bunch|again|for (the|your) help|for that|mate|all))*"
    r"(你|您|啦|了|你的帮助|您的帮助)?[\s,!.。！，~🙏👍]*"
)
_TAKEN = re.compile(
    r"((ok(ay)?|great|cool|perfect|nice|good|awesome|excellent|got it|i see|understood|alright|fine|wow|makes sense"
    r"|嗯+|哦+|噢|好的?|好吧|行|可以|明白了?|懂了|知道了|了解了?|收到|太好了|很好|不错|没问题|原来如此)([\s,!.。！，~👍]+|$))+"
)
"""An answer taken note of."""
_THANKS_WORD = re.compile(
    r"^(ok(ay)?[,. ]*|great[,. ]*|perfect[,. ]*|wow[,. ]*)*(thanks?|thank you|thx|ty|cheers|much appreciated)\b"
    r"|谢谢|多谢|感谢|谢啦|辛苦了|受教了|很有帮助|帮大忙|\b(helpful|useful)\b"
)
_GREETING_WORD = re.compile(
    r"^(hi|hello|hey|hiya|howdy|good (morning|afternoon|evening|day))\b|(你好|您好|早上好|上午好|下午好|晚上好|早安|哈喽|嗨)[呀啊哦!！。~ ]*$|^(你好|您好)"
)
_FAREWELL = re.compile(
    r"(bye|goodbye|bye bye|see you|see ya|later|that'?s all|再见|拜拜|回头见|下次见|没了|88)[\s,!.。！，~]*(for now|thanks|thank you|谢谢)?[\s!.。！]*"
)
_ABILITY = re.compile(
    r"(what (can|do|could|are) (you|u|this|it) (do|able|help|know|cover|offer|answer)|how (can|do|could) (you|u) help"
    r"|who are (you|u)|what are (you|u)\b|what is this|what .{0,30}can i ask|ask (you|u)( about)?\W*$|what (topics|questions)|help me$|^help\W*$|your capabilities|what do (you|u) know"
    r"|how (does|do) (this|you|it) work|tell me about yourself|are you (a )?(bot|human|robot|ai|real)|introduce yourself"
    r"|\b((you|u)( are|'re| r|re)|are (you|u)) (just |only |nothing but )*(a |an )?(\w+ ){0,2}(bot|robot|machine|scam|fake|liar)\b(?! \w+er\b)"
    r"|你(们)?(是不是|就是|只是|不过是)(个|一个)?.{0,4}(骗子|骗人|骗钱|割韭菜|真人|机器|复读机|假的)|你(们)?(在)?骗(我|人|钱)"
    r"|你能做什么|你会做什么|你会什么|你能干什么|你能干嘛|你可以做什么|(你|您)(可以|能)(回答|帮)|你能帮|你是谁|你是什么|^能(问|回答|帮)|可以问你|问你什么|你知道什么|你有什么功能|怎么用你"
    r"|你是机器人|你是人|你懂什么|介绍一下你|介绍下你自己|自我介绍|你叫什么|能问什么|可以问什么|你有什么用|^帮助$|你都能|你都会|能帮我什么|能帮我做)"
)
_DOUBT = re.compile(
    r"\bwhy (should|would|do) (i|we|anyone|anybody) (even |ever )?(trust|believe)"
    r" (you|a (single )?word( (you|of it).*)?|this (bot|thing|assistant)|your (answers?|words?))\W*$"
    r"|\b(can|should) (i|we|anyone) (really )?(trust|believe|rely on) (you|your (answers?|words?))\W*$"
    r"|\bhow (do|can|would) (i|we) know (that )?you('re| are) (not |really )?(right|honest|lying|making (it|this|things) up)\W*$"
    r"|\bwho (pays|paid|owns|made|built|funds|sponsors|is behind) (you|this (bot|chatbot|assistant|thing))\b"
    r"|^(so |but |well )?you( are|'re| r|re) (just |only |all |nothing but )*(another |a |an |some )?(\w+ ){0,2}(rubbish|useless|garbage|crap|worthless|stupid|dumb)\b"
    r"|凭什么(要)?(相?信|听)(你|您)的?(话|回答)?\W*$|(为什么|为啥|干嘛)要?相?信(你|您)的?(话|回答)?\W*$"
    r"|^(你|您)(们)?(说的?|的?话|的?回答)(可信|靠谱|可靠|能信)(吗|么|不)\W*$|谁给你钱|谁付你钱|谁(开发|做)的?你|你背后是谁"
    r"|^你(们)?(这些|这种)(东西|玩意儿?|机器人|ai).{0,12}(废话|骗老?[板人钱我]|割韭菜|垃圾\W*$)|[,，]你们这些东西.{0,12}(废话|骗老?[板人钱我]|割韭菜)"
    r"|^你(们)?(就是|不就是|只是|是不是|不过是)(个|一个|哪个)?.{0,12}(套壳|忽悠|卖课)"
    r"|^(什么|真是|就是)(个)?(垃圾|破|烂)(机器人|东西)|你.{0,8}(答|说|讲)(的|了)?(都是|全是|一堆|一通)废话"
)
"""What says or asks that the assistant is not to be trusted."""
_SELF = re.compile(
    r"\b(are (you|u)|(you|u) are|you're|yourself)\b|你(们)?(是|就是|只是|在?骗)|你叫|自我介绍"
)

ASKS = re.compile(
    r"[?？]|\b(what|whats|how|why|which|who|where|when|should|can|could|does|do|is|are|tell me|list)\b"
    r"|什么|怎么|为什么|为啥|多少|几|哪|谁|吗|呢|是否|能不能|要不要|如何|啥|讲讲|介绍"
)


def intent_of(plain: str, *, substance: bool, specific: bool) -> Intent:
    """Return what a normalised text is for.

    Args:
        plain: the text.
        substance: whether it names something beyond what everything here is about.
        specific: whether it names a thing that evidence must name too.
    """
    if len(plain) <= LONGEST_DOUBT and _doubts(plain):
        return Intent.DOUBT
    if not plain or len(plain) > LONGEST:
        return Intent.QUESTION
    if not substance and not ASKS.search(plain):
        for intent, opening in ((Intent.THANKS, _THANKS_WORD), (Intent.GREETING, _GREETING_WORD)):
            if opening.search(plain):
                return intent
    for intent, pattern in (
        (Intent.GREETING, _GREETING),
        (Intent.THANKS, _THANKS),
        (Intent.FAREWELL, _FAREWELL),
        (Intent.THANKS, _TAKEN),
    ):
        if pattern.fullmatch(plain):
            return intent
    # "How does it work in customer service" asks about the work, not about the assistant.
    about_it = _ABILITY.search(plain) and (_SELF.search(plain) or not specific)
    return Intent.ABILITY if about_it else Intent.QUESTION


def _doubts(plain: str) -> bool:
    """Whether a text doubts the assistant and asks for nothing else."""
    sentences = re.split(r"[.?!。？！]+", plain)
    beside = [sentence for sentence in sentences if not _DOUBT.search(sentence)]
    return len(beside) < len(sentences) and not any(map(ASKS.search, beside))
