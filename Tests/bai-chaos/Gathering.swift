import API
import BFFClient
import Deployment
import Events
import FoundationEssentials
import Glibc
import Invariants
import JobRunner
import MessageLog
import MetricStore
import Runtime
import SQLite
import SQLiteLog

/// Gathers the evidence that a stack leaves behind.
struct Gathering {
    let stack: ChaosStack

    /// Every run that the API lists, while it is up.
    func list() async throws -> [RunSummary] {
        var items: [RunSummary] = []
        var query = RunQuery()
        query.limit = RunQuery.largestLimit
        repeat {
            let page = try await stack.client.runs(query)
            items += page.items
            query.cursor = page.next
        } while query.cursor != nil
        return items
    }

    /// Every record of the log. The stack may be up or down.
    func records() async throws -> [LogRecord] {
        let log = try await SQLiteLog.open(stack.installation.logFile)
        var records: [LogRecord] = []
        for topic in try await log.topics() {
            for number in 0..<topic.partitions {
                let partition = TopicPartition(topic: topic.name, partition: number)
                let range = try await log.range(of: partition)
                var offset = range.lowerBound
                while offset < range.upperBound {
                    let page = try await log.read(partition, from: offset, limit: ReadLimit())
                    guard let last = page.last else { break }
                    records += page
                    offset = last.offset + 1
                }
            }
        }
        await log.close()
        return records
    }

    /// What the store holds of these runs.
    func stored(_ runs: some Sequence<String>) async throws -> [String: StoredRun] {
        let store = try SQLiteMetricStore(path: stack.installation.storeFile)
        var stored: [String: StoredRun] = [:]
        for run in runs {
            let points = try await store.points(of: run, PointQuery(limit: largestStorePage)).items
            let lines = try await store.lines(of: run, LineQuery(limit: largestStorePage)).items
            stored[run] = StoredRun(points: points, lines: lines, results: try await store.results(of: run))
        }
        await store.close()
        return stored
    }

    /// What benchmarks wrote down: `starts`, `crowded`.
    func attempts(in file: String) -> [AttemptStart] {
        let text = (try? String(contentsOf: URL(filePath: "\(stack.witness)/\(file)"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Int(words[1]) else { return nil }
            return AttemptStart(run: String(words[0]), attempt: number)
        }
    }
}

// What is there and should not be, once the stack is down.
extension Gathering {
    func leftovers() throws -> [Leftover] {
        processes() + locks() + unfinishedAttempts() + (try leases())
    }

    /// Processes whose environment or command line names the stack's folder.
    private func processes() -> [Leftover] {
        ProcessTable.all().filter { !$0.isDead && $0.processID != getpid() }.compactMap { entry in
            let command = SystemFile.bytes("/proc/\(entry.processID)/cmdline") ?? []
            let environment = SystemFile.bytes("/proc/\(entry.processID)/environ") ?? []
            let line = String(decoding: command.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
            let isOurs =
                line.contains(stack.home)
                || String(decoding: environment, as: UTF8.self).contains(stack.home)
            return isOurs ? Leftover(.process, "\(entry.processID) \(line)") : nil
        }
    }

    private func locks() -> [Leftover] {
        var paths = attemptLocks()
        for folder in [stack.installation.runFolder, stack.installation.slots] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            paths += names.filter { $0.hasSuffix(".lock") }.map { "\(folder)/\($0)" }
        }
        return paths.filter(FileLock.isHeld).map { Leftover(.lock, $0) }
    }

    private func attemptLocks() -> [String] { stack.attemptFolders().map(\.folder.lock) }

    /// Attempts that began and never ended, and files that were not moved to their place.
    private func unfinishedAttempts() -> [Leftover] {
        stack.attemptFolders().flatMap { name, folder -> [Leftover] in
            let unfinished = folder.isStarted && !folder.isEnded
            return unfinished ? [Leftover(.attempt, "\(name) has no outcome")] : []
        }
    }

    /// Members and leases that nobody gave back.
    private func leases() throws -> [Leftover] {
        let database = try Database(stack.installation.logFile, access: .readWrite)
        let leases = try database.query(
            "SELECT group_name || '/' || partition || ' of ' || owner FROM lease WHERE owner IS NOT NULL"
        ) { Leftover(.lease, $0.text(0)) }
        let members = try database.query("SELECT group_name || ' ' || name FROM member") {
            Leftover(.member, $0.text(0))
        }
        return leases + members
    }
}
