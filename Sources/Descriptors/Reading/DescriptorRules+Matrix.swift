internal import Diagnostics
internal import JSON

extension DescriptorRules {
    static func matrix(_ context: inout RuleContext) {
        guard let tree = context.value("matrix"), let matrix = try? JSONCoding.decode(Matrix.self, from: tree)
        else { return }
        let path = DescriptorPath("matrix")
        variables(matrix, at: path, &context)
        let values = possibleValues(matrix)
        references(values, &context)
        // An axis without values is a problem already.
        guard !matrix.axes.values.contains(where: \.isEmpty) else { return }
        do throws(MatrixError) {
            let combinations = try MatrixExpansion.combinations(of: matrix)
            guard !combinations.isEmpty else {
                context.refuse(
                    "no_combinations", "the matrix has no combination", at: path, expected: "at least one")
                return
            }
            missingValues(Set(values.keys), combinations, &context)
        } catch {
            context.refuse(error.rawValue, error.message, at: path, expected: error.expected)
        }
    }

    /// Axes that become the same environment variable.
    private static func variables(_ matrix: Matrix, at path: DescriptorPath, _ context: inout RuleContext) {
        var seen: [String: String] = [:]
        for name in matrix.axes.keys.sorted() {
            guard let other = seen.updateValue(name, forKey: MatrixVariable.name(of: name)) else { continue }
            context.refuse(
                "same_variable", "\(name) and \(other) both become \(MatrixVariable.name(of: name))",
                at: path.key(name),
                isKey: true, expected: "names that differ in more than case")
        }
    }

    /// All values that each name can have in some combination.
    private static func possibleValues(_ matrix: Matrix) -> [String: [String]] {
        var values = matrix.axes.mapValues { $0.map(\.plainText) }
        for row in matrix.include {
            for (name, value) in row { values[name, default: []].append(value.plainText) }
        }
        return values
    }

    /// References to axes that are not there, and strings that are wrong once a value stands in them.
    private static func references(_ values: [String: [String]], _ context: inout RuleContext) {
        var budget = MatrixExpansion.limit
        for text in context.deferred {
            let names = MatrixReference.names(in: text.text)
            if let unknown = names.first(where: { values[$0] == nil }) {
                context.refuse(
                    "unknown_axis",
                    "\(text.path.text) refers to \(Excerpt.quote(unknown)), which is no axis of [matrix]",
                    at: text.path, expected: "one of \(values.keys.sorted().joined(separator: ", "))",
                    suggestion: Spelling.nearest(to: unknown, among: values.keys).map { "${matrix.\($0)}" })
                continue
            }
            guard let (wrong, fault) = firstFault(text, names, values, &budget) else { continue }
            context.refuse(
                text.rule.code, "\(text.path.text) becomes \(Excerpt.quote(wrong)), which \(fault.message)",
                at: text.path,
                expected: text.rule.expected)
        }
    }

    /// The first of the strings that `text` can become that its rule refuses.
    ///
    /// - Parameter budget: how many strings may still be made; a sweep in which many long axes meet is looked at in part.
    private static func firstFault(
        _ deferred: ShapeChecker.Deferred, _ names: [String], _ values: [String: [String]],
        _ budget: inout Int
    ) -> (String, TextFault)? {
        var texts = [deferred.text]
        for name in Set(names).sorted() {
            var next: [String] = []
            for text in texts {
                for value in values[name] ?? [] where budget > 0 {
                    budget -= 1
                    next.append(MatrixReference.replace(in: text) { $0 == name ? value : nil })
                }
            }
            texts = next
        }
        for text in texts {
            if let fault = deferred.rule.fault(text) { return (text, fault) }
        }
        return nil
    }

    /// Names that only some combinations have, in strings that all of them have.
    private static func missingValues(
        _ names: Set<String>, _ combinations: [[String: JSONValue]], _ context: inout RuleContext
    ) {
        let used = Set(context.deferred.flatMap { MatrixReference.names(in: $0.text) }).intersection(names)
        let missing = used.filter { name in combinations.contains { $0[name] == nil } }
        for text in context.deferred {
            guard let name = MatrixReference.names(in: text.text).first(where: missing.contains) else {
                continue
            }
            context.refuse(
                "missing_value",
                "\(text.path.text) refers to \(Excerpt.quote(name)), which some combinations do not have",
                at: text.path, expected: "a value in each combination")
        }
    }
}
