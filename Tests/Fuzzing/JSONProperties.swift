internal import JSON

/// JSON is read into a tree that, written and read again, is the same.
enum JSONProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        guard let tree = try? JSONCoding.decode(JSONValue.self, from: bytes) else { return }
        do throws(JSONError) {
            let written = try JSONCoding.encode(tree)
            let again = try JSONCoding.decode(JSONValue.self, from: written)
            // Numbers that are equal may be written in two ways (1.0 and 1): their text tells.
            guard try JSONCoding.encode(again) == written else {
                throw JSONError(path: "", message: "it became another one")
            }
        } catch {
            throw Violation("what was read is no good when it is written: \(error)")
        }
    }
}
