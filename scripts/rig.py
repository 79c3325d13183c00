# SPDX-License-Identifier: GPL-2.0
"""Functions that the Python scripts share: they build the parts of a boot, boot it,
end it if it hangs, and read its results.  Python's standard library only.

Keys of a boot, or of its group, in tools/board/boots.toml:

soc          the hardware, of [kind]; default: none. Its kind selects the two drivers.
dtb          name of a devicetree of the board, see devicetree_sources(); default: {soc}.
             "apple/*" stands for each devicetree of the kernel's source that names a
             DART: a boot each, NAME-TREE
driver       rust (default), c, none
image        release (default), release-up, debug, debug-up; arm64, arm64-debug, arm64-modversions: in QEMU, see virt.py;
             debian-arm64: in QEMU, with the kernel of Debian's package
stories      NAME or NAME:ARGUMENT, from tools/board/stories/, or @LIST, of [stories]
load_driver  whether init loads the driver before the first story (default true)
modules      modules that init loads before that (default: those of the board, with a devicetree)
args         more arguments for the kernel
ncpus        CPUs; default: 2, on an -up image 1
mem          guest memory (default 512M, with KASAN 1G)
silence      seconds without output after which the boot counts as hung (default 300); a
             boot that prints may take up to an hour
in           the commands that run it: check (default), demo, bench, kunit, soak, patched, debian
crash        a regular expression: the boot passes only if the kernel dies and
             the console matches
console      regular expressions, each of which the console must match once the boot has
             ended; the last story fails otherwise
expect       {STORY = "RESULT: REGEX"}: stories that must not pass, and must have a reason
             that matches; RESULT is failed or skipped
kunit        a glob: the KUnit suites that run at insmod; their cases count as tests
             (default: none, not even the kernel's own suites)
icount       true: QEMU counts instructions instead of time, and nothing is random
skip         the reason why the boot is not run: its stories count as skipped
kmemleak     true: look for leaks, also once at the end; default false, since that is slow

load_table() adds to each boot "name", unique and also the name of its log, out/logs/NAME.log;
"kind", a name of [kind]; and "drivers", its table in [kind].
"""

import concurrent.futures
import contextlib
import ctypes
import itertools
import json
import lzma
import os
import pathlib
import re
import resource
import selectors
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import tomllib

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "out"
LOGS = OUT / "logs"
RESULTS = OUT / "results"
BOARD = TOP / "tools" / "board"
IN_TOOLCHAIN = TOP / "scripts" / "run-in-toolchain"
IMAGES = ("release", "release-up", "patched", "debug", "debug-up", "arm64", "arm64-debug", "arm64-modversions", "debian-arm64")

APPENDED_LINES = 20

# Seconds without output after which a boot is hung, and seconds after which it is ended
# although it prints.
SILENCE = 300
LONGEST = 3600
# Seconds that a dead kernel gets for its stack traces: without output, and at most.
LAST_WORDS = (3, 30)

# The time of the user's command, which names the folder of its kept logs. Commands that it
# runs inherit it.
RUN = os.environ.setdefault("RIG_RUN", time.strftime("%Y-%m-%d-%H%M%S"))
KEPT_RUNS = 10


class Failure(Exception):
    """An error that ends a command, with its remedy."""

    def __init__(self, what, *remedy):
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def die(failure):
    print(f"\nfailed: {failure.what}", file=sys.stderr)
    for line in failure.remedy:
        print(f"  {line}", file=sys.stderr)
    sys.exit(1)


def done_line(status, what, seconds):
    print(f"  {status:<6} {what:<52} {seconds:6.1f} s", flush=True)


class Living:
    """Shows the progress of a step: on a terminal each second, else every 30 s."""

    def __init__(self, what):
        self.what = what
        self.start = time.monotonic()
        self.shown = self.start
        self.tty = sys.stdout.isatty()

    def tick(self):
        now = time.monotonic()
        if now - self.shown < (1 if self.tty else 30):
            return
        self.shown = now
        if self.tty:
            print(f"\r  {'...':<6} {self.what:<52} {now - self.start:6.0f} s ", end="", flush=True)
        else:
            done_line("...", self.what, now - self.start)

    def done(self, status, what=None):
        if self.tty:
            print("\r\033[K", end="")
        done_line(status, what or self.what, time.monotonic() - self.start)


def tail(path, count=APPENDED_LINES):
    try:
        lines = pathlib.Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []
    return lines[-count:]


