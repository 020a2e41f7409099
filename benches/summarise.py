#!/usr/bin/env python3
"""Writes the figures of a run as Markdown tables between the markers of a document.

Usage: summarise.py RESULTS.jsonl [DOCUMENT]   (without a document: to standard output)

Medians of the quiet runs, with their range where there are several. Where all runs of an
experiment were disturbed, those are shown and marked. Codec figures are read from what criterion
left in target/criterion, if it is there.
"""

import collections
import json
import os
import statistics
import sys

TARGET = os.path.dirname(os.path.abspath(__file__)) + "/../target"
BEGIN, END = "<!-- figures: written by benches/summarise.py -->", "<!-- end of figures -->"
NAMES = {"onesoup": "OneSoup", "ejabberd": "ejabberd mod_bosh", "prosody": "Prosody mod_bosh", "hyper": "hyper, echo"}

MESSAGES = {"messages/s": "msg_per_s", "messages per CPU-second": "msg_per_cpu_s",
            "CPU ms per message": "server_cpu_ms_per_msg", "requests per message": "requests_per_msg",
            "p50 ms": "latency_p50_ms", "p99 ms": "latency_p99_ms", "server cores": "server_cores",
            "generator cores": "generator_cores", "others' cores": "other_cores"}
ARRIVAL = {"stanzas/s": "msg_per_s", "p50 ms": "wake_p50_ms", "p90 ms": "wake_p90_ms", "p99 ms": "wake_p99_ms",
           "p99.9 ms": "wake_p999_ms", "max ms": "wake_max_ms", "text on the phone, p50 ms": "to_phone_p50_ms",
           "p99 ms ": "to_phone_p99_ms", "CPU ms per message": "server_cpu_ms_per_msg",
           "others' cores": "other_cores"}
IDLE = {"KiB per session": "kib_per_session_end", "right after login": "kib_per_session_after_login",
        "server MiB": "server_rss_mib", "CPU ms per idle minute": "server_cpu_ms_per_idle_min",
        "logins/s": "logins_per_s", "CPU ms per login": "login_server_cpu_ms"}
WIRE = {"sender up": "sender_up_bytes_per_msg", "sender down": "sender_down_bytes_per_msg",
        "receiver up": "receiver_up_bytes_per_msg", "receiver down": "receiver_down_bytes_per_msg",
        "all down": "down_bytes_per_msg", "requests": "requests_per_msg", "login requests": "login_requests",
        "login up": "login_up_bytes", "login down": "login_down_bytes"}
HOUR = {"woken, keep-alive each 7,205 s": "woken_bytes_per_hour_7205s",
        "woken, each 1,800 s": "woken_bytes_per_hour_1800s",
        "with TCP/IP": "woken_wire_bytes_per_hour_1800s",
        "polling each 90 s": "polling_bytes_per_hour_90s", "polling each 30 s": "polling_bytes_per_hour_30s",
        "BOSH, held requests": "bosh_bytes_per_hour"}
TABLES = [
    ("Messages from phone to phone", ("phones", "steady"), MESSAGES),
    ("Messages from phone to the component link", ("link",), MESSAGES),
    ("From a stanza on the link to the datagram", ("arrival",), ARRIVAL),
    ("Octets per message, HTTP headers included", ("wire",), WIRE),
    ("Sessions that are silent", ("idle",), IDLE),
    ("Octets per silent hour", ("idle",), HOUR),
    ("The least that HTTP costs", ("http",), {"requests/s": "requests_per_s",
                                              "CPU µs per request": "server_cpu_us_per_request"}),
]


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


class Figures:
    def __init__(self, path):
        self.machine, self.runs, self.lost = {}, collections.defaultdict(list), []
        for line in open(path):
            run = json.loads(line)
            if run["experiment"] == "machine":
                self.machine = run
                continue
            self.derive(run)
            self.runs[run["experiment"], run["server"]].append(run)
            if run.get("lost") or run.get("failed_sessions"):
                self.lost.append((run["experiment"], run["server"], run.get("lost"), run["failed_sessions"]))

    @staticmethod
    def derive(run):
        if run.get("server_cpu_ms_per_msg"):
            run["msg_per_cpu_s"] = 1000 / run["server_cpu_ms_per_msg"]
        if "up_bytes_per_idle_min" in run:
            run["bosh_bytes_per_hour"] = 60 * (run["up_bytes_per_idle_min"] + run["down_bytes_per_idle_min"])

    def chosen(self, key):
        """The runs that count, and whether they were quiet."""
        runs = self.runs.get(key, [])
        quiet = [run for run in runs if run["quiet"]]
        return quiet or runs, bool(quiet)

    def value(self, experiment, server, column):
        values = [run[column] for run in self.chosen((experiment, server))[0] if run.get(column) is not None]
        return statistics.median(values) if values else None

    def cell(self, key, column):
        values = [run[column] for run in self.chosen(key)[0] if run.get(column) is not None]
        if not values:
            return "–"
        low, middle, high = (number(value) for value in (min(values), statistics.median(values), max(values)))
        return middle if low == high else f"{middle} ({low}–{high})"

    def table(self, title, prefixes, columns):
        keys = [key for key in self.runs if key[0].split("-")[0] in prefixes]
        shown = {name: column for name, column in columns.items()
                 if any(self.value(*key, column) is not None for key in keys)}
        if not keys:
            return []
        lines = ["", f"### {title}", "", "| experiment | server | runs | " + " | ".join(map(str.strip, shown)) + " |",
                 "|" + "---|" * (len(shown) + 3)]
        for key in keys:
            runs, quiet = self.chosen(key)
            count = f"{len(runs)}" + ("" if quiet else ", disturbed")
            cells = [self.cell(key, column) for column in shown.values()]
            lines.append(f"| {key[0]} | {NAMES[key[1]]} | {count} | " + " | ".join(cells) + " |")
        return lines


