internal import Diagnostics
internal import TOML

extension DescriptorReader {
    /// Reads the descriptor in the file at `path`, or on standard input for `-`. Reads no more than a descriptor may have, whatever it is.
    ///
    /// It blocks until the file is read: for the command line.
    package static func read(file path: String, overrides: [String] = []) -> DescriptorReading {
        let name = path == "-" ? "<stdin>" : path
        do throws(SourceFileError) {
            let bytes = try SourceFile.read(path, limit: TOMLLimits().bytes)
            return read(bytes, filename: name, overrides: overrides)
        } catch {
            return DescriptorReading(problems: [error.problem(name: name)])
        }
    }
}
