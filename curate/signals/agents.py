"""Agents that gather for training, or that answer from what they gathered: who they say they are.

Each name is a product token that its operator documents as one to be refused by in robots.txt, or
one under which a crawler is known that gathers for training. As of `AS_OF`; the sources of each
group are named beside it. An agent that is not listed, and whose name speaks of AI, is doubted.
"""

from __future__ import annotations

import re

AS_OF = "2026-11-29"
"""When the names were last held against the list ai.robots.txt, as of its commit 000552c2."""

SOURCES = (
    "the pages of operators on their crawlers (OpenAI, Anthropic, Google, Apple, Amazon, Meta)",
    "the pages of Common Crawl, Perplexity, Mistral, DuckDuckGo, Cohere, Diffbot and Webz.io",
    "the list ai.robots.txt (github.com/ai-robots-txt/ai.robots.txt)",
    "Dark Visitors' list of known agents, kinds “AI Data Scraper” and “AI Search Crawler”",
    "Cloudflare's verified bots, categories “AI Crawler” and “AI Assistant”",
    "img2dataset's documentation, which is what gathers pictures for LAION's lists",
)

TRAINING = (
    *("GPTBot", "CCBot", "Google-Extended", "GoogleOther-Image", "GoogleOther-Video"),
    *("Google-CloudVertexBot", "anthropic-ai", "ClaudeBot"),
    *("Claude-Web", "Bytespider", "TikTokSpider"),
    *("Applebot-Extended", "Meta-ExternalAgent", "FacebookBot", "Amazonbot"),
    *("cohere-ai", "cohere-training-data-crawler", "Diffbot"),
    *("ImagesiftBot", "Omgili", "Omgilibot"),
    *("webzio-extended", "AI2Bot", "Ai2Bot-Dolma", "Timpibot", "PanguBot"),
    *("img2dataset", "Kangaroo Bot", "VelenPublicWebCrawler", "FriendlyCrawler"),
    *("ICC-Crawler", "ISSCyberRiskCrawler"),
    *("Sidetrade indexer bot", "Cotoyogi", "Crawlspace"),
    *("PerplexityBot", "iaskspider", "SBIntuitionsBot", "DeepSeekBot", "ChatGLM-Spider"),
    *("bigsur.ai", "LAION-HuggingFace-Processor"),
    *("Brightbot", "Factset_spyderbot", "Andibot"),
    *("YandexAdditionalBot", "Datenbank Crawler"),
    *("Poseidon Research Crawler", "TerraCotta", "WRTNBot"),
    *("Thinkbot", "imageSpider", "EchoboxBot", "Echobot Bot", "MyCentralAIScraperBot"),
    *("SemrushBot-OCOB", "SemrushBot-SWA", "CloudflareBrowserRenderingCrawler"),
    *("LinerBot", "Zanistabot", "ShapBot"),
    *("FirecrawlAgent", "Firecrawl", "Tavilybot", "LAIONDownloader", "Crawl4AI"),
    *("ApifyBot", "ApifyWebsiteContentCrawler", "Terra Cotta"),
)
"""Agents that gather for training."""

