"""Runs every sample as its descriptor says, without any service, and looks for the metrics that it promises."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import tomllib
except ImportError:  # before Python 3.11
    tomllib = None

SAMPLES = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.join(os.path.dirname(SAMPLES), "client-lib", "python")


@unittest.skipUnless(tomllib, "tomllib came with Python 3.11")
class SampleTests(unittest.TestCase):
    def run_sample(self, name, **variables):
        """Runs the sample in a folder of its own; returns its descriptor, what it did and the samples by metric."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with open(os.path.join(SAMPLES, name, "descriptor.toml"), "rb") as file:
            descriptor = tomllib.load(file)
        work = os.path.join(folder.name, "work")
        shutil.copytree(os.path.join(SAMPLES, name), work)
        environment = dict(
            os.environ,
            PYTHONPATH=LIBRARY,
            BAI_METRICS=os.path.join(folder.name, "metrics.jsonl"),
            BAI_STRICT="1",
            **{**descriptor["env"].get("vars", {}), **variables, **self.place_data(descriptor, name, work)},
        )
        ml = descriptor["ml"]
        command = re.sub(
            r"\$\((\w+)\)", lambda match: environment[match[1]], ml["benchmark_code"] + " " + ml.get("args", "")
        )
        words = shlex.split(command)
        words[0] = sys.executable if words[0] == "python3" else words[0]
        done = subprocess.run(words, cwd=work, env=environment, capture_output=True, text=True, timeout=60)
        samples = self.emitted(environment["BAI_METRICS"])
        for metric in descriptor["output"]["metrics"]:
            if "pattern" in metric:
                samples[metric["name"]] = re.findall(metric["pattern"], done.stdout, re.MULTILINE)
            self.assertTrue(samples.get(metric["name"]), "no sample of %s" % metric["name"])
        return done, samples

    def place_data(self, descriptor, name, work):
        """Puts the data where the descriptor says; returns the variables that name the places."""
        variables = {}
        for source in descriptor.get("data", {}).get("sources", []):
            original = os.path.join(SAMPLES, name, source["src"][len("file:") :])
            with open(original, "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), source["sha256"])
            place = os.path.join(work, source["path"].lstrip("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copy(original, place)
            variables["BAI_DATA_" + source["id"].upper()] = place
        return variables

    def emitted(self, path):
        samples = {}
        if os.path.exists(path):
            with open(path) as file:
                for line in map(json.loads, file):
                    self.assertEqual(line.get("dropped", 0), 0)
                    for name, value in line.get("metrics", {}).items():
                        samples.setdefault(name, []).append(value)
        return samples

    def test_hello_world_greets_and_measures(self):
        done, samples = self.run_sample("hello-world")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Hello, world!", done.stdout)
        self.assertEqual(len(samples["latency"]), 20)
        self.assertTrue(0.99 < samples["accuracy"][0] <= 1)

    def test_cpu_calculates_the_right_thing(self):
        done, samples = self.run_sample("cpu")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(samples["steps_per_second"]), 5)
        self.assertLess(samples["energy_drift"][0], 1e-4, "the alarm would be raised")

    def test_patterns_find_what_awk_prints(self):
        done, samples = self.run_sample("patterns")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([len(samples[name]) for name in ("loss", "accuracy", "final_loss")], [20, 20, 1])
        self.assertLess(float(samples["final_loss"][0]), 0.3, "the alarm would be raised")

    def test_dataset_reads_its_file(self):
        done, samples = self.run_sample("dataset")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(samples["stations"], [16])

    def test_failing_fails_with_a_message(self):
        done, samples = self.run_sample("failing")
        self.assertEqual(done.returncode, 3)
        self.assertIn("model.bin is missing", done.stderr)
        self.assertEqual(len(samples["latency"]), 3)

    def test_slow_says_each_second_how_far_it_is(self):
        done, samples = self.run_sample("slow", SLOW_SECONDS="1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("second 1 of 1", done.stdout)
        self.assertEqual(len(samples["hashes_per_second"]), 1)

    def test_each_sample_has_its_line_and_its_page(self):
        with open(os.path.join(SAMPLES, "README.md")) as file:
            lines = file.read()
        for name in os.listdir(SAMPLES):
            if os.path.isdir(os.path.join(SAMPLES, name)) and not name.startswith("__"):
                self.assertIn("[%s](%s)" % (name, name), lines)
                self.assertTrue(os.path.exists(os.path.join(SAMPLES, name, "README.md")))


if __name__ == "__main__":
    unittest.main()
