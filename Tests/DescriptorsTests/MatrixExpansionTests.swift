import Diagnostics
import JSON
import TestSupport
import Testing

@testable import Descriptors

@Suite struct MatrixExpansionTests {
    private func names(_ matrix: Matrix) throws -> [String] {
        var descriptor = DescriptorTests.smallest
        descriptor.matrix = matrix
        return try MatrixExpansion.expand(descriptor).map(\.name)
    }

    @Test func combinationsHaveAStableOrder() throws {
        let matrix = Matrix(axes: ["b": [2, 1], "a": ["x", "y"]])
        #expect(try names(matrix) == ["a=x,b=2", "a=x,b=1", "a=y,b=2", "a=y,b=1"])
    }

    @Test func excludeRemovesWhatHasAllItsValues() throws {
        let matrix = Matrix(axes: ["a": [1, 2], "b": [1, 2]], exclude: [["a": 1, "b": 2], ["a": 2]])
        #expect(try names(matrix) == ["a=1,b=1"])
    }

    @Test func includeAddsValuesWhereItDoesNotContradictAndElseACombination() throws {
        let matrix = Matrix(
            axes: ["a": [1, 2]], include: [["x": true], ["a": 2, "y": "z"], ["a": 3], ["a": 3, "y": 0.5]])
        #expect(try names(matrix) == ["a=1,x=true", "a=2,x=true,y=z", "a=3", "a=3,y=0.5"])
    }

    @Test func includeAloneIsAListOfCombinations() throws {
        #expect(try names(Matrix(axes: [:], include: [["a": 1], ["b": 2]])) == ["a=1", "b=2"])
    }

    @Test func aDescriptorWithoutMatrixIsItsOnlyCombination() throws {
        let combinations = try MatrixExpansion.expand(DescriptorTests.smallest)
        #expect(combinations == [.init(values: [:], descriptor: DescriptorTests.smallest)])
        #expect(combinations.first?.name == "")
    }