OTHERS = (
    *("facebookexternalhit", "PetalBot", "Scrapy", "Awario", "AwarioBot", "AwarioSmartBot"),
    *("Linguee Bot", "NovaAct", "Devin"),
    *("Panscient", "panscient.com", "netEstate", "QualifiedBot"),
    *("YandexAdditional", "GoogleOther", "aiHitBot"),
    *("ChatGPT-User", "OAI-SearchBot", "Claude-User", "Claude-SearchBot", "Perplexity-User"),
    *("MistralAI-User", "DuckAssistBot", "YouBot", "Meta-ExternalFetcher"),
    *("PhindBot", "Gemini-Deep-Research"),
    *("Google-NotebookLM", "Google-Agent", "Amzn-SearchBot"),
    *("Amzn-User", "bedrockbot", "Applebot", "ExaBot", "AddSearchBot", "AgentTimes"),
    *("AI2Bot-DeepResearchEval", "AIWebIndex", "amazon-kendra", "amazon-QBusiness"),
    *("AmazonBuyForMe", "Anomura", "Aranet-SearchBot", "atlassian-bot", "AzureAI-SearchBot"),
    *("Bravebot", "BuddyBot", "Channel3Bot", "ChatGPT Agent", "Claude-Code"),
    *("Cloudflare-AutoRAG", "CloudVertexBot", "Code", "Google-Firebase", "Google-Gemini-CLI"),
    *("GoogleAgent-Mariner", "HenkBot", "iAskBot", "IbouBot", "kagi-fetcher", "KlaviyoAIBot"),
    *("KunatoCrawler", "LCC", "LinkupBot", "Manus-User", "meta-webindexer", "NagetBot"),
    *("newsai", "NotebookLM", "OpenAI", "opencode", "Operator", "Poggio-Citations", "QuillBot"),
    *("quillbot.com", "Shap-User", "Spider", "Trae", "TwinAgent", "WARDBot", "wpbot", "YaK"),
)
"""Agents that fetch to answer with a model, or gather for it beside other things: a refusal of one
is doubted."""

AI_AGENTS = (*TRAINING, *OTHERS)
"""All agents that have to do with AI."""

_TRAINING = frozenset(agent.lower() for agent in TRAINING)
_KNOWN = frozenset(agent.lower() for agent in AI_AGENTS)
_OF_AI = re.compile(
    r"(?:^|[^a-z])ai(?:[^a-z]|bot|crawl|spider|train|$)|[a-z]-?ai$"
    r"|ai[-_ ]?(?:bot|crawl|spider|scrap|agent|search|index|train)"
    r"|(?<![a-z])[A-Z]?[a-z]*AI(?![a-z])|gpt|llm|(?:^|[^a-z])ml(?:[^a-z]|bot|$)|machine[-_ ]?learn"
    r"|deep[-_ ]?(?:learn|seek|mind|research)|train|dataset|laion|genai|generative|neural|claude"
    r"|gemini|copilot|mistral|openai|anthropic|hugging|stability|midjourney|diffusion|scrap"
)
# Words that end in the two letters and are no AI.
_NO_AI = frozenset(("mumbai", "dubai", "hawaii", "shanghai", "hyundai", "thai", "bonsai", "sinai"))


def token_of(value: str) -> str:
    """Return the product token of an agent, in lower case: without version and comment.

    >>> token_of("GPTBot/1.2 (+https://openai.com/gptbot)")
    'gptbot'
    """
    plain = value.strip().lower().strip("\"'")
    if plain in _KNOWN:
        return plain
    token = re.split(r"[/;()]|\s+\d", plain)[0].strip()
    return token or plain


def agents_of(value: str) -> list[str]:
    """Return the agents that one line names, as tokens: some files name several."""
    whole = token_of(value)
    if whole in _KNOWN:
        return [whole]
    parts = [token_of(part) for part in re.split(r"[,;|]|\s+", value) if part.strip(" \"'")]
    parts = [part for part in dict.fromkeys(parts) if part]
    if len(parts) > 1 and ("," in value or any(part in _KNOWN or part == "*" for part in parts)):
        return [whole, *parts]
    return [whole]


def gathers(token: str) -> bool:
    """Return whether an agent is one that gathers for training."""
    return token in _TRAINING


def is_known(token: str) -> bool:
    """Return whether an agent is one of `AI_AGENTS`."""
    return token in _KNOWN


def may_gather(token: str) -> bool:
    """Return whether the name of an agent that is not known speaks of AI.

    >>> may_gather("somenewai-bot"), may_gather("mumbai"), may_gather("bingbot")
    (True, False, False)
    """
    return token not in _NO_AI and not is_known(token) and bool(_OF_AI.search(token))
