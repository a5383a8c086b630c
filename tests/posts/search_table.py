"""The specification of the search for posts: queries, each with a text that it finds and one that it does not.

It holds on every PostgreSQL and every locale of a cluster (`make test-search`).
"""

from typing import Final

FINDS: Final[dict[str, tuple[str, str]]] = {
    # query: (a text that it finds, one that it does not)
    # punctuation beyond ASCII separates words, and is never part of one
    "hello": ("she said \u201chello\u201d to us", "she said hell to us"),
    "bonjour": ("il dit \u00abbonjour\u00bb", "il dit bonsoir"),
    "second": ("first\u2014second", "first\u2014sec ond"),
    "99": ("it costs €99 now", "it costs €9 9 now"),
    "it's": ("so it\u2019s here", "its here"),
    "it\u2019s here": ("so it's here", "it is here"),
    "\u201csaid hello\u201d": ("she said hello", "hello, she said"),
    "\u201eguten morgen\u201c": ("Er sagt: guten Morgen!", "Morgen ist es guten Freunden zu viel"),
    "\u00abla mer\u00bb": ("c'est la mer", "mer la"),
    "大阪": ("東京、大阪", "東京、大坂"),
    "ellipsis": ("wait\u2026ellipsis", "wait\u2026eclipse"),
    "bullet": ("\u2022bullet one", "\u2022bull et"),
    # words beside / . @ and the like
    "beta": ("Alpha/Beta", "Alpha/Bet"),
    "ip": ("on TCP/IP today", "on TCP today"),
    "tcp/ip": ("about TCP/IP.", "IP over TCP"),
    "doe": ("write to jane.doe@example.com", "write to jane@example.com"),
    "jane.doe@example.com": ("(jane.doe@example.com)", "example.com, jane.doe"),
    "log": ("see /var/log/syslog", "see /var/lib/syslog"),
    "releases": ("https://example.org/posts/releases?tag=x#top", "https://example.org/posts/release"),
    "example.org": ("at https://example.org/a", "an example of org charts"),
    "5": ("it is -5 outside", "it is -4.6 outside"),
    "3.14": ("pi is 3.14 or so", "14.3 is not"),
    "snake": ("call snake_case()", "call snak_e()"),
    "2026-11-28": ("on 2026-11-28", "on 28-11-2026"),
    # the last word may be the beginning of one, also in a compound; C++ and C# are words
    "pre-comm": ("a pre-commit hook", "comments before a pre"),
    "state-of": ("state-of-the-art", "of the state"),
    "jane.doe@exam": ("jane.doe@example.com", "jane.doe@sample.com"),
    "C++": ("fast in C++", "fast in C and Cobol"),
    "c#": ("written in C#.", "written in c, not sharp"),
    "C++17 code": ("C++17 code", "C17 code"),
    "g": ("made with g++", "made with c++"),
    "and c": ("C# and C++", "C# or C++"),
    "jup": ("Jupiter", "Jpiter"),
    # scripts without blanks: any part of a run
    "搜索": ("全文搜索引擎", "全文检索搜"),
    "搜索引": ("全文搜索引擎", "搜索 索引"),
    "引": ("全文搜索引擎", "全文搜索"),
    "擎": ("全文搜索引擎", "全文搜索引"),
    "テスト": ("新しいテストです", "テキストです"),
    "\uff83\uff7d\uff84": ("新しいテスト", "テキスト"),
    "ガ": ("ガラス", "カラス"),
    "ไทย": (
        "ประเทศไทยสวย",
        "ประเทศลาว",
    ),
    "AI技術": ("新AI技術と", "AIの技術"),
    "東京2020": ("東京2020大会", "2020東京"),
    "大阪 -東京": ("大阪城", "大阪と東京"),
    # one fold
    "\u03bf\u03b4\u03cc\u03c2": (
        "\u03b7 \u039f\u0394\u039f\u03a3 \u03b1\u03c5\u03c4\u03ae",
        "\u03b7 \u03bf\u03b4\u03cc",
    ),
    "\u03bf\u03b4\u03bf\u03c3": ("\u03b7 \u03bf\u03b4\u03cc\u03c2", "\u03b7 \u03bf\u03b4\u03b5"),
    "\u05e9\u05dc\u05d5\u05dd": (
        "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u05dc\u05db\u05dd",
        "\u05e9\u05dc\u05de\u05d4",
    ),
    "\u0645\u062d\u0645\u062f": ("\u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f", "\u0645\u062d\u0645\u0648\u062f"),
    "strasse": ("die Straße", "die Strase"),
    "STRAßE": ("die strasse", "die strase"),
    "lodz": ("w Łodzią i Łódź", "w lod"),
    "da nang": ("Đà Nẵng", "Da Lat"),
    "smorrebrod": ("smørrebrød", "smarrebrad"),
    "zoe": ("Zoë saw it", "Zo saw it"),
    "\u0643\u062a\u0627\u0628": ("\u06a9\u062a\u0627\u0628", "\u0643\u0627\u062a\u0628"),
    "2026": ("\u0641\u064a \u0662\u0660\u0662\u0666", "\u0662\u0660\u0662\u0665"),
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645": (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u062e\u0648\u0627\u0647\u0645",
    ),
    "🚀": ("we have lift-off🚀!", "we have lift-off\u2708!"),
    "cooperate": ("co\u00adoperate", "co-operate"),
    # phrases, `or`, and excluded words
    '"moons of jupiter"': ("the moons of Jupiter", "the moons, of course, of Jupiter"),
    "saturn or jupiter": ("near Saturn", "near Mars"),
    "jupiter -moons": ("Jupiter alone", "Jupiter and moons"),
    "jupiter -well-known": ("Jupiter, known well", "Jupiter, well-known"),
}
