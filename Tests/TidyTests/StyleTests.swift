import Testing

@Suite struct StyleTests {
    @Test func noFileIsTooLong() throws {
        for folder in ["Sources", "Tests", "Benchmarks"] {
            for file in try SourceTree.files(in: folder) {
                #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines")
            }
        }
    }

    @Test func sourcesNeverImportTheWholeOfFoundation() throws {
        for file in try SourceTree.files(in: "Sources") {
            #expect(!file.imports.contains("Foundation"), "\(file.path)")
        }
    }

    /// Calls that hide a failure or block a thread of the shared pool.
    @Test(arguments: [
        "try!", " as! ", "usleep(", "sleep(1)", "Thread.sleep", ".unsafelyUnwrapped", "nonisolated(unsafe)",
    ])
    func sourcesNeverUse(_ banned: String) throws {
        for file in try SourceTree.files(in: "Sources") {
            let places = file.places { $0.contains(banned) }
            #expect(places == [])
        }
    }

    @Test func everyUncheckedSendableHasItsReasonOnTheNextLine() throws {
        for file in try SourceTree.files(in: "Sources") {
            for (index, line) in file.lines.enumerated()
            where line.contains("@unchecked Sendable") && !line.contains("//") {
                let next = index + 1 < file.lines.count ? file.lines[index + 1] : ""
                #expect(
                    next.trimmingPrefix(while: { $0 == " " }).hasPrefix("//"), "\(file.path):\(index + 1)")
            }
        }
    }

    @Test func everyTypeOfAPackageInterfaceIsDocumented() throws {
        let kinds = ["struct", "final class", "class", "enum", "actor", "protocol"]
        for file in try SourceTree.files(in: "Sources") {
            for (index, line) in file.lines.enumerated()
            where kinds.contains(where: { line.hasPrefix("package \($0) ") }) {
                let before = file.lines[..<index].last { !$0.hasPrefix("@") } ?? ""
                #expect(before.hasPrefix("///"), "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test func testsNeverSleepForLuck() throws {
        // The programs beside the tests, bai-chaos and bai-fuzz, let time pass on purpose.
        let exempt = ["Tests/TestSupport", "Tests/bai-"]
        for file in try SourceTree.files(in: "Tests") where !exempt.contains(where: file.path.hasPrefix) {
            let places = file.places {
                $0.contains("Task.sleep(") || $0.contains("usleep(") || $0.contains(" sleep(")
            }
            #expect(places.filter { !$0.contains("\"") } == [])
        }
    }

    @Test func noTestIsSwitchedOff() throws {
        for file in try SourceTree.files(in: "Tests") where !file.path.hasPrefix("Tests/TidyTests") {
            #expect(
                file.places {
                    $0.contains(".disabled(") || $0.contains("withKnownIssue") || $0.contains("#expect(true)")
                } == [])
        }
    }
}