def codec():
    """Messages per second of each codec, by direction."""
    found = {}
    for direction in ("wbxml_to_xml", "xml_to_wbxml"):
        for name in ("onesoup", "libwbxml"):
            folder = f"{TARGET}/criterion/{direction}/{name}/new/"
            if os.path.exists(folder + "estimates.json"):
                nanos = json.load(open(folder + "estimates.json"))["median"]["point_estimate"]
                messages = json.load(open(folder + "benchmark.json"))["throughput"]["Elements"]
                found[direction, name] = messages * 1e9 / nanos
    return found


def codec_table(found):
    if not found:
        return []
    lines = ["", "### Codec against libwbxml, messages/s", "", "| direction | OneSoup | libwbxml | times |", "|---|---|---|---|"]
    for direction in ("wbxml_to_xml", "xml_to_wbxml"):
        ours, theirs = found.get((direction, "onesoup")), found.get((direction, "libwbxml"))
        if ours:
            times = f"{ours / theirs:.1f}" if theirs else "–"
            lines.append(f"| {direction.replace('_', ' ')} | {number(ours)} | {number(theirs) if theirs else '–'} | {times} |")
    return lines


def goal(name, aim, ours, met):
    if ours is None:
        return f"| {name} | {aim} | not measured | |"
    return f"| {name} | {aim} | {ours} | {'yes' if met else '**no**'} |"


def goals(figures, found):
    rows = ["", "### Goals", "", "| what | goal | measured | reached |", "|---|---|---|---|"]
    for direction in ("wbxml_to_xml", "xml_to_wbxml"):
        ours, theirs = found.get((direction, "onesoup")), found.get((direction, "libwbxml"))
        times = ours / theirs if ours and theirs else None
        rows.append(goal(f"codec, {direction.replace('_', ' ')}", "10 times libwbxml",
                         times and f"{times:.1f} times", times and times >= 10))
    peer = figures.value("phones-1000", "ejabberd", "msg_per_cpu_s")
    for name, experiment in (("phone to phone", "phones-1000"), ("phone to link", "link-1000")):
        ours = figures.value(experiment, "onesoup", "msg_per_cpu_s")
        times = ours / peer if ours and peer else None
        rows.append(goal(f"{name}, messages per CPU-second, 1,000 sessions", "3 times ejabberd's mod_bosh",
                         times and f"{times:.2f} times", times and times >= 3))
    for sessions in (1000, 10000, 100000):
        ours = figures.value(f"idle-{sessions}", "onesoup", "kib_per_session_end")
        rows.append(goal(f"memory per idle phone, {sessions:,}", "under 2 KiB", ours and f"{ours:.2f} KiB", ours and ours < 2))
    ours = figures.value("arrival-2000", "onesoup", "wake_p99_ms")
    rows.append(goal("stanza to wake-up at 1,000/s, p99", "under 5 ms", ours and f"{ours:.2f} ms", ours and ours < 5))
    ours, peer = (figures.value("wire", server, "down_bytes_per_msg") for server in ("onesoup", "ejabberd"))
    rows.append(goal("downstream octets per message", "below ejabberd's BOSH",
                     ours and peer and f"{ours:.0f} against {peer:.0f}", ours and peer and ours < peer))
    peer = figures.value("idle-1000", "ejabberd", "bosh_bytes_per_hour")
    for name, column in (("woken phone", "woken_bytes_per_hour_1800s"), ("polling phone", "polling_bytes_per_hour_90s")):
        ours = figures.value("idle-1000", "onesoup", column)
        rows.append(goal(f"octets per idle hour, {name}", "under 1/20 of BOSH",
                         ours and peer and f"1/{peer / ours:.1f}", ours and peer and ours < peer / 20))
    return rows


def store_text():
    path = TARGET + "/bench-run/store.txt"
    if not os.path.exists(path):
        return []
    return ["", "### Store: units of work, a letter and an answer each, or a letter dropped", "", "```text",
            open(path).read().rstrip(), "```"]


def main():
    figures, found = Figures(sys.argv[1]), codec()
    machine = figures.machine
    lines = [
        f"{machine['date']}, {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"Linux {machine['kernel']}; an fsync after 4 KiB takes {machine['fsync_p50_us']} µs "
        f"(p99 {machine['fsync_p99_us']} µs). rustc {machine['rustc']}, ejabberd {machine['ejabberd']}, "
        f"Prosody {machine['prosody']}, libwbxml {machine['libwbxml']}.",
    ]
    lines += goals(figures, found) + codec_table(found)
    for title, prefixes, columns in TABLES:
        lines += figures.table(title, prefixes, columns)
    lines += store_text()
    lines += ["", *(f"Lost or failed: {entry}" for entry in figures.lost)]
    text = "\n".join(lines).rstrip() + "\n"
    if len(sys.argv) < 3:
        print(text)
        return
    document = open(sys.argv[2]).read()
    head, rest = document.split(BEGIN)
    tail = rest.split(END)[1]
    with open(sys.argv[2], "w") as file:
        file.write(f"{head}{BEGIN}\n\n{text}\n{END}{tail}")


main()
