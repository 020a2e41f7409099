#!/usr/bin/env python3
"""What it costs that everybody with many contacts logs in at once.

Usage: logins.py [USERS [CONTACTS [SERVER [GENERATOR]]]]; default 10000 50 and the release builds.
The load generator is the XMPP server of the component: half of the contacts are there, and it
answers for each when probed. Counts come from the server's own metrics.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
HTTP, ADMIN, LINK = "127.0.0.1:16480", "127.0.0.1:16481", "127.0.0.1:16447"


def metrics():
    text = urllib.request.urlopen(f"http://{ADMIN}/metrics").read().decode()
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("onesoup_"): int(value) for name, value in lines}


def rss_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def wait(what, is_so, seconds=600):
    deadline = time.time() + seconds
    while not is_so():
        if time.time() > deadline:
            sys.exit(f"not in time: {what}")
        time.sleep(0.5)


def alive():
    try:
        return urllib.request.urlopen(f"http://{ADMIN}/healthz").status == 200
    except OSError:
        return False


def ready():
    try:
        return urllib.request.urlopen(f"http://{ADMIN}/readyz").status == 200
    except OSError:
        return False


def run(users, contacts, server, generator):
    scratch = tempfile.mkdtemp(prefix="onesoup-logins-")
    config = os.path.join(scratch, "onesoup.toml")
    with open(os.path.join(HERE, "peers", "onesoup.toml")) as template:
        text = template.read().replace("RUN_DIR", scratch)
    with open(config, "w") as file:
        file.write(text)
    accounts = os.path.join(os.path.dirname(generator), "accounts")
    subprocess.run([accounts, config, str(users), "secret", str(contacts)], check=True)
    # The server's end of the link comes with the generator: first the server, then it.
    log = open(os.path.join(scratch, "log"), "w")
    environment = dict(os.environ, ONESOUP_LOG="onesoup=warn")
    process = subprocess.Popen([server, "--config", config, "run"], stderr=log, env=environment)
    try:
        wait("alive", alive)
        empty = rss_mib(process.pid)
        before = metrics()
        start = time.time()
        load = subprocess.Popen(
            [generator, "silence", "--addr", HTTP, "--link", LINK, "--domain", "onesoup.test",
             "-n", str(users), "--login-parallel", "50", "--settle", "60", "--sample", "1",
             "--pid", str(process.pid)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        wait("all logged in", lambda: metrics()["logins"] - before["logins"] >= users)
        logged_in = time.time() - start
        last = [None, time.time()]

        def is_steady():
            now = metrics()
            state = (now["stanzas_in"], now["stanzas_out"], now["statements"])
            if last[0] is None or state[0] != last[0][0] or state[1] > last[0][1] + 5:
                last[:] = [state, time.time()]
            return time.time() - last[1] > 5

        wait("steady", is_steady)
        steady = last[1] - start
        after = metrics()
        figures = {name: after[name] - before[name]
                   for name in ("stanzas_out", "stanzas_in", "statements", "commits",
                                "stanzas_dropped", "login_refused")
                   if name in after}
        result = {"users": users, "contacts": contacts, "all_logged_in_s": round(logged_in, 1),
                  "steady_s": round(steady, 1), "empty_mib": round(empty, 1),
                  "rss_mib": round(rss_mib(process.pid), 1)}
        result |= {f"{name}_per_login": round(value / users, 2)
                   for name, value in figures.items()}
        report, _ = load.communicate(timeout=600)
        result["generator"] = json.loads(report.splitlines()[-1]) if report else None
        print(json.dumps(result))
    finally:
        process.kill()


def main():
    arguments = sys.argv[1:]
    users, contacts = (int(text) for text in (arguments + ["10000", "50"][len(arguments):])[:2])
    binaries = [os.path.join(ROOT, "target/release/onesoup"),
                os.path.join(ROOT, "target/release/loadgen")]
    binaries = arguments[2:4] + binaries[len(arguments[2:4]):]
    run(users, contacts, *binaries)


main()
