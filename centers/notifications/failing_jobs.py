"""The message that a job failed twice in a row, and the one that it works again."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from centers import clock
from centers.models import JobRun, Notification, Reseller, Role
from centers.notifications import followups
from centers.notifications.compose import open_page
from centers.notifications.message_texts import Wording, register_wordings
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind
from centers.queue.job_runs import failed_runs, on_failing, registered_jobs
from centers.values.formats import moment_text, zone_of

KIND, WORKS = "job.failed", "job.works"
_OVER = "over"
GROUP = Group(
    name="jobs",
    label=gettext_lazy("Jobs"),
    text=gettext_lazy("A job failed twice in a row, or works again."),
    order=40,
    roles=(Role.OWNER,),
    overview=lambda row: open_page(_("Open jobs"), _page(row.reseller)),
)


def connect() -> None:
    """Register the group, its kind and texts, and listen to the runs."""
    register_group(GROUP)
    register_kind(
        Kind(
            name=KIND,
            group=GROUP.name,
            label=gettext_lazy("Job failed twice"),
            write=_write,
            line=_line,
            page=lambda row: _page(row.reseller),
            counted=_counted,
        )
    )
    register_wordings(_wordings())
    on_failing(hear)


def hear(run: JobRun, failing: bool) -> None:
    """Write that a job fails, once until it works again; and that it does, to those who know."""
    reseller, about = run.reseller, f"job:{run.job}"
    if failing:
        news = News(
            kind=KIND,
            about=about,
            event=f"{FIRST}.{run.pk}",
            people=people_with(reseller, GROUP.roles),
            context={"job": run.job, "since": run.started_at.isoformat(), "why": _reason(run)},
            follows_up=True,
            for_team=True,
        )
        notify(reseller=reseller, news=[news], now=clock.now())
        return
    followups.stop(reseller=reseller, about=[about])
    followups.drop(reseller=reseller, about=[about], prefix=FIRST)
    followups.tell_those_who_know(
        reseller=reseller,
        about=[about],
        event=f"{_OVER}.{run.pk}",
        over=_OVER,
        not_before=clock.now(),
        now=clock.now(),
    )


def _reason(run: JobRun) -> str:
    """The first thing that failed in it, as a stored message."""
    return next((failure["why"] for failure in run.failures), "")


def _write(row: Notification, now: datetime) -> Content | None:
    """None if the job works again, or no longer does."""
    runs = failed_runs(reseller=row.reseller, job=row.context["job"], now=now, latest=1)
    works = not any(failed for _run, failed in runs)
    if works != _is_over(row):
        return None
    return _works(row) if works else _fails(row)


def _fails(row: Notification) -> Content:
    why = str(row.context["why"])
    values = {"job": _label(row), "time": _since(row)}
    paragraphs = [
        _("The job “%(job)s” failed twice in a row, the second time on %(time)s.") % values,
        why,
        _("It runs again automatically. Open Jobs to see every run, or to run it now."),
    ]
    return Content(
        subject=_line(row),
        text="\n\n".join(paragraphs),
        actions=(open_page(_("Open jobs"), _page(row.reseller)),),
        wording=KIND,
        fields={"job": values["job"], "since": values["time"], "reason": why},
    )


def _works(row: Notification) -> Content:
    return Content(
        subject=_line(row),
        text=_("The job “%(job)s” works again. There's nothing left to do.") % {"job": _label(row)},
        actions=(open_page(_("Open jobs"), _page(row.reseller)),),
        wording=WORKS,
        fields={"job": _label(row)},
    )


def _line(row: Notification) -> str:
    if _is_over(row):
        return _("Job works again: %(job)s") % {"job": _label(row)}
    if row.event.startswith(FIRST):
        return _("Job failed twice: %(job)s") % {"job": _label(row)}
    return _("Job still fails: %(job)s") % {"job": _label(row)}


def _counted(row: Notification, count: int) -> str:
    if _is_over(row):
        return ngettext("%(n)s job works again", "%(n)s jobs work again", count) % {"n": count}
    return ngettext("%(n)s job failed twice", "%(n)s jobs failed twice", count) % {"n": count}


def _is_over(row: Notification) -> bool:
    return row.event.partition(".")[0] == _OVER


def _label(row: Notification) -> str:
    job = registered_jobs().get(row.context["job"])
    return str(job.label) if job is not None else str(row.context["job"])


def _since(row: Notification) -> str:
    return moment_text(datetime.fromisoformat(row.context["since"]), zone_of(row.reseller.time_zone))


def _page(reseller: Reseller) -> str:
    return reverse("jobs", args=[reseller.slug])


def _wordings() -> Iterator[Wording]:
    job = {"job": gettext_lazy("the name of the job")}
    failure = {"since": gettext_lazy("when it failed"), "reason": gettext_lazy("why it failed")}
    for name, label, fields in (
        (KIND, gettext_lazy("Job failed twice"), job | failure),
        (WORKS, gettext_lazy("Job works again"), job),
    ):
        yield Wording(
            name=name,
            section=GROUP.label,
            label=label,
            audience=gettext_lazy("to your team"),
            fields=fields,
            example=partial(_example, name),
        )


def _example(name: str, reseller: Reseller, now: datetime) -> Content | None:
    """Of the latest run that failed."""
    run = JobRun.objects.filter(reseller=reseller, state=JobRun.State.FAILED).order_by("-pk").first()
    if run is None:
        return None
    context = {"job": run.job, "since": run.started_at.isoformat(), "why": _reason(run)}
    row = Notification(reseller=reseller, event=_OVER if name == WORKS else FIRST, context=context)
    return _works(row) if name == WORKS else _fails(row)
