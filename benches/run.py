#!/usr/bin/env python3
"""Runs the load experiments against fresh servers and appends the figures to a file.

Usage: run.py [--quick] RESULTS.jsonl ROUNDS [PATTERN...]   (patterns over "experiment/server", as of a shell)

Each round runs every experiment once, peers and OneSoup in turns on the same cores, so that the
runs of one experiment are spread over time. Servers and generator run at a high priority, so that
other processes on the machine get little but what they leave. A run that was disturbed all the
same is kept, marked as such, and repeated. The first line of the file describes the machine.
RUN_DIR names a scratch directory on a disk, by default target/bench-run.
"""

import fnmatch
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.abspath(HERE + "/../target")
LOADGEN = TARGET + "/release/loadgen"
RUN_DIR = os.path.abspath(os.environ.get("RUN_DIR", TARGET + "/bench-run"))
NOISE = 0.1  # cores used by others that still count as quiet
ATTEMPTS = 3  # in each round
# Seconds to wait for a quiet machine before what other processes would disturb.
PATIENCE, QUICK_PATIENCE = 30, 3
TIMED = ("phones", "link", "steady", "arrival")
NICE = ["nice", "-n", "-15"]
PORTS = {"ejabberd": 16280, "prosody": 16380, "onesoup": 16480, "hyper": 16580}
LINK = "127.0.0.1:16447"
# Server and generator have a core each.
SERVER_CPU, GENERATOR_CPU = "0", "1"

FULL = ["--rate", "0", "--warmup", "3", "--duration", "10"]
STEADY = ["--rate", "2000", "--warmup", "5", "--duration", "20", "-n", "1000"]
WIRE = ["--rate", "20", "--warmup", "3", "--duration", "10", "-n", "20", "--one-way"]
BOSH_IDLE = ["--settle", "70", "--hold", "60"]
ALL = "onesoup ejabberd prosody"

# name: arguments of the generator for OneSoup and for BOSH, servers, in each round or once
EXPERIMENTS = {
    "phones-100": (["imps", *FULL, "-n", "100"], ["bosh", *FULL, "-n", "100"], ALL, True),
    "phones-1000": (["imps", *FULL, "-n", "1000"], ["bosh", *FULL, "-n", "1000"], ALL, True),
    "steady-1000": (["imps", *STEADY], ["bosh", *STEADY], ALL, True),
    "link-1000": (["imps", "--far", "far.test", *FULL, "-n", "1000"], [], "onesoup", True),
    "arrival-2000": (["arrival", "--rate", "1000", "-n", "2000"], [], "onesoup", True),
    "wire": (["imps", *WIRE], ["bosh", *WIRE], ALL, False),
    "http-1000": ([], ["http", "-n", "1000", "--body", "200"], "hyper", False),
    "idle-1000": (["silence", "--settle", "660", "-n", "1000"],
                  ["idle", *BOSH_IDLE, "-n", "1000"], ALL, False),
    "idle-10000": (["silence", "--settle", "660", "-n", "10000"],
                   ["idle", *BOSH_IDLE, "-n", "10000"], ALL, False),
    "idle-100000": (["silence", "--settle", "90", "-n", "100000"], [], "onesoup", False),
}
# What is left out, and what is shorter, where there is no time.
QUICK = {
    "phones-100": "",
    "steady-1000": "onesoup ejabberd",
    "wire": "onesoup ejabberd",
    "idle-1000": "onesoup ejabberd",
    "idle-10000": "onesoup",
    "idle-100000": "",
}
SHORTER = {"--settle": "10", "--duration": "6"}


def cpu_model():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def fsync_micros(count=300):
    """Times of an fsync after 4 KiB, in the order of size."""
    path, times = RUN_DIR + "/fsync", []
    with open(path, "wb", buffering=0) as file:
        for _ in range(count):
            file.write(b"x" * 4096)
            start = time.perf_counter()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - start) * 1e6)
    os.unlink(path)
    return sorted(times)


def version(package):
    answer = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return answer.stdout.strip() or "not installed"


def machine():
    times = fsync_micros()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()[1]
    return {
        "experiment": "machine",
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "kernel": platform.release(),
        "fsync_p50_us": round(statistics.median(times)),
        "fsync_p99_us": round(times[int(len(times) * 0.99)]),
        "rustc": rustc,
        "ejabberd": version("ejabberd"),
        "prosody": version("prosody"),
        "libwbxml": version("libwbxml2-1"),
        "date": time.strftime("%Y-%m-%d"),
    }


