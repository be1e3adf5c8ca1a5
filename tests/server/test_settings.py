"""Settings come from flags, environment, file and defaults, in this order, and bad ones name their source."""

from pathlib import Path

import pytest
from weft.errors import SettingsError
from weft.settings import GIB, Settings, load_settings, shipped_workflows, user_data_dir


@pytest.fixture(autouse=True)
def _quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in an empty folder, without settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_DIR", "OUTPUT_DIR", "DEVICE", "MODELS_DIRS", "CACHE_RAM_BYTES"):
        monkeypatch.delenv(f"WEFT_{name}", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))


def test_without_any_source_there_are_defaults() -> None:
    settings = load_settings()

    assert settings.device == "auto"
    assert settings.output_dir == Path("output")
    assert settings.cache_ram_bytes == 4 * GIB
    assert settings.data_dir == user_data_dir()


def test_the_users_data_folder_follows_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert user_data_dir() == tmp_path / "xdg" / "weft"

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_data_dir() == tmp_path / ".local" / "share" / "weft"

    monkeypatch.setattr("sys.platform", "darwin")
    assert user_data_dir() == tmp_path / "Library" / "Application Support" / "weft"

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert user_data_dir() == tmp_path / "local" / "weft"


def test_the_other_folders_follow_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings({"data_dir": tmp_path / "data"})

    assert settings.models_dirs == (Path("models"), tmp_path / "data" / "models")
    assert settings.custom_nodes_dirs == (Path("custom_nodes"), tmp_path / "data" / "custom_nodes")
    assert settings.workflows_dirs == (tmp_path / "data" / "workflows", shipped_workflows())


def test_the_shipped_workflows_are_found_in_a_source_checkout() -> None:
    assert shipped_workflows() == Path(__file__).parents[2] / "workflows"


def test_flags_go_before_environment_before_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weft.toml").write_text('device = "mps"\ncache_ram_bytes = 2\noutput_dir = "from-file"\n')
    monkeypatch.setenv("WEFT_DEVICE", "cuda")
    monkeypatch.setenv("WEFT_CACHE_RAM_BYTES", "3")

    settings = load_settings({"device": "cpu"})

    assert (settings.device, settings.cache_ram_bytes, settings.output_dir) == ("cpu", 3, Path("from-file"))


def test_a_flag_that_was_not_given_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_DEVICE", "cuda:1")

    assert load_settings({"device": None}).device == "cuda:1"


def test_the_file_can_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('device = "mps"\n')
    other = tmp_path / "other.toml"
    other.write_text('device = "cpu"\n')

    assert load_settings(config=other).device == "cpu"


def test_folders_in_the_environment_are_separated_as_in_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.pathsep", ":")
    monkeypatch.setenv("WEFT_MODELS_DIRS", "/a:/b::")

    assert load_settings().models_dirs == (Path("/a"), Path("/b"))


def test_folders_in_the_file_are_a_list(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text('models_dirs = ["/a", "b"]\n')

    assert load_settings().models_dirs == (Path("/a"), Path("b"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GiB", 2 * GIB), ("500MB", 500_000_000), ("1024", 1024), ("0", 0), ("1.5GiB", 3 * GIB // 2)],
)
def test_sizes_may_be_written_with_units(text: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CACHE_RAM_BYTES", text)

    assert load_settings().cache_ram_bytes == size


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:11"])
def test_devices_are_named_as_torch_names_them(device: str) -> None:
    assert load_settings({"device": device}).device == device


@pytest.mark.parametrize(
    ("flags", "setting"),
    [
        ({"device": "gpu"}, "device"),
        ({"device": "cuda:"}, "device"),
        ({"cache_ram_bytes": -1}, "cache_ram_bytes"),
        ({"cache_ram_bytes": "many"}, "cache_ram_bytes"),
        ({"cache_disk_bytes": -1}, "cache_disk_bytes"),
        ({"cache_disk_bytes": "lots"}, "cache_disk_bytes"),
        ({"data_dir": 5}, "data_dir"),
        ({"models_dirs": 5}, "models_dirs"),
    ],
)
def test_a_bad_flag_is_named(flags: dict[str, object], setting: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(flags)

    assert f'"{setting}" from the flag --{setting.replace("_", "-")}' in caught.value.message
    assert repr(flags[setting]) in caught.value.message


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "cuda:\u0663", "", 5])
def test_a_device_that_cannot_be_is_met_with_those_that_can(device: object) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"device": device})

    fault = f"is {device!r}, but must be auto, cpu, cuda, cuda:N or mps."
    assert caught.value.message == f'The setting "device" from the flag --device {fault}'


def test_a_bad_environment_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_CACHE_RAM_BYTES", "many")

    with pytest.raises(SettingsError, match="from the environment variable WEFT_CACHE_RAM_BYTES is 'many'"):
        load_settings()


def test_a_bad_value_in_the_file_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text("cache_ram_bytes = -5000\n")

    with pytest.raises(SettingsError, match=r"from the file weft.toml is -5000"):
        load_settings()


def test_a_bad_value_that_a_higher_source_replaces_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "weft.toml").write_text("cache_ram_bytes = -5000\n")

    assert load_settings({"cache_ram_bytes": 4}).cache_ram_bytes == 4


@pytest.mark.parametrize(("name", "hint"), [("devise", '"device"'), ("cache_ram_byte", '"cache_ram_bytes"')])
def test_an_unknown_setting_is_met_with_a_suggestion(tmp_path: Path, name: str, hint: str) -> None:
    (tmp_path / "weft.toml").write_text(f"{name} = 1\n")

    with pytest.raises(SettingsError, match="does not exist") as caught:
        load_settings()

    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"device = \n", "is not TOML"), (b"\xff\xfe", "cannot be read")],
)
def test_a_file_that_cannot_be_read_is_reported(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "weft.toml").write_bytes(content)

    with pytest.raises(SettingsError, match=said):
        load_settings()


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="names a file that does not exist"):
        load_settings(config=tmp_path / "missing.toml")


def test_the_paths_of_nodes_come_from_the_settings(tmp_path: Path) -> None:
    paths = load_settings({"data_dir": tmp_path, "output_dir": "out", "models_dirs": ["m"]}).paths

    assert (paths.output_dir, paths.input_dir, paths.models, paths.data_dir) == (
        Path("out"), Path("input"), (Path("m"),), tmp_path,
    )  # fmt: skip


def test_reading_settings_creates_nothing(tmp_path: Path) -> None:
    load_settings()

    assert list(tmp_path.iterdir()) == []


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().device = "cpu"


def test_settings_made_in_code_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_DEVICE", "cuda")

    assert Settings().device == "auto"
