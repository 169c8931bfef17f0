/// A message's header fields, in their order. Names are compared without regard to case.
package struct HTTPHeaders: Sendable, Equatable {
    /// One line of the head.
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    package private(set) var fields: [Field] = []

    package init() {}

    /// The value of the first field called `name`; setting replaces all of that name, nil removes them.
    package subscript(name: String) -> String? {
        get { fields.first { $0.isCalled(name) }?.value }
        set {
            let place = fields.firstIndex { $0.isCalled(name) } ?? fields.endIndex
            fields.removeAll { $0.isCalled(name) }
            if let newValue { fields.insert(Field(name: name, value: newValue), at: place) }
        }
    }

    /// The values of all fields called `name`, in order.
    package func values(of name: String) -> [String] {
        fields.filter { $0.isCalled(name) }.map(\.value)
    }

    /// Adds a field beside those that are there, of the same name too.
    package mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }
}

extension HTTPHeaders.Field {
    package func isCalled(_ other: String) -> Bool {
        name.utf8.count == other.utf8.count
            && zip(name.utf8, other.utf8).allSatisfy { $0 == $1 || Self.lower($0) == Self.lower($1) }
    }

    /// Whether this can be sent as it is: the name is a token, and the value ends no line.
    package var isValid: Bool {
        !name.isEmpty && name.utf8.allSatisfy(Self.isTokenByte)
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
