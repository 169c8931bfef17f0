import Descriptors
import FoundationEssentials
import JSON
import Testing

@testable import KubernetesObjects

/// Texts that cannot be names or labels as they are.
private let awkward = [
    "", " ", "-", "UPPER", "with space", "ends-", "-begins", "dots.and_lines", "größe", "日本", "a/b",
    "a\nb: c",
    "'\"", "$(X)", "{}", "[]", "&a *a", "#", "---", String(repeating: "x", count: 64),
    String(repeating: "é", count: 300), "\u{0}", "\u{FEFF}",
]

/// Whether `text` is a DNS label as RFC 1123 has it.
func isDNSLabel(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 63 && text.wholeMatch(of: /[a-z0-9]([-a-z0-9]*[a-z0-9])?/) != nil
}

/// Whether `text` can be the value of a label.
func isLabelValue(_ text: String) -> Bool {
    text.utf8.count <= 63 && text.wholeMatch(of: /(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?/) != nil
}

@Suite struct NamesAndLabelsTests {
    @Test func namesFollowFromRunAndAttempt() {
        let names = AttemptNames(run: Cases.runID, attempt: 12)
        #expect(names.base == "bai-\(Cases.runID)-12")
        #expect(names.server == "bai-\(Cases.runID)-12-server")
        #expect(AttemptNames(run: Cases.runID, attempt: 12) == names)
    }

    @Test(arguments: awkward + [Cases.runID, "a.b", "x-"])
    func whateverIsMadeOfANameIsAName(run: String) {
        for attempt in [1, 99_999] {
            let names = AttemptNames(run: run, attempt: attempt)
            for suffix in ["", "-999", "-worker-999", "-launcher"] {
                #expect(isDNSLabel(names.base + suffix), "\(names.base)\(suffix)")
            }
            #expect(isDNSLabel(names.server))
            // A Service's name begins with a letter.
            #expect(names.base.first?.isLetter == true)
        }
    }

    @Test func differentAttemptsHaveDifferentNames() {
        let runs = awkward + [Cases.runID, "a", "a-1"]
        let names = runs.flatMap { run in
            [1, 2, 11].map { AttemptNames(run: run, attempt: $0).base }
        }
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: awkward)
    func anyTextBecomesALabelAndIsKept(text: String) {
        let request = Cases.request(clientID: text, name: text) { $0.info.labels = ["team": text] }
        let labels = AttemptLabels(request)
        for (key, value) in labels.labels {
            #expect(isLabelValue(value), "\(key): \(value)")
        }
        for key in [AttemptLabels.Key.client, AttemptLabels.Key.task] {
            #expect(labels.annotations[key] ?? labels.labels[key] == text)
        }
        let own = labels.annotations[AttemptLabels.Key.originals].map { Array($0.utf8) }
        let originals = own.flatMap { try? JSONCoding.decode([String: String].self, from: $0) }
        #expect(originals?["team"] ?? labels.labels["label.benchmark-ai/team"] == text)
    }

    @Test(arguments: awkward)
    func aTeamsLabelTakesNoOtherLabelsPlace(name: String) {
        let plain = AttemptLabels(Cases.request())
        let labels = AttemptLabels(
            Cases.request {
                $0.info.labels = [name: "x", "app": "y", "job-name": "z", "controller-uid": "u"]
            }
        )
        for (key, value) in plain.labels { #expect(labels.labels[key] == value) }
        let added = Set(labels.labels.keys).subtracting(plain.labels.keys)
        #expect(added.count == 4)
        for key in added {
            let parts = key.split(separator: "/", omittingEmptySubsequences: false)
            #expect(parts.count == 2 && parts[0] == "label.benchmark-ai")
            #expect(!parts[1].isEmpty && isLabelValue(String(parts[1])))
        }
    }
}
