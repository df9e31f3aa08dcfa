"""The built wheel, installed in an empty environment away from the checkout, runs the demo and shows the page."""

import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).parent.parent


def ran(*words, cwd):
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(word) for word in words], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_runs_the_demo_in_an_empty_environment(tmp_path):
    left = shutil.ignore_patterns(".*", "build", "*.egg-info", "demo-study", "__pycache__")
    shutil.copytree(ROOT, tmp_path / "source", ignore=left)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path)
    ran(*build, tmp_path / "source", cwd=tmp_path)
    (wheel,) = tmp_path.glob("themis_coding-*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    ran(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    where = ran(python, "-c", "import coding, corpus, models, cli; print(cli.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path / "env")
    output = ran(tmp_path / "env" / "bin" / "themis", "demo", "study", cwd=tmp_path)
    assert "Read 113: kept 113 (432 passages), set aside 0, already there 0." in output
    assert "Themes, counted in passages" in output
    assert "What there is to do" in opened(tmp_path / "env" / "bin" / "themis", tmp_path / "study")


def opened(themis, study):
    """The start of the review page, as the installed program shows it."""
    words = [themis, "review", "--study", study, "--coder", "ada", "--port", "0", "--no-browser"]
    with subprocess.Popen(words, cwd=study, stdout=subprocess.PIPE, text=True) as server:
        try:
            link = urlsplit(next(line.strip() for line in server.stdout if "/enter#" in line))
            headers = {"Cookie": f"themis-{link.port}={link.fragment}"}
            page = urlopen(Request(f"http://{link.netloc}/", headers=headers), timeout=20).read().decode()
            for place in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
                assert urlopen(f"http://{link.netloc}{place}", timeout=20).status == 200
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=40)
    assert server.returncode == 0
    return page
