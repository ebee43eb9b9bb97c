"""``practice unpack``: take over what packs of other machines bring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from practice.commands import options, parts
from practice.errors import PracticeError
from practice.i18n import gettext as _

if TYPE_CHECKING:
    from practice.records.attempt import Take
    from practice.records.exchange import Conflict
    from practice.sync.merge import Arrived


@click.command(
    help=_(
        "Take over the takes and reviews that packs bring. What is here already stays as it "
        "is, so a pack can be taken over twice without harm."
    )
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@options.as_json
@options.records
def unpack(files: tuple[Path, ...], as_json: bool, records: options.Records) -> None:
    """Merge one pack after the other; each is taken over wholly or not at all."""
    from practice.sync.merge import merge

    store = parts.open_store(records)
    failed = False
    for path in files:
        try:
            with parts.stepwise(path.name) as progress:
                arrived = merge(store, path, progress)
        except PracticeError as error:
            failed = True
            parts.report_error(error)
            continue
        if as_json:
            parts.emit_json(_to_dict(arrived))
        else:
            _tell(arrived)
    if failed:
        raise SystemExit(1)


def _to_dict(arrived: Arrived) -> dict[str, Any]:
    from practice.output.as_json import review_to_dict

    return {
        "file": str(arrived.path),
        "new": arrived.new,
        "present": arrived.present,
        "forgotten": arrived.forgotten,
        "scores": arrived.judgements,
        "reviews": arrived.reviews,
        "recordings": arrived.recordings,
        "refused": list(arrived.refused),
        "differing": [take.id for take in arrived.differing],
        "conflicts": [
            {
                "id": conflict.take.id,
                "trainee": conflict.take.trainee.name,
                "group": conflict.take.trainee.group,
                "script": conflict.take.spec.script,
                "ours": review_to_dict(conflict.ours),
                "theirs": review_to_dict(conflict.theirs),
                "counts": conflict.counts.id,
            }
            for conflict in arrived.conflicts
        ],
    }


def _tell(arrived: Arrived) -> None:
    from practice.output.wrap import say

    console = parts.console()
    say(console, arrived.path.name, "bold")
    say(
        console,
        _(
            "new takes: {new}   recordings: {recordings}   reviews: {reviews}   "
            "later scores: {judgements}   here already: {present}"
        ).format(
            new=arrived.new,
            recordings=arrived.recordings,
            reviews=arrived.reviews,
            judgements=arrived.judgements,
            present=arrived.present,
        ),
    )
    if arrived.forgotten:
        text = _("removed here, and not brought back: {n}")
        say(console, text.format(n=arrived.forgotten))
    for attempt_id in arrived.refused:
        text = _("The recording of {id} cannot be played and was left out; the record is here.")
        say(console, text.format(id=attempt_id[:8]), "yellow", indent=2)
    for take in arrived.differing:
        text = _("{take} is otherwise here than in the pack; it stays as it is here.")
        say(console, text.format(take=_name(take)), "yellow", indent=2)
    for conflict in arrived.conflicts:
        say(console, _conflict(conflict), "yellow", indent=2)


def _conflict(conflict: Conflict) -> str:
    from practice.output.review import decision_text
    from practice.output.wording import local_time

    return _(
        "Two reviews of {take}: {ours}, {our_time}: {our_decision}; {theirs}, {their_time}: "
        "{their_decision}. That of {who}, {when}, is the latest and counts."
    ).format(
        take=_name(conflict.take),
        ours=conflict.ours.reviewer,
        our_time=local_time(conflict.ours.created_at),
        our_decision=decision_text(conflict.ours),
        theirs=conflict.theirs.reviewer,
        their_time=local_time(conflict.theirs.created_at),
        their_decision=decision_text(conflict.theirs),
        who=conflict.counts.reviewer,
        when=local_time(conflict.counts.created_at),
    )


def _name(take: Take) -> str:
    return _("{id} by {name} ({group}), “{script}”").format(
        id=take.id[:8], name=take.trainee.name, group=take.trainee.group, script=take.spec.script
    )
