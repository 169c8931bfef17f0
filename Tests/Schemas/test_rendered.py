"""Checks what `baictl render benchmark` prints against the schemas that Kubernetes publishes, from 1.27 to the newest."""

import copy
import functools
import json
import os
import subprocess
import tempfile
import unittest

import kubernetes_validate.utils as kubernetes_validate
import yaml

# It reads a version's definitions, some megabytes, for every object.
kubernetes_validate.schema_contents = functools.lru_cache(maxsize=None)(kubernetes_validate.schema_contents)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("BAI_PROGRAMS", os.path.join(ROOT, ".build", "debug")), "baictl")
GOLDEN = os.path.join(ROOT, "Tests", "KubernetesObjectsTests", "Golden")
OLDEST = (1, 27)
SIDECARS = (1, 29)


def number(version):
    """`1.27.0` as `(1, 27)`."""
    return tuple(int(part) for part in version.split(".")[:2])


VERSIONS = [version for version in kubernetes_validate.all_versions() if number(version) >= OLDEST]

# Every way to run, and what has most in it.
DESCRIPTORS = [
    "descriptors/examples/minimal.toml",
    "descriptors/examples/distributed.toml",
    "descriptors/examples/inference.toml",
    "descriptors/benchmark-ai/horovod.toml",
    "descriptors/benchmark-ai/inference.toml",
    "descriptors/benchmark-ai/single-node.toml",
    "descriptors/reference.toml",
    "sample-benchmarks/dataset/descriptor.toml",
]


def validate(document, version):
    """Raises where the API server of `version` would not know a field, miss one, or find another type."""
    for part in parts(document):
        kubernetes_validate.validate(part, number_text(version), strict=True)


def number_text(version):
    return "%d.%d" % number(version)


def parts(document):
    """What Kubernetes has a schema for: of an MPIJob the templates of its pods."""
    if document["kind"] != "MPIJob":
        return [document]
    replicas = document["spec"]["mpiReplicaSpecs"]
    return [
        {
            "apiVersion": "v1",
            "kind": "PodTemplate",
            "metadata": {"name": document["metadata"]["name"]},
            "template": replicas[name]["template"],
        }
        for name in ("Launcher", "Worker")
    ]


def render(descriptor, version, output, *options):
    home = tempfile.TemporaryDirectory()
    with home:
        return subprocess.run(
            [PROGRAM, "render", "benchmark", descriptor, "-o", output, *options],
            cwd=ROOT,
            env={
                "BAI_HOME": home.name,
                "PATH": os.environ["PATH"],
                "BAI_KUBERNETES_VERSION": number_text(version),
                "BAI_KUBERNETES_ALLOW_PRIVILEGED": "true",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            universal_newlines=True,
            timeout=60,
        )


class RenderedTests(unittest.TestCase):
    def test_every_golden_object_has_the_form_that_kubernetes_knows(self):
        for name in sorted(os.listdir(GOLDEN)):
            with open(os.path.join(GOLDEN, name), encoding="utf-8") as file:
                documents = list(yaml.safe_load_all(file))
            self.assertTrue(documents, name)
            first = OLDEST if "1.27" in name else SIDECARS
            for version in VERSIONS:
                if number(version) < first:
                    continue
                for document in documents:
                    with self.subTest(file=name, kind=document["kind"], version=version):
                        validate(document, version)

    def test_a_schema_finds_what_is_wrong(self):
        with open(os.path.join(GOLDEN, "single-node.yaml"), encoding="utf-8") as file:
            job = next(document for document in yaml.safe_load_all(file) if document["kind"] == "Job")
        for version in VERSIONS[-1:]:
            validate(job, version)
            for change in ({"backofLimit": 0}, {"backoffLimit": "0"}, {"completionMode": 1}):
                wrong = copy.deepcopy(job)
                wrong["spec"].update(change)
                with self.assertRaises(kubernetes_validate.ValidationError):
                    validate(wrong, version)

    def test_what_is_rendered_for_a_version_is_known_to_that_version(self):
        for version in (VERSIONS[0], VERSIONS[1], VERSIONS[2], VERSIONS[-1]):
            for descriptor in DESCRIPTORS:
                result = render(descriptor, version, "json")
                if result.returncode != 0:
                    # The image's own command needs sidecars: nothing else is refused.
                    self.assertLess(number(version), SIDECARS, result.stderr)
                    self.assertIn("ml.benchmark_code: is needed on Kubernetes", result.stderr)
                    continue
                documents = json.loads(result.stdout)
                self.assertTrue(documents)
                for document in documents[:20]:
                    with self.subTest(descriptor=descriptor, kind=document["kind"], version=version):
                        validate(document, version)

    def test_every_strategy_is_rendered_for_the_oldest_version(self):
        kinds = set()
        for descriptor in DESCRIPTORS:
            result = render(descriptor, VERSIONS[0], "name")
            kinds.update(line.split("/")[0] for line in result.stdout.splitlines())
        self.assertEqual(kinds, {"secret", "service", "job"})

    def test_yaml_says_what_json_says(self):
        for descriptor in DESCRIPTORS:
            texts = [render(descriptor, VERSIONS[-1], output).stdout for output in ("yaml", "json")]
            self.assertEqual(list(yaml.safe_load_all(texts[0])), json.loads(texts[1]), descriptor)

    def test_hostile_texts_survive_yaml(self):
        hostile = ["yes", "0x1F", "1_000", "a: b # c", "- x", "'\"", "---", "\u2028", "{{ x }}", "&a", "!!str", " x "]
        for text in hostile:
            result = render(DESCRIPTORS[0], VERSIONS[-1], "yaml", "--set", "env.vars.VALUE=" + json.dumps(text))
            self.assertEqual(result.returncode, 0, result.stderr)
            jobs = [job for job in yaml.safe_load_all(result.stdout) if job["kind"] == "Job"]
            variables = jobs[0]["spec"]["template"]["spec"]["containers"][0]["env"]
            self.assertIn({"name": "VALUE", "value": text}, variables)


if __name__ == "__main__":
    unittest.main()
