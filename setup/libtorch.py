#!/usr/bin/env python3
"""Finds or fetches libtorch 2.4.0 (CPU) and prints its folder.

Python is only a downloader here: pip fetches the pinned wheels, this script
checks their sha256, keeps the CPU parts and moves the finished folder into the
user's cache in one rename, so that an interrupted run leaves nothing half-done.

usage: libtorch.py [--cargo-config FILE]    LIBTORCH=/path uses a copy of yours
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

VERSION = "2.4.0"

# (requirement, pip platform, sha256 of the wheel). The x86-64 wheel is a CUDA
# build: libtorch_cpu.so is linked against the two small NVIDIA libraries even
# when no GPU is there, so they come along.
WHEELS = {
    ("Linux", "x86_64"): [
        ("torch==2.4.0", "manylinux1_x86_64",
         "e743adadd8c8152bb8373543964551a7cb7cc20ba898dc8f9c0cdbe47c283de0"),
        ("nvidia-cuda-runtime-cu12==12.1.105", "manylinux1_x86_64",
         "6e258468ddf5796e25f1dc591a31029fa317d97a0a94ed93468fc86301d61e40"),
        ("nvidia-cuda-cupti-cu12==12.1.105", "manylinux1_x86_64",
         "e54fde3983165c624cb79254ae9818a456eb6e87a7fd4d56a2352c24ee542d7e"),
    ],
    ("Linux", "aarch64"): [
        ("torch==2.4.0", "manylinux2014_aarch64", "7334325c0292cbd5c2eac085f449bf57d3690932eac37027e193ba775703c9e6"),
    ],
    ("Darwin", "arm64"): [
        ("torch==2.4.0", "macosx_11_0_arm64", "f169b4ea6dc93b3a33319611fcc47dc1406e4dd539844dcbd2dec4c1b96e166d"),
    ],
}

ELSEWHERE = (
    "Point LIBTORCH at a libtorch {v} of yours instead (README, 'libtorch'): "
    "make run LIBTORCH=/path/to/libtorch"
).format(v=VERSION)


def fail(message):
    sys.exit(f"libtorch: {message}")


def say(message):
    print(f"libtorch: {message}", file=sys.stderr, flush=True)


def cache_root():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(Path.home(), ".cache")
    return Path(base) / "hearken"


def version_of(folder):
    """The version a libtorch folder says it has, or None where none can be read."""
    build = folder / "build-version"
    if build.is_file():
        return build.read_text().strip().split("+")[0]
    header = folder / "include" / "torch" / "csrc" / "api" / "include" / "torch" / "version.h"
    if header.is_file():
        for line in header.read_text().splitlines():
            if line.startswith("#define TORCH_VERSION "):
                return line.split('"')[1].split("+")[0]
    return None


def given(path):
    folder = Path(path).expanduser().resolve()
    if not (folder / "include").is_dir() or not (folder / "lib").is_dir():
        fail(f"LIBTORCH={path} has no include/ and lib/ folder. Unset it to let "
             "Hearken fetch its own copy, or point it at an unpacked libtorch.")
    found = version_of(folder)
    if found and not found.startswith("2.4."):
        fail(f"LIBTORCH={path} is version {found}; tch 0.17 needs {VERSION}. "
             "Unset LIBTORCH to let Hearken fetch the right one.")
    return folder


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def fetch_wheel(requirement, pip_platform, expected, into):
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        fail(f"{sys.executable} has no pip, which fetches libtorch. Install it "
             f"(Debian: apt-get install python3-pip). {ELSEWHERE}")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:",
               "--python-version", "3.11", "--platform", pip_platform,
               "--disable-pip-version-check", "--no-cache-dir", "--dest", str(into), requirement]
    if not sys.stderr.isatty():
        command.append("--quiet")
    before = set(into.iterdir())
    if subprocess.run(command, stdout=sys.stderr).returncode:
        fail(f"pip could not download {requirement}; nothing was kept. "
             f"Check the network and run the command again. {ELSEWHERE}")
    wheel = (set(into.iterdir()) - before).pop()
    found = sha256(wheel)
    if found != expected:
        fail(f"{wheel.name} has sha256 {found}, expected {expected}: refused, nothing was kept.")
    return wheel


def wanted(name):
    """Where a member of a wheel goes, or None to leave it out."""
    parts = name.split("/")
    file = parts[-1]
    if not file:
        return None
    if parts[:2] == ["torch", "include"]:
        return "/".join(parts[1:])
    if parts[0] == "torch.libs":
        return "lib/" + file
    if parts[0] == "nvidia" and file in ("libcudart.so.12", "libcupti.so.12"):
        return "lib/" + file
    if parts[:2] == ["torch", "lib"] and len(parts) == 3:
        stem = file.split(".")[0].split("-")[0]
        if stem in ("libtorch_cpu", "libc10", "libgomp", "libomp", "libiomp5", "libtorch",
                    "libopenblas", "libarm_compute", "libarm_compute_graph",
                    "libarm_compute_core", "libgfortran"):
            # The CUDA wheel's libtorch.so pulls the GPU libraries in; it is replaced below.
            return "lib/" + file
    return None


def unpack(wheels, folder):
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                target = wanted(member.filename)
                if target is None:
                    continue
                path = folder / target
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(path, "wb") as out:
                    shutil.copyfileobj(source, out, 1 << 20)
    library = folder / "lib"
    if (library / "libcudart.so.12").exists():
        (library / "libtorch.so").write_text("INPUT(libtorch_cpu.so)\n")
    (folder / "build-version").write_text(VERSION + "\n")


def fetched():
    machine = (platform.system(), platform.machine())
    if machine not in WHEELS:
        fail(f"no wheel is pinned for {machine[0]} {machine[1]}. {ELSEWHERE}")
    root = cache_root()
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"libtorch-{VERSION}-{machine[0].lower()}-{machine[1]}"
    with open(root / "libtorch.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "build-version").is_file():
            return folder
        free = shutil.disk_usage(root).free
        if free < 2_500_000_000:
            fail(f"{root} has {free // 1_000_000} MB free; fetching needs 2,500 MB for a moment "
                 "and keeps 500 MB. Set XDG_CACHE_HOME to a larger place.")
        for stale in root.glob("libtorch-part-*"):
            shutil.rmtree(stale, ignore_errors=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="libtorch-part-", dir=root) as part:
            downloads = Path(part) / "wheels"
            downloads.mkdir()
            wheels = []
            for requirement, pip_platform, expected in WHEELS[machine]:
                say(f"fetching {requirement} (once per user)")
                wheels.append(fetch_wheel(requirement, pip_platform, expected, downloads))
            say("unpacking the CPU parts")
            unpack(wheels, Path(part) / "libtorch")
            if folder.exists():
                shutil.rmtree(folder)
            os.rename(Path(part) / "libtorch", folder)
        say(f"ready in {time.monotonic() - started:.0f} s: {folder}")
    return folder


def write_cargo_config(path, folder):
    """Lets a plain `cargo build` find the same libtorch as `make`."""
    lines = ["# Written by setup/libtorch.py; not tracked.", "[env]",
             f'LIBTORCH = "{folder}"']
    # PyPI's Linux wheels are built with the old C++ ABI; a libtorch of the user's
    # own keeps whatever the environment says.
    abi = os.environ.get("LIBTORCH_CXX11_ABI") or ("0" if folder.parent == cache_root() else None)
    if abi is not None:
        lines.append(f'LIBTORCH_CXX11_ABI = "{abi}"')
    text = "\n".join(lines) + "\n"
    path = Path(path)
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cargo-config", metavar="FILE",
                        help="also write the [env] table that plain cargo needs")
    arguments = parser.parse_args()
    own = os.environ.get("LIBTORCH")
    folder = given(own) if own else fetched()
    if arguments.cargo_config:
        write_cargo_config(arguments.cargo_config, folder)
    print(folder)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        fail("interrupted; nothing half-done was kept")
