"""Tags and filters every template has without loading them; the parts are in the modules beside this one."""

from django import template

from centers.templatetags import badges, filters, forms, lists, permissions, reuse, tabs, values

register = template.Library()
for part in (values, badges, filters, forms, lists, permissions, reuse, tabs):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)
