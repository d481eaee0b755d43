# SPDX-License-Identifier: MIT
"""Results of conformance/cts as data: a table a binary, a summary and a comparison of folders."""

import collections
import re
import time

ENDED = {"pass", "fail", "skip", "crash"}
BAD = {"fail", "crash", "timeout", "stopped", "lost", "empty"}

# The harness's lines about its tests: "NAME...", then one of "NAME
# passed", "NAME FAILED" and so on.
START = re.compile(r"^([A-Za-z0-9_]+)\.\.\.$")
END = re.compile(
    r"([A-Za-z0-9_]+) (passed|FAILED|test not supported|test currently not implemented)$"
)
NOT_BEGUN = re.compile(
    r"^(?:Subtest )?([A-Za-z0-9_]+) (?:skipped \(|tests is not supported in offline)"
)
NOT_INITIALISED = re.compile(r"^Test (skipped|failed) while initialization$")
RESULT = {"passed": "pass", "FAILED": "fail"}

# Said by tests that then call themselves passed.
LEFT_OUT = re.compile(r"^(Wimpy mode enabled|Running in wimpy mode), skipping (long )?test$")
REASON = {
    "skip": re.compile(r"skip|not support|unsupported|does not|no image|require", re.IGNORECASE),
    "fail": re.compile(r"error|fail|mismatch|expected|incorrect|wrong", re.IGNORECASE),
    "pass": re.compile(r"skipp(ed|ing)", re.IGNORECASE),
}
HEADER = "test\tresult\tseconds\tnote\n"
SUMMARY_HEADER = "binary\tpassed\tfailed\tskipped\tseconds\tmode\tengine\tcommit\twhy\n"

Row = collections.namedtuple("Row", "result seconds note", defaults=[""])


def replace(path, text):
    """Write a file so that whoever reads it, at any time, sees it whole."""
    fresh = path.with_name("." + path.name)
    fresh.write_text(text)
    fresh.replace(path)


class Table:
    """The tests of one binary, filled in as its output comes; on disk, whole after each test."""

    def __init__(self, path):
        self.path = path
        self.rows = {}  # test: Row
        self.begin()

    def begin(self):
        """The binary has been started (again)."""
        self.running = None
        self.initialised = True
        self.before = []  # lines since the last test, the newest ones
        self.since = time.monotonic()

    def line(self, text):
        # A test that fails may leave its last line open.
        start, end = START.match(text), END.search(text)
        if end and end[1] == self.running or END.match(text):
            result = RESULT.get(end[2], "skip")
            if any(LEFT_OUT.match(before) for before in self.before):
                result = "skip"
            self.add(end[1], result)
        elif start:
            if self.running:  # ended by a line that is not known
                self.add(self.running, "skip")
            self.running, self.before, self.since = start[1], [], time.monotonic()
        elif NOT_BEGUN.match(text):
            self.before.append(text)
            self.add(NOT_BEGUN.match(text)[1], "skip")
        elif NOT_INITIALISED.match(text):
            self.initialised = False
            self.add("(all)", "skip" if "skipped" in text else "fail")
        elif text:
            self.before = [*self.before[-499:], text]

    def add(self, test, result):
        self.rows[test] = Row(result, time.monotonic() - self.since, self.reason(result))
        self.running, self.before, self.since = None, [], time.monotonic()
        self.write()

    def reason(self, result):
        """The line of the test's output that says most about its result."""
        pattern = REASON.get(result)
        said = [line for line in self.before if pattern and pattern.search(line)]
        if not said and result in ("crash", "timeout", "stopped"):
            said = self.before[-1:]
        line = said[0 if result == "fail" else -1] if said else ""
        return " ".join(line.split())[:160]

    def finish(self, why):
        """The program ended: well (why is None), or while a test was running, or outside of all."""
        if why:
            self.add(self.running or ("(end)" if self.rows else "(start)"), why)

    def count(self, *results):
        return sum(1 for row in self.rows.values() if row.result in results)

    def write(self):
        replace(
            self.path,
            HEADER
            + "".join(
                f"{test}\t{row.result}\t{row.seconds:.2f}\t{row.note}\n"
                for test, row in self.rows.items()
            ),
        )

    def summary(self, name, mode, engine, label):
        """This binary's line in the folder's summary."""
        reasons = collections.Counter(
            (row.result, row.note) for row in self.rows.values() if row.result != "pass"
        )
        why = "; ".join(
            f"{number} {result}" + (f": {note}" if note else "")
            for (result, note), number in reasons.most_common()
        )
        seconds = sum(row.seconds for row in self.rows.values())
        return (
            f"{name}\t{self.count('pass')}\t{self.count(*BAD)}\t{self.count('skip')}\t"
            f"{seconds:.0f}\t"
            f"{mode}\t{engine}\t{label}\t{why}\n"
        )


def read_table(path):
    """Test to Row; of tables of older runners too, that have no notes."""
    rows = {}
    for line in path.read_text().splitlines()[1:]:
        test, result, seconds, *note = line.split("\t")
        rows[test] = Row(result, float(seconds), *note)
    return rows


def read_summaries(folders):
    """Binary to its line; what is in a later folder replaces an earlier one's."""
    lines = {}
    for folder in folders:
        path = folder / "summary.tsv"
        if path.exists():
            lines.update(
                (line.split("\t")[0], line + "\n") for line in path.read_text().splitlines()[1:]
            )
    return lines


def add_to_summary(folder, line):
    lines = read_summaries([folder])
    lines[line.split("\t")[0]] = line
    replace(folder / "summary.tsv", SUMMARY_HEADER + "".join(lines[name] for name in sorted(lines)))


def tables(folder):
    return {path.stem: path for path in folder.glob("*.tsv") if path.name != "summary.tsv"}


def compare(old, new):
    """Print what is different; the number of tests that got worse.

    Binaries that only one folder has are named: who compares may have run a part."""
    worse = better = 0
    before_paths, after_paths = tables(old), tables(new)
    for name in sorted({*before_paths, *after_paths}):
        if name not in before_paths or name not in after_paths:
            print(f"? {name}\tonly in {old if name in before_paths else new}")
            continue
        before, after = read_table(before_paths[name]), read_table(after_paths[name])
        for test in [*before, *(t for t in after if t not in before)]:
            was = before[test].result if test in before else "none"
            now = after[test].result if test in after else "none"
            if was == now:
                continue
            bad = now in BAD or was == "pass"
            worse, better = worse + bad, better + (not bad)
            note = after[test].note if test in after else ""
            print(
                f"{'-' if bad else '+'} {name}\t{test}\t{was} -> {now}"
                + (f"\t{note}" if note else "")
            )
        times = [sum(row.seconds for row in rows.values()) for rows in (before, after)]
        print(f"  {name}\t{times[0]:.1f} s -> {times[1]:.1f} s")
    print(f"{worse} got worse, {better} otherwise different")
    return worse
