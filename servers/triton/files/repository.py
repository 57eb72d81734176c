"""Lays out what Triton reads, out of links, and loads what has changed into a server that runs.

``start.sh`` runs it as ``repository.py start`` and evaluates what it prints; ``repository.py load`` ends with 1, and
Triton's reason on standard error, where a model does not load: what was served before is served on. The TRITON_*
variables are set in ``server.toml``.
"""

import filecmp
import http.client
import json
import os
import secrets
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

FOLDER = Path(os.environ["TRITON_FOLDER"])
NAME = os.environ["TRITON_NAME"]
MODEL = Path(os.environ["TRITON_MODEL"]).resolve()
"""A model repository, or the files of one version of one model."""
TYPED = FOLDER / "typed"
"""What the definition says of models in types."""
IN_FORCE, SECRET, PENDING = FOLDER / "repository", FOLDER / "operator", FOLDER / "pending.json"
SECRET_HEADER = "triton-operator"
LOAD_SECONDS = 600.0


class NotLoaded(Exception):
    """Triton said no; the text is its reason."""


def main(what):
    """Do what the word says; give the exit status."""
    try:
        return {"start": _start, "load": _load}[what]()
    except NotLoaded as refused:
        print(refused, file=sys.stderr)
        return 1


def _start():
    """Print what the shell needs; the secret keeps out what reaches the port, and is new at each start."""
    _put_in_force(_lay_out())
    _tidy()
    PENDING.unlink(missing_ok=True)
    SECRET.unlink(missing_ok=True)
    with open(os.open(SECRET, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(16))
    places = {
        "packages": sysconfig.get_path("purelib"),
        "libraries": sysconfig.get_config_var("LIBDIR"),
        "python_version": "{}.{}".format(*sys.version_info[:2]),
        "secret": SECRET.read_text(),
    }
    for name, value in places.items():
        print(f"{name}={shlex.quote(value)}")
    print("set --", shlex.join(_arguments()))
    return 0


def _arguments():
    found = [f"--load-model={name}" for name in sorted(_wanted())]
    if TYPED.is_dir():
        found.append("--disable-auto-complete-config")
    # Without these Triton serves models that ask for them as if they had not asked.
    texts = [file.read_text() for file in IN_FORCE.glob("*/config.pbtxt")]
    if any("response_cache" in text for text in texts):
        caches = Path(sysconfig.get_path("purelib"), "pytriton", "tritonserver", "caches")
        found += ["--cache-config=local,size=67108864", f"--cache-directory={caches}"]
    if any("rate_limiter" in text for text in texts):
        found.append("--rate-limit=execution_count")
    return found


def _wanted():
    """The models that are named; an ensemble brings its steps along."""
    return {folder.name for folder in _folders(TYPED)} if TYPED.is_dir() else {NAME}


def _lay_out():
    """Make the repository anew, beside the one that is in force; give its folder."""
    made = FOLDER / f"layout.{secrets.token_hex(4)}"
    if _is_repository():
        for folder in _folders(MODEL):
            _link_into(made / folder.name, folder)
    else:
        (made / NAME).mkdir(parents=True)
        (made / NAME / os.environ.get("TRITON_VERSION", "1")).symlink_to(MODEL)
    for folder in _folders(TYPED):
        _link_into(made / folder.name, folder)
    for config in made.glob("*/config.pbtxt"):
        _give_version(config.parent)
    return made


def _is_repository():
    """Tell what the model's files are; one version is told with one typed configuration, whose version is known."""
    return (MODEL / NAME).is_dir() or (TYPED.is_dir() and "TRITON_VERSION" not in os.environ)


def _put_in_force(folder):
    """Let the server read it from now on, in one step."""
    new = FOLDER / "repository.next"
    new.unlink(missing_ok=True)
    new.symlink_to(folder.name)
    os.replace(new, IN_FORCE)


def _link_into(model, folder):
    """Put all that a folder holds into a model's; what is there by that name already gives way."""
    model.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if not entry.name.startswith("."):
            _put(model / entry.name, entry)


def _put(place, target):
    """Configurations are copies: the next ones are written over those that they would lead to."""
    place.unlink(missing_ok=True)
    if target.name == "config.pbtxt":
        shutil.copyfile(target, place)
    else:
        place.symlink_to(target)


def _give_version(model):
    """The version folder of an ensemble is empty, and copies of a model's files hold no empty folders."""
    is_ensemble = "ensemble_scheduling" in (model / "config.pbtxt").read_text()
    if is_ensemble and not any(each.name.isdecimal() for each in model.iterdir()):
        (model / "1").mkdir()


def _folders(of):
    return [each for each in sorted(of.iterdir()) if each.is_dir() and each.name[0] != "."] if of.is_dir() else []


def _load():
    """Load what differs from what is in force, what a killed run has not loaded, and what somebody unloaded."""
    ready = {model["name"] for model in _asked("index") if model.get("state") == "READY"}
    before, made = IN_FORCE.resolve(), _lay_out()
    served = _wanted() if TYPED.is_dir() else _wanted() | {name for name in ready if (made / name).is_dir()}
    changed = {name for name in served if name not in ready or _differs(before / name, made / name)}
    pending = served & set(json.loads(PENDING.read_text()) if PENDING.is_file() else ())
    for name in pending:
        (made / name / ".again").touch()
    for name in served - changed - pending:
        _keep_times(before / name, made / name)
    changed |= pending
    # Written first: a run that ends from here on has put in force what nothing has loaded.
    PENDING.write_text(json.dumps(sorted(changed)))
    _put_in_force(made)
    loaded = []
    try:
        # A model comes before the ensembles that it is a step of.
        for name in sorted(changed, key=lambda it: (_is_ensemble(it), it)):
            loaded.append(name)
            _asked(f"models/{name}/load")
    except NotLoaded as refused:
        _put_in_force(before)
        for name in loaded:
            _again(name)
        print(f"model '{loaded[-1]}': {refused}", file=sys.stderr)
        return 1
    finally:
        PENDING.unlink()
        _tidy()
    for name in ready - served:
        _asked(f"models/{name}/unload")
    print("loaded:", ", ".join(loaded) or "nothing")
    return 0


def _tidy():
    for old in FOLDER.glob("layout.*"):
        if old != IN_FORCE.resolve():
            shutil.rmtree(old)


def _again(name):
    """Load what was in force before, as if it were newer than what came after; what was not there then goes."""
    was_there = (IN_FORCE / name).is_dir()
    if was_there:
        (IN_FORCE / name / ".again").touch()
    try:
        _asked(f"models/{name}/{'load' if was_there else 'unload'}")
    except NotLoaded as refused:
        print(f"model '{name}', as it was before: {refused}", file=sys.stderr)


def _is_ensemble(name):
    config = IN_FORCE / name / "config.pbtxt"
    return config.is_file() and "ensemble_scheduling" in config.read_text()


def _differs(before, now):
    """Tell whether two trees hold other files, or others' contents."""
    names = _names(before)
    if names != _names(now):
        return True
    if names is None:
        return before.resolve() != now.resolve() and not filecmp.cmp(before, now, shallow=False)
    return any(_differs(before / name, now / name) for name in names)


def _names(path):
    """What a folder holds, None for a file; bytecode is Python's own, and hidden files are nobody's."""
    if not path.is_dir():
        return None
    return sorted(each.name for each in path.iterdir() if each.name != "__pycache__" and each.name[0] != ".")


def _keep_times(before, now):
    """Triton loads what is newer, of all models that it meets along an ensemble, and a copy is new as a whole."""
    for name in _names(now) or ():
        _keep_times(before / name, now / name)
    times = before.stat()
    os.utime(now, ns=(times.st_atime_ns, times.st_mtime_ns))


def _asked(path):
    """Ask the running server's repository; its endpoints are closed to everybody else."""
    server = http.client.HTTPConnection("127.0.0.1", int(os.environ["TRITON_HTTP_PORT"]), timeout=LOAD_SECONDS)
    try:
        server.request("POST", f"/v2/repository/{path}", "{}", {SECRET_HEADER: SECRET.read_text()})
        answer = server.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except OSError as error:
        raise NotLoaded(f"the server does not answer: {error}") from None
    finally:
        server.close()
    if answer.status != 200:
        raise NotLoaded(json.loads(text)["error"] if text.startswith("{") else text)
    return json.loads(text) if text else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
