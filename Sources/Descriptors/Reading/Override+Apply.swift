internal import Diagnostics
internal import TOML

extension Override {
    /// Puts the value into the tree; tables and elements that are not there yet are made.
    func apply(to root: inout TOMLTable) throws(Fault) {
        var node = TOMLNode(.table(root), at: value.position)
        try set(&node, path.steps[...])
        if case .table(let table) = node.value { root = table }
    }

    private func set(_ node: inout TOMLNode, _ steps: ArraySlice<DescriptorPath.Step>) throws(Fault) {
        guard let step = steps.first else {
            node = value
            return
        }
        switch (step, node.value) {
        case (.key(let name), .table(var table)):
            var child = table[name]?.node ?? empty(for: steps.dropFirst())
            try set(&child, steps.dropFirst())
            table.set(name, at: position(of: steps), child)
            node.value = .table(table)
        case (.index(let number), .array(var nodes)):
            guard number <= nodes.count else {
                throw fault("there is no element \(number): \(text(before: steps)) has \(nodes.count)", steps)
            }
            var child = number < nodes.count ? nodes[number] : empty(for: steps.dropFirst())
            try set(&child, steps.dropFirst())
            if number < nodes.count { nodes[number] = child } else { nodes.append(child) }
            node.value = .array(nodes)
        default: throw fault("\(text(before: steps)) is \(node.value.kind)", steps)
        }
    }

    /// What a step makes where there is nothing: a table for a key, an array for a number.
    private func empty(for steps: ArraySlice<DescriptorPath.Step>) -> TOMLNode {
        if case .index? = steps.first { return TOMLNode(.array([]), at: position(of: steps)) }
        return TOMLNode(.table(TOMLTable()), at: steps.isEmpty ? value.position : position(of: steps))
    }

    private func position(of steps: ArraySlice<DescriptorPath.Step>) -> SourcePosition {
        SourcePosition(line: 1, column: columns[steps.startIndex], source: value.position.source)
    }

    private func text(before steps: ArraySlice<DescriptorPath.Step>) -> String {
        DescriptorPath(steps: Array(path.steps[..<steps.startIndex])).text
    }

    private func fault(_ message: String, _ steps: ArraySlice<DescriptorPath.Step>) -> Fault {
        Fault(code: "bad_override", message: message, column: columns[steps.startIndex], expected: nil)
    }
}

extension TOMLTable {
    fileprivate mutating func set(_ name: String, at position: SourcePosition, _ node: TOMLNode) {
        if let index = entries.firstIndex(where: { $0.key == name }) {
            entries[index].node = node
        } else {
            entries.append(TOMLEntry(name, at: position, node))
        }
    }
}
