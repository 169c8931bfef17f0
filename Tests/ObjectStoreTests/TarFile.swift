import FoundationEssentials

/// Tar archives made byte by byte: also such as no program would make.
struct TarFile {
    private(set) var bytes: [UInt8] = []

    /// Kinds of entries, as tar writes them.
    enum Kind: UInt8 {
        case file = 0x30
        case hardLink = 0x31
        case link = 0x32
        case characterDevice = 0x33
        case blockDevice = 0x34
        case folder = 0x35
        case pipe = 0x36
    }

    /// The archive with the two empty blocks at its end.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    mutating func add(
        _ name: String, _ content: String = "", kind: Kind = .file, mode: Int = 0o644, link: String = ""
    ) {
        bytes += TarFile.header(
            name, type: kind.rawValue, mode: mode, size: content.utf8.count, link: link)
        bytes += content.utf8
        bytes += [UInt8](repeating: 0, count: (512 - content.utf8.count % 512) % 512)
    }

    /// A file of so many zeros, of which the archive holds none (GNU's old form of sparse files).
    mutating func addHole(_ name: String, size: Int) {
        var header = TarFile.header(name, type: UInt8(ascii: "S"), mode: 0o644, size: 0, link: "")
        TarFile.put(TarFile.octal(size, digits: 11), at: 386, in: &header)
        TarFile.put(TarFile.octal(0, digits: 11), at: 398, in: &header)
        TarFile.put(TarFile.octal(size, digits: 11), at: 483, in: &header)
        TarFile.put("ustar  \0", at: 257, in: &header)
        TarFile.sign(&header)
        bytes += header
    }

    private static func header(_ name: String, type: UInt8, mode: Int, size: Int, link: String) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        put(name, at: 0, in: &header)
        put(octal(mode, digits: 7), at: 100, in: &header)
        put(octal(size, digits: 11), at: 124, in: &header)
        put(octal(0, digits: 11), at: 136, in: &header)
        header[156] = type
        put(link, at: 157, in: &header)
        put("ustar", at: 257, in: &header)
        put("00", at: 263, in: &header)
        sign(&header)
        return header
    }

    private static func put(_ text: String, at offset: Int, in header: inout [UInt8]) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// The sum of the header's bytes, its own place counted as spaces.
    private static func sign(_ header: inout [UInt8]) {
        put("        ", at: 148, in: &header)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0", at: 148, in: &header)
    }
}

/// Archives that other programs made.
enum PackedFiles {
    /// What both hold: a folder with a thousand `0` and a program, and a link to the first.
    static let names = ["data", "data/run", "data/zeros", "link"]

    /// By Python's `zipfile`, deflated, with Unix modes.
    static let zip = Array(
        Data(
            base64Encoded:
                "UEsDBBQAAAAIAAAAIVAAAAAAAgAAAAAAAAAFAAAAZGF0YS8DAFBLAwQUAAAACAAAACFQg5lfqAsAAADoAwAACgAAAGRhdGEvemVy"
                + "b3MzMBgFo2AUDHcAAFBLAwQUAAAACAAAACFQHZ37BAwAAAAKAAAACAAAAGRhdGEvcnVuU1bUT8rM0y/O4AIAUEsDBBQAAAAIAAAA"
                + "IVDMIjlADAAAAAoAAAAEAAAAbGlua0tJLEnUr0otyi8GAFBLAQIUAxQAAAAIAAAAIVAAAAAAAgAAAAAAAAAFAAAAAAAAAAAAAADt"
                + "QQAAAABkYXRhL1BLAQIUAxQAAAAIAAAAIVCDmV+oCwAAAOgDAAAKAAAAAAAAAAAAAACkgSUAAABkYXRhL3plcm9zUEsBAhQDFAAA"
                + "AAgAAAAhUB2d+wQMAAAACgAAAAgAAAAAAAAAAAAAAO2BWAAAAGRhdGEvcnVuUEsBAhQDFAAAAAgAAAAhUMwiOUAMAAAACgAAAAQA"
                + "AAAAAAAAAAAAAP+higAAAGxpbmtQSwUGAAAAAAQABADTAAAAuAAAAAAA") ?? Data())

    /// By Python's `tarfile` in its pax format, from `./` on, and packed with gzip.
    static let tarGzip = Array(
        Data(
            base64Encoded:
                "H4sIAAAAAAACA+3XsQ7CIBSFYWafosa9QFvgeTCa2GhqUtrFp5d0bDS6gKb8HwNsDCfce6mlSE5Fzphlj9b7i7PVqhGVERnMYfJjvF"
                + "KUqZYnP3n5Z/k7pVvyz5j/4zzeQ8r8bde9y187s8pfxxXzV+SfpTYD2LYP9X+chx/2f92s+79pLfU/h8NeHvtBhstOoMj579YP1wz/"
                + "P+e+n//1Ui6qJv1oWvz7BwAAAAAAAAAA2/MESGXRwwAoAAA=") ?? Data())
}
