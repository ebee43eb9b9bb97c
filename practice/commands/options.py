"""Options that several commands share, with their environment variables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click

from practice.i18n import gettext as _
from practice.paths import default_prompts, default_recordings
from practice.records.kinds import CHINESE_SCENARIO_KINDS, ScenarioKind, parse_scenario_kind
from practice.records.score import Result

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Renamed(click.Option):
    """Option that still accepts its former name, which help does not show."""

    def __init__(self, names: list[str], former: str, **attributes: Any) -> None:
        super().__init__([*names, former], **attributes)
        self._former = former

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the help entry without the former name."""
        with self._without_former():
            return super().get_help_record(ctx)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return the name for errors, without the former one."""
        with self._without_former():
            return super().get_error_hint(ctx)

    @contextmanager
    def _without_former(self) -> Iterator[None]:
        names = self.opts
        self.opts = [name for name in names if name != self._former]
        try:
            yield
        finally:
            self.opts = names


prompts: _Decorator = click.option(
    "--prompts",
    "prompts_dir",
    envvar="PRACTICE_PROMPTS",
    type=click.Path(path_type=Path),
    default=default_prompts,
    help=_("Scenario folder. [env: PRACTICE_PROMPTS]"),
)

trainee: _Decorator = click.option(
    "--trainee", envvar="PRACTICE_TRAINEE", help=_("Trainee's name. [env: PRACTICE_TRAINEE]")
)

group: _Decorator = click.option(
    "--group",
    envvar="PRACTICE_GROUP",
    help=_("Trainee's group (business hall). [env: PRACTICE_GROUP]"),
)

model: _Decorator = click.option(
    "--model",
    "model_name",
    envvar="PRACTICE_MODEL",
    default="base",
    show_default=True,
    help=_("Whisper model; see `practice model`. [env: PRACTICE_MODEL]"),
)

as_json: _Decorator = click.option(
    "--json", "as_json", is_flag=True, help=_("Print JSON for programs, one object per line.")
)

device: _Decorator = click.option(
    "--device",
    envvar="PRACTICE_DEVICE",
    help=_("Microphone, by index or name; see `practice devices`. [env: PRACTICE_DEVICE]"),
)

no_playback: _Decorator = click.option(
    "--no-playback",
    cls=Renamed,
    former="--silent",
    is_flag=True,
    help=_("Play nothing, neither the customer's voice nor reference recordings."),
)

yes: _Decorator = click.option("--yes", is_flag=True, help=_("Remove without asking."))

observer: _Decorator = click.option(
    "--observer",
    metavar="NAME",
    help=_("Trainer who observes and is asked about the posture."),
)

explain: _Decorator = click.option(
    "--explain", is_flag=True, help=_("Show the basis of each figure and verdict.")
)


END_SILENCE_S = 1.5
"""End silence in seconds. Pauses at a comma last up to about a second."""


@dataclass(frozen=True, slots=True)
class Mic:
    """Choice of a microphone, and of when its recordings end."""

    device: str | None
    end_silence_s: float
    limit_s: float


_end_silence: _Decorator = click.option(
    "--end-silence",
    cls=Renamed,
    former="--patience",
    type=click.FloatRange(0.3, 10),
    default=END_SILENCE_S,
    show_default=True,
    help=_("Seconds of silence after speech that end the recording."),
)

_limit: _Decorator = click.option(
    "--limit",
    type=click.FloatRange(1, 60),
    default=60,
    show_default=True,
    help=_("Maximum length of a recording, in seconds."),
)


def microphone(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the microphone options to a command, as its parameter ``mic``."""

    @wraps(command)
    def with_mic(
        *args: Any, device: str | None, end_silence: float, limit: float, **others: Any
    ) -> Any:
        return command(*args, mic=Mic(device, end_silence, limit), **others)

    return device(_end_silence(_limit(with_mic)))