    @Test func moreThanTenThousandAreRefused() {
        let ten = (0..<10).map { JSONValue.integer(Int64($0)) }
        #expect(throws: Never.self) {
            try MatrixExpansion.combinations(of: Matrix(axes: ["a": ten, "b": ten, "c": ten, "d": ten]))
        }
        #expect(throws: MatrixError.tooMany) {
            try MatrixExpansion.combinations(
                of: Matrix(axes: ["a": ten, "b": ten, "c": ten, "d": ten], include: [["a": 11]]))
        }
        let axes = Dictionary(uniqueKeysWithValues: (0..<32).map { ("a\($0)", ten) })
        #expect(throws: MatrixError.tooMany) { try MatrixExpansion.combinations(of: Matrix(axes: axes)) }
        let many = Dictionary(uniqueKeysWithValues: (0..<33).map { ("a\($0)", [JSONValue.integer(1)]) })
        #expect(throws: MatrixError.tooManyAxes) { try MatrixExpansion.combinations(of: Matrix(axes: many)) }
        let rows = [[String: JSONValue]](repeating: ["a": 1], count: 201)
        #expect(throws: MatrixError.tooManyRows) {
            try MatrixExpansion.combinations(of: Matrix(axes: ["a": ten], exclude: rows))
        }
    }

    @Test func aCombinationReachesStringsVariablesAndLabels() throws {
        var descriptor = DescriptorTests.smallest
        descriptor.matrix = Matrix(axes: ["batch_size": [32], "mode": ["very fast!"], "lr": [0.1]])
        descriptor.ml = .init(
            benchmarkCode: "train ${matrix.mode}",
            args: "-b ${matrix.batch_size}${matrix.batch_size} ${matrix.no} ${x}")
        descriptor.env.vars = ["LR": "${matrix.lr}", "BAI_MATRIX_LR": "mine"]
        descriptor.info.labels = ["mode": "own"]
        descriptor.data = .init(sources: [
            .init(src: "s3://b/${matrix.mode}", path: "/d/${matrix.batch_size}")
        ])
        descriptor.customParams.hyperParams = ["lr": "${matrix.lr}", "list": ["x${matrix.lr}", 1]]
        let point = try #require(try MatrixExpansion.expand(descriptor).first).descriptor
        #expect(point.matrix == nil)
        #expect(point.ml?.benchmarkCode == "train very fast!")
        #expect(point.ml?.args == "-b 3232 ${matrix.no} ${x}")
        #expect(
            point.env.vars == [
                "LR": "0.1", "BAI_MATRIX_LR": "mine", "BAI_MATRIX_MODE": "very fast!",
                "BAI_MATRIX_BATCH_SIZE": "32",
            ])
        #expect(point.info.labels == ["mode": "own", "lr": "0.1", "batch_size": "32"])
        #expect(point.data?.sources == [.init(src: "s3://b/very fast!", path: "/d/32")])
        #expect(point.customParams.hyperParams == ["lr": 0.1, "list": ["x0.1", 1]])
    }

    /// Every string of the tables that a reference may stand in, found in the descriptor's JSON.
    @Test func everyStringOfTheDescriptorIsReplaced() throws {
        var tree = try JSONCoding.tree(KeyTableTests.full)
        let tables = ["info", "hardware", "env", "ml", "data", "server", "custom_params"]
        for table in tables {
            let keys = DescriptorKeys.all.first { $0.name == table }?.kind.keys ?? []
            tree[table] = tree[table].map { withReferences($0, keys) }
        }
        tree["matrix"] = ["a": ["value"]]
        let descriptor = try JSONCoding.decode(Descriptor.self, from: tree)
        let point = try #require(try MatrixExpansion.expand(descriptor).first).descriptor
        let text = try JSONCoding.text(point)
        #expect(!text.contains("${matrix"), "\(text)")
        #expect(text.contains("value"))
    }

    private func withReferences(_ value: JSONValue, _ keys: [DescriptorKey]) -> JSONValue {
        var value = value
        for key in keys {
            guard let member = value[key.name] else { continue }
            switch key.kind {
            // Metrics are the same in all combinations, and so is when to run: they make the series and the schedule.
            case .text where !["scheduling", "processes_per_instance"].contains(key.name):
                value[key.name] = "${matrix.a}"
            case .texts: value[key.name] = ["k": "${matrix.a}"]
            case .anything: value[key.name] = ["k": "${matrix.a}"]
            case .table(let inner) where key.name != "output": value[key.name] = withReferences(member, inner)
            case .tables(let inner):
                value[key.name] = .array((member.array ?? []).map { withReferences($0, inner) })
            default: break
            }
        }
        return value
    }

    @Test(arguments: [
        ("32", "32"), ("0.1", "0.1"), ("", ""), ("resnet/50", "resnet-50-"), ("--fast", "fast-"),
        ("ü", ""),
        (String(repeating: "x", count: 64), String(repeating: "x", count: 40) + "-"),
    ])
    func aValueBecomesALabel(text: String, start: String) {
        let label = LabelValue.of(text)
        #expect(label.hasPrefix(start))
        #expect(TextRule.isLabel(label), "\(label)")
        #expect(TextRule.isLabel(text) == (label == text))
    }

    @Test func differentValuesBecomeDifferentLabels() {
        let values = ["a/b", "a-b", "a b", "a//b", "/a/b", "ü", "ö", "é/ü"]
        #expect(Set(values.map(LabelValue.of)).count == values.count)
    }

    @Test func tenThousandCombinationsAreMadeSoon() throws {
        var descriptor = KeyTableTests.full
        let ten = (0..<10).map { JSONValue.integer(Int64($0)) }
        descriptor.matrix = Matrix(axes: ["a": ten, "b": ten, "c": ten, "d": ten])
        descriptor.ml?.args = "${matrix.a} ${matrix.b} ${matrix.c} ${matrix.d}"
        var count = 0
        let time = try cpuTime { count = try MatrixExpansion.expand(descriptor).count }
        #expect(count == 10_000)
        #expect(time < .seconds(3))
    }
}
