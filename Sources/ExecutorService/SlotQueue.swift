package import Runtime

/// A run's place among those that wait for a slot: whoever came first goes first. Does not change over a restart.
package struct QueuePlace: Codable, Hashable, Sendable, Comparable {
    /// When it began to wait.
    package var since: Timestamp
    /// When the run was submitted: orders those that began to wait in the same instant.
    package var submitted: Timestamp
    /// The run's place in its sweep, which is submitted as a whole.
    package var index: Int
    package var run: String

    package init(since: Timestamp, submitted: Timestamp, index: Int, run: String) {
        self.since = since
        self.submitted = submitted
        self.index = index
        self.run = run
    }

    package static func < (left: QueuePlace, right: QueuePlace) -> Bool {
        (left.since, left.submitted, left.index, left.run)
            < (right.since, right.submitted, right.index, right.run)
    }
}

/// Who waits for a slot, in order, and who has been told that how many go first. Pure.
struct SlotQueue {
    private struct Entry {
        var place: QueuePlace
        var attempt: Int
        var told: Int?
    }

    private var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }

    /// The one whose turn is next.
    var first: (run: String, attempt: Int)? { entries.first.map { ($0.place.run, $0.attempt) } }

    /// Puts a run where it belongs; one that waits already only gets its place changed.
    mutating func insert(_ place: QueuePlace, attempt: Int) {
        remove(place.run)
        let index = entries.firstIndex { place < $0.place } ?? entries.endIndex
        entries.insert(Entry(place: place, attempt: attempt), at: index)
    }

    mutating func remove(_ run: String) {
        entries.removeAll { $0.place.run == run }
    }

    mutating func removeFirst() {
        entries.removeFirst()
    }

    /// The positions that are worth telling: each at first, every step at the head of the queue, and further back whenever it has halved - so that
    /// a thousand who wait do not make a million messages.
    mutating func takeNews() -> [(run: String, attempt: Int, position: Int)] {
        var news: [(run: String, attempt: Int, position: Int)] = []
        for index in entries.indices {
            let told = entries[index].told ?? .max
            let isNear = index < SlotQueue.near && index < told
            guard told == .max || isNear || index <= told / 2 && index < told else { continue }
            entries[index].told = index
            news.append((entries[index].place.run, entries[index].attempt, index))
        }
        return news
    }

    /// Up to here people count the steps.
    private static let near = 5
}
