internal import CTOML
package import Diagnostics

/// Reads TOML 1.0 into a tree that knows where everything was.
package struct TOMLParser: Sendable {
    package var limits: TOMLLimits

    package init(limits: TOMLLimits = TOMLLimits()) { self.limits = limits }

    /// The text's table. A byte order mark and CRLF line ends are taken as they come.
    package func parse(_ text: SourceText) throws(TOMLError) -> TOMLTable {
        let (table, errors) = recover(text, maximumErrors: 1)
        if let error = errors.first { throw error }
        return table
    }

    /// The table of what can be read, and the syntax errors, the first twenty of them.
    ///
    /// After an error its statement - with a table header also what is under it - is left out and the rest is read again, so that one
    /// forgotten quote does not hide the other mistakes. Whoever sees errors cannot tell whether a key is missing.
    package func parseRecovering(_ text: SourceText) -> (table: TOMLTable, errors: [TOMLError]) {
        recover(text, maximumErrors: 20)
    }

    private func recover(_ text: SourceText, maximumErrors: Int) -> (table: TOMLTable, errors: [TOMLError]) {
        let statements: [TOMLScanner.Statement]
        do throws(TOMLError) { statements = try check(text) } catch { return (TOMLTable(), [error]) }
        var bytes = text.bytes
        var errors: [TOMLError] = []
        while true {
            do throws(TOMLError) {
                return (try read(bytes, of: text), errors)
            } catch {
                let index = TOMLParser.statement(of: error, in: text, statements)
                errors.append(
                    index.map { TOMLParser.explained(error, by: statements[$0], bytes, text) } ?? error)
                // Reading again takes as long as reading did: large texts are read a few times only.
                guard let index, errors.count < maximumErrors, errors.count * bytes.count < limits.bytes * 2,
                    TOMLParser.blank(index, statements, in: &bytes)
                else { return (TOMLTable(), errors) }
            }
        }
    }

    // MARK: - Before the parser

    /// Everything that would make the parser slow, deep or unclear.
    private func check(_ text: SourceText) throws(TOMLError) -> [TOMLScanner.Statement] {
        let start = SourcePosition(line: 1, column: 1)
        guard text.bytes.count <= limits.bytes else {
            throw TOMLError(.tooLarge, "the text is larger than \(limits.bytes) bytes", at: start)
        }
        if text.bytes.starts(with: [0xFF, 0xFE]) || text.bytes.starts(with: [0xFE, 0xFF]) {
            throw TOMLError(.invalidUTF8, "the text is UTF-16: save it as UTF-8", at: start)
        }
        if let offset = text.bytes.firstIndex(of: 0) {
            throw TOMLError(.nulCharacter, "a zero byte: this is no text", at: text.position(ofByte: offset))
        }
        if let offset = TOMLParser.firstInvalidByte(text.bytes) {
            throw TOMLError(.invalidUTF8, "this is not UTF-8", at: text.position(ofByte: offset))
        }
        return try scan(text)
    }

    private func scan(_ text: SourceText) throws(TOMLError) -> [TOMLScanner.Statement] {
        let result = text.bytes.withUnsafeBufferPointer { buffer in
            var scanner = TOMLScanner(buffer, limits: limits)
            return Result { () throws(TOMLScanner.Excess) in
                try scanner.scan()
                return scanner.statements
            }
        }
        switch result {
        case .success(let statements): return statements
        case .failure(let excess):
            throw TOMLError(excess.code, message(for: excess.code), at: text.position(ofByte: excess.offset))
        }
    }

    private func message(for code: TOMLError.Code) -> String {
        switch code {
        case .tooDeep: "more than \(limits.depth) levels of tables and arrays"
        case .tooManyKeys: "more than \(limits.keys) keys"
        case .tooManyValues: "more than \(limits.values) values in arrays"
        case .syntax, .invalidUTF8, .nulCharacter, .tooLarge: code.rawValue
        }
    }

    private static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        // The repaired text differs from the bytes first where they are wrong.
        let repaired = String(decoding: bytes, as: UTF8.self).utf8
        return zip(bytes.indices, zip(bytes, repaired)).first { $1.0 != $1.1 }?.0 ?? bytes.count - 1
    }

    // MARK: - The parser

    private func read(_ bytes: [UInt8], of text: SourceText) throws(TOMLError) -> TOMLTable {
        var error = ctoml_error()
        let document = bytes.withUnsafeBytes { buffer in
            // An empty array may have no address; its pointer is nil then, and the length zero.
            ctoml_parse(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &error)
        }
        guard let document else { throw TOMLParser.error(error, in: text) }
        defer { ctoml_free(document) }
        return TOMLTreeBuilder(text).table(ctoml_root(document))
    }

    private static func error(_ error: ctoml_error, in text: SourceText) -> TOMLError {
        let message = withUnsafeBytes(of: error.message) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let lead = "Error while parsing "
        let sentence = message.hasPrefix(lead) ? "in this \(message.dropFirst(lead.count))" : message
        return TOMLError(.syntax, sentence, at: TOMLTreeBuilder(text).position(error.position))
    }

    // MARK: - After an error

    /// The statement that `error` is in.
    private static func statement(
        of error: TOMLError, in text: SourceText, _ statements: [TOMLScanner.Statement]
    ) -> Int? {
        let line = text.lineBytes(error.position.line)
        let offset = min(line.startIndex + error.position.column - 1, line.endIndex)
        return statements.lastIndex { $0.bytes.lowerBound <= offset }
    }

    /// Replaces a statement by spaces; false when it is blank already.
    private static func blank(_ index: Int, _ statements: [TOMLScanner.Statement], in bytes: inout [UInt8])
        -> Bool
    {
        var end = statements[index].bytes.upperBound
        if statements[index].isHeader {
            end = statements[(index + 1)...].first { $0.isHeader }?.bytes.lowerBound ?? bytes.count
        }
        var hasChanged = false
        for offset in statements[index].bytes.lowerBound..<end where bytes[offset] > UInt8(ascii: " ") {
            bytes[offset] = UInt8(ascii: " ")
            hasChanged = true
        }
        return hasChanged
    }

    /// `error` in the words of somebody who sees the whole statement.
    private static func explained(
        _ error: TOMLError, by statement: TOMLScanner.Statement, _ bytes: [UInt8], _ text: SourceText
    ) -> TOMLError {
        var error = error
        if let start = statement.openString, text.position(ofByte: start).line == error.position.line {
            error.message = "this string has no closing quote"
            error.position = text.position(ofByte: start)
        } else {
            error.suggestion = suggestion(bytes[statement.bytes], in: statement)
        }
        return error
    }

    /// The statement with its value in quotes, where somebody wrote `timeout = 30m` or `name = fast`.
    private static func suggestion(_ bytes: ArraySlice<UInt8>, in statement: TOMLScanner.Statement) -> String?
    {
        guard !statement.isHeader, bytes.count < 200 else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let key = text[..<equals].trimmed
        let value = text[text.index(after: equals)...].prefix { $0 != "#" }.trimmed
        let isBare = value.allSatisfy { $0 != "\"" && $0 != "'" && $0 != "\\" && $0 != "\n" && $0 != "\r\n" }
        guard isBare, let first = value.first, !"[{=".contains(first), value.contains(where: \.isLetter)
        else {
            return nil
        }
        return "\(key) = \"\(value)\""
    }
}

extension StringProtocol {
    fileprivate var trimmed: Substring {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? start
        return Substring(self[start..<end])
    }
}
