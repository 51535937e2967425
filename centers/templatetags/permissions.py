"""`{% may "pair" %} ... {% else %} ... {% endmay %}`: what only some roles see."""

from typing import Any

from django import template
from django.template import Context, TemplateSyntaxError
from django.template.base import Node, NodeList, Parser, Token
from django.template.defaulttags import TemplateIfParser

from centers.tenancy.permissions import Permission

register = template.Library()


class MayNode(Node):
    """Renders `yes` for who holds the permission, where the further condition is true too; else `no`."""

    child_nodelists = ("yes", "no")

    def __init__(self, permission: Permission, condition: Any, yes: NodeList, no: NodeList) -> None:
        self.permission, self.condition, self.yes, self.no = permission, condition, yes, no

    def render(self, context: Context) -> Any:
        held = self.permission in (context.get("permissions") or ())
        if held and (self.condition is None or self.condition.eval(context)):
            return self.yes.render(context)
        return self.no.render(context)


@register.tag("may")
def do_may(parser: Parser, token: Token) -> MayNode:
    """`{% may "record_payments" and not row.reversed_at %}`: the permission first, then what `if` would read.

    Raises TemplateSyntaxError for a name that no permission has: a misspelt one would hide its part from everyone.
    """
    name, *further = token.split_contents()[1:] or [""]
    try:
        permission = Permission(name.strip("\"'") if name[:1] in "\"'" else "")
    except ValueError as error:
        raise TemplateSyntaxError(f"{{% may {name} %}}: there is no such permission.") from error
    if further[:1] not in ([], ["and"]) or further == ["and"]:
        raise TemplateSyntaxError(f"{{% may {name} %}}: after the permission comes nothing or “and …”.")
    condition = TemplateIfParser(parser, further[1:]).parse() if further else None
    yes, no = parser.parse(("else", "endmay")), NodeList()
    if parser.next_token().contents == "else":
        no = parser.parse(("endmay",))
        parser.delete_first_token()
    return MayNode(permission, condition, yes, no)
