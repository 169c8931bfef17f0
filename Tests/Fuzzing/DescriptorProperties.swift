internal import Descriptors
internal import Diagnostics
internal import JSON

/// A descriptor is read whole or refused with places, and every report of it is harmless on a terminal.
enum DescriptorProperties {
    static func check(_ bytes: [UInt8]) throws(Violation) {
        let reading = DescriptorReader.read(bytes, filename: "d.toml")
        try expect(
            (reading.descriptor == nil) == reading.problems.hasErrors, "errors and a descriptor, or neither")
        let text = SourceText(name: "d.toml", bytes: bytes)
        for problem in reading.problems {
            try expect(problem.code != "unreadable", "a fault of ours: \(problem)")
            guard let line = problem.line, let column = problem.column else { continue }
            try TOMLProperties.check(SourcePosition(line: line, column: column), in: text)
        }
        try expect(isHarmless(reading.problems.report), "the report would steer a terminal")
        if let descriptor = reading.descriptor { try checkRoundTrip(descriptor) }
    }

    private static func checkRoundTrip(_ descriptor: Descriptor) throws(Violation) {
        do {
            let again = try JSONCoding.decode(Descriptor.self, from: JSONCoding.encode(descriptor))
            guard again == descriptor else { throw Violation("it is another one after JSON") }
            _ = try MatrixExpansion.expand(descriptor)
        } catch let violation as Violation {
            throw violation
        } catch {
            throw Violation("a descriptor that was accepted is no good: \(error)")
        }
    }

    /// Whether no character of `text` but line ends does anything to a terminal.
    static func isHarmless(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n" || ![.control, .format].contains(scalar.properties.generalCategory)
        }
    }
}
