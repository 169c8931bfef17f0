"""What the tests share: running a small program against the library, and reading the lines that it wrote."""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEADLINE = 20.0  # seconds after which a program counts as stuck


def parse(text):
    """The objects of JSON lines, read strictly: NaN and Infinity as bare words are no JSON."""

    def refuse(word):
        raise ValueError("%s is no JSON" % word)

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


class ProgramTest(unittest.TestCase):
    """A test that runs programs, each in a process of its own with an environment of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(self.folder, "metrics.jsonl")

    def start(self, program, **variables):
        """Starts `from benchmarkai import *` and the program; BAI_METRICS names self.path unless told otherwise."""
        environment = {"PYTHONPATH": LIBRARY, "PATH": os.environ["PATH"], "BAI_METRICS": self.path}
        environment.update(variables)
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", "import os, sys, time\nfrom benchmarkai import *\n" + program],
            env={name: value for name, value in environment.items() if value is not None},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def run_program(self, program, status=0, **variables):
        """Runs the program to its end and returns (stdout, stderr)."""
        process = self.start(program, **variables)
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, status, err)
        return out, err

    def lines(self):
        """The objects that self.path holds."""
        with open(self.path) as file:
            return parse(file.read())

    def emitted(self, program, **variables):
        """The objects that a program writes, which must end well and lose nothing."""
        _, err = self.run_program(program, **variables)
        lines = self.lines()
        self.assertEqual(lines.pop()["dropped"], 0, err)
        self.assertEqual(err, "")
        return lines

    def values(self, name):
        """All values of one metric in self.path."""
        return [line["metrics"][name] for line in self.lines() if name in line.get("metrics", {})]

    def eventually(self, condition, what):
        """Waits until the condition holds."""
        end = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > end:
                self.fail("not within %s s: %s" % (DEADLINE, what))
            time.sleep(0.005)
