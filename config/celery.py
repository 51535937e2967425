"""The Celery application: static routes and a beat that only ticks."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("markaz")
app.config_from_object("django.conf:settings", namespace=None)
app.conf.update(settings.CELERY)
app.autodiscover_tasks(["whatsapp", "billing", "config"])
