"""Lists that stay current: live fragments, paging, sorting, and empty states."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from centers.web.csv_styles import STYLES, Style, remembered
from centers.web.icons import icon_svg
from centers.web.paging import AFTER, BEFORE, SORT, Page, rest_of

register = template.Library()


@register.simple_tag
def live(topics: str, url: str) -> SafeString:
    """Attributes of an element that refetches itself from `url` when one of `topics` changed.

    The answer holds the element itself, with the same id; it is morphed, so focus and typed text stay.
    Hints that arrive during a fetch lead to one more fetch, so a burst of them delays nothing.
    """
    return format_html(
        'data-live="{}" hx-get="{}" hx-trigger="live" hx-target="this" hx-swap="morph"'
        ' hx-select="unset" hx-push-url="false" hx-sync="this:queue last"',
        " ".join(topic.strip() for topic in topics.split(",")),
        url,
    )


@register.simple_tag
def pager(page: Page[Any], title: str = "") -> SafeString:
    """Links to the pages before and after; nothing when all rows fit on one.

    `title` is the id of the list's heading, where a page has several lists.
    """
    if not (page.next_url_query or page.prev_url_query):
        return SafeString()
    return render_to_string("components/pager.html", {"page": page, "title": title})


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a list is sorted, and the rest of its address, without the place in it."""

    by: str
    rest: str


@register.simple_tag(takes_context=True)
def sorting(context: Context) -> Sorting:
    """What the heads of the columns depend on: `{% sorting as sorted %}{% reuse sorting=sorted %}<thead>`."""
    known = context.get("sorting")
    if isinstance(known, Sorting):
        return known
    query = context["request"].GET
    page = context.get("page")
    by = page.sort if isinstance(page, Page) else query.get(SORT, "")
    return Sorting(str(by), urlencode(rest_of(query, AFTER, BEFORE, SORT)))


@register.simple_tag(takes_context=True)
def sort_link(context: Context, key: str, label: str) -> SafeString:
    """A column's name as a link that sorts by it, or reverses the order when it already does."""
    now = sorting(context)
    order = urlencode({SORT: f"-{key}" if now.by == key else key})
    picture = {key: "chevron-up", f"-{key}": "chevron-down"}.get(now.by, "selector")
    chosen = " is-sorted" if now.by.lstrip("-") == key else ""
    query = f"{now.rest}&{order}" if now.rest else order
    return format_html('<a class="sort-link{}" href="?{}">{}{}</a>', chosen, query, label, icon_svg(picture))


@register.simple_tag(takes_context=True)
def sort_header(context: Context, key: str, label: str, css: str = "") -> SafeString:
    """A whole `<th>` that sorts, and announces the sort order to screen readers."""
    order = {key: "ascending", f"-{key}": "descending"}.get(sorting(context).by, "none")
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}">{}</th>', css, order, sort_link(context, key, label)
    )


@register.simple_tag(takes_context=True)
def column(context: Context, name: str, label: str, css: str = "", sort: str = "") -> SafeString:
    """The `<th>` of a column, sortable by `sort`; its cells, `<td {% cell name %}>`, show its label on a phone."""
    context["columns"] = {**(context.get("columns") or {}), name: label}
    if sort:
        return sort_header(context, sort, label, css)
    return format_html('<th scope="col"{}>{}</th>', format_html(' class="{}"', css) if css else "", label)


@register.simple_tag(takes_context=True)
def cell(context: Context, name: str) -> SafeString:
    """Attributes of a `<td>` below the column of this name. Raises KeyError where the table has no such column."""
    return format_html('data-label="{}"', context["columns"][name])


@register.simple_tag
def empty_state(icon: str, title: str, text: str = "", url: str = "", label: str = "") -> SafeString:
    """An empty state: what the page is for, and the first step as a button."""
    action = (
        format_html('<a class="btn btn-primary" href="{}">{}</a>', url, label or _("Start")) if url else ""
    )
    return format_html(
        '<div class="empty-state"><span class="empty-picture">{}</span>'
        '<p class="empty-name">{}</p><p class="empty-text">{}</p>{}</div>',
        icon_svg(icon),
        title,
        text,
        action,
    )


@register.simple_tag(takes_context=True)
def csv_style(context: Context) -> str:
    """The key of the person's default CSV style."""
    return remembered(context["request"]).key


@register.simple_tag
def csv_styles(chosen: str) -> list[tuple[Style, bool]]:
    """Every CSV style, and whether it is the one with this key."""
    return [(style, style.key == chosen) for style in STYLES.values()]
