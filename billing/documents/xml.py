"""Writing UBL: elements of its two namespaces, without empty ones and without characters that XML has not."""

import re
from xml.etree import ElementTree

_BASE = "urn:oasis:names:specification:ubl:schema:xsd:"
AGGREGATE = f"{_BASE}CommonAggregateComponents-2"
BASIC = f"{_BASE}CommonBasicComponents-2"
ElementTree.register_namespace("cac", AGGREGATE)
ElementTree.register_namespace("cbc", BASIC)
#: XML 1.0, production 2.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def child(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    """A new aggregate element."""
    return ElementTree.SubElement(parent, f"{{{AGGREGATE}}}{name}")


def add(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    """A basic element with a text; nothing if the text is empty."""
    if text:
        element = ElementTree.SubElement(parent, f"{{{BASIC}}}{name}", attributes)
        element.text = _NOT_XML.sub("\ufffd", text)


def document_bytes(root: ElementTree.Element) -> bytes:
    """The document, indented, in UTF-8; its own namespace is the default one."""
    namespace = root.tag[1:].partition("}")[0]
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    # ElementTree has no default namespace beside prefixed ones: the root's own prefix is taken off.
    prefix = re.match(r"<(\w+):", text)
    if prefix:
        own = prefix[1]
        text = text.replace(f"<{own}:", "<").replace(f"</{own}:", "</")
        text = text.replace(f'xmlns:{own}="{namespace}"', f'xmlns="{namespace}"', 1)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode() + b"\n"
