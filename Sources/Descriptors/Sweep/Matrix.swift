package import JSON

/// `[matrix]`: a sweep. One run for each combination of the axes' values, more by `include`, fewer by `exclude`.
package struct Matrix: Equatable, Sendable {
    /// The values of each axis. Values are strings, numbers or booleans.
    package var axes: [String: [JSONValue]]
    /// Combinations added, or values added to the combinations that match.
    package var include: [[String: JSONValue]]
    /// Combinations left out: those that have all of these values.
    package var exclude: [[String: JSONValue]]

    package init(
        axes: [String: [JSONValue]], include: [[String: JSONValue]] = [], exclude: [[String: JSONValue]] = []
    ) {
        self.axes = axes
        self.include = include
        self.exclude = exclude
    }
}

extension Matrix: Codable {
    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: AnyKey.self)
        include = try keys.value(AnyKey("include"), or: [])
        exclude = try keys.value(AnyKey("exclude"), or: [])
        axes = [:]
        for key in keys.allKeys where key.stringValue != "include" && key.stringValue != "exclude" {
            axes[key.stringValue] = try keys.decode([JSONValue].self, forKey: key)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var keys = encoder.container(keyedBy: AnyKey.self)
        for (name, values) in axes { try keys.encode(values, forKey: AnyKey(name)) }
        if !include.isEmpty { try keys.encode(include, forKey: AnyKey("include")) }
        if !exclude.isEmpty { try keys.encode(exclude, forKey: AnyKey("exclude")) }
    }
}
