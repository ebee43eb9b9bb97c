"""Options that several commands share, with their environment variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from practice.i18n import gettext as _
from practice.paths import default_prompts, default_recordings
from practice.records.kinds import CHINESE_SCENARIO_KINDS, ScenarioKind, parse_scenario_kind
from practice.records.score import Result

if TYPE_CHECKING:
    from practice.store import Filter

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

FILE = click.Path(path_type=Path)


class Renamed(click.Option):
    """Option that still accepts its former name, which help does not show."""

    def __init__(self, names: list[str], former: str, **attributes: Any) -> None:
        super().__init__(names, **attributes)
        self._former = former

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser accept the former name too."""
        names = self.opts
        self.opts = [*names, self._former]
        super().add_to_parser(parser, ctx)
        self.opts = names


def _packed(parameter: str, build: Callable[..., object], *options: _Decorator) -> _Decorator:
    """Build a decorator that adds options to a command, which takes them as one parameter.

    Args:
        parameter: Name of the command's parameter.
        build: Called with the options' values, by name; returns the parameter's value.
        options: The options, in the order of the help.
    """
    names = tuple(signature(build).parameters)

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def with_packed(**values: Any) -> Any:
            packed = build(**{name: values.pop(name) for name in names})
            return command(**values, **{parameter: packed})

        decorated: Callable[..., Any] = with_packed
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def _from_environment(variable: str, *names: str, text: str, **attributes: Any) -> _Decorator:
    """Build an option whose default is an environment variable, which its help names."""
    help_text = _("{help} [env: {variable}]").format(help=text, variable=variable)
    option: _Decorator = click.option(*names, envvar=variable, help=help_text, **attributes)
    return option


prompts = _from_environment(
    "PRACTICE_PROMPTS",
    "--prompts",
    "prompts_dir",
    type=FILE,
    default=default_prompts,
    text=_("Scenario folder."),
)

trainee = _from_environment("PRACTICE_TRAINEE", "--trainee", text=_("Trainee's name."))

group = _from_environment("PRACTICE_GROUP", "--group", text=_("Trainee's group (business hall)."))


def whisper_model(option: str, text: str) -> _Decorator:
    """Build the option that names a Whisper model, as the parameter ``model_name``."""
    return _from_environment(
        "PRACTICE_MODEL", option, "model_name", default="base", show_default=True, text=text
    )


model = whisper_model("--model", _("Whisper model; see `practice model`."))

as_json: _Decorator = click.option(
    "--json", "as_json", is_flag=True, help=_("Print JSON for programs, one object per line.")
)

scenario: _Decorator = click.option("--scenario", help=_("Only this scenario."))

line: _Decorator = click.option(
    "--line", type=click.IntRange(min=1), help=_("Only this line of the scenario.")
)

no_playback: _Decorator = click.option(
    "--no-playback",
    cls=Renamed,
    former="--silent",
    is_flag=True,
    help=_("Play nothing, neither the customer's voice nor reference recordings."),
)

yes: _Decorator = click.option("--yes", is_flag=True, help=_("Remove without asking."))

explain: _Decorator = click.option(
    "--explain", is_flag=True, help=_("Show the basis of each figure and verdict.")
)


@dataclass(frozen=True, slots=True)
class StageOptions:
    """What a session at the microphone shows and plays."""

    no_playback: bool
    explain: bool
    as_json: bool


stage = _packed("shown", StageOptions, no_playback, explain, as_json)

device = _from_environment(
    "PRACTICE_DEVICE",
    "--device",
    text=_("Microphone, by index or name; see `practice devices`."),
)

END_SILENCE_S = 1.5
"""End silence in seconds. Pauses at a comma last up to about a second."""


@dataclass(frozen=True, slots=True)
class MicrophoneOptions:
    """Choice of a microphone, and of when its recordings end."""

    device: str | None
    end_silence_s: float
    limit_s: float


microphone = _packed(
    "mic",
    MicrophoneOptions,
    device,
    click.option(
        "--end-silence",
        "end_silence_s",
        cls=Renamed,
        former="--patience",
        type=click.FloatRange(0.3, 10),
        default=END_SILENCE_S,
        show_default=True,
        help=_("Seconds of silence after speech that end the recording."),
    ),
    click.option(
        "--limit",
        "limit_s",
        type=click.FloatRange(1, 60),
        default=60,
        show_default=True,
        help=_("Maximum length of a recording, in seconds."),
    ),
)


def _files(audio: tuple[Path, ...], more_audio: tuple[Path, ...]) -> tuple[Path, ...]:
    if more_audio and not audio:
        raise click.UsageError(
            _("The option --audio is missing. Give recordings with --audio FILE.")
        )
    return audio + more_audio


recorded = _packed(
    "files",
    _files,
    click.option(
        "--audio",
        type=FILE,
        multiple=True,
        help=_("Use a recording instead of the microphone; repeat for each line."),
    ),
    click.argument("more_audio", nargs=-1, type=FILE, metavar="[FILE]..."),
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


records = _packed(
    "records",
    lambda recordings_dir, database: Records(recordings_dir, database or None),
    _from_environment(
        "PRACTICE_RECORDINGS",
        "--recordings",
        "recordings_dir",
        type=FILE,
        default=default_recordings,
        text=_("Folder of attempts and recordings."),
    ),
    _from_environment(
        "PRACTICE_DATABASE",
        "--database",
        metavar="URL",
        text=_("Store records in PostgreSQL, shared by several machines."),
    ),
)


@dataclass(frozen=True, slots=True)
class PracticeOptions:
    """Options of the commands that assess attempts: trainee, model, scenarios and records."""

    trainee: str | None
    group: str | None
    model_name: str
    prompts_dir: Path
    records: Records


practice_options = _packed("given", PracticeOptions, trainee, group, model, prompts, records)


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


def _filter(
    trainee: str | None,
    group: str | None,
    scenario: str | None,
    since: date | None,
    until: date | None,
    result: str | None,
    reviewed: bool | None,
) -> Filter:
    from practice.store import Filter
    from practice.store.database import beginning, end

    return Filter(
        trainee=trainee,
        group=group,
        scenario=scenario,
        since=None if since is None else beginning(since),
        until=None if until is None else end(until),
        result=Result(result) if result else None,
        reviewed=reviewed,
    )


filters = _packed(
    "only",
    _filter,
    # No environment variables here: they would silently hide other trainees' attempts.
    click.option("--trainee", help=_("Only this trainee.")),
    click.option("--group", help=_("Only this group.")),
    scenario,
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
