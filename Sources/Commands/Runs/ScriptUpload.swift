internal import BFFClient
internal import CommandLineArguments
internal import Descriptors
internal import Digests
internal import FoundationEssentials
internal import ObjectStore

/// Gets a benchmark's own files to a server that cannot see them: packed, and sent unless the server has them.
struct ScriptUpload {
    /// As much as the server takes.
    private static let most = 256 << 20

    /// A folder or a file, or an archive that is sent as it is.
    let path: String

    /// What has to be uploaded for a descriptor; nil when it needs nothing of this machine.
    ///
    /// - Parameter script: as given with `--script`; it wins over the descriptor's own.
    init?(_ script: String?, _ descriptor: Descriptor, folder: String) {
        if let script {
            path = DescriptorSource.absolute(script)
        } else if let script = descriptor.ml?.script?.script, Source.isLocal(script),
            !script.hasPrefix("file:")
        {
            path = script.hasPrefix("/") ? script : "\(folder)/\(script)"
        } else {
            return nil
        }
    }

    /// Has the files on the server.
    ///
    /// - Returns: what the submission refers to.
    func send(_ context: CommandContext) async throws -> String {
        let bytes = try await packed()
        let sha256 = Digest.of(bytes).hexadecimal
        let isSent = try await context.patiently { try await context.client.upload(bytes, sha256: sha256) }
        if isSent { context.terminal.say("Uploaded \(path) (\(Words.bytes(Int64(bytes.count)))).") }
        return sha256
    }

    private func packed() async throws -> [UInt8] {
        let isArchive = [".tar", ".tar.gz", ".tgz"].contains { path.lowercased().hasSuffix($0) }
        if isArchive, let bytes = try? Data(contentsOf: URL(filePath: path)) {
            try check(bytes.count)
            return Array(bytes)
        }
        var bytes: [UInt8] = []
        let tar = FolderTar(of: path)
        do {
            while let piece = try await tar.next() {
                bytes += piece
                try check(bytes.count)
            }
        } catch let error as ObjectStoreError {
            throw CommandFailure(
                error.code == .notFound ? .notFound : .usage, "\(error.message) (--script)",
                code: error.code.rawValue)
        }
        return bytes
    }

    private func check(_ count: Int) throws(CommandFailure) {
        guard count <= ScriptUpload.most else {
            throw CommandFailure(
                .usage,
                "\(path) has more than \(Words.bytes(Int64(ScriptUpload.most))): scripts are uploaded, data is fetched from where it is ([data.sources])."
            )
        }
    }
}