def write_atomically(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    if isinstance(data, bytes):
        temporary.write_bytes(data)
    else:
        temporary.write_text(data)
    temporary.rename(path)


LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """Runs in a child: the kernel kills it when this process ends, even by a signal."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def prepare_guest():
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def at_a_time():
    """The number of boots that this machine runs at once: each uses one CPU, and up to 1 GiB."""
    available = re.search(r"^MemAvailable: +(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.M)
    memory = int(available[1]) if available else 0
    return max(1, min(len(os.sched_getaffinity(0)), memory // (3 << 19), 8))


# Set when the command is to end: each running step then kills its processes.
STOPPING = threading.Event()


def in_parallel(work, items):
    """Calls work(item) for each item, at_a_time() in parallel; returns the results in order."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=at_a_time()) as pool:
        try:
            futures = [pool.submit(work, item) for item in items]
            return [future.result() for future in futures]
        except BaseException:
            STOPPING.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def kill_group(process):
    """Kills a step with all processes that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run_logged(what, command, log, timeout=3600, cwd=TOP, env=None):
    """Runs a command with its output in a log; returns (status, seconds)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    living = Living(what)
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            while True:
                try:
                    status = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    if STOPPING.is_set():
                        raise KeyboardInterrupt from None
                    living.tick()
                    if time.monotonic() - living.start > timeout:
                        stream.write(f"\ntimed out after {timeout} s\n".encode())
                        status = -1
                        break
        finally:
            kill_group(process)
    if living.tty:
        print("\r\033[K", end="")
    return status, time.monotonic() - living.start


def in_toolchain(command, **keywords):
    """Runs a short command with the toolchain and returns its output."""
    env = {**os.environ, "BIND": " ".join([keywords.pop("bind", ""), os.environ.get("BIND", "")])}
    result = subprocess.run(
        [str(IN_TOOLCHAIN)] + [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=env,
        cwd=TOP,
        check=False,
        **keywords,
    )
    if result.returncode:
        output = (result.stdout + result.stderr).decode(errors="replace")
        raise Failure(f"{command[0]} ended with status {result.returncode}", *output.splitlines()[-APPENDED_LINES:])
    return result.stdout


def toolchain():
    """The record of setup-toolchain."""
    try:
        lines = (OUT / "toolchain").read_text().splitlines()
    except OSError as error:
        raise Failure("no toolchain is set up", "run scripts/setup-toolchain") from error
    return dict(line.split("=", 1) for line in lines)


# The time of each step: (step, seconds).
TIMES = []


@contextlib.contextmanager
def timed(step):
    start = time.monotonic()
    try:
        yield
    finally:
        TIMES.append((step, time.monotonic() - start))


# Seconds after which a set-up script is ended.
SETUP_LIMIT = 2700


def setup_command(*command, **environment):
    """Runs one of the set-up scripts; they report their own failures."""
    with timed("set-up: " + " ".join(command).removeprefix("setup-").replace("-", " ", 1)):
        run_setup(command, environment)


def run_setup(command, environment):
    words = [str(TOP / "scripts" / command[0]), *command[1:]]
    process = subprocess.Popen(words, cwd=TOP, env={**os.environ, **environment})
    try:
        status = process.wait(timeout=SETUP_LIMIT)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        raise Failure(f"scripts/{command[0]} was not done after {SETUP_LIMIT // 60} minutes", f"see {LOGS}") from None
    except KeyboardInterrupt:
        # The script has been interrupted as well, and reports that.
        process.wait()
        raise
    if status:
        sys.exit(status if status > 0 else 1)


def prepare(images, missing=None):
    """Sets up the toolchain, the kernel source, and the kernel and the modules of each image.

    Modules are built in parallel with the kernel of the next image, whose Rust part uses one CPU.
    With `missing`, a dictionary, a failure of an arm64 image does not end the command. It is
    stored there as {IMAGE: why}, so that the UML board's tests can run.
    """
    if missing is None:
        missing = {}
        optional = ()
    else:
        optional = [image for image in images if is_arm64(image)]

    @contextlib.contextmanager
    def needed_by(these):
        try:
            yield
        except (Failure, SystemExit) as error:
            if not set(these) <= set(optional):
                raise
            for image in these:
                # A script that has failed has printed the reason.
                missing.setdefault(image, error.what if isinstance(error, Failure) else "see above")

    setup_command("setup-toolchain")
    if not all(kernel_override(image) for image in images):
        setup_command("setup-kernel-source")

    if emulated := [image for image in images if is_arm64(image)]:
        with needed_by(emulated):
            setup_command("setup-qemu")
            setup_command("setup-busybox")

    def kernels():
        for image in images:
            if image not in missing:
                with needed_by([image]):
                    setup_command("build-kernel", image)
            if image not in missing:
                yield image

    def modules(image):
        with needed_by([image]):
            build_modules(image)

    in_parallel(modules, kernels())


def build_modules(image):
    """Builds the checkout's modules, and kernel tests that are no part of a kernel's build or package."""
    setup_command("build-modules", image)
    if is_arm64(image) and not is_packaged(image):
        setup_command("setup-dma-map-benchmark", image)
    if is_packaged(image):
        place = {"MODULES_SOURCE": str(TOP / "tools/debian"), "MODULES_DIR": str(OUT / image / "tools")}
        setup_command("build-modules", image, LABEL=f"{image}-tools", **place)


def kernel_override(image):
    name = "KDIR_" + image.replace("-", "_")
    return os.environ.get(name) or (os.environ.get("KDIR") if image == "release" else None)


def kernel_dir(image):
    try:
        return (OUT / image / "kernel").resolve(strict=True)
    except OSError as error:
        raise Failure(f"image {image} has no kernel", f"run scripts/build-kernel {image}") from error


def kernel_config(image):
    config = {}
    for line in (kernel_dir(image) / ".config").read_text().splitlines():
        if line.startswith("CONFIG_") and "=" in line:
            name, value = line.split("=", 1)
            config[name] = value
    return config


# --- devicetrees -------------------------------------------------------------


def newer(target, sources):
    try:
        stamp = target.stat().st_mtime
    except OSError:
        return False
    return all(source.stat().st_mtime <= stamp for source in sources if source.exists())


def devicetree_sources():
    """(source, header or None, result) of each devicetree and overlay of the board.

    dart*.dts and overlays/dart-*.dtso are built for each SoC of dts/socs/, with the header
    of the SoC. The result has the name of the SoC in place of "dart".
    """
    where = BOARD / "dts"
    socs = sorted(where.glob("socs/*.h"))
    for source in sorted(where.glob("*.dts")) + sorted(where.glob("overlays/*.dtso")):
        ending = ".dtb" if source.suffix == ".dts" else ".dtbo"
        if re.match(r"dart\b", source.stem):
            for soc in socs:
                yield source, soc, OUT / "dtb" / (soc.stem + source.stem.removeprefix("dart") + ending)
        else:
            yield source, None, OUT / "dtb" / (source.stem + ending)


# Arguments: the kernel's source, a folder for includes, then source, header, result of each.
# An overlay with symbols of its own would leak them when it is removed.
COMPILE_DEVICETREES = """
kernel=$1 where=$2
shift 2
while [ $# != 0 ]; do
	case $1 in *.dts) symbols=-@ ;; *) symbols= ;; esac
	cpp -nostdinc -undef -D__DTS__ -x assembler-with-cpp ${2:+-include "$2"} -I "$where" \
		-I "$kernel/include" -I "$kernel/scripts/dtc/include-prefixes" "$1" |
		dtc $symbols -I dts -O dtb -o "$3.tmp" -
	mv "$3.tmp" "$3"
	shift 3
done
"""


def compile_devicetrees(image):
    """Compiles tools/board/dts; returns the dtb and dtbo files."""
    where = BOARD / "dts"
    (OUT / "dtb").mkdir(parents=True, exist_ok=True)
    includes = sorted(where.rglob("*.dtsi")) + sorted(where.rglob("*.h"))
    results, todo = [], []
    for source, soc, result in devicetree_sources():
        results.append(result)
        if not newer(result, [source, *includes]):
            todo += [source, soc or "", result]
    if todo:
        kernel = kernel_dir(image)
        origin = (kernel / "source").resolve() if (kernel / "source").exists() else kernel
        in_toolchain(
            ["bash", "-o", "pipefail", "-ec", COMPILE_DEVICETREES, "dtc", origin, where, *todo],
            bind=f"{kernel} {origin}",
        )
    return results


# --- the initial file system -------------------------------------------------


class Archive:
    """A cpio archive in the kernel's "newc" format."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.folders = set()

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self.inode += 1
        path = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(path), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + path
        self.parts += [header, b"\0" * (-len(header) % 4), data, b"\0" * (-len(data) % 4)]

    def folder(self, name):
        for parent in [*reversed(pathlib.PurePosixPath(name).parents), pathlib.PurePosixPath(name)]:
            if str(parent) not in self.folders and str(parent) != ".":
                self.folders.add(str(parent))
                self._entry(str(parent), stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self.folder(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFREG | mode, data)

    def device(self, name, major, minor):
        self.folder(str(pathlib.PurePosixPath(name).parent))
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def close(self):
        self._entry("TRAILER!!!", 0)
        return b"".join(self.parts)


def find_busybox(image):
    if is_arm64(image):
        import virt  # here, since it imports this file

        return virt.busybox()
    root = toolchain()["TOOLCHAIN_ROOT"]
    for path in (f"{root}/usr/bin/busybox", f"{root}/bin/busybox"):
        if root and os.path.exists(path):
            return pathlib.Path(path)
    path = shutil.which("busybox")
    if not path:
        raise Failure("there is no busybox", "install busybox-static")
    return pathlib.Path(path)


def programs(image):
    """The programs in /bin: {name: file}."""
    found = {"busybox": find_busybox(image)}
    if is_arm64(image) and not is_packaged(image):
        import virt  # here, since it imports this file

        found["dma_map_benchmark"] = virt.recorded("dma-map-benchmark")
    return found


def needed(installed, names):
    """Modules of a kernel's package, with their dependencies: {path below lib/modules/REL: file}."""
    there = {path.name.split(".")[0].replace("-", "_"): path for path in installed.glob("kernel/**/*.ko*")}
    files, todo = {}, list(names)
    while todo:
        name = todo.pop().replace("-", "_")
        path = there.get(name)
        if not path:
            raise Failure(f"Debian's kernel has no module {name}", "boots.toml names it, under [debian]")
        files[str(path.relative_to(installed)).removesuffix(".xz")] = path
        depends = re.search(rb"(?:^|\0)depends=([^\0]*)\0", module_data(path))
        todo += [other for other in depends[1].decode().split(",") if other] if depends else []
    return files


def module_data(path):
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_files(image, modules_dir=None):
    """The kernel's and the checkout's modules: {path below lib/modules/REL: file}."""
    kernel = kernel_dir(image)
    files = {}
    if is_packaged(image):
        with open(BOARD / "boots.toml", "rb") as stream:
            files = needed((kernel / "installed").resolve(), tomllib.load(stream)["debian"]["modules"])
    order = kernel / "modules.order"
    if order.exists():
        for line in order.read_text().splitlines():
            built = kernel / (line.removesuffix(".o").removesuffix(".ko") + ".ko")
            if built.exists():
                files["kernel/" + str(built.relative_to(kernel))] = built
    for ours in (modules_dir or OUT / image / "modules", OUT / image / "tools"):
        order = ours / "modules.order"
        for line in order.read_text().splitlines() if order.exists() else ():
            name = line.removesuffix(".o").removesuffix(".ko") + ".ko"
            built = ours / name if not os.path.isabs(name) else pathlib.Path(name)
            if built.exists():
                files["updates/" + str(built.relative_to(ours))] = built
    return files


def make_initramfs(image, modules_dir=None, name=None):
    """Makes out/IMAGE/initramfs.cpio if its contents have changed; returns its path."""
    target = OUT / image / (name or "initramfs.cpio")
    kernel = kernel_dir(image)
    release = (kernel / "include/config/kernel.release").read_text().strip()
    modules = module_files(image, modules_dir)
    devicetrees = compile_devicetrees(image)
    scripts = {f"stories/{name}.sh": path for name, path in stories().items()}
    scripts |= {f"stories/lib/{path.name}": path for path in sorted((BOARD / "stories/lib").iterdir())}
    in_bin = programs(image)
    # The paths of the inputs are compared as well as their times: files are added and removed.
    inputs = [BOARD / "init", *in_bin.values(), *scripts.values(), *modules.values(), *devicetrees, pathlib.Path(__file__)]
    state = json.dumps([[str(path), path.stat().st_mtime_ns, path.stat().st_size] for path in inputs] + [release])
    stamp = target.with_name(target.name + ".inputs")
    if target.exists() and stamp.exists() and stamp.read_text() == state:
        return target

    staging = target.with_name(target.name + ".staging")
    shutil.rmtree(staging, ignore_errors=True)
    base = staging / "lib/modules" / release
    base.mkdir(parents=True)
    for path, source in modules.items():
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_bytes(module_data(source))
    origin = kernel / "installed" if is_packaged(image) else kernel
    for extra in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        if (origin / extra).exists():
            shutil.copyfile(origin / extra, base / extra)
    llvm = os.environ.get("LLVM", "1")
    strip = "llvm-strip" + (llvm if llvm.startswith("-") else "")
    if is_packaged(image):
        # A package's modules are stripped, and stripping again would remove their signatures.
        strip = "true"
    strip_and_index = (
        'find "$1" -name "*.ko" -print0 | xargs -0 -r "$3" --strip-debug && depmod -b "$1" "$2"'
    )
    in_toolchain(["bash", "-ec", strip_and_index, "depmod", staging, release, strip])

    archive = Archive()
    for folder in ("proc", "sys", "tmp", "run", "results", "root"):
        archive.folder(folder)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3)
    for program, path in in_bin.items():
        archive.file(f"bin/{program}", path.read_bytes(), 0o755)
    archive.file("init", (BOARD / "init").read_bytes(), 0o755)
    for name, path in scripts.items():
        archive.file(name, path.read_bytes())
    for path in devicetrees:
        folder = "dtbs" if path.suffix == ".dtb" else "overlays"
        archive.file(f"{folder}/{path.name}", path.read_bytes())
    for path in sorted(base.rglob("*")):
        if path.is_file():
            archive.file(str(path.relative_to(staging)), path.read_bytes())
    write_atomically(target, archive.close())
    write_atomically(stamp, state)
    shutil.rmtree(staging)
    return target


# --- boots -------------------------------------------------------------------


KEYS = {"soc", "dtb", "driver", "image", "stories", "load_driver", "modules", "args", "ncpus", "mem", "silence"}
KEYS |= {"in", "crash", "console", "expect", "kunit", "icount", "skip", "kmemleak"}
# Keys of which a list makes a boot for each of its values.
AXES = ("soc", "driver", "image")


def stories():
    """The stories: {name: file}. Their folders are for people; names are unique without them."""
    found = {}
    for path in sorted((BOARD / "stories").rglob("*.sh")):
        if path.parent.name == "lib":
            continue
        if path.stem in found:
            raise Failure(f"two stories are called {path.stem}", str(found[path.stem]), str(path))
        found[path.stem] = path
    return found


def load_table(path=None):
    """The boots of the table, with all values that follow from others."""
    with open(path or BOARD / "boots.toml", "rb") as stream:
        table = tomllib.load(stream)
    if unknown := set(table) - {"kind", "debian", "stories", "group"}:
        raise Failure(f"boots.toml has unknown tables: {', '.join(sorted(unknown))}")
    boots, there = {}, stories()
    for group in table["group"]:
        for name, line in group.pop("boots").items():
            for boot in expand(name, group | (line if isinstance(line, dict) else {"stories": line})):
                if boot["name"] in boots:
                    raise Failure(f"boots.toml: two boots are called {boot['name']}")
                boots[boot["name"]] = complete(boot, table, there)
    return list(boots.values())


def expand(name, keys):
    """A boot for each combination of the values of the AXES."""
    if unknown := set(keys) - KEYS:
        raise Failure(f"boots.toml: boot {name} has unknown keys: {', '.join(sorted(unknown))}")
    values = [keys[axis] if isinstance(keys.get(axis), list) else [keys.get(axis)] for axis in AXES]
    for choice in itertools.product(*values):
        own = {axis: value for axis, value in zip(AXES, choice) if value is not None}

        def fill(text):
            return re.sub(r"\{(\w+)\}", lambda match: own.get(match[1], match[0]), text)

        boot = {**keys, **own, "name": fill(name)}
        if "soc" in own:
            boot["dtb"] = fill(keys.get("dtb", "{soc}"))
        yield boot


def complete(boot, table, there):
    """Checks a boot, whose stories must be among those there, and adds the values that follow from others."""
    where = f"boots.toml: boot {boot['name']}"
    if boot.setdefault("image", "release") not in IMAGES:
        raise Failure(f"{where} names an unknown image")
    if boot.setdefault("driver", "rust") not in ("rust", "c", "none"):
        raise Failure(f"{where} names an unknown driver")
    kinds = {soc: kind for kind, row in table["kind"].items() for soc in row["socs"]}
    if boot.setdefault("soc", "h6") not in kinds:
        raise Failure(f"{where} names an unknown soc")
    boot["kind"] = kinds[boot.pop("soc")]
    boot["drivers"] = table["kind"][boot["kind"]]
    boot.setdefault("modules", ["board", "board_client"] if boot.get("dtb") else [])
    boot.setdefault("in", ["check"])
    boot["stories"] = list(stories_of(boot.get("stories", []), table.get("stories", {}), where))
    if not boot["stories"]:
        raise Failure(f"{where} has no stories")
    for story in boot["stories"]:
        if story.split(":")[0] not in there:
            raise Failure(f"{where}: there is no story {story}")
    for story, result in boot.get("expect", {}).items():
        if story not in boot["stories"] or not result.startswith(("failed: ", "skipped: ")):
            raise Failure(f"{where} cannot expect {story} to end as '{result}'")
    if is_arm64(boot["image"]):
        use_kernels_driver(boot)
    return boot


def stories_of(entries, lists, where):
    """The stories, with the lists among them replaced by theirs."""
    for entry in entries:
        if not entry.startswith("@"):
            yield entry
        elif entry[1:] in lists:
            yield from stories_of(lists[entry[1:]], lists, where)
        else:
            raise Failure(f"{where}: there is no list {entry}")


def use_kernels_driver(boot):
    """On the arm64 board the C driver is the kernel's own. Our driver needs it out of the way."""
    built_in, module = (boot["drivers"].get(key) for key in ("built_in", "module"))
    if boot["driver"] == "c":
        boot["load_driver"] = False
        boot["modules"] = boot["modules"] + ([module] if module else [])
    elif built_in:
        boot["args"] = f"initcall_blacklist={built_in} {boot.get('args', '')}".strip()


class Report:
    """The results of a boot."""

    def __init__(self, boot):
        self.boot = boot
        self.stories = []  # dicts: name, result (ok, failed, skipped), why [..], seconds
        self.demo = []
        self.data = {}
        self.kunit = None  # dict: passed, failed, skipped, output
        self.problem = None  # the failure of the boot as a whole
        self.seconds = 0.0
        self.log = LOGS / (boot["name"] + ".log")

    @property
    def ok(self):
        return (
            not self.problem
            and all(story["result"] != "failed" for story in self.stories)
            and not (self.kunit and self.kunit["failed"])
        )


class Reader:
    """Follows the results channel line by line."""

    def __init__(self, report, on_line=None):
        self.report = report
        self.on_line = on_line
        self.current = None
        self.started = time.monotonic()
        self.why = []
        self.ended = False
        self.unnamed = []

    def line(self, text):
        if self.on_line:
            self.on_line(text)
        if text.startswith("# begin "):
            self.current, self.why, self.started = text[8:].strip(), [], time.monotonic()
        elif text.startswith("# demo"):
            self.report.demo.append(text[7:])
        elif match := re.match(r"# data (\S+) (.*)", text):
            key, value = match.groups()
            try:
                self.report.data[key] = json.loads(value)
            except ValueError:
                self.report.data[key] = value
        elif text == "# end":
            self.ended = True
        elif match := re.match(r"# (FAILED: .*)", text):
            (self.why if self.current else self.unnamed).append(match[1].removeprefix("FAILED: "))
        elif match := re.match(r"(not )?ok (\d+) (\S+)(?: # SKIP ?(.*))?$", text):
            failed, _, name, skip = match.groups()
            result = "failed" if failed else "skipped" if skip is not None else "ok"
            why = [skip] if skip else self.why
            seconds = round(time.monotonic() - self.started, 2) if self.current else 0
            self.report.stories.append({"name": name, "result": result, "why": why, "seconds": seconds})
            self.current = None


KTAP = re.compile(r"(?:\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? )?(.*)")


def ktap_blocks(console):
    """The kernel's own KTAP blocks in a console log, without time stamps."""
    blocks, block = [], None
    for raw in console.splitlines():
        stamped = re.match(r"\[ *\d+\.\d+\]", raw)
        text = KTAP.match(raw)[1]
        if not stamped:
            continue
        if text == "KTAP version 1":
            if block is not None:
                blocks.append(block)
            block = [raw]
        elif block is not None:
            block.append(raw)
            if text == "1..0":
                # Every suite was filtered out.
                block = None
                continue
            # The line that closes a block stands at its left margin.
            if re.match(r"(not )?ok \d+ ", text):
                plan = next((m for m in (re.match(r"1\.\.(\d+)", KTAP.match(x)[1]) for x in block) if m), None)
                done = sum(1 for x in block if re.match(r"(not )?ok \d+ ", KTAP.match(x)[1]))
                if plan and done >= int(plan[1]):
                    blocks.append(block)
                    block = None
    if block is not None:
        blocks.append(block)
    return blocks


def parse_kunit(console, kernel):
    """Reads the KUnit results of a console with the kernel's own kunit.py."""
    total = {"passed": 0, "failed": 0, "skipped": 0, "output": "", "names": []}
    origin = (kernel / "source").resolve() if (kernel / "source").exists() else kernel
    for block in ktap_blocks(console):
        result = subprocess.run(
            [sys.executable, "-B", str(origin / "tools/testing/kunit/kunit.py"), "parse"],
            input="\n".join(block) + "\n",
            capture_output=True,
            text=True,
            check=False,
            cwd=origin,
        )
        output = re.sub(r"\033\[[0-9;]*m", "", result.stdout + result.stderr)
        total["output"] += output
        match = re.search(r"Ran (\d+) tests: (.*)", output)
        counts = dict(re.findall(r"(\w+): (\d+)", match[2])) if match else {}
        passed, skipped = int(counts.get("passed", 0)), int(counts.get("skipped", 0))
        failed = int(counts.get("failed", 0)) + int(counts.get("crashed", 0)) + int(counts.get("errors", 0))
        if result.returncode and not failed:
            failed = 1
        total["passed"] += passed
        total["failed"] += failed
        total["skipped"] += skipped
        total["names"] += re.findall(r"\[(?:FAILED|CRASHED)\] (\S+)", output)
    return total


def kernel_died(console):
    return re.search(r"Kernel panic - not syncing|end Kernel panic|Segfault with no mm", console)


# Reports of the kernel after which it is dead or hangs.
FATAL = re.compile(
    r"^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? "
    r"(Kernel panic - not syncing.*|.*Segfault with no mm.*|Unable to handle kernel .*|Internal error: .*|Oops.*"
    r"|(?:rcu: )?INFO: rcu\S* (?:self-)?detected .*stall.*|.*BUG: soft lockup.*|.*[Hh]ard LOCKUP.*|INFO: task .* blocked for more than .*)"
)


ARCHES = ("um", "arm64")


def arch(image):
    """The architecture of an image, which selects its board."""
    return "arm64" if image.startswith(("arm64", "debian-arm64")) else "um"


def is_arm64(image):
    return arch(image) == "arm64"


def is_packaged(image):
    """Whether the kernel is from a distribution's package, with installed modules."""
    return image.startswith("debian-")


def kernel_file(image):
    """The file that is booted."""
    return kernel_dir(image) / ("arch/arm64/boot/Image" if is_arm64(image) else "linux")


def command_line(boot, kernel, initramfs, results, channel, scratch):
    config = kernel_config(boot["image"])
    smp = config.get("CONFIG_SMP") == "y"
    kasan = config.get("CONFIG_KASAN") == "y"
    ncpus = boot.get("ncpus", 2 if smp else 1)
    memory = boot.get("mem", "1G" if kasan else "512M")
    words = kernel_words(boot, kasan, ncpus)
    if is_arm64(boot["image"]):
        import virt  # here, since it imports this file

        return virt.command(boot, kernel, initramfs, channel, words, memory, ncpus, scratch)

    arguments = [
        str(kernel / "linux"),
        f"mem={memory}",
        f"initrd={initramfs}",
        "con=null",
        "con0=fd:0,fd:1",
        "ssl=null",
        f"ssl0=null,fd:{channel}",
        f"uml_dir={scratch}/",
        "umid=board",
        "seccomp=on",
        f"results_dir={results}",
    ]
    if smp:
        arguments.append(f"ncpus={ncpus}")
    if boot.get("dtb"):
        arguments.append(f"dtb={OUT / 'dtb' / (boot['dtb'] + '.dtb')}")
    return arguments + words


def kernel_words(boot, kasan, ncpus):
    """Kernel arguments for both boards; the kernel passes those that it does not know to init."""
    driver = boot["driver"]
    arguments = [
        "rdinit=/init",
        "log_buf_len=8M",
        "panic=-1",
        f"image={boot['image']}",
        f"driver={driver}",
        f"driver_module={boot['drivers'].get(driver, '')}",
        f"load_driver={int(boot.get('load_driver', True))}",
        f"modules={','.join(boot['modules'])}",
        f"stories={','.join(boot['stories'])}",
    ]
    leaks = boot.get("kmemleak", False)
    if leaks or (not kasan and "check" in boot["in"]):
        # The stories' leak oracle needs the allocator's record of each object; boots that
        # measure time do without. kmemleak needs it since it also turns off the allocator's
        # sheaves, which keep pointers to objects that are handed out.
        arguments.append("slab_debug=U")
    # "ncpus" itself does not reach init.
    arguments.append(f"board_cpus={ncpus}")
    arguments.append(f"kunit.filter_glob={boot.get('kunit') or 'none'}")
    if boot.get("dtb"):
        arguments.append(f"devicetree={boot['dtb']}")
    if leaks:
        arguments.append("leak_scan=on")
    else:
        arguments.append("kmemleak=off")
    # On a slow machine the default of ten seconds may pass before the driver is loaded.
    arguments.append("deferred_probe_timeout=600")
    # On a slow machine a CPU of the guest may have to wait for one of the host.
    arguments.append("rcupdate.rcu_cpu_stall_timeout=60")
    # follow() waits for a line on the console before it wakes a suspended machine.
    arguments.append("no_console_suspend")
    return arguments + boot.get("args", "").split()


def seconds_expected(boot):
    """The time of a boot: that of its last run, or a guess."""
    try:
        return json.loads((RESULTS / "boots" / boot["name"] / "report.json").read_text())["seconds"]
    except (OSError, ValueError, KeyError):
        slow = is_arm64(boot["image"]) or boot["image"].startswith("debug")
        return (60 if slow else 6) * (1 + len(boot["stories"]))


class Watch:
    """Decides when to end a boot, by its output and the time."""

    def __init__(self, boot):
        scale = float(os.environ.get("BOARD_TIME_SCALE", "1"))
        self.silence = boot.get("silence", SILENCE) * scale
        self.longest = LONGEST * scale
        self.start = self.heard = time.monotonic()
        self.longest_silence = 0.0
        self.fatal = None  # the kernel's fatal report; fatal_at is its time
        self.fatal_at = 0.0

    def output(self):
        now = time.monotonic()
        self.longest_silence = max(self.longest_silence, now - self.heard)
        self.heard = now

    def console_line(self, text):
        if not self.fatal and (match := FATAL.match(text)):
            self.fatal, self.fatal_at = match[1], time.monotonic()

    def verdict(self):
        """The reason to end the boot now, or None."""
        now = time.monotonic()
        quiet, most = LAST_WORDS
        if self.fatal and (now - self.heard > quiet or now - self.fatal_at > most):
            return self.fatal
        if now - self.heard > self.silence:
            return f"hung: no output for {self.silence:.0f} s"
        if now - self.start > self.longest:
            return f"not done after {self.longest:.0f} s"
        return None


def follow(process, receive, console, boot, reader, on_wait=None):
    """Reads both channels of a running guest to their end; returns its Watch, and the failure or None."""
    watch = Watch(boot)
    wake_at = None
    with selectors.DefaultSelector() as selector:
        selector.register(receive, selectors.EVENT_READ, "results")
        selector.register(process.stdout.fileno(), selectors.EVENT_READ, "console")
        pending = {"results": b"", "console": b""}
        while selector.get_map():
            if STOPPING.is_set():
                raise KeyboardInterrupt
            if on_wait:
                on_wait()
            if problem := watch.verdict():
                return watch, problem
            if wake_at and time.monotonic() >= wake_at:
                os.kill(process.pid, signal.SIGUSR1)
                wake_at = None
            for key, _ in selector.select(0.2):
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                    continue
                watch.output()
                if key.data == "console":
                    console.write(data)
                    console.flush()
                *lines, pending[key.data] = (pending[key.data] + data).split(b"\n")
                for line in lines:
                    text = line.decode(errors="replace").rstrip("\r")
                    if key.data == "results":
                        reader.line(text)
                        continue
                    watch.console_line(text)
                    # The CPU is not idle yet, and would handle a signal at once, even with locks
                    # held. It sleeps until it is woken, so a late signal does no harm.
                    if "PM: suspend-to-idle" in text:
                        wake_at = time.monotonic() + 1.0
            if process.poll() is not None and not selector.select(0.1):
                break
    return watch, watch.fatal


def conclude(report, reader, boot, console):
    """Completes the report of a boot that has ended."""
    died = kernel_died(console)
    if boot.get("crash"):
        if not died:
            report.problem = report.problem or "the kernel was expected to die, and lived"
        elif not re.search(boot["crash"], console):
            report.problem = f"the kernel died, but not as expected ({boot['crash']})"
        else:
            report.problem = None
            report.stories.append({"name": "crash", "result": "ok", "why": [], "seconds": 0})
    else:
        if died and not report.problem:
            report.problem = "the kernel died: " + console[died.start() :].splitlines()[0]
        if not reader.ended and not report.problem:
            report.problem = "the boot ended before its stories did"
        # The story that was running has failed. Those after it have not run.
        seen = {story["name"] for story in report.stories}
        culprit = reader.current if reader.current not in seen else None
        for name in boot["stories"]:
            if name in seen:
                continue
            if name == culprit:
                row = {"name": name, "result": "failed", "why": [report.problem or "no result", *reader.why], "seconds": 0}
            else:
                why = f"not run: the boot ended in {culprit}" if culprit else f"not run: {report.problem or 'no result'}"
                row = {"name": name, "result": "skipped", "why": [why], "seconds": 0}
            report.stories.append(row)
        for regex in boot.get("console", []):
            if not re.search(regex, console):
                report.stories[-1]["result"] = "failed"
                report.stories[-1]["why"].append(f"not on the console: {regex}")
    for story in report.stories:
        if wanted := boot.get("expect", {}).get(story["name"]):
            result, _, regex = wanted.partition(": ")
            if story["result"] == result and any(re.search(regex, why) for why in story["why"]):
                story["result"], story["why"] = "ok", []
            else:
                why = [f"ended as {story['result']}, expected '{wanted}'", *story["why"]]
                story["result"], story["why"] = "failed", why
    if reader.unnamed and not report.problem:
        report.problem = "; ".join(reader.unnamed)


# Held while a thread moves the log and the results of a failed boot.
KEEPING = threading.Lock()


def keep_log(report):
    """Copies the log and the results of a boot to a folder that the next run does not overwrite."""
    with KEEPING:
        runs = LOGS / "failed"
        kept = runs / RUN / report.boot["name"]
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(RESULTS / "boots" / report.boot["name"], kept)
        report.log = pathlib.Path(shutil.copy2(report.log, kept / "console.log"))
        for old in sorted(runs.iterdir())[:-KEPT_RUNS]:
            shutil.rmtree(old, ignore_errors=True)


def run_boot(boot, on_line=None, initramfs=None, kunit=None, on_wait=None, keep=True):
    """Boots once and returns the report. It always returns, and leaves no process behind.

    With `keep`, the log of a boot that failed is kept.
    """
    report = Report(boot)
    kernel = kernel_dir(boot["image"])
    if not kernel_file(boot["image"]).exists():
        raise Failure(f"{kernel} holds no kernel ({kernel_file(boot['image']).name})")
    ours = {dtb.stem for _, _, dtb in devicetree_sources()}
    if boot.get("dtb") and not boot.get("trees") and not is_arm64(boot["image"]) and boot["dtb"] not in ours:
        raise Failure(f"boot {boot['name']}: there is no devicetree {boot['dtb']}")
    initramfs = initramfs or make_initramfs(boot["image"])
    results = RESULTS / "boots" / boot["name"]
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    LOGS.mkdir(parents=True, exist_ok=True)

    reader = Reader(report, on_line)
    scratch = tempfile.mkdtemp(prefix="board-")
    receive, channel = os.pipe()
    os.set_inheritable(channel, True)
    arguments = command_line(boot, kernel, initramfs, results, channel, scratch)
    console = open(report.log, "wb")
    console.write(("# " + " ".join(arguments) + "\n").encode())
    console.flush()
    start = time.monotonic()
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[channel],
        env=guest_environment(next((word[4:] for word in arguments if word.startswith("mem=")), "0M")),
        start_new_session=True,
        cwd=scratch,
        preexec_fn=prepare_guest,
    )
    os.close(channel)
    try:
        watch, report.problem = follow(process, receive, console, boot, reader, on_wait)
    finally:
        kill_group(process)
        os.close(receive)
        process.stdout.close()
        process.stdin.close()
        console.close()
        shutil.rmtree(scratch, ignore_errors=True)
    report.seconds = time.monotonic() - start

    text = report.log.read_text(errors="replace")
    conclude(report, reader, boot, text)
    if boot.get("kunit") if kunit is None else kunit:
        report.kunit = parse_kunit(text, kernel)
        if not report.kunit["passed"] and not report.kunit["failed"]:
            report.problem = report.problem or "no KUnit case ran"
    data = {"boot": boot["name"], "ok": report.ok, "problem": report.problem, "seconds": round(report.seconds, 2)}
    data["longest_silence"] = round(watch.longest_silence, 2)
    data |= {"stories": report.stories, "data": report.data, "lines": report.demo}
    write_atomically(results / "report.json", json.dumps(data, indent=1) + "\n")
    if keep and not report.ok:
        keep_log(report)
    return report


def guest_environment(memory):
    """The guest's environment: its memory is a file in /dev/shm, or in TMPDIR if that is too small."""
    size = int(memory[:-1]) * {"M": 1 << 20, "G": 1 << 30}[memory[-1]]
    try:
        shm = os.statvfs("/dev/shm")
        if shm.f_bavail * shm.f_frsize >= size:
            return os.environ
    except OSError:
        pass
    return {**os.environ, "TMPDIR": os.environ.get("TMPDIR", "/tmp")}


def describe_failure(report, lines=APPENDED_LINES):
    """Lines that describe the failure of a boot for a person."""
    result = []
    if report.problem:
        result.append(report.problem)
    for story in report.stories:
        if story["result"] == "failed":
            result += [f"{story['name']}: {why}" for why in story["why"] or ["failed"]]
    if report.kunit and report.kunit["failed"]:
        result += ["KUnit: " + name for name in report.kunit["names"] or ["failed"]]
    result.append(f"the last lines of its console ({report.log}):")
    result += ["    " + line for line in tail(report.log, lines)]
    return result
