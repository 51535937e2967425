"""Apprise addresses, web addresses and texts that someone would enter to reach inside, run or read something."""

import random
from urllib.parse import quote

# Spellings of this machine, of networks inside and of the metadata service of clouds; {port} is the sentinel's.
HOSTS = (
    "127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1", "0",
    "0.0.0.0", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "a.localhost", "[::1]", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[::127.0.0.1]", "[fe80::1%25lo]", "169.254.169.254", "metadata.google.internal", "0xa9fea9fe",
    "2852039166", "[fd00:ec2::254]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1",
    "inside.example.com", "mixed.example.com", "①②⑦.⓪.⓪.①", "127。0。0。1", "user@127.0.0.1",
    "example.com@127.0.0.1", "127.0.0.1#@example.com", "127.0.0.1%00.example.com", "127.0.0.1%0d%0aX-Evil:%201",
    "example.com%0d%0aHost:%20127.0.0.1", "%31%32%37.0.0.1", "xn--localhost-.example.com",
)  # fmt: skip
HOSTED = (
    "ntfy://{host}/topic", "ntfys://{host}/topic", "ntfy://user:pass@{host}/topic", "gotify://{host}/AbCdEf",
    "gotifys://{host}/AbCdEf", "gotify://{host}/sub/AbCdEf", "mmost://{host}/3ccdd113474722377935511fc85d3dd4",
    "mmosts://{host}/bot@3ccdd113474722377935511fc85d3dd4", "matrix://user:pass@{host}/#room",
    "matrixs://token@{host}/!room:example.com", "matrix://user:token@{host}/#room?mode=slack",
    "matrix://user:pass@{host}/#room?discovery=yes", "rocket://user:pass@{host}/#general",
    "rockets://a/b@{host}/#general?mode=webhook", "signal://{host}/+12025550123/+12025550124", "bark://{host}/device",
    "http://{host}/hook", "https://{host}/hook",
)  # fmt: skip
SCHEMES = (
    "file", "exec", "dbus", "kde", "qt", "glib", "gnome", "macosx", "windows", "syslog", "rsyslog", "json",
    "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "mqtt", "mqtts", "irc", "ircs", "xmpp",
    "growl", "smpp", "amqp", "deltachat", "apprise", "apprises", "hassio", "kodi", "xbmc", "enigma2", "emby",
    "jellyfin", "ncloud", "nctalk", "synology", "vapid", "fcm", "gopher", "ftp", "ldap", "dict", "data",
    "javascript", "jar", "python", "blink1", "aprs", "memory", "nostr", "lauther", "parsep", "faast",
    "lametric", "workflow", "slack",
)  # fmt: skip
OPTIONS = (
    "template=file:///etc/passwd", "template={url}", "template={canary}", "attach={url}",
    "attach=file://{canary}", "avatar_url={url}", "icon_url={url}", "url={url}", "verify=no", "redirect=yes",
    "store=yes", "rto=99999", "cto=99999", "+X-Evil=1", "-X=1", ":key=value", "overflow=split", "image={url}",
    "e2ee=yes", "keyfile={canary}", "emojis=yes",
)  # fmt: skip
TARGETS = (
    "tgram://123456789:abcdefg_hijklmnop/12315544", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "pover://kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk@tttttttttttttttttttttttttttttt", "ntfy://topic",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "ntfy://{host}/topic", "gotify://{host}/AbCdEf",
)  # fmt: skip
PATHS = (
    "{canary}",
    "/etc/passwd",
    "$(touch {canary})",
    "`touch {canary}`",
    ";touch {canary}",
    "|touch {canary}",
)
NOISE = (
    "\r\nX-Evil: 1",
    "%0d%0aX-Evil:%201",
    "{{ 7*7 }}",
    "{{7*7}}",
    "${IFS}",
    "\x00",
    "\u202e",
    " ",
    "\\",
    "<script>",
)
TEXTS = (
    "{{ settings.SECRET_KEY }}", "{% load x %}", "${SECRET}", "%(key)s", "{0.__class__}", "a\r\nBcc: x@example.com",
    "a\nX-Evil: 1", "\x00\x1b[31m", "\u202eevil", "=cmd|' /C calc'!A0", "$(touch /tmp/x)", "@everyone <!channel>",
    "x" * 50_000, ":smile: \\u0041 \\n", "</b><script>alert(1)</script>", "![x](file:///etc/passwd)",
)  # fmt: skip


def addresses(count: int, *, port: int, canary: str, seed: int = 8) -> list[str]:
    """`count` different addresses, each kind among them; `canary` is a file that nothing may read or write."""
    source = random.Random(seed)
    url = f"http://127.0.0.1:{port}/"

    def host() -> str:
        return f"{source.choice(HOSTS)}:{port}"

    def filled(pattern: str) -> str:
        return (
            pattern.replace("{host}", host())
            .replace("{url}", quote(url, safe=""))
            .replace("{canary}", canary)
        )

    makers = (
        lambda: filled(source.choice(HOSTED)),
        lambda: f"{source.choice(SCHEMES)}://{host()}/{source.randrange(10_000)}",
        lambda: f"{source.choice(SCHEMES)}://{filled(source.choice(PATHS))}?n={source.randrange(10_000)}",
        lambda: f"{filled(source.choice(TARGETS))}?{filled(source.choice(OPTIONS))}",
        lambda: f"{filled(source.choice(TARGETS))}?to={quote(filled(source.choice(PATHS)))}",
        lambda: _broken(filled(source.choice((*HOSTED, *TARGETS))), source),
    )
    found: dict[str, None] = {}
    while len(found) < count:
        found[source.choice(makers)()] = None
    return list(found)


def _broken(address: str, source: random.Random) -> str:
    at = source.randrange(len(address) + 1)
    return address[:at] + source.choice(NOISE) + address[at:]


def texts(count: int, source: random.Random) -> list[str]:
    """`count` texts made of one to five hostile parts each, as the database can store them."""
    made = ("".join(source.choices(_PARTS, k=source.randint(1, 5))) for _text in range(count))
    return [text.replace("\x00", "") for text in made]


_PARTS = (
    *TEXTS, *NOISE, "{{ 9973*9967 }}", "{{9973*9967}}", "${9973*9967}", "#{9973*9967}", "<%= 9973*9967 %>",
    "{% debug %}", "{% include '/etc/passwd' %}", "{number}", "{text}", "{subject}", "{reseller}", "{number.__class__}",
    "{reseller!r}", "{0}", "{}", "%s", "%(number)s", "\r\nBcc: evil@example.com\r\n", "\nX-Evil: 1\n",
    "\r\n\r\nContent-Type: text/html\r\n\r\n", "\u2028X-Evil: 1", "\x85Bcc: evil@example.com",
    "=?utf-8?q?=0D=0AX-Evil:_1?=", "a" * 990 + "\r\nX-Evil: 1", "مرحبًا", "\u202e", " ", "\t",
)  # fmt: skip