def others_busy(seconds):
    """Cores in use, while we do nothing."""
    def busy():
        fields = [int(field) for field in open("/proc/stat").readline().split()[1:]]
        return sum(fields[:3]) + fields[5] + fields[6]
    before = busy()
    time.sleep(seconds)
    return (busy() - before) / os.sysconf("SC_CLK_TCK") / seconds


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def wait_for(condition, what):
    deadline = time.time() + 60
    while not condition():
        if time.time() > deadline:
            raise SystemExit(f"timeout: {what}")
        time.sleep(0.2)


def server(kind, cpus, users):
    command = [HERE + "/peers/server.sh", kind, cpus, str(users)]
    return NICE + command, {**os.environ, "RUN_DIR": RUN_DIR}


def start(kind, users):
    wait_for(lambda: not listens(PORTS[kind]), f"{kind} is still there")
    command, environment = server(kind, SERVER_CPU, users)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: listens(PORTS[kind]), f"{kind} does not start")
    return process


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def make_users(kind, users):
    command, environment = server(kind, "users", users)
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def generate(cpus, arguments):
    answer = subprocess.run(NICE + ["taskset", "-c", cpus, LOADGEN, *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, timeout=1200)
    if answer.returncode:
        raise SystemExit(f"{' '.join(arguments)}\n{answer.stderr}")
    return json.loads(answer.stdout)


def memory_speed():
    return generate(SERVER_CPU, ["machine"])["memory_ns"]


def measure(experiment, arguments, kind, patience):
    users = max(10000, int(arguments[arguments.index("-n") + 1]))
    if kind in ("ejabberd", "onesoup"):
        make_users(kind, users)
    before = memory_speed()
    process = start(kind, users)
    try:
        where = ["--addr", f"127.0.0.1:{PORTS[kind]}", "--pid", str(process.pid)]
        if kind == "onesoup":
            where += ["--domain", "onesoup.test", "--link", LINK]
        if kind != "hyper":
            # Servers load code when it is first needed.
            protocol = "imps" if kind == "onesoup" else "bosh"
            generate(GENERATOR_CPU, [protocol, "--rate", "20", "--warmup", "0", "--duration", "3", "-n", "20", *where])
            time.sleep(2)
        deadline = time.time() + (patience if experiment.startswith(TIMED) else 0)
        while time.time() < deadline and others_busy(min(patience, 3)) > 0.05:
            pass
        result = generate(GENERATOR_CPU, [*arguments, *where])
    finally:
        stop(process)
    result.update(experiment=experiment, server=kind, at=time.strftime("%H:%M:%S"),
                  memory_ns=(before + memory_speed()) / 2)
    quiet = result.get("other_cores", 0) + result.get("stolen_cores", 0) <= NOISE
    if experiment.startswith("phones"):
        # A server that had its only core to itself was not disturbed.
        quiet = quiet or result["server_cores"] > 0.97
    result["quiet"] = quiet or experiment.startswith(("idle", "wire"))
    return result


SHOWN = ("msg_per_s", "server_cpu_ms_per_msg", "latency_p50_ms", "latency_p99_ms", "wake_p50_ms", "wake_p99_ms",
         "requests_per_s", "server_cpu_us_per_request", "kib_per_session_end", "server_cores", "lost",
         "failed_sessions", "other_cores", "stolen_cores", "memory_ns", "quiet")


def shorter(arguments):
    """The same, in less time."""
    pairs = zip([""] + arguments, arguments)
    return [SHORTER.get(option, word) for option, word in pairs]


def main():
    words = sys.argv[1:]
    quick = "--quick" in words
    words = [word for word in words if word != "--quick"]
    path, rounds, patterns = words[0], int(words[1]), words[2:] or ["*"]
    os.makedirs(RUN_DIR, exist_ok=True)

    def keep(result):
        with open(path, "a") as file:
            file.write(json.dumps(result) + "\n")

    keep(machine())
    for number in range(rounds):
        for experiment, (imps, bosh, kinds, each_round) in EXPERIMENTS.items():
            if number and not each_round:
                continue
            for kind in (QUICK.get(experiment, kinds) if quick else kinds).split():
                key = f"{experiment}/{kind}"
                if not any(fnmatch.fnmatch(key, pattern) for pattern in patterns):
                    continue
                arguments = imps if kind == "onesoup" else bosh
                for _ in range(1 if quick else ATTEMPTS):
                    some = shorter(arguments) if quick else arguments
                    result = measure(experiment, some, kind, QUICK_PATIENCE if quick else PATIENCE)
                    keep(result)
                    print(key, {name: result[name] for name in SHOWN if name in result}, flush=True)
                    if result["quiet"]:
                        break


main()
