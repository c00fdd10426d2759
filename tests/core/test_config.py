"""The configuration: precedence, sources, and one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import explain, load
from core.errors import BadSetting, HomeBroken, LeadhandError, UnknownProject
from core.states import PermissionMode, Strategy


def home(tmp_path: Path, text: str = "") -> dict[str, str]:
    (tmp_path / "leadhand.toml").write_text(text, "utf-8")
    return {"LEADHAND_HOME": str(tmp_path)}


def test_the_environment_wins_over_the_file_and_both_are_named(tmp_path: Path) -> None:
    environ = home(tmp_path, '[telegram]\ntoken = "1:a"\nowner = 5\n')
    config = load({**environ, "LEADHAND_TELEGRAM_TOKEN": "2:b", "LEADHAND_TELEGRAM_OWNER": "77"})
    assert (config.telegram.token, config.telegram.owner) == ("2:b", 77)
    shown = {setting: (value, source) for setting, value, source in explain(config)}
    assert shown["telegram.token"] == ("set", "environment LEADHAND_TELEGRAM_TOKEN")
    assert shown["defaults.agent"] == ("claude", "default")
    assert "2:b" not in str(shown)


def test_a_project_overrides_the_defaults(tmp_path: Path) -> None:
    config = load(
        home(
            tmp_path,
            '[defaults]\nstrategy = "manual"\n'
            '[projects.app]\npath = "/src/app"\npermission_mode = "bypass"\n',
        )
    )
    policy = config.policy("app")
    assert (policy.strategy, policy.permission_mode) == (Strategy.MANUAL, PermissionMode.BYPASS)


def test_a_command_may_be_one_word_or_a_list(tmp_path: Path) -> None:
    config = load(
        home(
            tmp_path,
            '[agents.a]\ndriver="claude"\ncommand="x"\n[agents.b]\ndriver="claude"\ncommand=["y","z"]\n',
        )
    )
    assert config.agent("a").command == ("x",)
    assert config.agent("b").command == ("y", "z")


@pytest.mark.parametrize(
    ("text", "setting", "reason"),
    [
        ("[telegram]\ntokn = 'x'\n", "telegram.tokn", "did you mean token"),
        ("[defaults]\nstrategie = 'ask'\n", "defaults.strategie", "did you mean strategy"),
        ("[defaults]\nstrategy = 'merge'\n", "defaults.strategy", "'off'"),
        ("[projects.a]\n", "projects.a.path", "field required"),
        ("[projects.'A b']\npath='/x'\n", "projects.A b", "a name is"),
        ("[telegam]\n", "telegam", "did you mean telegram"),
        ("[agents.x]\ndriver='clod'\ncommand='x'\n", "agents.x.driver", "'claude'"),
        ("[agents.x]\ndriver='claude'\ncommand=[]\n", "agents.x.command", "at least 1"),
        ("[defaults]\nagent='gpt'\n", "defaults.agent", "no agent gpt"),
        ("telegram = 5\n", "telegram", "valid dictionary"),
        ("a = = b\n", "syntax", "line 1"),
    ],
)
def test_a_mistake_names_file_setting_and_reason(
    tmp_path: Path, text: str, setting: str, reason: str
) -> None:
    with pytest.raises(BadSetting) as found:
        load(home(tmp_path, text))
    message = found.value.message()
    assert message.startswith(str(tmp_path / "leadhand.toml"))
    assert f": {setting}: " in message
    assert reason in message
    assert "\n" not in message


def test_a_bad_owner_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="LEADHAND_TELEGRAM_OWNER"):
        load({**home(tmp_path), "LEADHAND_TELEGRAM_OWNER": "ann"})


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leadhand.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSetting, match="not UTF-8"):
        load({"LEADHAND_HOME": str(tmp_path)})


def test_a_directory_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leadhand.toml").mkdir()
    with pytest.raises(BadSetting, match="directory"):
        load({"LEADHAND_HOME": str(tmp_path)})


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load({"LEADHAND_HOME": str(tmp_path / "new")}).settings.projects == {}


def test_an_unknown_project_names_the_known_ones(tmp_path: Path) -> None:
    config = load(home(tmp_path, "[projects.app]\npath='/x'\n[projects.web]\npath='/y'\n"))
    with pytest.raises(UnknownProject, match=r"known: app, web"):
        config.project("ap")


def test_a_file_in_the_place_of_the_home_is_refused(tmp_path: Path) -> None:
    from core.config import prepare_home

    (tmp_path / "home").write_text("")
    with pytest.raises(HomeBroken):
        prepare_home(tmp_path / "home")


def test_every_error_class_has_a_one_line_message() -> None:
    def walk(cls: type[LeadhandError]) -> list[type[LeadhandError]]:
        return [cls, *(found for sub in cls.__subclasses__() for found in walk(sub))]

    for cls in walk(LeadhandError):
        assert cls().message()
        assert "\n" not in cls().message()
