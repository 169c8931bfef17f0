/// Where a value is in a descriptor: `data.sources[0].md5`.
struct DescriptorPath: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    var steps: [Step]

    static let root = DescriptorPath(steps: [])

    init(steps: [Step]) { self.steps = steps }

    /// The path of keys only.
    init(_ keys: String...) { steps = keys.map(Step.key) }

    func key(_ name: String) -> DescriptorPath { DescriptorPath(steps: steps + [.key(name)]) }

    func index(_ number: Int) -> DescriptorPath { DescriptorPath(steps: steps + [.index(number)]) }

    /// As people write it; keys that are no bare words in quotes.
    var text: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .key(let name): text += (text.isEmpty ? "" : ".") + DescriptorPath.quoted(name)
            case .index(let number): text += "[\(number)]"
            }
        }
    }

    /// `name` as a key in TOML.
    static func quoted(_ name: String) -> String {
        let isBare =
            !name.isEmpty
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
        return isBare ? name : "\"\(name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// The header of the table at this path: `[hardware.distributed]`, `[[data.sources]]`.
    var header: String {
        let keys = steps.compactMap { step -> String? in
            if case .key(let name) = step { DescriptorPath.quoted(name) } else { nil }
        }.joined(separator: ".")
        if case .index? = steps.last { return "[[\(keys)]]" }
        return "[\(keys)]"
    }
}