def recorded(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add recordings as an alternative to the microphone, as the parameter ``files``."""

    @wraps(command)
    def with_files(
        *args: Any, audio: tuple[Path, ...], more_audio: tuple[Path, ...], **others: Any
    ) -> Any:
        if more_audio and not audio:
            raise click.UsageError(
                _("The option --audio is missing. Give recordings with --audio FILE.")
            )
        return command(*args, files=audio + more_audio, **others)

    path = click.Path(path_type=Path)
    option = click.option(
        "--audio",
        type=path,
        multiple=True,
        help=_("Use a recording instead of the microphone; repeat for each line."),
    )
    return option(
        click.argument("more_audio", nargs=-1, type=path, metavar="[FILE]...")(with_files)
    )


def _kind(_ctx: click.Context, _param: click.Parameter, value: str | None) -> ScenarioKind | None:
    """Parse a kind of scenario by its English or Chinese name."""
    if value is None:
        return None
    kind = parse_scenario_kind(value)
    if kind is None:
        kinds = "、".join(CHINESE_SCENARIO_KINDS.values())
        message = _("“{kind}” is not a kind of scenario. Use one of: {kinds}.")
        raise click.BadParameter(message.format(kind=value, kinds=kinds))
    return kind


def kind(help_text: str) -> _Decorator:
    """Build the option that names a kind of scenario."""
    option: _Decorator = click.option("--kind", callback=_kind, help=help_text)
    return option


@dataclass(frozen=True, slots=True)
class Records:
    """Location of the attempts.

    Attributes:
        folder: Folder of the recordings, and of the database file.
        database: URL of a shared PostgreSQL database, which replaces the file; None without.
    """

    folder: Path
    database: str | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Options that most commands share: trainee, model, scenarios and records."""

    trainee: str | None
    group: str | None
    model_name: str
    prompts_dir: Path
    records: Records


_recordings: _Decorator = click.option(
    "--recordings",
    "recordings_dir",
    envvar="PRACTICE_RECORDINGS",
    type=click.Path(path_type=Path),
    default=default_recordings,
    help=_("Folder of attempts and recordings. [env: PRACTICE_RECORDINGS]"),
)

_database: _Decorator = click.option(
    "--database",
    envvar="PRACTICE_DATABASE",
    metavar="URL",
    help=_("Store records in PostgreSQL, shared by several machines. [env: PRACTICE_DATABASE]"),
)


def records(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that locate the records to a command, as its parameter ``records``."""

    @wraps(command)
    def with_records(*args: Any, recordings_dir: Path, database: str | None, **others: Any) -> Any:
        return command(*args, records=Records(recordings_dir, database or None), **others)

    return _recordings(_database(with_records))


def desk(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a `Desk` to a command, as its parameter ``desk``."""

    @wraps(command)
    def with_desk(
        *args: Any,
        trainee: str | None,
        group: str | None,
        model_name: str,
        prompts_dir: Path,
        records: Records,
        **others: Any,
    ) -> Any:
        packed = Desk(trainee, group, model_name, prompts_dir, records)
        return command(*args, desk=packed, **others)

    given: Callable[..., Any] = with_desk
    for option in (records, prompts, model, group, trainee):
        given = option(given)
    return given


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> date | None:
    """Parse a date like 2026-11-22."""
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    # Every system's clock can represent these years.
    if day is None or not 1971 <= day.year <= 2999:
        raise click.BadParameter(
            _("“{value}” is not a valid date. Write it like 2026-11-22.").format(value=value)
        )
    return day


_FILTERS: tuple[_Decorator, ...] = (
    # No environment variables here: they would silently hide other trainees' attempts.
    click.option("--trainee", help=_("Only this trainee.")),
    click.option("--group", help=_("Only this group.")),
    click.option("--scenario", help=_("Only this scenario.")),
    click.option("--since", callback=_day, metavar="DATE", help=_("From this day on.")),
    click.option("--until", callback=_day, metavar="DATE", help=_("Up to and including this day.")),
    click.option(
        "--result",
        type=click.Choice([result.value for result in Result]),
        help=_("Only attempts with this result; open means needs review."),
    ),
    click.option(
        "--reviewed/--unreviewed",
        default=None,
        help=_("Only reviewed, or only unreviewed attempts."),
    ),
)


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that filter attempts to a command, as its parameter ``only``."""

    @wraps(command)
    def with_filters(
        *args: Any,
        trainee: str | None,
        group: str | None,
        scenario: str | None,
        since: date | None,
        until: date | None,
        result: str | None,
        reviewed: bool | None,
        **others: Any,
    ) -> Any:
        from practice.store import Filter
        from practice.store.database import beginning, end

        only = Filter(
            trainee=trainee,
            group=group,
            scenario=scenario,
            since=None if since is None else beginning(since),
            until=None if until is None else end(until),
            result=Result(result) if result else None,
            reviewed=reviewed,
        )
        return command(*args, only=only, **others)

    given: Callable[..., Any] = with_filters
    for option in reversed(_FILTERS):
        given = option(given)
    return given
