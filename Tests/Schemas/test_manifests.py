"""Checks the manifests of infra/kubernetes against the schemas that Kubernetes publishes, 1.27 and the newest among them."""

import functools
import glob
import os
import unittest

import kubernetes_validate.utils as kubernetes_validate
import yaml

# It reads a version's definitions, some megabytes, for every object.
kubernetes_validate.schema_contents = functools.lru_cache(maxsize=None)(kubernetes_validate.schema_contents)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "infra", "kubernetes")
VERSIONS = sorted(
    {tuple(int(part) for part in version.split(".")[:2]) for version in kubernetes_validate.all_versions()}
)
VERSIONS = ["%d.%d" % version for version in VERSIONS if version >= (1, 27)]
# The two ends and the middle: what was taken away, and what is new.
VERSIONS = [VERSIONS[0], VERSIONS[len(VERSIONS) // 2], VERSIONS[-1]]


def documents():
    for path in sorted(glob.glob(os.path.join(FOLDER, "**", "*.yaml"), recursive=True)):
        if os.path.basename(path) == "kustomization.yaml":
            continue
        with open(path) as file:
            for document in yaml.safe_load_all(file):
                yield os.path.relpath(path, ROOT), document


class ManifestTests(unittest.TestCase):
    def test_every_manifest_is_valid_for_every_version(self):
        checked = 0
        for path, document in documents():
            for version in VERSIONS:
                with self.subTest(path=path, name=document["metadata"]["name"], version=version):
                    kubernetes_validate.validate(document, version, strict=True)
                    checked += 1
        self.assertGreater(checked, 30 * len(VERSIONS))

    def test_a_wrong_field_is_found(self):
        _, document = next((path, one) for path, one in documents() if one["kind"] == "Deployment")
        document["spec"]["replica"] = 1
        with self.assertRaises(Exception):
            kubernetes_validate.validate(document, VERSIONS[-1], strict=True)

    def test_every_file_is_part_of_something(self):
        for path in glob.glob(os.path.join(FOLDER, "**", "kustomization.yaml"), recursive=True):
            with open(path) as file:
                named = set(yaml.safe_load(file)["resources"])
            folder = os.path.dirname(path)
            there = {os.path.basename(name) for name in glob.glob(os.path.join(folder, "*.yaml"))}
            self.assertEqual(there - {"kustomization.yaml"}, {name for name in named if name.endswith(".yaml")})


if __name__ == "__main__":
    unittest.main()
