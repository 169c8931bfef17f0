internal import Events
internal import JSON
internal import MessageLog
internal import Runtime

/// A service's state for one key, as it stands in the service's compacted topic.
struct StoredState<State: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    /// The envelope that events about this key follow from, without its payload: the one that first brought it, or the newest where keys are no runs.
    var origin: Event
    var state: State
}

/// What the loop knows of the keys of the partitions that it holds.
struct KeyTable<State: Codable & Equatable & Sendable> {
    private(set) var entries: [String: StoredState<State>] = [:]
    private var wakes: [String: Timestamp] = [:]

    subscript(key: String) -> StoredState<State>? {
        get { entries[key] }
        set { entries[key] = newValue }
    }

    mutating func setWake(_ key: String, _ time: Timestamp?) {
        wakes[key] = time
    }

    /// When the next key wants to be decided.
    var nextWake: Timestamp? { wakes.values.min() }

    /// The keys whose time has come, earliest first. They are no longer due.
    mutating func takeDue(_ now: Timestamp) -> [String] {
        let due = wakes.filter { $0.value <= now }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(
            \.key)
        for key in due { wakes[key] = nil }
        return due
    }

    /// Forgets all keys for which `isGone` holds, and names them.
    mutating func remove(where isGone: (String) -> Bool) -> [String] {
        let keys = entries.keys.filter(isGone)
        for key in keys { entries[key] = nil }
        for key in wakes.keys.filter(isGone) { wakes[key] = nil }
        return keys
    }
}
