internal import Detection
internal import FoundationEssentials
internal import JSON

/// Many histories in one go: a JSON object a line in, one a line out, in the same order.
///
///     {"id": "a", "values": [1, 2, null, 3]}                     {"cps":[2],"id":"a"}
///     {"id": "b", "values": [4, 5], "group": "commit 12"}        {"cps":[],"id":"b"}
struct BatchAnalysis: Sendable {
    var falseAlarmRate: Double
    /// Whether values are also fed one by one, to see what would have been confirmed when.
    var replays: Bool

    /// A history that was asked for.
    struct Request: Decodable, Sendable {
        var id: String
        var values: [Double?]
        /// Histories of one group move together: changes of theirs that are close are one.
        var group: String?

        private enum CodingKeys: String, CodingKey {
            case id, values, group
        }

        /// What is no number counts as a run without a value.
        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            values = try container.decode([JSONValue].self, forKey: .values).map(\.finiteNumber)
            group = try container.decodeIfPresent(String.self, forKey: .group)
        }
    }

    /// What became of it.
    struct Answer: Encodable, Sendable {
        var id: String
        /// The first runs of the new levels, counted from 0.
        var cps: [Int]
        var alarms: [Alarm]?

        struct Alarm: Encodable, Sendable {
            /// The last run that was seen when it was raised.
            var t: Int
            /// The first run of the new level.
            var index: Int
        }
    }

    /// A line that is no request.
    struct BadLine: Error {
        var message: String
    }

    static func request(_ line: [UInt8]) throws(BadLine) -> Request {
        do throws(JSONError) {
            return try JSONCoding.decode(Request.self, from: line)
        } catch {
            throw BadLine(message: "\(error)")
        }
    }

    /// The answers, in the order of the requests.
    func answers(to requests: [Request]) async -> [Answer] {
        let found = await each(requests) { request in
            ChangePointDetector.changePoints(in: request.values, falseAlarmRate: falseAlarmRate)
        }
        let changes = aligned(found, requests)
        let raised = replays ? await each(requests) { alarms(in: $0.values) } : nil
        return requests.indices.map { index in
            Answer(
                id: requests[index].id, cps: changes[index].map(\.index), alarms: raised.map { $0[index] })
        }
    }

    /// Changes of one group that are close are put where most of them are.
    private func aligned(_ changes: [[ChangePoint]], _ requests: [Request]) -> [[ChangePoint]] {
        var changes = changes
        let groups = Dictionary(grouping: requests.indices.filter { requests[$0].group != nil }) {
            requests[$0].group
        }
        for members in groups.values where members.count > 1 {
            for (member, aligned) in zip(members, ChangeGroups.aligned(members.map { changes[$0] })) {
                changes[member] = aligned
            }
        }
        return changes
    }

    private func alarms(in values: [Double?]) -> [Answer.Alarm] {
        var watch = ChangeWatch(falseAlarmRate: falseAlarmRate)
        return values.enumerated().flatMap { run, value in
            watch.append(value).map { Answer.Alarm(t: run, index: $0.index) }
        }
    }

    /// `body` of each, on all processors.
    private func each<Result: Sendable>(
        _ requests: [Request], _ body: @escaping @Sendable (Request) -> Result
    ) async -> [Result] {
        let workers = max(1, min(ProcessInfo.processInfo.activeProcessorCount, requests.count))
        return await withTaskGroup(of: [(Int, Result)].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    stride(from: worker, to: requests.count, by: workers).map { ($0, body(requests[$0])) }
                }
            }
            var results = [Result?](repeating: nil, count: requests.count)
            for await part in group {
                for (index, result) in part { results[index] = result }
            }
            return results.compactMap(\.self)
        }
    }
}
