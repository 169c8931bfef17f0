internal import FoundationEssentials

/// Where identifiers come from, so that a test can know them beforehand.
package protocol IDSource: Sendable {
    /// A fresh identifier: a random UUID in lower case.
    func next() -> String
}

/// Random version 4 UUIDs.
package struct RandomIDs: IDSource {
    package init() {}

    package func next() -> String {
        UUID().uuidString.lowercased()
    }
}
