"""Data of a trainee's report, collected from the store."""

from __future__ import annotations

from dataclasses import replace

from practice.output.export.entries import summary_of
from practice.output.export.report import Cover
from practice.output.plots.progress import trend_svg
from practice.records.attempt import Attempt, Trainee
from practice.store import Filter, Store
from practice.store.people import People
from practice.store.queue import Queue


def gather(store: Store, trainee: Trainee, last: int, made_at: str) -> tuple[Cover, list[Attempt]]:
    """Collect the data of a trainee's report.

    Args:
        store: Store to read from.
        trainee: Trainee with their group.
        last: Maximum number of attempts.
        made_at: Time of the report, in ISO 8601.

    Returns:
        The cover and the newest attempts; the list may be empty.
    """
    only = Filter(trainee=trainee.name, group=trainee.group)
    attempts = store.latest(only, limit=last)
    kept = Queue(store.database).counts(only).of(only)
    cover = Cover(trainee, made_at, kept, summary_of(attempts))
    people = People(store.database)
    points = people.trend(people.number_of(trainee)) if attempts else []
    if any(point.total is not None for point in points):
        cover = replace(cover, trend=trend_svg(points, trainee.name))
    return cover, attempts
