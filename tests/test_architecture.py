"""The arrows between the packages, and what each entry point may load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "wfdash"
LAYERS = {
    "core": set(),
    "api": {"core", "config"},
    "live": {"api", "core", "config", "keymap"},
    "ui": {"live", "api", "core", "config", "keymap"},
    "config": {"core", "keymap"},
    "keymap": set(),
    "demo": set(),
}


def imports(path: Path) -> set[str]:
    """The first part below wfdash of every import in a module, deferred ones included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [
                f"{node.module}.{alias.name}" if node.module == "wfdash" else node.module or ""
                for alias in node.names
            ]
        found |= {name.split(".")[1] for name in names if name.startswith("wfdash.")}
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_arrows_point_one_way(layer):
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in (PACKAGE / layer).rglob("*.py")
        for name in imports(path) - LAYERS[layer] - {layer, "__version__"}
    }
    assert not wrong


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_core_loads_no_textual_and_no_httpx():
    modules = " ".join(
        f"import {'.'.join(path.relative_to(PACKAGE.parent).with_suffix('').parts)};"
        for path in sorted((PACKAGE / "core").rglob("[a-z]*.py"))
    )
    assert not loaded_by(modules) & {"textual", "httpx", "pydantic", "rich"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["list", "--help"], ["nonsense"]])
def test_words_about_the_command_line_load_neither_textual_nor_httpx(arguments):
    ran = "import io, contextlib\nfrom wfdash.cli.main import run\n"
    ran += "with contextlib.redirect_stdout(io.StringIO()): "
    ran += f"run({arguments})"
    assert not loaded_by(ran) & {"textual", "httpx", "pydantic", "rich", "asyncio", "humanize"}


def test_the_client_loads_no_command_line_of_httpx():
    assert not loaded_by("import wfdash.api.connect") & {"click", "pygments", "rich", "textual"}
