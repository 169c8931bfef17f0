package import JSON

/// What a sweep stands for: one descriptor for each combination of the matrix' values.
///
/// Combinations come in a stable order: axes by name, the last one changing fastest, values as they are written; what `include` adds
/// comes at the end. As elsewhere, a row of `include` first tries to add its values to the combinations that it does not contradict;
/// one that contradicts all of them is a combination of its own.
package struct MatrixExpansion: Sendable {
    /// One point of the sweep.
    package struct Combination: Equatable, Sendable {
        /// The value on each axis.
        package var values: [String: JSONValue]
        /// The descriptor of this point; a sweep no longer.
        package var descriptor: Descriptor

        /// `batch_size=32,lr=0.1`: axes by name. Empty for a descriptor that is no sweep.
        package var name: String {
            values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.plainText)" }.joined(separator: ",")
        }
    }

    /// The most combinations of one descriptor.
    package static let limit = 10_000
    /// The most rows of `include` and of `exclude`: each is held against each combination.
    package static let rowLimit = 200
    /// The most axes, and the most values of a row.
    package static let axisLimit = 32

    /// All combinations of `descriptor`; it alone when it has no matrix.
    package static func expand(_ descriptor: Descriptor) throws(MatrixError) -> [Combination] {
        guard let matrix = descriptor.matrix else {
            return [Combination(values: [:], descriptor: descriptor)]
        }
        return try combinations(of: matrix).map { values in
            Combination(values: values, descriptor: descriptor.applying(values))
        }
    }

    /// The values of all combinations of `matrix`.
    package static func combinations(of matrix: Matrix) throws(MatrixError) -> [[String: JSONValue]] {
        let widths = (matrix.include + matrix.exclude).map(\.count) + [matrix.axes.count]
        guard widths.allSatisfy({ $0 <= axisLimit }) else { throw MatrixError.tooManyAxes }
        guard let product = product(of: matrix), product <= limit else { throw MatrixError.tooMany }
        guard matrix.include.count <= rowLimit, matrix.exclude.count <= rowLimit else {
            throw MatrixError.tooManyRows
        }
        var combinations: [[String: JSONValue]] = matrix.axes.isEmpty ? [] : [[:]]
        for (name, values) in matrix.axes.sorted(by: { $0.key < $1.key }) {
            combinations = combinations.flatMap { combination in
                values.map { combination.merging([name: $0]) { $1 } }
            }
        }
        combinations.removeAll { combination in
            matrix.exclude.contains { row in row.allSatisfy { combination[$0.key] == $0.value } }
        }
        return try including(matrix.include, axes: Set(matrix.axes.keys), combinations)
    }

    /// How many combinations the axes have, before `include` and `exclude`; nil when that is more than can be counted.
    static func product(of matrix: Matrix) -> Int? {
        matrix.axes.values.reduce(matrix.axes.isEmpty ? 0 : 1) { product, values in
            product.flatMap { product in
                let (result, overflow) = product.multipliedReportingOverflow(by: values.count)
                return overflow ? nil : result
            }
        }
    }

    private static func including(
        _ rows: [[String: JSONValue]], axes: Set<String>, _ combinations: [[String: JSONValue]]
    ) throws(MatrixError) -> [[String: JSONValue]] {
        var combinations = combinations
        let original = combinations.count
        for row in rows {
            let fixed = row.filter { axes.contains($0.key) }
            let matching = combinations.indices.prefix(original).filter { index in
                fixed.allSatisfy { combinations[index][$0.key] == $0.value }
            }
            for index in matching { combinations[index].merge(row) { $1 } }
            if matching.isEmpty { combinations.append(row) }
        }
        guard combinations.count <= limit else { throw MatrixError.tooMany }
        return combinations
    }
}

/// Why a matrix has no combinations.
package enum MatrixError: String, Error, Sendable, CaseIterable {
    case tooMany = "too_many_combinations"
    case tooManyRows = "too_many_rows"
    case tooManyAxes = "too_many_axes"

    /// A sentence without its full stop.
    package var message: String {
        switch self {
        case .tooMany: "the matrix has too many combinations"
        case .tooManyRows: "include or exclude has too many rows"
        case .tooManyAxes: "the matrix has too many axes, or one of its rows too many values"
        }
    }

    /// What would be right.
    package var expected: String {
        switch self {
        case .tooMany: "at most \(MatrixExpansion.limit)"
        case .tooManyRows: "at most \(MatrixExpansion.rowLimit)"
        case .tooManyAxes: "at most \(MatrixExpansion.axisLimit)"
        }
    }
}

extension JSONValue {
    /// A scalar as it stands in a command line.
    var plainText: String {
        switch self {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .bool(let value): "\(value)"
        case .null, .array, .object: ""
        }
    }
}
